package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.LoopGroup;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.Transport;
import dev.weft.net.AddressInUseException;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.ListenFailedException;
import dev.weft.net.TcpOptions;
import dev.weft.netty.NettyBridge;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import io.netty.channel.unix.UnixChannelOption;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server: its listening sockets, and the {@link Lane lanes} that serve, one for each loop. Its
 * lifetime is that of its tasks, which belong to the scope in which {@code listen} was called: when
 * that ends, they are cancelled. A server of several loops closes as a whole.
 *
 * <p><b>Several loops.</b> Where the kernel shares a port's connections out (Linux, by {@code
 * SO_REUSEPORT}), each lane has a listening socket. The first is bound and listens without that
 * option, so that a port is an error that anybody listens on, another such group too; then it gets
 * the option, and lets the others in beside it. Elsewhere the first lane accepts for all, and hands
 * connections to each in turn.
 */
public final class Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
    private static final Duration LOOKUP_LIMIT = Duration.ofSeconds(10);

    /** One connection, as its server sees it. */
    public interface Connection {
        /**
         * Runs the user's handler.
         *
         * @throws Exception any failure
         */
        void handle() throws Exception;

        /**
         * Closes the connection; suspends.
         *
         * @param failed whether the handler has failed
         * @param cancelled whether the handler was cancelled
         */
        void finish(boolean failed, boolean cancelled);

        /** Asks the peer to leave, since the server is closing; does not suspend. */
        void goAway();

        /** Begins to close the connection in good order; does not suspend. */
        void closeSoon();

        /** Drops the connection. Does not suspend; may be called again. */
        void abort();

        /** The conduit, for its addresses. */
        Conduit conduit();

        /**
         * Whether this very connection's peer is to blame for a handler's failure.
         *
         * @param failure what the handler threw
         * @return true if it is no news to the server's owner
         */
        default boolean isPeersFault(Throwable failure) {
            return failure instanceof BrokenConnectionException broken
                    && conduit().remoteAddress().equals(broken.peer());
        }
    }

    /**
     * What is to be opened.
     *
     * @param host the name or address to listen on
     * @param port the port, or 0 for a free one
     * @param backlog how many connections may wait in the operating system
     * @param grace how long connections may go on when the server closes
     * @param maxConnections how many connections there may be at once
     */
    public record Plan(String host, int port, int backlog, Duration grace, int maxConnections) {}

    /** Where a server listens, and what is special about it. */
    public interface Place {
        /** Readies it, before anything is opened; suspends. */
        default void prepare(Loop loop) {}

        /** Makes the listening channel. */
        ChannelFactory<? extends ServerChannel> channels(Loop loop);

        /** Sets the listening socket's options. */
        default void configure(Bootstrap bootstrap) {}

        /** Sets the options of an accepted channel of this kind. */
        default void configure(Channel child) {}

        /** What Netty is to bind. */
        SocketAddress toBind();

        /** What people are told, once it is bound. */
        SocketAddress address(Channel bound);

        /** Lets clients find it, once it is bound; suspends. */
        default void publish() {}

        /**
         * Nothing is open any more: the channel has closed, perhaps before it was bound, or none
         * came to be. On the event loop, or in the task that prepares.
         */
        default void closed() {}

        /** What a failed binding is called. */
        RuntimeException failure(Throwable cause);
    }

    /** A TCP port. */
    private record Port(Plan plan, InetAddress host, TcpOptions options) implements Place {
        @Override
        public ChannelFactory<? extends ServerChannel> channels(Loop loop) {
            return NettyBridge.serverChannels(loop, host);
        }

        @Override
        public void configure(Bootstrap bootstrap) {
            TcpChannelOptions.listen(bootstrap, options);
        }

        @Override
        public void configure(Channel child) {
            child.config().setOption(ChannelOption.TCP_NODELAY, true);
        }

        @Override
        public SocketAddress toBind() {
            return new InetSocketAddress(host, plan.port);
        }

        @Override
        public SocketAddress address(Channel bound) {
            return Objects.requireNonNull(bound.localAddress());
        }

        @Override
        public RuntimeException failure(Throwable cause) {
            IOException io = cause instanceof IOException e ? e : new IOException(cause);
            String said = String.valueOf(io.getMessage());
            return said.contains("in use")
                    ? new AddressInUseException(plan.host, plan.port, io)
                    : new ListenFailedException(
                            "cannot listen on " + plan.host + " port " + plan.port + ": " + said,
                            plan.host,
                            plan.port,
                            io);
        }
    }

    private final Place place;
    private final Plan plan;
    private final Admission admission;
    private final List<Lane> lanes = new ArrayList<>(1);
    private final List<Gate> gates = new ArrayList<>(1);
    private final AtomicInteger turn = new AtomicInteger();

    /** Set before anybody sees this object. */
    private @Nullable SocketAddress address;

    // ---- guarded by this

    private final Set<Lane> lanesLeft = new HashSet<>();
    private final ArrayDeque<Promise<@Nullable Void>> awaitingEnd = new ArrayDeque<>();

    private Listener(Plan plan, Place place, List<Loop> loops, BiConsumer<Lane, Channel> setUp) {
        this.plan = plan;
        this.place = place;
        admission = new Admission(plan.maxConnections);
        for (Loop loop : loops) {
            lanes.add(new Lane(this, admission, LoopNet.of(loop), plan.grace, setUp));
        }
        lanesLeft.addAll(lanes);
    }

    /**
     * Opens a listening socket and starts to serve; suspends until it is bound.
     *
     * @param plan what to open
     * @param options those of the listening socket; its connections get theirs in {@code setUp}
     * @param setUp fills a new channel's pipeline, in which something calls {@link Lane#accepted};
     *     on the event loop
     * @return the open listener
     */
    public static Listener open(Plan plan, TcpOptions options, BiConsumer<Lane, Channel> setUp) {
        return open(plan, port(plan, options), List.of(Loop.current()), setUp);
    }

    /**
     * As {@link #open(Plan, TcpOptions, BiConsumer)}, serving on every loop of a group.
     *
     * @param plan what to open
     * @param options those of the listening sockets
     * @param group the loops
     * @param setUp fills a new channel's pipeline
     * @return the open listener
     */
    public static Listener open(
            Plan plan, TcpOptions options, LoopGroup group, BiConsumer<Lane, Channel> setUp) {
        return open(plan, port(plan, options), group.loops(), setUp);
    }

    /**
     * As {@link #open(Plan, TcpOptions, BiConsumer)}, at any place.
     *
     * @param plan what to open; its host and port are not looked at
     * @param place where to listen, for this listener alone
     * @param setUp fills a new channel's pipeline
     * @return the open listener
     */
    public static Listener open(Plan plan, Place place, BiConsumer<Lane, Channel> setUp) {
        return open(plan, place, List.of(Loop.current()), setUp);
    }

    private static Place port(Plan plan, TcpOptions options) {
        if (plan.port < 0 || plan.port > 65_535) {
            throw new IllegalArgumentException("port must be 0 to 65535, was " + plan.port);
        }
        List<InetAddress> addresses = Names.resolve(Names.DNS, plan.host, LOOKUP_LIMIT);
        InetAddress address = addresses.getFirst();
        TcpChannelOptions.requireFamily(options, address);
        return new Port(plan, address, options);
    }

    private static Listener open(
            Plan plan, Place place, List<Loop> loops, BiConsumer<Lane, Channel> setUp) {
        try {
            place.prepare(loops.getFirst());
        } catch (Throwable e) {
            place.closed();
            throw e;
        }
        Listener listener = new Listener(plan, place, loops, setUp);
        try {
            listener.bind();
            place.publish();
            listener.start();
        } catch (Throwable e) {
            listener.giveUp(e);
            throw e;
        }
        return listener;
    }

    // ---- opening

    private void bind() {
        Lane first = lanes.getFirst();
        boolean shares = lanes.size() > 1 && kernelShares(first.net().loop());
        Gate gate = gate(shares ? () -> first : this::nextLane);
        Channel bound =
                bind(first, () -> new Binding(first.net(), plan.backlog, place, gate).bind());
        SocketAddress where = place.address(bound);
        address = where;
        if (shares) {
            bound.config().setOption(UnixChannelOption.SO_REUSEPORT, true);
            for (Lane lane : lanes.subList(1, lanes.size())) {
                Gate beside = gate(() -> lane);
                bind(
                        lane,
                        () ->
                                new Binding(lane.net(), plan.backlog, place, beside)
                                        .bindBeside(where));
            }
        }
    }

    private static Channel bind(Lane lane, Supplier<Channel> binding) {
        Loop loop = lane.net().loop();
        Supplier<Channel> action =
                () -> {
                    Channel bound = binding.get();
                    lane.listensOn(bound);
                    return bound;
                };
        if (loop == Loop.current()) {
            return action.get();
        }
        try {
            return Async.await(loop.submit(action::get));
        } catch (CancellationException e) {
            throw new IllegalStateException("loop " + loop.name() + " is closed", e);
        }
    }

    private Gate gate(Supplier<Lane> to) {
        Gate gate = new Gate(admission, place, to);
        gates.add(gate);
        return gate;
    }

    private Lane nextLane() {
        return lanes.get(Math.floorMod(turn.getAndIncrement(), lanes.size()));
    }

    private static boolean kernelShares(Loop loop) {
        return loop.transport() == Transport.EPOLL || loop.transport() == Transport.IO_URING;
    }

    private void start() {
        Loop here = Loop.current();
        for (Lane lane : lanes) {
            Loop loop = lane.net().loop();
            String name = "server " + address;
            // A task that is cancelled before it starts never runs: hence not only its own finally.
            if (loop == here) {
                Async.async(name, lane::serve).onDone(_ -> lane.end());
            } else {
                Task<@Nullable Void> there = loop.submit(lane::serve);
                Async.async(name + " on loop " + loop.name(), () -> awaitEnd(there))
                        .onDone(_ -> lane.end());
            }
        }
        gates.forEach(admission::add);
        gates.forEach(Gate::open);
    }

    /** Waits for a task of another loop; cancels it when cancelled. */
    private static void awaitEnd(Task<@Nullable Void> task) {
        try {
            Async.await(task);
        } catch (CancellationException e) {
            LOG.debug("{} was cancelled, as its loop closes", task.name(), e);
        }
    }

    /** Leaves nothing open; the ports that were bound are free then. */
    private void giveUp(Throwable cause) {
        lanes.forEach(Lane::end);
        try {
            awaitClosed();
        } catch (Throwable e) {
            cause.addSuppressed(e);
        }
    }

    /**
     * The address that was bound.
     *
     * @return with the real port
     */
    public SocketAddress address() {
        return Objects.requireNonNull(address);
    }

    // ---- any thread

    /**
     * How many connections there are.
     *
     * @return those that are being set up, wait for their handler, or have not been closed after it
     */
    public int connections() {
        return admission.taken();
    }

    /**
     * Closes all connections under their handlers, without waiting.
     *
     * @param abort whether to drop what was not sent
     */
    public void closeClients(boolean abort) {
        for (Lane lane : lanes) {
            lane.closeClients(abort);
        }
    }

    /** Closes the server, without waiting; without a limit that was said before holds. */
    void startClosing(@Nullable Duration limit) {
        admission.close();
        for (Lane lane : lanes) {
            lane.startClosing(limit);
        }
    }

    /** A lane has ended. May be told again. */
    void ended(Lane lane) {
        List<Promise<@Nullable Void>> waiting;
        synchronized (this) {
            lanesLeft.remove(lane);
            if (!lanesLeft.isEmpty()) {
                return;
            }
            waiting = List.copyOf(awaitingEnd);
            awaitingEnd.clear();
        }
        for (Promise<@Nullable Void> w : waiting) {
            w.tryComplete(null);
        }
    }

    // ---- any task

    /** Closes the server, and waits until it has ended. */
    public void close() {
        close(plan.grace);
    }

    /**
     * Closes the server, and waits until it has ended.
     *
     * @param limit how long connections may go on, in place of the plan's grace; on a server that
     *     is closing it only shortens that, from when it began to
     */
    public void close(Duration limit) {
        startClosing(limit);
        awaitClosed();
    }

    /** Waits until the server has ended. */
    public void awaitClosed() {
        Promise<@Nullable Void> end = Promise.create();
        synchronized (this) {
            if (lanesLeft.isEmpty()) {
                return;
            }
            awaitingEnd.add(end);
        }
        try {
            Async.await(end);
        } finally {
            synchronized (this) {
                awaitingEnd.remove(end);
            }
        }
    }
}
