package dev.weft.net.internal;

import dev.weft.Loop;
import java.time.Duration;

/** Time for limits: of the loop's clock, which may be virtual. */
public final class Clock {
    /** What counts as for ever: sums of two still fit a long. */
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 4);

    private Clock() {}

    /**
     * What the loop's clock shows.
     *
     * @param loop whose
     * @return nanoseconds from an arbitrary origin
     */
    public static long now(Loop loop) {
        return loop.time().toNanos();
    }

    /**
     * A limit in nanoseconds.
     *
     * @param limit what is longer than 73 years counts as that
     * @return a value that fits sums
     */
    public static long nanos(Duration limit) {
        return limit.compareTo(LONGEST) >= 0 ? LONGEST.toNanos() : limit.toNanos();
    }

    /**
     * A limit in milliseconds, for Netty.
     *
     * @param limit what is longer than 73 years counts as that
     * @return 1 or more
     */
    public static long millis(Duration limit) {
        return Math.max(1, nanos(limit) / 1_000_000);
    }
}
