package dev.weft.websocket;

import dev.weft.net.ClientTls;
import dev.weft.net.Proxy;
import dev.weft.net.ServerTls;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Limits and choices of a WebSocket client or server. Immutable: each setter returns a changed
 * copy.
 */
public final class WebSocketOptions {
    private static final WebSocketOptions DEFAULTS = new WebSocketOptions(new Values());

    /** Never changed once it is here. */
    private final Values values;

    private WebSocketOptions(Values values) {
        this.values = values;
    }

    /** The options, with their defaults; a setter changes a copy before it becomes another's. */
    private static final class Values implements Cloneable {
        Duration handshakeTimeout = Duration.ofSeconds(10);
        Duration closeTimeout = Duration.ofSeconds(5);
        int maxMessageBytes = 1 << 20;
        List<String> subprotocols = List.of();
        String path = "/";
        ClientTls clientTls = ClientTls.defaults();
        @Nullable ServerTls serverTls;
        @Nullable Proxy proxy;

        Values copy() {
            try {
                return (Values) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private WebSocketOptions with(Consumer<Values> change) {
        Values copy = values.copy();
        change.accept(copy);
        return new WebSocketOptions(copy);
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
     * How long it may take until the connection is open: from the name's lookup by way of the proxy
     * and TLS to the HTTP upgrade, and on a server from the connection's acceptance.
     *
     * @return 10 s by default
     */
    public Duration handshakeTimeout() {
        return values.handshakeTimeout;
    }

    /**
     * Sets how long opening may take.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public WebSocketOptions handshakeTimeout(Duration value) {
        requirePositive(value, "handshakeTimeout");
        return with(v -> v.handshakeTimeout = value);
    }

    /**
     * How long the peer may take to answer the closing handshake, and how long a closing server
     * waits for its handlers.
     *
     * @return 5 s by default
     */
    public Duration closeTimeout() {
        return values.closeTimeout;
    }

    /**
     * Sets how long closing may take.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public WebSocketOptions closeTimeout(Duration value) {
        requirePositive(value, "closeTimeout");
        return with(v -> v.closeTimeout = value);
    }

    /**
     * The longest message that is received, all fragments together.
     *
     * @return 1 MiB by default
     */
    public int maxMessageBytes() {
        return values.maxMessageBytes;
    }

    /**
     * Sets the longest message that is received.
     *
     * @param value 1 or more
     * @return the changed copy
     */
    public WebSocketOptions maxMessageBytes(int value) {
        if (value < 1) {
            throw new IllegalArgumentException("maxMessageBytes must be >= 1, was " + value);
        }
        return with(v -> v.maxMessageBytes = value);
    }

    /**
     * What a client offers and a server understands.
     *
     * @return names, best first; none by default
     */
    public List<String> subprotocols() {
        return values.subprotocols;
    }

    /**
     * Sets the subprotocols.
     *
     * @param value names, best first
     * @return the changed copy
     */
    public WebSocketOptions subprotocols(String... value) {
        List<String> copy = List.of(value);
        return with(v -> v.subprotocols = copy);
    }

    /**
     * Where a server answers. Not used by clients, whose URL has it.
     *
     * @return {@code "/"} by default
     */
    public String path() {
        return values.path;
    }

    /**
     * Sets where a server answers.
     *
     * @param value a path that starts with a slash
     * @return the changed copy
     */
    public WebSocketOptions path(String value) {
        if (!value.startsWith("/")) {
            throw new IllegalArgumentException("path must start with /, was " + value);
        }
        return with(v -> v.path = value);
    }

    /**
     * How a client speaks TLS, where the URL is {@code wss:}.
     *
     * @return {@link ClientTls#defaults} by default
     */
    public ClientTls clientTls() {
        return values.clientTls;
    }

    /**
     * Sets how a client speaks TLS, where the URL is {@code wss:}.
     *
     * @param value whom to trust, and the like; best one object for many connections
     * @return the changed copy
     */
    public WebSocketOptions tls(ClientTls value) {
        Objects.requireNonNull(value, "tls must not be null");
        return with(v -> v.clientTls = value);
    }

    /**
     * How a server speaks TLS.
     *
     * @return null by default: not at all
     */
    public @Nullable ServerTls serverTls() {
        return values.serverTls;
    }

    /**
     * Sets how a server speaks TLS: its URL is {@code wss:} then. Clients that fail in that are
     * closed, and nobody is told but the log (at level debug).
     *
     * @param value its certificates, and the like
     * @return the changed copy
     */
    public WebSocketOptions tls(ServerTls value) {
        Objects.requireNonNull(value, "tls must not be null");
        return with(v -> v.serverTls = value);
    }

    /**
     * The proxy that clients connect through.
     *
     * @return null by default: none
     */
    public @Nullable Proxy proxy() {
        return values.proxy;
    }

    /**
     * Sets the proxy that clients connect through, with or without TLS.
     *
     * @param value the proxy; null for none
     * @return the changed copy
     */
    public WebSocketOptions proxy(@Nullable Proxy value) {
        return with(v -> v.proxy = value);
    }

    @Override
    public String toString() {
        return "WebSocketOptions[handshakeTimeout=%s, closeTimeout=%s, maxMessageBytes=%d, path=%s]"
                .formatted(handshakeTimeout(), closeTimeout(), maxMessageBytes(), path());
    }
}
