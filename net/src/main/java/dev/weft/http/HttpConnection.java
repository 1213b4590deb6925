package dev.weft.http;

import dev.weft.net.BrokenConnectionException;
import dev.weft.net.StreamClosedException;
import dev.weft.net.TlsSession;
import dev.weft.net.internal.LoopNet;
import dev.weft.net.internal.TlsLink;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a server, of either version. The event loop's side of it is the subclass's; here
 * is how tasks reach that: they put an exchange into a queue, and the first to do so hands this
 * object to the event loop, which runs it before it polls again. So what many tasks send in one
 * turn leaves in one flush, and nothing is allocated for it.
 *
 * <p>How many calls it carries, and whether it takes more, is the {@link Pool}'s to know; this
 * tells it ({@link Pool.Place}).
 */
abstract sealed class HttpConnection implements Runnable, Pool.Carrier
        permits Http1Connection, Http2Connection {
    private final Pool.Place place;
    private final LoopNet net;
    private final Channel channel;
    private final EventLoop eventLoop;
    private final Origin origin;
    private final @Nullable TlsLink tls;
    private final @Nullable SocketAddress peer;

    // ---- guarded by this

    private ArrayDeque<Exchange> waiting = new ArrayDeque<>(2);
    private boolean scheduled;

    // ---- the event loop's

    private ArrayDeque<Exchange> spare = new ArrayDeque<>(2);

    /**
     * For a channel that is open; on the event loop.
     *
     * @param place its place in the pool, which it tells what becomes of it
     * @param net the loop's
     * @param channel the channel
     * @param tls what is below; null without TLS
     */
    HttpConnection(Pool.Place place, LoopNet net, Channel channel, @Nullable TlsLink tls) {
        this.place = place;
        this.net = net;
        this.channel = channel;
        this.tls = tls;
        origin = place.origin();
        eventLoop = channel.eventLoop();
        peer = channel.remoteAddress();
    }

    /** Adds what it needs to the end of the channel's pipeline; on the event loop. */
    abstract void addTo(Channel to);

    /**
     * Sends what an exchange has to be sent, without flushing, or resets it if it is cancelled; on
     * the event loop.
     */
    abstract void serve(Exchange exchange);

    /** Fails what is under way, and closes the channel; on the event loop. */
    abstract void giveUp(RuntimeException why);

    /** Has no calls and will get none: says good-bye where there is a way, and closes. */
    abstract void leave();

    final LoopNet net() {
        return net;
    }

    final Channel channel() {
        return channel;
    }

    final Origin origin() {
        return origin;
    }

    final @Nullable TlsLink tls() {
        return tls;
    }

    /** What the handshake has come to; null without TLS. */
    final @Nullable TlsSession session() {
        return tls == null ? null : tls.session();
    }

    final @Nullable SocketAddress peer() {
        return peer;
    }

    /** Its place in the pool. */
    final Pool.Place place() {
        return place;
    }

    /** A call has ended, however. May be told again, and from any thread. */
    final void finish(Exchange exchange) {
        if (exchange.isFirstToFinish()) {
            place.finished();
        }
    }

    // ---- tasks, any thread

    /** There is something to send, or to be told, of an exchange. */
    final void look(Exchange exchange) {
        boolean schedule = false;
        synchronized (this) {
            if (!exchange.queued) {
                exchange.queued = true;
                waiting.add(exchange);
                schedule = !scheduled;
                scheduled = true;
            }
        }
        if (schedule) {
            execute(this);
        }
    }

    /** The task has taken some of the response. */
    abstract void taken(Exchange exchange);

    /**
     * The task does not want the response. Its place is free at once: whoever gets it comes behind
     * this in the queue.
     */
    final void cancel(Exchange exchange) {
        cancelled();
        finish(exchange);
        look(exchange);
    }

    /** A call was cancelled: tells the pool what that means for the connection; any thread. */
    abstract void cancelled();

    @Override
    public final void abort(String why) {
        execute(() -> giveUp(new StreamClosedException(why)));
    }

    @Override
    public final void leaveSoon() {
        execute(this::leave);
    }

    private void execute(Runnable action) {
        try {
            eventLoop.execute(action);
        } catch (RejectedExecutionException e) {
            // The loop has closed, and with it the channel, which has told.
        }
    }

    // ---- the event loop

    @Override
    public final void run() {
        ArrayDeque<Exchange> batch;
        synchronized (this) {
            batch = waiting;
            waiting = spare;
            for (Exchange exchange : batch) {
                exchange.queued = false;
            }
            scheduled = false;
        }
        for (Exchange exchange; (exchange = batch.poll()) != null; ) {
            serve(exchange);
        }
        spare = batch;
        flush();
    }

    /** Flushes what was written by {@link #serve}. */
    abstract void flush();

    /** The usual error for a server that breaks the rules. */
    final HttpProtocolException protocol(String what, @Nullable Throwable cause) {
        IOException io =
                cause instanceof IOException e
                        ? e
                        : cause == null ? new IOException("broken HTTP") : new IOException(cause);
        return new HttpProtocolException(origin + " " + what, io);
    }

    /** The usual error for a connection that ended. */
    final RuntimeException broken(String what, @Nullable Throwable cause) {
        if (tls != null && cause instanceof SSLException && peer != null) {
            return tls.explain(cause, origin.toString(), peer);
        }
        IOException io = cause instanceof IOException e ? e : new IOException(what, cause);
        return new BrokenConnectionException(origin + " " + what, peer, io);
    }

    @Override
    public final String toString() {
        return version() + " connection to " + origin;
    }
}
