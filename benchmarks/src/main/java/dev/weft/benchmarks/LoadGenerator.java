package dev.weft.benchmarks;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The process that loads the servers, in a closed loop: each connection sends its next message when
 * the echo of the last one is complete. On Netty's epoll, since a load generator that is slower
 * than what it loads measures itself.
 *
 * <p>It obeys lines on standard input, and answers each with one line:
 *
 * <pre>
 *   open NAME PORT SHAPE CONNECTIONS BYTES IN_FLIGHT   ok
 *   run NAME MILLIS                                    echoes nanos p50 p99 (nanoseconds)
 *   close NAME                                         ok
 *   set-up PORT MILLIS CONNECTIONS BYTES               as run, of connections
 * </pre>
 */
public final class LoadGenerator {
    private static final boolean EPOLL = Epoll.isAvailable();

    /** The most bytes of a message. */
    static final int LONGEST = 1 << 20;

    /** All messages are parts of it. */
    private static final ByteBuf MESSAGE =
            Unpooled.unreleasableBuffer(Unpooled.directBuffer(LONGEST).writeZero(LONGEST));

    private final MultiThreadIoEventLoopGroup group =
            new MultiThreadIoEventLoopGroup(
                    1, EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    private final EventLoop eventLoop = group.next();
    private final Map<String, List<Connection>> targets = new HashMap<>();

    // Owned by the event loop.
    private final Latencies latencies = Latencies.ofOneThread();
    private long deadline;
    private int busy;
    private @Nullable CompletableFuture<String> slot;
    private long started;

    private LoadGenerator() {}

    /** Starts it on its core; its first line says that it is ready. */
    static Child start(List<String> flags) throws IOException {
        return Child.start(
                "the load generator", Cores.load(), Child.java(flags, LoadGenerator.class));
    }

    private final class Connection extends ChannelInboundHandlerAdapter {
        private final int bytes;
        private final int inFlight;
        private @Nullable Channel channel;

        /** When each message was sent whose echo is not complete. */
        private final ArrayDeque<Long> sentAt = new ArrayDeque<>();

        /** Of the first of them. */
        private int missing;

        Connection(int bytes, int inFlight) {
            this.bytes = bytes;
            this.inFlight = inFlight;
            missing = bytes;
        }

        void begin(Channel to) {
            long now = System.nanoTime();
            for (int i = 0; i < inFlight; i++) {
                send(to, now);
            }
            to.flush();
        }

        private void send(Channel to, long now) {
            sentAt.add(now);
            to.write(MESSAGE.slice(0, bytes), to.voidPromise());
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            channel = context.channel();
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object received) {
            ByteBuf echo = (ByteBuf) received;
            int left = echo.readableBytes();
            echo.release();
            while (left >= missing && !sentAt.isEmpty()) {
                left -= missing;
                missing = bytes;
                complete(context.channel(), sentAt.remove());
            }
            if (left > 0 && sentAt.isEmpty()) {
                fail(new IOException("the server sent " + left + " bytes too many"));
            }
            missing -= left;
        }

        private void complete(Channel to, long sent) {
            long now = System.nanoTime();
            latencies.record(now - sent);
            if (now - deadline < 0) {
                send(to, now);
            } else if (sentAt.isEmpty() && --busy == 0) {
                finish(now);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (!sentAt.isEmpty()) {
                fail(new IOException("the server closed a connection"));
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            fail(cause);
        }
    }

    /** Sets up connections, one after the other: each sends one message, and is reset. */
    private final class SettingUp extends ChannelInboundHandlerAdapter {
        private final Bootstrap bootstrap;
        private final int bytes;
        private final long begun = System.nanoTime();
        private int missing;

        SettingUp(Bootstrap bootstrap, int bytes) {
            this.bootstrap = bootstrap;
            this.bytes = bytes;
            missing = bytes;
        }

        static void next(LoadGenerator generator, Bootstrap bootstrap, int bytes) {
            bootstrap
                    .clone()
                    .handler(generator.new SettingUp(bootstrap, bytes))
                    .connect()
                    .addListener(f -> {
                        if (!f.isSuccess()) {
                            generator.fail(f.cause());
                        }
                    });
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            context.writeAndFlush(MESSAGE.slice(0, bytes), context.voidPromise());
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object received) {
            ByteBuf echo = (ByteBuf) received;
            missing -= echo.readableBytes();
            echo.release();
            if (missing > 0) {
                return;
            }
            long now = System.nanoTime();
            latencies.record(now - begun);
            context.close();
            if (now - deadline < 0) {
                next(LoadGenerator.this, bootstrap, bytes);
            } else if (--busy == 0) {
                finish(now);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (missing > 0) {
                fail(new IOException("the server closed a connection"));
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            fail(cause);
        }
    }

    private void fail(Throwable cause) {
        CompletableFuture<String> s = slot;
        if (s != null) {
            s.completeExceptionally(cause);
        }
    }

    private void finish(long now) {
        CompletableFuture<String> s = slot;
        if (s != null) {
            s.complete(latencies.line(now - started));
        }
    }

    /** Its connections are reset when they are closed, so that no port stays taken. */
    private Bootstrap bootstrap() {
        return new Bootstrap()
                .group(group)
                .channel(EPOLL ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.SO_LINGER, 0)
                .option(ChannelOption.TCP_NODELAY, true);
    }

    private void open(String name, int port, EchoLoad load) throws Exception {
        SslContext tls =
                load.shape() == EchoLoad.Shape.TLS
                        ? SslContextBuilder.forClient()
                                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                                .sslProvider(SslProvider.JDK)
                                .build()
                        : null;
        Bootstrap bootstrap =
                bootstrap()
                        .handler(
                                new ChannelInitializer<SocketChannel>() {
                                    @Override
                                    protected void initChannel(SocketChannel channel) {
                                        if (tls != null) {
                                            channel.pipeline()
                                                    .addLast(tls.newHandler(channel.alloc()));
                                        }
                                        channel.pipeline()
                                                .addLast(
                                                        new Connection(
                                                                load.bytes(), load.inFlight()));
                                    }
                                });
        List<Connection> list = new ArrayList<>();
        for (int i = 0; i < load.connections(); i++) {
            Channel channel = bootstrap.connect("127.0.0.1", port).sync().channel();
            list.add(channel.pipeline().get(Connection.class));
        }
        targets.put(name, list);
    }

    private List<Connection> target(String name) {
        List<Connection> target = targets.get(name);
        if (target == null) {
            throw new IllegalArgumentException("no such target: " + name);
        }
        return target;
    }

    private String run(String name, long millis)
            throws InterruptedException, ExecutionException, TimeoutException {
        List<Connection> target = target(name);
        return measure(
                millis,
                target.size(),
                () -> {
                    for (Connection c : target) {
                        Channel channel = c.channel;
                        if (channel == null || !channel.isActive()) {
                            fail(new IOException("a connection is not open"));
                            return;
                        }
                        c.begin(channel);
                    }
                });
    }

    private String setUp(int port, long millis, int connections, int bytes)
            throws InterruptedException, ExecutionException, TimeoutException {
        Bootstrap bootstrap = bootstrap().remoteAddress("127.0.0.1", port);
        return measure(
                millis,
                connections,
                () -> {
                    for (int i = 0; i < connections; i++) {
                        SettingUp.next(this, bootstrap, bytes);
                    }
                });
    }

    private String measure(long millis, int count, Runnable begin)
            throws InterruptedException, ExecutionException, TimeoutException {
        CompletableFuture<String> done = new CompletableFuture<>();
        eventLoop.execute(() -> {
            latencies.reset();
            slot = done;
            busy = count;
            started = System.nanoTime();
            deadline = started + TimeUnit.MILLISECONDS.toNanos(millis);
            begin.run();
        });
        return done.get(millis + 10_000, TimeUnit.MILLISECONDS);
    }

    private void close(String name) throws InterruptedException {
        for (Connection c : target(name)) {
            Channel channel = c.channel;
            if (channel != null) {
                channel.close().sync();
            }
        }
        targets.remove(name);
    }

    private String obey(String[] words) throws Exception {
        switch (words[0]) {
            case "open" ->
                    open(
                            words[1],
                            number(words[2]),
                            new EchoLoad(
                                    EchoLoad.Shape.valueOf(words[3]),
                                    number(words[4]),
                                    number(words[5]),
                                    number(words[6])));
            case "run" -> {
                return run(words[1], number(words[2]));
            }
            case "set-up" -> {
                return setUp(
                        number(words[1]), number(words[2]), number(words[3]), number(words[4]));
            }
            case "close" -> close(words[1]);
            default -> throw new IllegalArgumentException("unknown: " + words[0]);
        }
        return "ok";
    }

    private static int number(String word) {
        return Integer.parseInt(word);
    }

    /** Obeys standard input until it ends. */
    public static void main(String[] args) throws IOException {
        Orders.obeyAll("ready", new LoadGenerator()::obey);
    }
}
