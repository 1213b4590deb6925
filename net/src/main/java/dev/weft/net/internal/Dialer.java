package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.net.ConnectFailedException;
import dev.weft.net.ConnectRefusedException;
import dev.weft.net.TimedOutException;
import dev.weft.netty.NettyBridge;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Connects: looks up the name, and tries its addresses in order, all within one limit. */
public final class Dialer {
    private final LoopNet net;
    private final String host;
    private final int port;
    private final Duration limit;
    private final long deadline;

    private Dialer(LoopNet net, String host, int port, Duration limit) {
        this.net = net;
        this.host = host;
        this.port = port;
        this.limit = limit;
        deadline = System.nanoTime() + limit.toNanos();
    }

    /**
     * Connects; suspends.
     *
     * @param host where to
     * @param port where to, 0 to 65,535
     * @param limit how long it may take altogether
     * @param setUp makes the conduit of a channel and fills its pipeline; on the event loop
     * @param <C> the type of the conduit
     * @return the conduit of a connected channel
     */
    public static <C> C dial(
            String host, int port, Duration limit, BiFunction<LoopNet, Channel, C> setUp) {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port must be 0 to 65535, was " + port);
        }
        return new Dialer(LoopNet.of(Loop.current()), host, port, limit).dial(setUp);
    }

    private <C> C dial(BiFunction<LoopNet, Channel, C> setUp) {
        List<InetAddress> addresses = Names.resolve(net, host, limit);
        RuntimeException failure = null;
        for (InetAddress address : addresses) {
            try {
                return new Attempt<C>(new InetSocketAddress(address, port)).connect(setUp);
            } catch (ConnectFailedException | TimedOutException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        throw failure != null
                ? failure
                : new ConnectFailedException(
                        "host " + host + " has no address",
                        host,
                        port,
                        new IOException("empty answer"));
    }

    /** One address. */
    private final class Attempt<C> {
        private final SocketAddress address;
        private final Promise<C> connected = Promise.create();

        /** Owned by the event loop. */
        private @Nullable Channel channel;

        Attempt(SocketAddress address) {
            this.address = address;
        }

        C connect(BiFunction<LoopNet, Channel, C> setUp) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw tooLate();
            }
            net.eventLoop().execute(() -> start(setUp, left));
            try {
                return Async.await(connected);
            } catch (Throwable e) {
                // Perhaps it was connected all the same, and the task cancelled since.
                net.eventLoop().execute(this::giveUp);
                throw e;
            }
        }

        private void start(BiFunction<LoopNet, Channel, C> setUp, long nanos) {
            if (connected.isDone()) {
                return; // cancelled already
            }
            int millis = Math.clamp((nanos + 999_999) / 1_000_000, 1, Integer.MAX_VALUE);
            ChannelInitializer<Channel> initializer =
                    new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel ch) {
                            channel = ch;
                            C made = setUp.apply(net, ch);
                            conduit = made;
                        }
                    };
            ChannelFuture connecting =
                    new Bootstrap()
                            .group(net.group())
                            .channel(NettyBridge.socketChannel(net.loop()))
                            .option(ChannelOption.TCP_NODELAY, true)
                            .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, millis)
                            .handler(initializer)
                            .connect(address);
            channel = connecting.channel();
            connecting.addListener(f -> {
                C made = conduit;
                if (!f.isSuccess() || made == null) {
                    if (!connected.isDone()) {
                        connected.tryFail(failure(f.cause()));
                    }
                } else if (!connected.tryComplete(made)) {
                    giveUp();
                }
            });
        }

        private @Nullable C conduit;

        private void giveUp() {
            if (channel != null) {
                channel.close();
            }
        }
    }

    private TimedOutException tooLate() {
        return new TimedOutException(
                "connecting to "
                        + host
                        + " port "
                        + port
                        + " took more than "
                        + limit.toMillis()
                        + " ms: is the host up, and does a firewall drop the packets?",
                limit);
    }

    private RuntimeException failure(@Nullable Throwable cause) {
        if (cause instanceof ConnectTimeoutException) {
            return tooLate();
        }
        if (cause instanceof ConnectException e
                && String.valueOf(e.getMessage()).contains("refused")) {
            return new ConnectRefusedException(host, port, e);
        }
        IOException io = cause instanceof IOException e ? e : new IOException(cause);
        return new ConnectFailedException(
                "cannot connect to " + host + " port " + port + ": " + io.getMessage(),
                host,
                port,
                io);
    }
}
