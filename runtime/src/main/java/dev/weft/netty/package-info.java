/** The bridge to Netty: a loop as an event loop group, a Netty future as ours. */
@NullMarked
package dev.weft.netty;

import org.jspecify.annotations.NullMarked;
