package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.net.ConnectFailedException;
import dev.weft.net.ConnectRefusedException;
import dev.weft.net.TimedOutException;
import dev.weft.net.UnixAddress;
import dev.weft.netty.NettyBridge;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Connects to Unix sockets. The kernel does not let a connection wait when the server's backlog is
 * full, so it is tried again until the time is over.
 */
public final class UnixDialer {
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final LoopNet net;
    private final UnixAddress address;
    private final SocketAddress netty;
    private final Duration limit;
    private final long deadline;
    private final ChannelFactory<? extends Channel> channels;

    private UnixDialer(LoopNet net, UnixAddress address, Duration limit) {
        this.net = net;
        this.address = address;
        this.limit = limit;
        netty = UnixPlace.nettyAddress(net.loop(), address);
        channels = NettyBridge.domainSocketChannels(net.loop());
        deadline = Clock.now(net.loop()) + Clock.nanos(limit);
    }

    /**
     * Connects; suspends.
     *
     * @param address where to
     * @param limit how long it may take
     * @param setUp makes the conduit of a channel and fills its pipeline; on the event loop
     * @param <C> the type of the conduit
     * @return the conduit of a connected channel
     */
    public static <C> C dial(
            UnixAddress address, Duration limit, BiFunction<LoopNet, Channel, C> setUp) {
        UnixDialer dialer = new UnixDialer(LoopNet.of(Loop.current()), address, limit);
        for (; ; ) {
            C conduit = dialer.new Attempt<>(setUp).run();
            if (conduit != null) {
                return conduit;
            }
            Async.sleep(PAUSE);
        }
    }

    private final class Attempt<C> {
        private final BiFunction<LoopNet, Channel, C> setUp;
        private final Promise<@Nullable Void> ended = Promise.create();

        // Written by the event loop before it completes the promise.
        private @Nullable C conduit;
        private @Nullable Throwable failure;

        /** Owned by the event loop. */
        private @Nullable Channel channel;

        Attempt(BiFunction<LoopNet, Channel, C> setUp) {
            this.setUp = setUp;
        }

        /** The conduit; null if the server's backlog is full. */
        @Nullable C run() {
            long left = deadline - Clock.now(net.loop());
            if (left <= 0) {
                throw tooLate();
            }
            int millis = Math.clamp((left + 999_999) / 1_000_000, 1, Integer.MAX_VALUE);
            net.eventLoop().execute(() -> start(millis));
            try {
                Async.await(ended);
            } catch (Throwable e) {
                giveUp();
                throw e;
            }
            Throwable cause = failure;
            if (cause == null) {
                return conduit;
            }
            giveUp();
            if (isBusy(cause)) {
                return null;
            }
            throw failure(cause);
        }

        private void start(int millis) {
            ChannelFuture connecting =
                    new Bootstrap()
                            .group(net.group())
                            .channelFactory(channels)
                            .option(ChannelOption.ALLOCATOR, Buffers.ALLOCATOR)
                            .option(ChannelOption.RECVBUF_ALLOCATOR, Buffers.sizes())
                            .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, millis)
                            .handler(
                                    new ChannelInitializer<>() {
                                        @Override
                                        protected void initChannel(Channel ch) {
                                            conduit = setUp.apply(net, ch);
                                        }
                                    })
                            .connect(netty);
            channel = connecting.channel();
            connecting.addListener(f -> {
                failure = f.cause();
                if (!ended.tryComplete(null)) {
                    close();
                }
            });
        }

        private void giveUp() {
            ended.cancel();
            net.eventLoop().execute(this::close);
        }

        private void close() {
            if (channel != null && channel.isOpen()) {
                channel.close();
            }
        }
    }

    private static boolean isBusy(Throwable cause) {
        return String.valueOf(cause.getMessage()).contains("temporarily unavailable");
    }

    private TimedOutException tooLate() {
        return new TimedOutException(
                "connecting to "
                        + address
                        + " took more than "
                        + limit.toMillis()
                        + " ms: does the server accept connections?",
                limit);
    }

    private RuntimeException failure(Throwable cause) {
        if (cause instanceof ConnectTimeoutException) {
            return tooLate();
        }
        IOException io = cause instanceof IOException e ? e : new IOException(cause);
        String said = String.valueOf(io.getMessage());
        String to = address.toString();
        boolean missing =
                cause instanceof FileNotFoundException
                        || cause instanceof NoSuchFileException
                        || said.contains("No such file");
        if (missing || said.contains("refused")) {
            String why =
                    missing && address.path() != null
                            ? "there is no such file"
                            : "nobody listens there";
            return new ConnectRefusedException(
                    "cannot connect to " + to + ": " + why + ": is the server running?", to, 0, io);
        }
        return new ConnectFailedException("cannot connect to " + to + ": " + said, to, 0, io);
    }
}
