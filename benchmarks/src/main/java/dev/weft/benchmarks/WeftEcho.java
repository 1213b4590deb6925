package dev.weft.benchmarks;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.Promise;
import dev.weft.SchedulerMode;
import dev.weft.netty.NettyBridge;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.util.internal.PlatformDependent;
import java.net.InetSocketAddress;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Weft: a task per connection, which reads and writes in direct style. */
final class WeftEcho {
    private WeftEcho() {}

    /** The least that a stream on the bridge needs. */
    private static final class Stream extends ChannelInboundHandlerAdapter {
        private static final Object EOF = new Object();
        private final Loop loop;
        private final Queue<Object> inbound = PlatformDependent.newSpscQueue();
        private final AtomicReference<@Nullable Promise<@Nullable Void>> waiting =
                new AtomicReference<>();
        private final Queue<ByteBuf> outbound = PlatformDependent.newSpscQueue();
        private final AtomicBoolean draining = new AtomicBoolean();
        private @Nullable Channel channel;
        private final Runnable drain = this::drain;

        Stream(Loop loop) {
            this.loop = loop;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            channel = context.channel();
            loop.submit(this::serve);
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            inbound.add(message);
            wake();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            inbound.add(EOF);
            wake();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }

        private void wake() {
            Promise<@Nullable Void> p = waiting.get();
            if (p != null) {
                waiting.set(null);
                p.tryComplete(null);
            }
        }

        private @Nullable ByteBuf read() {
            for (; ; ) {
                Object o = inbound.poll();
                if (o != null) {
                    return o == EOF ? null : (ByteBuf) o;
                }
                Promise<@Nullable Void> p = Promise.create();
                waiting.set(p);
                if (inbound.isEmpty()) {
                    Async.await(p);
                }
            }
        }

        private void write(ByteBuf b) {
            outbound.add(b);
            if (!draining.get() && draining.compareAndSet(false, true)) {
                channel().eventLoop().execute(drain);
            }
        }

        private void drain() {
            draining.set(false);
            Channel c = channel();
            for (ByteBuf b; (b = outbound.poll()) != null; ) {
                c.write(b, c.voidPromise());
            }
            c.flush();
        }

        private Channel channel() {
            return java.util.Objects.requireNonNull(channel);
        }

        private void serve() {
            for (ByteBuf b; (b = read()) != null; ) {
                write(b);
            }
        }
    }

    /** Starts it on a free port, which is returned. */
    static int start(SchedulerMode mode) throws InterruptedException {
        Loop loop = Loop.open(LoopOptions.defaults().scheduler(mode));
        Channel listener =
                new ServerBootstrap()
                        .group(NettyBridge.eventLoopGroup(loop))
                        .channel(NettyBridge.serverChannel(loop))
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childHandler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        channel.pipeline().addLast(new Stream(loop));
                                    }
                                })
                        .bind("127.0.0.1", 0)
                        .sync()
                        .channel();
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }
}
