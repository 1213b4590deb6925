package dev.weft.netty;

import dev.weft.Future;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.internal.Access;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.unix.PeerCredentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Netty on a loop: run any Netty-based client or server on the thread of the tasks that use it, and
 * await its futures.
 *
 * <p>Handlers that you add to a channel run on the loop's event-loop fiber, as Netty's rules have
 * it: they must not block. In loop mode one that blocks suspends the loop's I/O, but not its tasks.
 *
 * {@snippet file="SnippetsTest.java" region="netty"}
 */
public final class NettyBridge {
    private NettyBridge() {}

    /**
     * A loop as Netty sees it: for {@code Bootstrap.group(…)}. Its {@code shutdown*} methods do
     * nothing, since the loop is closed by {@link Loop#close} alone, which closes all its channels;
     * {@code isIoType} answers for the real I/O handler.
     *
     * @param loop the loop
     * @return a group of one event loop
     */
    public static IoEventLoopGroup eventLoopGroup(Loop loop) {
        Objects.requireNonNull(loop, "loop must not be null");
        Access access = Access.get();
        return new LoopEventLoopGroup(access.eventLoop(loop), access.ioType(loop));
    }

    /**
     * An object that lives as long as a loop: one of a class for each loop, for what a library
     * shares among a loop's connections, such as a resolver or counters. From any thread.
     *
     * @param loop the loop
     * @param key the object's class
     * @param make makes it, when it is asked for first; must be short, and may not ask for another
     * @param <T> the object's class
     * @return the loop's object
     */
    public static <T> T local(Loop loop, Class<T> key, Supplier<? extends T> make) {
        Objects.requireNonNull(loop, "loop must not be null");
        return Access.get().local(loop, key, make);
    }

    /**
     * A Netty future as ours. Cancelling it cancels Netty's, as far as that can be cancelled.
     *
     * @param future what to wait for
     * @param <T> the type of the result
     * @return a future of its own for each call
     */
    public static <T extends @Nullable Object> Future<T> future(
            io.netty.util.concurrent.Future<? extends T> future) {
        Objects.requireNonNull(future, "future must not be null");
        Promise<T> promise =
                Access.get()
                        .promise(
                                "Netty's " + future.getClass().getSimpleName(),
                                () -> future.cancel(true));
        future.addListener(done -> {
            if (future.isSuccess()) {
                promise.tryComplete(future.getNow());
            } else if (future.isCancelled()) {
                Access.get().cancelled(promise);
            } else {
                promise.tryFail(future.cause());
            }
        });
        return promise;
    }

    /**
     * The class of TCP channels that fits a loop's transport: for {@code Bootstrap.channel(…)}.
     *
     * @param loop the loop
     * @return Netty's class
     */
    public static Class<? extends SocketChannel> socketChannel(Loop loop) {
        return Access.get().socketChannel(loop.transport());
    }

    /**
     * The class of listening TCP channels that fits a loop's transport: for {@code
     * ServerBootstrap.channel(…)}.
     *
     * @param loop the loop
     * @return Netty's class
     */
    public static Class<? extends ServerChannel> serverChannel(Loop loop) {
        return Access.get().serverChannel(loop.transport());
    }

    /**
     * A factory of listening TCP channels that fits a loop's transport and an address: for {@code
     * ServerBootstrap.channelFactory(…)}. For an IPv4 address the socket is IPv4 alone, where Netty
     * has that choice (epoll and NIO): 0.0.0.0 does not mean IPv6 too.
     *
     * @param loop the loop
     * @param address the address to be bound
     * @return Netty's factory
     */
    public static ChannelFactory<? extends ServerChannel> serverChannels(
            Loop loop, InetAddress address) {
        return Access.get().serverChannels(loop.transport(), address);
    }

    /**
     * The class of UDP channels that fits a loop's transport: for {@code Bootstrap.channel(…)}.
     *
     * @param loop the loop
     * @return Netty's class
     */
    public static Class<? extends DatagramChannel> datagramChannel(Loop loop) {
        return Access.get().datagramChannel(loop.transport());
    }

    /**
     * A factory of UDP channels that fits a loop's transport and an address: for {@code
     * Bootstrap.channelFactory(…)}. The socket is of the address's family, which multicast needs.
     *
     * @param loop the loop
     * @param address the address to be bound
     * @param maxBytes how much of a datagram is read at most; what is longer is cut off
     * @return Netty's factory
     */
    public static ChannelFactory<? extends DatagramChannel> datagramChannels(
            Loop loop, InetAddress address, int maxBytes) {
        return Access.get().datagramChannels(loop.transport(), address, maxBytes);
    }

    /**
     * Sends an empty datagram, which Netty's own channels of epoll and NIO drop while they say that
     * it was sent. On the event loop.
     *
     * @param channel one of {@link #datagramChannels}
     * @param recipient whom to; null if the channel is connected
     * @throws IOException what the operating system says
     */
    public static void sendEmptyDatagram(
            DatagramChannel channel, @Nullable InetSocketAddress recipient) throws IOException {
        Objects.requireNonNull(channel, "channel must not be null");
        Access.get().sendEmptyDatagram(channel, recipient);
    }

    /**
     * A factory of Unix domain socket channels that fits a loop's transport: for {@code
     * Bootstrap.channelFactory(…)}. On NIO it is Weft's own channel, as Netty's cannot end one
     * direction alone.
     *
     * @param loop the loop
     * @return Netty's factory
     */
    public static ChannelFactory<? extends DuplexChannel> domainSocketChannels(Loop loop) {
        return Access.get().domainSocketChannels(loop.transport());
    }

    /**
     * A factory of listening Unix domain socket channels that fits a loop's transport: for {@code
     * ServerBootstrap.channelFactory(…)}.
     *
     * @param loop the loop
     * @return Netty's factory
     */
    public static ChannelFactory<? extends ServerChannel> serverDomainSocketChannels(Loop loop) {
        return Access.get().serverDomainSocketChannels(loop.transport());
    }

    /**
     * Who is at the other end of a Unix domain socket.
     *
     * @param channel a connected channel
     * @return what the kernel says; null where the transport cannot tell, as NIO
     * @throws IOException if the kernel does not say
     */
    public static @Nullable PeerCredentials peerCredentials(Channel channel) throws IOException {
        Objects.requireNonNull(channel, "channel must not be null");
        return Access.get().peerCredentials(channel);
    }

    /**
     * Whether a channel sends a {@code FileRegion} without copying it through this program: TCP and
     * Unix channels do on epoll, kqueue and NIO, if no handler of theirs changes the bytes.
     *
     * @param channel a channel
     * @return true if the kernel reads the file
     */
    public static boolean sendsFiles(Channel channel) {
        Objects.requireNonNull(channel, "channel must not be null");
        return Access.get().sendsFiles(channel);
    }
}
