package dev.weft;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Argument checks that name the argument. */
final class Checks {
    private Checks() {}

    static <T> T notNull(@Nullable T value, String name) {
        if (value == null) {
            throw new NullPointerException(name + " must not be null");
        }
        return value;
    }

    static int atLeast(int value, int minimum, String name) {
        if (value < minimum) {
            throw new IllegalArgumentException(name + " must be >= " + minimum + ", was " + value);
        }
        return value;
    }

    /** What counts as for ever: 146 years. */
    static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 2);

    /** The duration in nanoseconds, more than 0; what is longer than 146 years counts as that. */
    static long positiveNanos(@Nullable Duration given, String name) {
        if (notNull(given, name).isZero()) {
            throw new IllegalArgumentException(name + " must be > 0, was " + given);
        }
        return nanos(given, name);
    }

    /** The duration in nanoseconds, 0 or more; what is longer than 146 years counts as that. */
    static long nanos(@Nullable Duration given, String name) {
        Duration duration = notNull(given, name);
        if (duration.isNegative()) {
            throw new IllegalArgumentException(name + " must be >= 0, was " + duration);
        }
        return duration.compareTo(LONGEST) >= 0 ? LONGEST.toNanos() : duration.toNanos();
    }
}
