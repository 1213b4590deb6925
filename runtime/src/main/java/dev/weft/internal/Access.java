package dev.weft.internal;

import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.Transport;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandler;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.unix.PeerCredentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What {@code dev.weft.netty} may ask of {@code dev.weft}, without its being public. */
public abstract class Access {
    private static volatile @Nullable Access instance;

    /** For {@code dev.weft} alone. */
    protected Access() {}

    /**
     * Set by {@link Loop} when that class is initialised.
     *
     * @param access the implementation
     */
    public static void set(Access access) {
        instance = access;
    }

    /**
     * The implementation.
     *
     * @return never null once a loop exists
     */
    public static Access get() {
        Access access = instance;
        if (access == null) {
            throw new IllegalStateException("there is no loop yet");
        }
        return access;
    }

    public abstract IoEventLoop eventLoop(Loop loop);

    public abstract Class<? extends IoHandler> ioType(Loop loop);

    /** What is kept for a loop under a class; made when first asked for. */
    public abstract <T> T local(Loop loop, Class<T> key, Supplier<? extends T> make);

    /** A promise that calls a function when it is cancelled. */
    public abstract <T extends @Nullable Object> Promise<T> promise(
            String description, Runnable onCancel);

    /** Cancels a promise without calling the function. */
    public abstract void cancelled(Promise<?> promise);

    public abstract Class<? extends SocketChannel> socketChannel(Transport transport);

    public abstract Class<? extends ServerChannel> serverChannel(Transport transport);

    public abstract ChannelFactory<? extends ServerChannel> serverChannels(
            Transport transport, InetAddress address);

    public abstract Class<? extends DatagramChannel> datagramChannel(Transport transport);

    public abstract ChannelFactory<? extends DatagramChannel> datagramChannels(
            Transport transport, InetAddress address, int maxBytes);

    /** Sends nothing to somebody; the recipient is null if the channel is connected. */
    public abstract void sendEmptyDatagram(Channel channel, @Nullable InetSocketAddress recipient)
            throws IOException;

    public abstract ChannelFactory<? extends DuplexChannel> domainSocketChannels(
            Transport transport);

    public abstract ChannelFactory<? extends ServerChannel> serverDomainSocketChannels(
            Transport transport);

    public abstract @Nullable PeerCredentials peerCredentials(Channel channel) throws IOException;

    public abstract boolean sendsFiles(Channel channel);
}
