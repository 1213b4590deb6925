package dev.weft.websocket;

import dev.weft.net.ServerTls;
import dev.weft.net.TcpOptions;
import dev.weft.net.internal.Listener;
import dev.weft.net.internal.StreamAccess;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.Objects;

/**
 * A WebSocket server with its connections.
 *
 * <p>It is closed when the scope ends in which it was opened, or before by {@link #close}.
 */
public final class WebSocketServer implements AutoCloseable {
    private static final int BACKLOG = 1024;

    private final Listener listener;
    private final String scheme;
    private final String path;

    private WebSocketServer(Listener listener, String scheme, String path) {
        this.listener = listener;
        this.scheme = scheme;
        this.path = path;
    }

    /**
     * Listens for connections, with the default options, and serves each in a task of its own.
     *
     * <p>The server belongs to the scope in which this is called: when that ends, the server
     * closes, without the grace that {@link #close} gives. HTTP requests that ask for something
     * else are answered with 426 or 404.
     *
     * <p><b>Suspends</b> until bound: connections made after that are served. <b>Cancellation</b>:
     * nothing is left open.
     *
     * @param host the name or address to listen on: {@code "127.0.0.1"} for this machine alone,
     *     {@code "0.0.0.0"} or {@code "::"} for all
     * @param port the port, or 0 for a free one: see {@link #port}
     * @param handler what to do with a connection
     * @return the open server
     * @throws dev.weft.net.AddressInUseException if the port is taken
     * @throws dev.weft.net.ListenFailedException if it failed in another way
     * @throws dev.weft.net.HostNotFoundException if the name has no address
     */
    public static WebSocketServer listen(String host, int port, WebSocketHandler handler) {
        return listen(host, port, WebSocketOptions.defaults(), handler);
    }

    /**
     * As {@link #listen(String, int, WebSocketHandler)}, with options.
     *
     * @param host the name or address to listen on
     * @param port the port, or 0 for a free one
     * @param options limits and choices
     * @param handler what to do with a connection
     * @return the open server
     * @throws dev.weft.net.InvalidKeyMaterialException if a certificate or key cannot be used
     */
    public static WebSocketServer listen(
            String host, int port, WebSocketOptions options, WebSocketHandler handler) {
        Objects.requireNonNull(host, "host must not be null");
        Objects.requireNonNull(options, "options must not be null");
        Objects.requireNonNull(handler, "handler must not be null");
        ServerTls tls = options.serverTls();
        if (tls != null) {
            StreamAccess.get().prepare(tls); // which may fail
        }
        Listener listener =
                Listener.open(
                        new Listener.Plan(
                                host, port, BACKLOG, options.closeTimeout(), Integer.MAX_VALUE),
                        TcpOptions.defaults(),
                        (l, channel) -> new ServerHandshake(l, options, handler).setUp(channel));
        return new WebSocketServer(listener, (tls == null ? "ws" : "wss") + "://", options.path());
    }

    /**
     * The port it listens on.
     *
     * @return 1 to 65,535; the one that was found if 0 was asked for
     */
    public int port() {
        return localAddress().getPort();
    }

    /**
     * The address it listens on.
     *
     * @return address and port
     */
    public InetSocketAddress localAddress() {
        return (InetSocketAddress) listener.address();
    }

    /**
     * The URL for clients.
     *
     * @return with the address it listens on, such as {@code ws://127.0.0.1:8080/}; {@code wss:}
     *     with TLS, where clients need a name that the certificate has
     */
    public String url() {
        InetSocketAddress address = localAddress();
        String host = address.getAddress().getHostAddress();
        return scheme
                + (address.getAddress() instanceof Inet6Address ? "[" + host + "]" : host)
                + ":"
                + address.getPort()
                + path;
    }

    /**
     * Stops accepting, and closes every connection with code 1001. Handlers have {@link
     * WebSocketOptions#closeTimeout} to finish, then they are cancelled, and awaited. Idempotent.
     *
     * <p><b>Suspends</b> until all that is done and the port is free. <b>Cancellation</b>: ends the
     * wait alone; the closing goes on.
     */
    @Override
    public void close() {
        listener.close();
    }

    /**
     * Waits until the server has closed: the last thing in a program that serves for ever.
     *
     * <p><b>Suspends</b> until then. <b>Cancellation</b>: ends the wait alone.
     */
    public void awaitClosed() {
        listener.awaitClosed();
    }

    @Override
    public String toString() {
        return "WebSocketServer[" + url() + "]";
    }
}
