package dev.weft.net;

import java.time.Duration;
import java.util.Objects;

/**
 * Limits of TCP connections and servers. Immutable: each setter returns a changed copy.
 *
 * @param connectTimeout how long looking up the name and connecting may take together; positive, 10
 *     s by default
 * @param closeTimeout how long {@link ByteStream#close} may go on sending what was written; 0 or
 *     more, 5 s by default
 * @param backlog how many connections may wait to be accepted by a server; 1 or more, 1,024 by
 *     default, and the operating system may have a lower bound
 */
public record TcpOptions(Duration connectTimeout, Duration closeTimeout, int backlog) {
    private static final TcpOptions DEFAULTS =
            new TcpOptions(Duration.ofSeconds(10), Duration.ofSeconds(5), 1024);

    /** Checks the values. */
    public TcpOptions {
        Objects.requireNonNull(connectTimeout, "connectTimeout must not be null");
        Objects.requireNonNull(closeTimeout, "closeTimeout must not be null");
        if (!connectTimeout.isPositive()) {
            throw new IllegalArgumentException("connectTimeout must be > 0, was " + connectTimeout);
        }
        if (closeTimeout.isNegative()) {
            throw new IllegalArgumentException("closeTimeout must be >= 0, was " + closeTimeout);
        }
        if (backlog < 1) {
            throw new IllegalArgumentException("backlog must be >= 1, was " + backlog);
        }
    }

    /**
     * The defaults.
     *
     * @return options to start from
     */
    public static TcpOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Sets how long connecting may take.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public TcpOptions connectTimeout(Duration value) {
        return new TcpOptions(value, closeTimeout, backlog);
    }

    /**
     * Sets how long closing may go on sending.
     *
     * @param value the duration, 0 or more
     * @return the changed copy
     */
    public TcpOptions closeTimeout(Duration value) {
        return new TcpOptions(connectTimeout, value, backlog);
    }

    /**
     * Sets how many connections may wait to be accepted.
     *
     * @param value 1 or more
     * @return the changed copy
     */
    public TcpOptions backlog(int value) {
        return new TcpOptions(connectTimeout, closeTimeout, value);
    }
}
