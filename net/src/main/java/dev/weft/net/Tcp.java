package dev.weft.net;

import dev.weft.Loop;
import dev.weft.LoopGroup;
import dev.weft.net.internal.Dialer;
import dev.weft.net.internal.Lane;
import dev.weft.net.internal.Listener;
import dev.weft.net.internal.TcpChannelOptions;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.Objects;
import java.util.function.BiConsumer;

/**
 * TCP: connecting, and listening for connections. Counterpart of asyncio's {@code open_connection}
 * and {@code start_server}.
 *
 * <p>Names are looked up without blocking anything, and Nagle's algorithm is off.
 */
public final class Tcp {
    private Tcp() {}

    /**
     * Connects, with the default options.
     *
     * <p><b>Suspends</b> until connected. <b>Cancellation</b>: nothing is left open.
     *
     * @param host a name or an address
     * @param port 1 to 65,535
     * @return the open stream, which the caller has to close
     * @throws HostNotFoundException if the name has no address
     * @throws ConnectRefusedException if nobody listens there
     * @throws ConnectFailedException if it failed in another way
     * @throws TimedOutException if it took longer than {@link TcpOptions#connectTimeout}
     * @throws IllegalStateException outside a task
     */
    public static ByteStream connect(String host, int port) {
        return connect(host, port, TcpOptions.defaults());
    }

    /**
     * As {@link #connect(String, int)}, with options. A name's addresses are tried as RFC 8305
     * (Happy Eyeballs) says: families in turn, the next one after 250 ms or when one has failed.
     * With {@link TcpOptions#tls(ClientTls)} it speaks TLS, and the certificate must have the name
     * that is connected to.
     *
     * @param host a name or an address
     * @param port 1 to 65,535
     * @param options the limits, and a proxy if there is one
     * @return the open stream, which the caller has to close
     * @throws UnsupportedOperationException if the loop's transport has no such socket option
     * @throws ProxyFailedException if {@link TcpOptions#proxy(Proxy)} cannot be reached, or refuses
     * @throws TlsException if the two sides do not agree on TLS
     */
    public static ByteStream connect(String host, int port, TcpOptions options) {
        Objects.requireNonNull(host, "host must not be null");
        Objects.requireNonNull(options, "options must not be null");
        TcpChannelOptions.require(options, Loop.current().transport());
        ClientTls tls = options.clientTls();
        if (tls != null) {
            tls.context(); // which may fail, and take long: before there is a connection
        }
        Proxy proxy = options.proxy();
        TcpConduit conduit =
                proxy == null
                        ? dial(host, port, options)
                        : ProxyConnect.connect(proxy, host, port, options);
        ByteStream stream = conduit.stream();
        stream.dialled(host);
        try {
            ProxyHeader header = options.proxyHeader();
            if (header != null) {
                stream.writeOwned(header.bytes());
            }
            if (tls != null) {
                stream.upgradeToTls(tls);
            }
        } catch (Throwable e) {
            stream.abort();
            throw e;
        }
        return stream;
    }

    private static TcpConduit dial(String host, int port, TcpOptions options) {
        return Dialer.dial(
                options.resolver(),
                host,
                port,
                options.connectTimeout(),
                options.localAddress(),
                (net, channel) -> {
                    TcpConduit conduit = new TcpConduit(net, channel, options, null);
                    channel.pipeline().addLast(conduit);
                    return conduit;
                });
    }

    /**
     * Listens for connections, with the default options, and serves each in a task of its own.
     *
     * <p>The server belongs to the scope in which this is called: when that ends, the server closes
     * as {@link Server#close} does.
     *
     * <p><b>Suspends</b> until bound: connections made after that are served. <b>Cancellation</b>:
     * nothing is left open.
     *
     * @param host the name or address to listen on: {@code "127.0.0.1"} for this machine alone,
     *     {@code "0.0.0.0"} or {@code "::"} for all
     * @param port the port, or 0 for a free one: see {@link Server#port}
     * @param handler what to do with a connection
     * @return the open server
     * @throws AddressInUseException if the port is taken
     * @throws ListenFailedException if it failed in another way
     * @throws HostNotFoundException if the name has no address
     * @throws IllegalStateException outside a task
     */
    public static Server listen(String host, int port, StreamHandler handler) {
        return listen(host, port, TcpOptions.defaults(), handler);
    }

    /**
     * As {@link #listen(String, int, StreamHandler)}, with options.
     *
     * @param host the name or address to listen on
     * @param port the port, or 0 for a free one
     * @param options the limits, of the server and its connections
     * @param handler what to do with a connection; with {@link TcpOptions#tls(ServerTls)}, once its
     *     handshake is done
     * @return the open server
     * @throws UnsupportedOperationException if the loop's transport has no such socket option
     * @throws InvalidKeyMaterialException if a certificate or key cannot be used
     */
    public static Server listen(String host, int port, TcpOptions options, StreamHandler handler) {
        Objects.requireNonNull(host, "host must not be null");
        prepare(options, handler, Loop.current());
        return new Server(
                Listener.open(plan(host, port, options), options, setUp(options, handler)));
    }

    /**
     * As {@link #listen(String, int, TcpOptions, StreamHandler)}, serving on every loop of a group:
     * for servers that need more than one core. A connection's task lives on one of the loops, with
     * all that it starts.
     *
     * <p>The handler is called on all loops, so at the same time by several threads: what it shares
     * between connections must be made for that, or be kept for each loop.
     *
     * <p>With epoll and io_uring each loop has a listening socket, between which the operating
     * system shares connections out ({@code SO_REUSEPORT}), so by chance, and each has a backlog of
     * its own. With NIO and kqueue the first loop accepts, and the loops get connections in turn.
     * {@link TcpOptions#maxConnections} and the methods of {@link Server} are about all loops
     * together. Close the server before the group: when one of the loops closes, the server does.
     *
     * {@snippet file="TcpGroupTest.java" region="group"}
     *
     * @param group the loops; the caller's may be one of them, or another
     * @param host the name or address to listen on
     * @param port the port, or 0 for a free one
     * @param options the limits, of the server and its connections
     * @param handler what to do with a connection
     * @return the open server
     * @throws AddressInUseException if somebody listens on the port, even in a way that would let
     *     others do so too
     * @throws IllegalStateException outside a task, or if a loop is closed
     */
    public static Server listen(
            LoopGroup group, String host, int port, TcpOptions options, StreamHandler handler) {
        Objects.requireNonNull(group, "group must not be null");
        Objects.requireNonNull(host, "host must not be null");
        prepare(options, handler, group.loops().getFirst());
        return new Server(
                Listener.open(plan(host, port, options), options, group, setUp(options, handler)));
    }

    private static void prepare(TcpOptions options, StreamHandler handler, Loop loop) {
        Objects.requireNonNull(options, "options must not be null");
        Objects.requireNonNull(handler, "handler must not be null");
        TcpChannelOptions.require(options, loop.transport());
        ServerTls tls = options.serverTls();
        if (tls != null) {
            tls.context(); // which may fail
        }
    }

    private static Listener.Plan plan(String host, int port, TcpOptions options) {
        return new Listener.Plan(
                host, port, options.backlog(), Duration.ZERO, options.maxConnections());
    }

    private static BiConsumer<Lane, Channel> setUp(TcpOptions options, StreamHandler handler) {
        return (lane, channel) -> {
            TcpConduit conduit = new TcpConduit(lane.net(), channel, options, handler);
            ProxyProtocol protocol = options.proxyProtocol();
            if (protocol != null) {
                ProxyHeaderReader.setUp(lane, conduit, protocol);
                return;
            }
            channel.pipeline().addLast(conduit);
            lane.accepted(conduit);
        };
    }
}
