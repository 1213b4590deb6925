package dev.weft;

import dev.weft.internal.Access;
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

/** What {@code dev.weft.netty} sees of a loop. */
final class LoopAccess extends Access {
    @Override
    public IoEventLoop eventLoop(Loop loop) {
        return loop.poller().eventLoop();
    }

    @Override
    public Class<? extends IoHandler> ioType(Loop loop) {
        return loop.poller().ioType();
    }

    @Override
    public <T> T local(Loop loop, Class<T> key, Supplier<? extends T> make) {
        return key.cast(loop.locals.computeIfAbsent(key, _ -> make.get()));
    }

    @Override
    public <T extends @Nullable Object> Promise<T> promise(String description, Runnable onCancel) {
        return new AdaptedFuture<>(description, onCancel);
    }

    @Override
    public void cancelled(Promise<?> promise) {
        ((PromiseImpl<?>) promise).end(new FutureImpl.Cancelled(null));
    }

    @Override
    public Class<? extends SocketChannel> socketChannel(Transport transport) {
        return Transports.socketChannel(transport);
    }

    @Override
    public Class<? extends ServerChannel> serverChannel(Transport transport) {
        return Transports.serverChannel(transport);
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannels(
            Transport transport, InetAddress address) {
        return Transports.serverChannels(transport, address);
    }

    @Override
    public Class<? extends DatagramChannel> datagramChannel(Transport transport) {
        return Transports.datagramChannel(transport);
    }

    @Override
    public ChannelFactory<? extends DatagramChannel> datagramChannels(
            Transport transport, InetAddress address, int maxBytes) {
        return Transports.datagramChannels(transport, address, maxBytes);
    }

    @Override
    public void sendEmptyDatagram(Channel channel, @Nullable InetSocketAddress recipient)
            throws IOException {
        Transports.sendEmptyDatagram(channel, recipient);
    }

    @Override
    public ChannelFactory<? extends DuplexChannel> domainSocketChannels(Transport transport) {
        return Transports.domainSocketChannels(transport);
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverDomainSocketChannels(Transport transport) {
        return Transports.serverDomainSocketChannels(transport);
    }

    @Override
    public @Nullable PeerCredentials peerCredentials(Channel channel) throws IOException {
        return Transports.peerCredentials(channel);
    }

    @Override
    public boolean sendsFiles(Channel channel) {
        return Transports.sendsFiles(channel);
    }
}
