package dev.weft.net;

import dev.weft.Async;
import dev.weft.CancelledError;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.net.internal.Clock;
import dev.weft.net.internal.Conduit;
import dev.weft.net.internal.LoopNet;
import dev.weft.net.internal.StreamAccess;
import dev.weft.net.internal.TlsLayer;
import dev.weft.net.internal.TlsLink;
import dev.weft.netty.NettyBridge;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import org.jspecify.annotations.Nullable;

/** What {@link StreamAccess} promises. */
final class StreamHandover extends StreamAccess {
    @Override
    public void prepare(ClientTls tls) {
        tls.context();
    }

    @Override
    public void prepare(ServerTls tls) {
        tls.context();
    }

    @Override
    public TlsLink secure(ServerTls tls, LoopNet net, Channel channel) {
        TlsUpgrade upgrade = TlsUpgrade.of(tls);
        TlsLayer layer = upgrade.layer(net, channel);
        // Before it is added, as the handshake of an open channel begins then.
        layer.handler().setHandshakeTimeoutMillis(Clock.millis(upgrade.handshakeTimeout()));
        channel.pipeline().addLast(layer, layer.handler());
        return new TlsConnection(upgrade, layer, new TlsHandshake());
    }

    @Override
    public void handOver(ByteStream stream, Heir heir) {
        stream.handOver(heir);
    }

    @Override
    public boolean isHttp(Proxy proxy) {
        return proxy.kind() == Proxy.Kind.HTTP;
    }

    @Override
    public @Nullable String basicCredentials(Proxy proxy) {
        return proxy.basic();
    }

    // ---- a channel as a stream

    @Override
    public ByteStream attach(Channel channel, TcpOptions options) {
        Loop loop = Loop.current();
        EventLoop eventLoop = NettyBridge.eventLoopGroup(loop).next();
        requireConnected(channel);
        if (!channel.isRegistered() || channel.eventLoop() != eventLoop) {
            throw new IllegalArgumentException(
                    "channel must be of this task's loop, made with"
                            + " NettyBridge.eventLoopGroup(Loop.current()), was "
                            + channel);
        }
        return new Attaching(loop, channel, options).run(eventLoop);
    }

    private static void requireConnected(Channel channel) {
        if (!channel.isActive()) {
            throw new IllegalStateException("channel must be connected, was " + channel);
        }
    }

    private static final class Attaching {
        private final Loop loop;
        private final Channel channel;
        private final TcpOptions options;
        private final Promise<ByteStream> attached = Promise.create();

        /** In the pipeline. Owned by the event loop. */
        private @Nullable NettyConduit conduit;

        Attaching(Loop loop, Channel channel, TcpOptions options) {
            this.loop = loop;
            this.channel = channel;
            this.options = options;
        }

        ByteStream run(EventLoop eventLoop) {
            eventLoop.execute(this::attach);
            try {
                return Async.await(attached);
            } catch (CancelledError e) {
                eventLoop.execute(this::giveUp);
                throw e;
            }
        }

        private void attach() {
            if (attached.isDone()) {
                return; // cancelled
            }
            NettyConduit made;
            try {
                requireConnected(channel);
                if (channel.pipeline().get(Conduit.class) != null) {
                    throw new IllegalStateException("channel is a stream already: " + channel);
                }
                made = new NettyConduit(LoopNet.of(loop), channel, options);
                channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
                channel.pipeline().addLast(made);
            } catch (RuntimeException e) {
                attached.tryFail(e);
                return;
            }
            conduit = made;
            attached.tryComplete(made.stream());
            made.attached();
        }

        private void giveUp() {
            if (conduit != null) {
                channel.close(); // it was too late, and nobody has the stream
            }
        }
    }

    // ---- a stream as a channel

    @Override
    public Channel detach(ByteStream stream, ChannelHandler handler) {
        return stream.detach(handler);
    }
}
