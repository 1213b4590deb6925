package dev.weft;

import java.time.Duration;

/**
 * A snapshot of a loop, for metrics: cheap, from any thread, each number right by itself.
 *
 * @param queued how many tasks and callbacks are ready and wait for their turn
 * @param ready how many tasks run or are ready to
 * @param awaiting how many tasks are suspended in a Weft call
 * @param blocked how many tasks wait in a JDK call (loop mode)
 * @param lag how long a callback had to wait in the queue, as a probe sent by an earlier snapshot
 *     found, or has waited so far
 */
public record LoopStatistics(int queued, int ready, int awaiting, int blocked, Duration lag) {
    /**
     * All tasks that have started and not ended.
     *
     * @return the sum of the three states
     */
    public int tasks() {
        return ready + awaiting + blocked;
    }
}
