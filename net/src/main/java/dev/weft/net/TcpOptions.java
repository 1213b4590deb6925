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
 * @param maxLineBytes how long a line that is read may be, with its end; 1 or more, 64 KiB by
 *     default
 * @param resolver what finds the addresses of a host to connect to; {@link Resolver#dns} by default
 */
public record TcpOptions(
        Duration connectTimeout,
        Duration closeTimeout,
        int backlog,
        int maxLineBytes,
        Resolver resolver) {
    private static final TcpOptions DEFAULTS =
            new TcpOptions(
                    Duration.ofSeconds(10), Duration.ofSeconds(5), 1024, 64 * 1024, Resolver.dns());

    /** Checks the values. */
    public TcpOptions {
        Objects.requireNonNull(connectTimeout, "connectTimeout must not be null");
        Objects.requireNonNull(closeTimeout, "closeTimeout must not be null");
        Objects.requireNonNull(resolver, "resolver must not be null");
        if (!connectTimeout.isPositive()) {
            throw new IllegalArgumentException("connectTimeout must be > 0, was " + connectTimeout);
        }
        if (closeTimeout.isNegative()) {
            throw new IllegalArgumentException("closeTimeout must be >= 0, was " + closeTimeout);
        }
        if (backlog < 1) {
            throw new IllegalArgumentException("backlog must be >= 1, was " + backlog);
        }
        if (maxLineBytes < 1) {
            throw new IllegalArgumentException("maxLineBytes must be >= 1, was " + maxLineBytes);
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
        return new TcpOptions(value, closeTimeout, backlog, maxLineBytes, resolver);
    }

    /**
     * Sets how long closing may go on sending.
     *
     * @param value the duration, 0 or more
     * @return the changed copy
     */
    public TcpOptions closeTimeout(Duration value) {
        return new TcpOptions(connectTimeout, value, backlog, maxLineBytes, resolver);
    }

    /**
     * Sets how many connections may wait to be accepted.
     *
     * @param value 1 or more
     * @return the changed copy
     */
    public TcpOptions backlog(int value) {
        return new TcpOptions(connectTimeout, closeTimeout, value, maxLineBytes, resolver);
    }

    /**
     * Sets how long a line may be, for {@link ByteStream#readLine} and the like.
     *
     * @param value how many bytes with the line's end, 1 or more
     * @return the changed copy
     */
    public TcpOptions maxLineBytes(int value) {
        return new TcpOptions(connectTimeout, closeTimeout, backlog, value, resolver);
    }

    /**
     * Sets what finds the addresses of a host to connect to.
     *
     * @param value the resolver
     * @return the changed copy
     */
    public TcpOptions resolver(Resolver value) {
        return new TcpOptions(connectTimeout, closeTimeout, backlog, maxLineBytes, value);
    }
}
