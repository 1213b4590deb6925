package dev.weft.websocket;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Limits and choices of a WebSocket client or server. Immutable: each setter returns a changed
 * copy.
 *
 * @param handshakeTimeout how long it may take until the connection is open, from the name's lookup
 *     to the HTTP upgrade, and on a server from the connection's acceptance; positive, 10 s by
 *     default
 * @param closeTimeout how long the peer may take to answer the closing handshake, and how long a
 *     closing server waits for its handlers; positive, 5 s by default
 * @param maxMessageBytes the longest message that is received, all fragments together; 1 or more, 1
 *     MiB by default
 * @param subprotocols what a client offers and a server understands, best first; none by default
 * @param path where a server answers; {@code "/"} by default, and not used by clients, whose URL
 *     has it
 * @param tls what a client trusts; null, the default, is what the JDK trusts
 */
public record WebSocketOptions(
        Duration handshakeTimeout,
        Duration closeTimeout,
        int maxMessageBytes,
        List<String> subprotocols,
        String path,
        @Nullable SSLContext tls) {
    private static final WebSocketOptions DEFAULTS =
            new WebSocketOptions(
                    Duration.ofSeconds(10), Duration.ofSeconds(5), 1 << 20, List.of(), "/", null);

    /** Checks the values. */
    public WebSocketOptions {
        requirePositive(handshakeTimeout, "handshakeTimeout");
        requirePositive(closeTimeout, "closeTimeout");
        if (maxMessageBytes < 1) {
            throw new IllegalArgumentException(
                    "maxMessageBytes must be >= 1, was " + maxMessageBytes);
        }
        subprotocols = List.copyOf(subprotocols);
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("path must start with /, was " + path);
        }
    }

    private static void requirePositive(Duration value, String name) {
        Objects.requireNonNull(value, name + " must not be null");
        if (!value.isPositive()) {
            throw new IllegalArgumentException(name + " must be > 0, was " + value);
        }
    }

    /**
     * The defaults.
     *
     * @return options to start from
     */
    public static WebSocketOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Sets how long opening may take.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public WebSocketOptions handshakeTimeout(Duration value) {
        return new WebSocketOptions(value, closeTimeout, maxMessageBytes, subprotocols, path, tls);
    }

    /**
     * Sets how long closing may take.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public WebSocketOptions closeTimeout(Duration value) {
        return new WebSocketOptions(
                handshakeTimeout, value, maxMessageBytes, subprotocols, path, tls);
    }

    /**
     * Sets the longest message that is received.
     *
     * @param value 1 or more
     * @return the changed copy
     */
    public WebSocketOptions maxMessageBytes(int value) {
        return new WebSocketOptions(handshakeTimeout, closeTimeout, value, subprotocols, path, tls);
    }

    /**
     * Sets the subprotocols.
     *
     * @param value names, best first
     * @return the changed copy
     */
    public WebSocketOptions subprotocols(String... value) {
        return new WebSocketOptions(
                handshakeTimeout, closeTimeout, maxMessageBytes, List.of(value), path, tls);
    }

    /**
     * Sets where a server answers.
     *
     * @param value a path that starts with a slash
     * @return the changed copy
     */
    public WebSocketOptions path(String value) {
        return new WebSocketOptions(
                handshakeTimeout, closeTimeout, maxMessageBytes, subprotocols, value, tls);
    }

    /**
     * Sets what a client trusts.
     *
     * @param value its trust managers, and perhaps a key of the client's own; host names are
     *     verified all the same
     * @return the changed copy
     */
    public WebSocketOptions tls(SSLContext value) {
        return new WebSocketOptions(
                handshakeTimeout, closeTimeout, maxMessageBytes, subprotocols, path, value);
    }
}
