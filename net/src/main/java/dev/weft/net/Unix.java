package dev.weft.net;

import dev.weft.net.internal.Listener;
import dev.weft.net.internal.UnixDialer;
import dev.weft.net.internal.UnixPlace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * Unix sockets: streams between programs of one machine, guarded by file permissions. Counterpart
 * of asyncio's {@code open_unix_connection} and {@code start_unix_server}. Streams and servers
 * behave as those of {@link Tcp}, but for what follows.
 *
 * <ul>
 *   <li>A server's file appears when the server is ready, with its permissions, and goes when it
 *       closes, unless another program has put its own there. A file that a program left which did
 *       not close is replaced; to find that out, it is connected to.
 *   <li>A path has 107 bytes at most.
 *   <li>{@link ByteStream#abort} cannot reset a connection: the peer sees its input end.
 * </ul>
 *
 * {@snippet file="UnixTest.java" region="unix"}
 */
public final class Unix {
    private Unix() {}

    /**
     * Connects, with the default options.
     *
     * <p><b>Suspends</b> until connected, while too many connections wait to be accepted too.
     * <b>Cancellation</b>: nothing is left open.
     *
     * @param path the server's socket file
     * @return the open stream, which the caller has to close
     * @throws ConnectRefusedException if nobody listens there, or there is no such file
     * @throws ConnectFailedException if it failed in another way, such as missing permission
     * @throws TimedOutException if it took longer than {@link UnixOptions#connectTimeout}
     * @throws IllegalStateException outside a task
     */
    public static ByteStream connect(Path path) {
        return connect(UnixAddress.of(path), UnixOptions.defaults());
    }

    /**
     * As {@link #connect(Path)}, with options, and to abstract names too.
     *
     * @param address where to
     * @param options the limits
     * @return the open stream, which the caller has to close
     * @throws UnsupportedOperationException for an abstract name on a transport without them
     */
    public static ByteStream connect(UnixAddress address, UnixOptions options) {
        Objects.requireNonNull(address, "address must not be null");
        Objects.requireNonNull(options, "options must not be null");
        return UnixDialer.dial(
                address,
                options.connectTimeout(),
                (net, channel) -> {
                    UnixConduit conduit =
                            new UnixConduit(net, channel, options.stream(), null, null, address);
                    channel.pipeline().addLast(conduit);
                    return conduit;
                })
                .stream();
    }

    /**
     * Listens for connections, with the default options, and serves each in a task of its own.
     *
     * <p>The server belongs to the scope in which this is called: when that ends, the server closes
     * as {@link Server#close} does.
     *
     * <p><b>Suspends</b> until bound: connections made after that are served. <b>Cancellation</b>:
     * nothing is left open, and no file.
     *
     * @param path where the socket file is to be; its folder must exist
     * @param handler what to do with a connection
     * @return the open server
     * @throws AddressInUseException if a program listens there
     * @throws ListenFailedException if it failed in another way, such as a file there that is no
     *     socket
     * @throws IllegalStateException outside a task
     */
    public static Server listen(Path path, StreamHandler handler) {
        return listen(UnixAddress.of(path), UnixOptions.defaults(), handler);
    }

    /**
     * As {@link #listen(Path, StreamHandler)}, with options, and on abstract names too.
     *
     * @param address where to listen
     * @param options the limits, of the server and its connections, and the file's permissions
     * @param handler what to do with a connection
     * @return the open server
     * @throws UnsupportedOperationException for an abstract name on a transport without them
     */
    public static Server listen(UnixAddress address, UnixOptions options, StreamHandler handler) {
        Objects.requireNonNull(address, "address must not be null");
        Objects.requireNonNull(options, "options must not be null");
        Objects.requireNonNull(handler, "handler must not be null");
        return new Server(
                Listener.open(
                        new Listener.Plan(
                                address.toString(),
                                0,
                                options.backlog(),
                                Duration.ZERO,
                                options.maxConnections()),
                        new UnixPlace(address, options.permissions()),
                        (lane, channel) -> {
                            UnixConduit conduit =
                                    new UnixConduit(
                                            lane.net(),
                                            channel,
                                            options.stream(),
                                            handler,
                                            address,
                                            null);
                            channel.pipeline().addLast(conduit);
                            lane.accepted(conduit);
                        }));
    }

    /**
     * Who is at the other end of a Unix socket: for a server that serves some users only.
     *
     * <p><b>Suspends</b> shortly. <b>Cancellation</b>: nothing has happened.
     *
     * @param stream one of {@link #connect(Path)} or {@link #listen(Path, StreamHandler)}
     * @return what the kernel noted when it connected, also if the peer has ended since
     * @throws IllegalArgumentException if it is no stream of a Unix socket
     * @throws UnsupportedOperationException on a transport that cannot tell, as NIO
     * @throws StreamClosedException if it is closed
     */
    public static PeerCredentials peerCredentials(ByteStream stream) {
        if (stream.conduit() instanceof UnixConduit conduit) {
            return conduit.peerCredentials();
        }
        throw new IllegalArgumentException("stream must be a Unix socket's, was " + stream);
    }
}
