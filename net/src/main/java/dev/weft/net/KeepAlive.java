package dev.weft.net;

import java.time.Duration;
import java.util.Objects;

/**
 * When the operating system asks a silent peer whether it is there (RFC 9293, section 3.8.4), so
 * that a connection whose peer has vanished breaks, and one through a firewall is not forgotten.
 * Times are rounded up to whole seconds.
 *
 * @param idle after how long without a byte it asks first, 1 s to 32,767 s
 * @param interval how long it awaits an answer until it asks again, 1 s to 32,767 s
 * @param probes after how many questions without an answer the connection is broken, 1 to 127
 */
public record KeepAlive(Duration idle, Duration interval, int probes) {
    private static final int MAX_SECONDS = 32_767;
    private static final int MAX_PROBES = 127;

    /** Checks the values. */
    public KeepAlive {
        requireSeconds(idle, "idle");
        requireSeconds(interval, "interval");
        if (probes < 1 || probes > MAX_PROBES) {
            throw new IllegalArgumentException(
                    "probes must be 1 to " + MAX_PROBES + ", was " + probes);
        }
    }

    private static void requireSeconds(Duration value, String name) {
        Objects.requireNonNull(value, name + " must not be null");
        if (!value.isPositive() || value.compareTo(Duration.ofSeconds(MAX_SECONDS)) > 0) {
            throw new IllegalArgumentException(
                    name + " must be > 0 and <= " + MAX_SECONDS + " s, was " + value);
        }
    }
}
