package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.CancelledError;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.UnhandledFailure;
import dev.weft.net.AddressInUseException;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.ListenFailedException;
import dev.weft.net.TcpOptions;
import dev.weft.netty.NettyBridge;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listening socket and the task that serves it: it takes what the event loop has accepted, and
 * starts a task for each connection, in a scope that it holds open. So the server's lifetime is
 * that task's, which belongs to the scope in which {@code listen} was called: when that ends, the
 * task is cancelled, closes the socket, and ends its connections.
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
     */
    public record Plan(String host, int port, int backlog, Duration grace) {}

    /** Where a server listens, and what is special about it. */
    public interface Place {
        /** Readies it, before anything is opened; suspends. */
        default void prepare(Loop loop) {}

        /** Names the channel's class and the options of its kind. */
        void configure(ServerBootstrap bootstrap, Loop loop);

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
        public void configure(ServerBootstrap bootstrap, Loop loop) {
            bootstrap
                    .channelFactory(NettyBridge.serverChannels(loop, host))
                    .childOption(ChannelOption.TCP_NODELAY, true);
            TcpChannelOptions.listen(bootstrap, options);
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

    private final LoopNet net;
    private final Channel channel;
    private final SocketAddress address;

    // ---- guarded by this

    /** How long connections may go on once the server is closing. */
    private Duration grace;

    private final ArrayDeque<Connection> accepted = new ArrayDeque<>();
    private final Set<Connection> connections = new HashSet<>();
    private final Set<Channel> opening = new HashSet<>();
    private @Nullable Promise<@Nullable Void> wake;
    private boolean closing;
    private boolean ended;
    private final ArrayDeque<Promise<@Nullable Void>> awaitingEnd = new ArrayDeque<>();

    private Listener(LoopNet net, Channel channel, Duration grace, SocketAddress address) {
        this.net = net;
        this.channel = channel;
        this.grace = grace;
        this.address = address;
    }

    /**
     * Opens a listening socket and starts to serve; suspends until it is bound.
     *
     * @param plan what to open
     * @param setUp fills a new channel's pipeline, in which something calls {@link #accepted}; on
     *     the event loop
     * @return the open listener
     */
    public static Listener open(Plan plan, BiConsumer<Listener, Channel> setUp) {
        return open(plan, TcpOptions.defaults(), setUp);
    }

    /**
     * As {@link #open(Plan, BiConsumer)}, with options of the socket.
     *
     * @param plan what to open
     * @param options those of the listening socket; its connections get theirs in {@code setUp}
     * @param setUp fills a new channel's pipeline
     * @return the open listener
     */
    public static Listener open(
            Plan plan, TcpOptions options, BiConsumer<Listener, Channel> setUp) {
        if (plan.port < 0 || plan.port > 65_535) {
            throw new IllegalArgumentException("port must be 0 to 65535, was " + plan.port);
        }
        List<InetAddress> addresses = Names.resolve(Names.DNS, plan.host, LOOKUP_LIMIT);
        InetAddress address = addresses.getFirst();
        TcpChannelOptions.requireFamily(options, address);
        return open(plan, new Port(plan, address, options), setUp);
    }

    /**
     * As {@link #open(Plan, BiConsumer)}, at any place.
     *
     * @param plan what to open; its host and port are not looked at
     * @param place where to listen, for this listener alone
     * @param setUp fills a new channel's pipeline
     * @return the open listener
     */
    public static Listener open(Plan plan, Place place, BiConsumer<Listener, Channel> setUp) {
        LoopNet net = LoopNet.of(Loop.current());
        try {
            place.prepare(net.loop());
        } catch (Throwable e) {
            place.closed();
            throw e;
        }
        Listener listener = new Binding(net, plan, place, setUp).bind();
        try {
            place.publish();
            // A task that is cancelled before it starts never runs: hence not only its own finally.
            Async.async("server " + listener.address, () -> listener.serve())
                    .onDone(_ -> listener.end());
        } catch (Throwable e) {
            listener.end();
            throw e;
        }
        return listener;
    }

    /** Binding a socket: what the event loop and the task that waits for it share. */
    private static final class Binding {
        private final LoopNet net;
        private final Plan plan;
        private final Place place;
        private final BiConsumer<Listener, Channel> setUp;
        private final Promise<Listener> bound = Promise.create();

        /** Owned by the event loop. */
        private @Nullable Channel channel;

        private @Nullable Listener listener;

        Binding(LoopNet net, Plan plan, Place place, BiConsumer<Listener, Channel> setUp) {
            this.net = net;
            this.plan = plan;
            this.place = place;
            this.setUp = setUp;
        }

        Listener bind() {
            net.eventLoop().execute(this::start);
            try {
                return Async.await(bound);
            } catch (Throwable e) {
                net.eventLoop().execute(this::giveUp);
                throw e;
            }
        }

        private void start() {
            ServerBootstrap bootstrap = new ServerBootstrap();
            place.configure(bootstrap, net.loop());
            ChannelFuture binding =
                    bootstrap
                            .group(net.group())
                            .option(ChannelOption.SO_BACKLOG, plan.backlog)
                            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                            .handler(new AcceptFailures())
                            .childHandler(
                                    new ChannelInitializer<>() {
                                        @Override
                                        protected void initChannel(Channel ch) {
                                            // Nothing is accepted before the socket is bound.
                                            setUp.accept(Objects.requireNonNull(listener), ch);
                                        }
                                    })
                            .bind(place.toBind());
            channel = binding.channel();
            channel.closeFuture().addListener(f -> place.closed());
            binding.addListener(f -> {
                if (f.isSuccess()) {
                    Channel open = binding.channel();
                    Listener made = new Listener(net, open, plan.grace, place.address(open));
                    listener = made;
                    if (!bound.tryComplete(made)) {
                        giveUp();
                    }
                } else if (!bound.isDone()) {
                    bound.tryFail(place.failure(f.cause()));
                }
            });
        }

        private void giveUp() {
            if (channel != null) {
                channel.close();
            }
        }
    }

    /** Netty pauses accepting for a second when that fails; somebody should know why. */
    @ChannelHandler.Sharable
    private static final class AcceptFailures extends ChannelInboundHandlerAdapter {
        @Override
        @SuppressWarnings("deprecation") // not of inbound handlers, Netty says
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            LOG.warn("cannot accept connections for now on {}", ctx.channel(), cause);
            ctx.fireExceptionCaught(cause);
        }
    }

    /**
     * What the loop's connections share.
     *
     * @return that of the loop that serves
     */
    public LoopNet net() {
        return net;
    }

    /**
     * The address that was bound.
     *
     * @return with the real port
     */
    public SocketAddress address() {
        return address;
    }

    // ---- the event loop

    /**
     * A channel was accepted, and needs some time before it is a connection.
     *
     * @param child the channel
     */
    public void opening(Channel child) {
        boolean late;
        synchronized (this) {
            late = closing;
            if (!late) {
                opening.add(child);
            }
        }
        if (late) {
            child.close();
            return;
        }
        child.closeFuture()
                .addListener(f -> {
                    synchronized (this) {
                        opening.remove(child);
                    }
                });
    }

    /**
     * A connection is ready to be handled.
     *
     * @param connection the new one
     */
    public void accepted(Connection connection) {
        Promise<@Nullable Void> waiting;
        boolean late;
        synchronized (this) {
            late = closing;
            opening.remove(connection.conduit().channel());
            if (!late) {
                accepted.add(connection);
                connections.add(connection);
            }
            waiting = wake;
        }
        if (late) {
            connection.abort();
        } else if (waiting != null) {
            waiting.tryComplete(null);
        }
    }

    // ---- the server's task

    private void serve() {
        try {
            Async.<@Nullable Void>scope(scope -> {
                try {
                    for (Connection c; (c = next()) != null; ) {
                        Connection connection = c;
                        scope.async(() -> serve(connection));
                    }
                } finally {
                    stopListening();
                }
                letFinish();
                return null;
            });
        } finally {
            end();
        }
    }

    /** The next connection; null when the server is to close. */
    private @Nullable Connection next() {
        for (; ; ) {
            Promise<@Nullable Void> waiting = Promise.create();
            synchronized (this) {
                if (closing && grace.isZero()) {
                    return null;
                }
                Connection connection = accepted.poll();
                if (connection != null || closing) {
                    return connection;
                }
                wake = waiting;
            }
            Async.await(waiting);
        }
    }

    private void serve(Connection connection) {
        boolean failed = true;
        boolean cancelled = false;
        try {
            Async.<@Nullable Void>scope(_ -> {
                connection.handle();
                return null;
            });
            failed = false;
        } catch (CancelledError e) {
            cancelled = true;
            throw e;
        } catch (Throwable e) {
            report(connection, e);
        } finally {
            finish(connection, failed, cancelled);
        }
    }

    private void finish(Connection connection, boolean failed, boolean cancelled) {
        try {
            connection.finish(failed, cancelled);
        } catch (RuntimeException e) {
            LOG.debug("{} did not close cleanly", connection.conduit(), e);
        } finally {
            connection.abort();
            Promise<@Nullable Void> waiting;
            synchronized (this) {
                connections.remove(connection);
                waiting = wake;
            }
            if (waiting != null) {
                waiting.tryComplete(null);
            }
        }
    }

    private void report(Connection connection, Throwable failure) {
        Conduit conduit = connection.conduit();
        if (connection.isPeersFault(failure)) {
            LOG.debug("{} was broken by its peer", conduit, failure);
            return;
        }
        net.loop()
                .report(
                        new UnhandledFailure(
                                "the handler of " + conduit + " failed",
                                failure,
                                Task.current().name()));
    }

    /** Closes the listening socket, and waits for that, so that its port is free. */
    private void stopListening() {
        synchronized (this) {
            closing = true;
        }
        Promise<@Nullable Void> closed = Promise.create();
        net.eventLoop().execute(() -> channel.close().addListener(f -> closed.tryComplete(null)));
        Async.await(closed);
    }

    private void dropOpening() {
        List<Channel> unfinished;
        synchronized (this) {
            unfinished = List.copyOf(opening);
            opening.clear();
        }
        net.eventLoop().execute(() -> unfinished.forEach(Channel::close));
    }

    /** Gives the connections their grace. */
    private void letFinish() {
        List<Connection> open;
        long deadline;
        synchronized (this) {
            if (grace.isZero()) {
                return;
            }
            open = List.copyOf(connections);
            deadline = Clock.now(net.loop()) + Clock.nanos(grace);
        }
        open.forEach(Connection::goAway);
        for (; ; ) {
            Promise<@Nullable Void> waiting = Promise.create();
            synchronized (this) {
                if (connections.isEmpty()) {
                    return;
                }
                wake = waiting;
            }
            long left = deadline - Clock.now(net.loop());
            if (left <= 0) {
                return;
            }
            var timer =
                    net.loop().callLater(Duration.ofNanos(left), () -> waiting.tryComplete(null));
            try {
                Async.await(waiting);
            } finally {
                timer.cancel();
            }
        }
    }

    private void end() {
        List<Connection> left;
        synchronized (this) {
            closing = true;
            left = List.copyOf(connections);
            connections.clear();
            accepted.clear();
        }
        net.eventLoop().execute(channel::close);
        dropOpening();
        left.forEach(Connection::abort);
        afterAborts(this::ended);
    }

    private void ended() {
        List<Promise<@Nullable Void>> waiting;
        synchronized (this) {
            ended = true;
            waiting = List.copyOf(awaitingEnd);
            awaitingEnd.clear();
        }
        for (Promise<@Nullable Void> w : waiting) {
            w.tryComplete(null);
        }
    }

    /**
     * Runs a function when the connections that were aborted have gone: the event loop first closes
     * their channels, then tells that they are inactive.
     */
    private void afterAborts(Runnable function) {
        try {
            net.eventLoop().execute(() -> net.eventLoop().execute(function));
        } catch (RejectedExecutionException e) {
            function.run(); // it has ended, and so have they
        }
    }

    // ---- any task

    /** Closes the server, and waits until it has ended. */
    public void close() {
        close(null);
    }

    /**
     * Closes the server, and waits until it has ended.
     *
     * @param limit how long connections may go on, in place of the plan's grace; null for that
     */
    public void close(@Nullable Duration limit) {
        Promise<@Nullable Void> waiting;
        synchronized (this) {
            if (limit != null && !closing) {
                grace = limit;
            }
            closing = true;
            waiting = wake;
        }
        if (waiting != null) {
            waiting.tryComplete(null);
        }
        awaitClosed();
    }

    /** Waits until the server has ended. */
    public void awaitClosed() {
        Promise<@Nullable Void> end = Promise.create();
        synchronized (this) {
            if (ended) {
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
