package dev.weft.benchmarks;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * The baseline: what a Netty user writes for speed, a handler that writes each buffer back as it
 * comes. On epoll, or on NIO where there is none; or on io_uring.
 */
final class NettyEcho {
    private NettyEcho() {}

    private static final class Handler extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message, context.voidPromise());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    /** Starts it on free ports, which are returned. */
    static EchoServer.Ports start(boolean uring, Path certificate, Path key) throws Exception {
        ServerBootstrap bootstrap = bootstrap(uring);
        SslContext tls =
                SslContextBuilder.forServer(certificate.toFile(), key.toFile())
                        .sslProvider(SslProvider.JDK)
                        .build();
        return new EchoServer.Ports(
                listen(bootstrap, channel -> channel.pipeline().addLast(new Handler())),
                listen(
                        bootstrap,
                        channel ->
                                channel.pipeline()
                                        .addLast(tls.newHandler(channel.alloc()), new Handler())));
    }

    /** What raw servers have in common: one event loop. */
    static ServerBootstrap bootstrap(boolean uring) {
        boolean epoll = Epoll.isAvailable();
        IoHandlerFactory handlers =
                uring
                        ? IoUringIoHandler.newFactory()
                        : epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        Class<? extends ServerChannel> type =
                uring
                        ? IoUringServerSocketChannel.class
                        : epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
        return new ServerBootstrap()
                .group(new MultiThreadIoEventLoopGroup(1, handlers))
                .channel(type)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_BACKLOG, 1024);
    }

    /** Listens on a free port, which is returned; each connection gets its handlers. */
    static int listen(ServerBootstrap bootstrap, Consumer<Channel> handlers)
            throws InterruptedException {
        Channel listener =
                bootstrap
                        .clone()
                        .childHandler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        handlers.accept(channel);
                                    }
                                })
                        .bind("127.0.0.1", 0)
                        .sync()
                        .channel();
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }
}
