package dev.weft;

import java.time.Duration;

/**
 * A snapshot of a loop, for metrics: cheap, from any thread, each number right by itself.
 *
 * @param queued how many tasks and callbacks are ready and wait for their turn
 * @param tasks how many tasks have started and not ended
 * @param awaiting how many of them are suspended in a Weft call; the rest runs, is ready, or (loop
 *     mode) waits in a JDK call
 * @param lag the longest time since the last snapshot that something ready had to wait, as one
 *     round of the queue takes
 */
public record LoopStatistics(int queued, int tasks, int awaiting, Duration lag) {}
