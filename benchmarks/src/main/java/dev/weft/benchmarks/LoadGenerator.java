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
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * The process that loads the servers, in a closed loop: each connection sends its next message when
 * the echo of the last one is complete. On Netty's epoll, since a load generator that is slower
 * than what it loads measures itself.
 *
 * <p>It obeys lines on standard input, and answers each with one line:
 *
 * <pre>
 *   open NAME PORT CONNECTIONS BYTES   ok
 *   run NAME MILLIS                    echoes nanos p50 p99 (nanoseconds)
 *   close NAME                         ok
 * </pre>
 */
public final class LoadGenerator {
    private static final boolean EPOLL = Epoll.isAvailable();

    private final MultiThreadIoEventLoopGroup group =
            new MultiThreadIoEventLoopGroup(
                    1, EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    private final EventLoop eventLoop = group.next();
    private final Map<String, List<Connection>> targets = new HashMap<>();

    // Owned by the event loop.
    private final Histogram latencies = new Histogram(TimeUnit.MINUTES.toNanos(1), 3);
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
        private final ByteBuf message;
        private @Nullable Channel channel;
        private int missing;
        private long sentAt;

        Connection(int bytes) {
            this.bytes = bytes;
            this.message =
                    Unpooled.unreleasableBuffer(Unpooled.directBuffer(bytes).writeZero(bytes));
        }

        void send(Channel to, long now) {
            missing = bytes;
            sentAt = now;
            to.writeAndFlush(message.duplicate(), to.voidPromise());
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            channel = context.channel();
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object received) {
            ByteBuf echo = (ByteBuf) received;
            missing -= echo.readableBytes();
            echo.release();
            if (missing > 0) {
                return;
            }
            if (missing < 0) {
                fail(new IOException("the server sent " + -missing + " bytes too many"));
                return;
            }
            long now = System.nanoTime();
            latencies.recordValue(Math.min(now - sentAt, latencies.getHighestTrackableValue()));
            if (now - deadline < 0) {
                send(context.channel(), now);
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
            s.complete(
                    latencies.getTotalCount()
                            + " "
                            + (now - started)
                            + " "
                            + latencies.getValueAtPercentile(50)
                            + " "
                            + latencies.getValueAtPercentile(99));
        }
    }

    private void open(String name, int port, int connections, int bytes)
            throws InterruptedException {
        Bootstrap bootstrap =
                new Bootstrap()
                        .group(group)
                        .channel(EPOLL ? EpollSocketChannel.class : NioSocketChannel.class)
                        .option(ChannelOption.TCP_NODELAY, true)
                        .handler(
                                new ChannelInitializer<SocketChannel>() {
                                    @Override
                                    protected void initChannel(SocketChannel channel) {
                                        channel.pipeline().addLast(new Connection(bytes));
                                    }
                                });
        List<Connection> list = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
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
        CompletableFuture<String> done = new CompletableFuture<>();
        eventLoop.execute(() -> {
            latencies.reset();
            slot = done;
            busy = target.size();
            started = System.nanoTime();
            deadline = started + TimeUnit.MILLISECONDS.toNanos(millis);
            for (Connection c : target) {
                Channel channel = c.channel;
                if (channel == null || !channel.isActive()) {
                    fail(new IOException("a connection is not open"));
                    return;
                }
                c.send(channel, System.nanoTime());
            }
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
                            Integer.parseInt(words[2]),
                            Integer.parseInt(words[3]),
                            Integer.parseInt(words[4]));
            case "run" -> {
                return run(words[1], Long.parseLong(words[2]));
            }
            case "close" -> close(words[1]);
            default -> throw new IllegalArgumentException("unknown: " + words[0]);
        }
        return "ok";
    }

    /** Obeys standard input until it ends. */
    public static void main(String[] args) throws IOException {
        LoadGenerator generator = new LoadGenerator();
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("ready");
        for (String line; (line = in.readLine()) != null; ) {
            try {
                System.out.println(generator.obey(line.split(" ", -1)));
            } catch (Exception e) {
                System.out.println("error " + e);
            }
        }
        Runtime.getRuntime().halt(0);
    }
}
