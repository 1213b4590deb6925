/**
 * Loops, tasks, futures, groups, timeouts, locks, queues and offloading: asyncio's concepts in
 * direct style.
 */
@NullMarked
package dev.weft;

import org.jspecify.annotations.NullMarked;
