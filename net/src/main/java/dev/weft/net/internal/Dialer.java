package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.net.ConnectFailedException;
import dev.weft.net.ConnectRefusedException;
import dev.weft.net.Resolver;
import dev.weft.net.TimedOutException;
import dev.weft.netty.NettyBridge;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Connects: looks up the name, and tries its addresses as RFC 8305 (Happy Eyeballs) says, all
 * within one limit. The families take turns, beginning with that of the first address. The next
 * address is tried when the last one has failed, or has not answered for 250 ms; whichever answers
 * first is taken, and the others are closed.
 */
public final class Dialer {
    /** RFC 8305, section 5: the recommended Connection Attempt Delay. */
    private static final Duration ATTEMPT_DELAY = Duration.ofMillis(250);

    private final LoopNet net;
    private final String host;
    private final int port;
    private final Duration limit;
    private final long deadline;
    private final @Nullable InetSocketAddress local;
    private final Class<? extends Channel> channelType;

    private Dialer(
            LoopNet net, String host, int port, Duration limit, @Nullable InetSocketAddress local) {
        this.local = local;
        this.net = net;
        this.host = host;
        this.port = port;
        this.limit = limit;
        channelType = NettyBridge.socketChannel(net.loop());
        deadline = Clock.now(net.loop()) + Clock.nanos(limit);
    }

    /**
     * Connects; suspends.
     *
     * @param resolver finds the host's addresses
     * @param host where to
     * @param port where to, 0 to 65,535
     * @param limit how long it may take altogether
     * @param setUp makes the conduit of a channel and fills its pipeline; on the event loop
     * @param <C> the type of the conduit
     * @return the conduit of a connected channel
     */
    public static <C> C dial(
            Resolver resolver,
            String host,
            int port,
            Duration limit,
            BiFunction<LoopNet, Channel, C> setUp) {
        return dial(resolver, host, port, limit, null, setUp);
    }

    /**
     * As the other, from an address of this machine.
     *
     * @param local where from; null for what the system chooses
     */
    public static <C> C dial(
            Resolver resolver,
            String host,
            int port,
            Duration limit,
            @Nullable InetSocketAddress local,
            BiFunction<LoopNet, Channel, C> setUp) {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port must be 0 to 65535, was " + port);
        }
        Dialer dialer = new Dialer(LoopNet.of(Loop.current()), host, port, limit, local);
        List<InetAddress> addresses = dialer.reachable(Names.resolve(resolver, host, limit));
        return dialer.new Race<>(setUp).run(familiesInTurn(addresses).iterator());
    }

    /** Those of the local address's family. */
    private List<InetAddress> reachable(List<InetAddress> addresses) {
        InetAddress from = local == null ? null : local.getAddress();
        if (from == null || from.isAnyLocalAddress()) {
            return addresses;
        }
        List<InetAddress> same =
                addresses.stream().filter(a -> a.getClass() == from.getClass()).toList();
        if (same.isEmpty() && !addresses.isEmpty()) {
            throw new ConnectFailedException(
                    "cannot connect to "
                            + host
                            + " port "
                            + port
                            + " from "
                            + NetUtil.toAddressString(from)
                            + ": it has no address of that family",
                    host,
                    port,
                    new IOException("no address of the local address's family"));
        }
        return same;
    }

    /** RFC 8305, section 4, with a First Address Family Count of 1. */
    static List<InetAddress> familiesInTurn(List<InetAddress> addresses) {
        Deque<InetAddress> first = new ArrayDeque<>();
        Deque<InetAddress> second = new ArrayDeque<>();
        for (InetAddress address : addresses) {
            boolean same = first.isEmpty() || first.element().getClass() == address.getClass();
            (same ? first : second).add(address);
        }
        List<InetAddress> inTurn = new ArrayList<>();
        while (!first.isEmpty() || !second.isEmpty()) {
            for (Deque<InetAddress> family : List.of(first, second)) {
                if (!family.isEmpty()) {
                    inTurn.add(family.remove());
                }
            }
        }
        return inTurn;
    }

    /** The attempts, of which one is to win. */
    private final class Race<C> {
        private final BiFunction<LoopNet, Channel, C> setUp;
        private final SequencedMap<Promise<@Nullable Void>, Attempt<C>> running =
                new LinkedHashMap<>();
        private final List<String> tried = new ArrayList<>();
        private final List<RuntimeException> failures = new ArrayList<>();

        Race(BiFunction<LoopNet, Channel, C> setUp) {
            this.setUp = setUp;
        }

        C run(Iterator<InetAddress> addresses) {
            try {
                for (; ; ) {
                    if (addresses.hasNext()) {
                        start(addresses.next());
                    } else if (running.isEmpty()) {
                        throw allFailed();
                    }
                    C winner = awaitOne(addresses.hasNext());
                    if (winner != null) {
                        return winner;
                    }
                }
            } finally {
                // Perhaps one was connected all the same, and the task cancelled since.
                running.values().forEach(Attempt::giveUp);
            }
        }

        private void start(InetAddress address) {
            long left = requireTime();
            tried.add(NetUtil.toAddressString(address));
            Attempt<C> attempt = new Attempt<>(new InetSocketAddress(address, port));
            running.put(attempt.ended, attempt);
            net.eventLoop().execute(() -> attempt.start(setUp, left));
        }

        /** Waits for an attempt to end, or, if there is another, until that has its turn. */
        private @Nullable C awaitOne(boolean another) {
            Duration left = Duration.ofNanos(requireTime());
            Duration wait = another && left.compareTo(ATTEMPT_DELAY) > 0 ? ATTEMPT_DELAY : left;
            for (Promise<@Nullable Void> ended : Async.awaitFirst(running.keySet(), wait).done()) {
                Attempt<C> attempt = Objects.requireNonNull(running.remove(ended));
                RuntimeException failure = attempt.failure;
                if (failure == null) {
                    return attempt.conduit;
                }
                failures.add(failure);
                attempt.giveUp();
            }
            return null;
        }

        private long requireTime() {
            long left = deadline - Clock.now(net.loop());
            if (left <= 0) {
                throw explained(tooLate(also()));
            }
            return left;
        }

        private String also() {
            return tried.size() < 2 ? "" : " (tried " + String.join(", ", tried) + ")";
        }

        private RuntimeException allFailed() {
            if (failures.size() == 1) {
                return failures.getFirst();
            }
            if (failures.isEmpty()) {
                return new ConnectFailedException(
                        "host " + host + " has no address",
                        host,
                        port,
                        new IOException("empty answer"));
            }
            IOException cause = new IOException("all of " + failures.size() + " attempts failed");
            String to = host + " port " + port + also();
            return explained(
                    failures.stream().allMatch(ConnectRefusedException.class::isInstance)
                            ? new ConnectRefusedException(
                                    "nobody listens on "
                                            + to
                                            + ": is the server running, and is the port right?",
                                    host,
                                    port,
                                    cause)
                            : failures.stream().allMatch(TimedOutException.class::isInstance)
                                    ? tooLate(also())
                                    : new ConnectFailedException(
                                            "cannot connect to " + to + ": " + reasons(),
                                            host,
                                            port,
                                            cause));
        }

        private String reasons() {
            return failures.stream()
                    .map(e -> String.valueOf(e.getCause() == null ? e : e.getCause().getMessage()))
                    .distinct()
                    .collect(Collectors.joining("; "));
        }

        private RuntimeException explained(RuntimeException failure) {
            failures.forEach(failure::addSuppressed);
            return failure;
        }
    }

    /** One address. */
    private final class Attempt<C> {
        private final SocketAddress address;

        /** Completed when one of the next two is set, or it was cancelled before. */
        private final Promise<@Nullable Void> ended = Promise.create();

        private @Nullable C conduit;
        private @Nullable RuntimeException failure;

        /** Owned by the event loop. */
        private @Nullable Channel channel;

        Attempt(SocketAddress address) {
            this.address = address;
        }

        /** On the event loop. */
        void start(BiFunction<LoopNet, Channel, C> setUp, long nanos) {
            if (ended.isDone()) {
                return; // given up already
            }
            int millis = Math.clamp((nanos + 999_999) / 1_000_000, 1, Integer.MAX_VALUE);
            ChannelInitializer<Channel> initializer =
                    new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel ch) {
                            channel = ch;
                            TcpChannelOptions.bindTo(ch, local, net.loop().transport());
                            C made = setUp.apply(net, ch);
                            conduit = made;
                        }
                    };
            ChannelFuture connecting =
                    new Bootstrap()
                            .group(net.group())
                            .channel(channelType)
                            .option(ChannelOption.TCP_NODELAY, true)
                            .option(ChannelOption.ALLOCATOR, Buffers.ALLOCATOR)
                            .option(ChannelOption.RECVBUF_ALLOCATOR, Buffers.sizes())
                            .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, millis)
                            .handler(initializer)
                            .connect(address, local);
            channel = connecting.channel();
            connecting.addListener(f -> {
                if (!f.isSuccess() || conduit == null) {
                    failure = failure(f.cause());
                }
                if (!ended.tryComplete(null)) {
                    close();
                }
            });
        }

        /** Closes what there is, or will be; from the task. */
        void giveUp() {
            ended.cancel();
            net.eventLoop().execute(this::close);
        }

        private void close() {
            if (channel != null && channel.isOpen()) {
                channel.close();
            }
        }
    }

    private TimedOutException tooLate(String tried) {
        return new TimedOutException(
                "connecting to "
                        + host
                        + " port "
                        + port
                        + tried
                        + " took more than "
                        + limit.toMillis()
                        + " ms: is the host up, and does a firewall drop the packets?",
                limit);
    }

    private RuntimeException failure(@Nullable Throwable cause) {
        if (cause instanceof ConnectTimeoutException) {
            return tooLate("");
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
