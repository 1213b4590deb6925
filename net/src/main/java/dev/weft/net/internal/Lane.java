package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.CancelledError;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.UnhandledFailure;
import dev.weft.net.StreamClosedException;
import dev.weft.net.internal.Listener.Connection;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server's share in one loop: the connections that live there, and the task that serves them. It
 * takes what a {@link Gate} has admitted, and starts a task for each connection, in a scope that it
 * holds open. When that task is cancelled, it closes the socket, and ends its connections.
 */
public final class Lane {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

    private final Listener listener;
    private final Admission admission;
    private final LoopNet net;
    private final ChannelHandler initializer;

    /** The listening socket, if this lane has one; set before it serves. */
    private volatile @Nullable Channel channel;

    // ---- guarded by this

    /** How long connections may go on once the server is closing. */
    private Duration grace;

    private final ArrayDeque<Connection> accepted = new ArrayDeque<>();
    private final Set<Connection> connections = new HashSet<>();

    /** Those that were admitted, and are no connections yet. */
    private final Set<Channel> opening = new HashSet<>();

    /** Those of the connections that the server has closed under their handlers. */
    private final Set<Connection> evicted = new HashSet<>();

    private @Nullable Promise<@Nullable Void> wake;
    private boolean closing;
    private boolean ended;

    /**
     * For one loop.
     *
     * @param listener whose share it is
     * @param admission the places, which are given back here
     * @param net the loop's
     * @param grace how long connections may go on when the server closes
     * @param setUp fills a new channel's pipeline, in which something calls {@link #accepted}
     */
    Lane(
            Listener listener,
            Admission admission,
            LoopNet net,
            Duration grace,
            BiConsumer<Lane, Channel> setUp) {
        this.listener = listener;
        this.admission = admission;
        this.net = net;
        this.grace = grace;
        initializer =
                new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel ch) {
                        setUp.accept(Lane.this, ch);
                    }
                };
    }

    /**
     * What the loop's connections share.
     *
     * @return that of the loop that serves here
     */
    public LoopNet net() {
        return net;
    }

    ChannelHandler initializer() {
        return initializer;
    }

    void listensOn(Channel bound) {
        channel = bound;
    }

    // ---- event loops

    /**
     * A channel was accepted, and takes its place here; it needs some time before it is a
     * connection.
     *
     * @return false if the server is closing
     */
    boolean enter(Channel child) {
        synchronized (this) {
            if (closing) {
                return false;
            }
            opening.add(child);
        }
        child.closeFuture().addListener(f -> left(child));
        return true;
    }

    /** A channel has gone that has not become a connection; otherwise nothing happens. */
    void left(Channel child) {
        boolean was;
        synchronized (this) {
            was = opening.remove(child);
        }
        if (was) {
            admission.leave();
        }
    }

    /**
     * A connection is ready to be handled; on the loop's event loop.
     *
     * @param connection the new one
     */
    public void accepted(Connection connection) {
        Promise<@Nullable Void> waiting;
        boolean late;
        synchronized (this) {
            // Its channel may have gone while it was set up, and its place with that.
            late = closing || !opening.remove(connection.conduit().channel());
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

    // ---- the lane's task

    void serve() {
        try {
            Async.<@Nullable Void>scope(scope -> {
                try {
                    for (Connection c; (c = next()) != null; ) {
                        Connection connection = c;
                        scope.async(() -> serve(connection));
                    }
                } finally {
                    listener.startClosing(null);
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
            boolean was;
            synchronized (this) {
                was = connections.remove(connection);
                evicted.remove(connection);
                waiting = wake;
            }
            if (was) {
                admission.leave();
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
        if (failure instanceof StreamClosedException && isEvicted(connection)) {
            LOG.debug("{} was closed by its server", conduit, failure);
            return;
        }
        net.loop()
                .report(
                        new UnhandledFailure(
                                "the handler of " + conduit + " failed",
                                failure,
                                Task.current().name()));
    }

    private synchronized boolean isEvicted(Connection connection) {
        return evicted.contains(connection);
    }

    /** Closes the listening socket, and waits for that, so that its port is free. */
    private void stopListening() {
        Channel listening = channel;
        if (listening == null) {
            return;
        }
        Promise<@Nullable Void> closed = Promise.create();
        net.eventLoop().execute(() -> listening.close().addListener(f -> closed.tryComplete(null)));
        Async.await(closed);
    }

    /** Gives the connections their grace. */
    private void letFinish() {
        List<Connection> open;
        long begun = Clock.now(net.loop());
        synchronized (this) {
            if (grace.isZero()) {
                return;
            }
            open = List.copyOf(connections);
        }
        open.forEach(Connection::goAway);
        for (; ; ) {
            Promise<@Nullable Void> waiting = Promise.create();
            long deadline;
            synchronized (this) {
                if (connections.isEmpty()) {
                    return;
                }
                wake = waiting;
                deadline = begun + Clock.nanos(grace); // which may have become shorter
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

    // ---- from any thread

    /**
     * Makes it close.
     *
     * @param limit how long connections may go on, from when it began to close; null for what was
     *     said before, at first the plan's grace
     */
    void startClosing(@Nullable Duration limit) {
        Promise<@Nullable Void> waiting;
        synchronized (this) {
            if (limit != null && (!closing || limit.compareTo(grace) < 0)) {
                grace = limit;
            }
            closing = true;
            waiting = wake;
        }
        if (waiting != null) {
            waiting.tryComplete(null);
        }
    }

    /** Closes all connections under their handlers: at once, or when what was written is sent. */
    void closeClients(boolean abort) {
        dropOpening();
        onLoop(() -> {
            List<Connection> all;
            synchronized (this) {
                evicted.addAll(connections);
                all = List.copyOf(connections);
            }
            all.forEach(abort ? Connection::abort : Connection::closeSoon);
        });
    }

    /** Runs it between the loop's tasks, which own the connections. */
    private void onLoop(Runnable action) {
        if (isCurrent(net.loop())) {
            action.run();
            return;
        }
        try {
            net.loop().callSoon(action);
        } catch (IllegalStateException e) {
            LOG.debug("{} has closed, and its connections with it", net.loop(), e);
        }
    }

    private static boolean isCurrent(Loop loop) {
        try {
            return Loop.current() == loop;
        } catch (IllegalStateException e) {
            return false; // a thread of no loop
        }
    }

    private void dropOpening() {
        List<Channel> unfinished;
        synchronized (this) {
            unfinished = List.copyOf(opening);
        }
        onEventLoop(() -> unfinished.forEach(Lane::closeIfRegistered));
    }

    /** Netty cannot close others; they are late when they come, or have come after the call. */
    private static void closeIfRegistered(Channel child) {
        if (child.isRegistered()) {
            child.close();
        }
    }

    /** Its task has ended, or will never run. Idempotent. */
    void end() {
        List<Connection> left;
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
            closing = true;
            left = List.copyOf(connections);
            connections.clear();
            accepted.clear();
        }
        listener.startClosing(null);
        Channel listening = channel;
        if (listening != null) {
            onEventLoop(listening::close);
        }
        dropOpening();
        for (Connection connection : left) {
            connection.abort();
            admission.leave();
        }
        // The event loop first closes their channels, then tells that they are inactive.
        onEventLoop(() -> onEventLoop(() -> endedOnceClosed(listening)));
    }

    /** On io_uring a socket is closed some time after it was asked to. */
    private void endedOnceClosed(@Nullable Channel listening) {
        if (listening == null || listening.closeFuture().isDone()) {
            listener.ended(this);
        } else {
            listening.closeFuture().addListener(f -> listener.ended(this));
        }
    }

    /**
     * Hands it to the event loop; once that has ended, so have all channels. It may then be run
     * twice, as Netty's event loop may take what it will never run.
     */
    private void onEventLoop(Runnable action) {
        EventLoop eventLoop = net.eventLoop();
        try {
            eventLoop.execute(action);
        } catch (RejectedExecutionException e) {
            LOG.debug("{} has closed", net.loop(), e);
        }
        if (eventLoop.isShutdown()) {
            action.run();
        }
    }
}
