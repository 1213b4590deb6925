package dev.weft;

import java.time.Duration;

/**
 * What a loop's own executor may use.
 *
 * @param threads how many threads at most, 1 or more
 * @param queue how many bodies may wait for one before {@code execute} rejects, 0 or more
 * @param grace how long a cancelled body may go on, and how long the loop's closing waits for
 *     others, 0 or more
 */
record OffloadLimits(int threads, int queue, Duration grace) {
    static final int QUEUE = 1024;
    static final Duration GRACE = Duration.ofSeconds(5);

    /** As many threads as asyncio's default executor has. */
    static OffloadLimits defaults() {
        int threads = Math.min(32, Runtime.getRuntime().availableProcessors() + 4);
        return new OffloadLimits(threads, QUEUE, GRACE);
    }

    OffloadLimits threads(int value) {
        return new OffloadLimits(Checks.atLeast(value, 1, "offloadThreads"), queue, grace);
    }

    OffloadLimits queue(int value) {
        return new OffloadLimits(threads, Checks.atLeast(value, 0, "offloadQueue"), grace);
    }

    OffloadLimits grace(Duration value) {
        var _ = Checks.nanos(value, "offloadGrace");
        return new OffloadLimits(threads, queue, value);
    }
}
