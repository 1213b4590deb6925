package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.TimedOutException;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** How a {@link Conduit} is closed: in order, once what was written is sent, or at once. */
final class Closing {
    private final Conduit conduit;
    private final Channel channel;

    /** Who waits for it. Guarded by the conduit. */
    private final ArrayDeque<Promise<Boolean>> waiting = new ArrayDeque<>(1);

    // ---- written by the event loop

    /** Sending took too long, and was given up. */
    private boolean timedOut;

    /** A file is being sent, or was left half-way: closing must not look like the end of it. */
    private boolean amidFile;

    Closing(Conduit conduit, Channel channel) {
        this.conduit = conduit;
        this.channel = channel;
    }

    // ---- tasks

    /** As {@link Conduit#close}. */
    void close(Duration limit) {
        Promise<Boolean> done = Promise.create();
        boolean first;
        boolean wait;
        boolean fine;
        synchronized (conduit) {
            fine = conduit.failure == null;
            first = !conduit.closed;
            wait = !conduit.inactive;
            if (wait) {
                waiting.add(done);
            }
        }
        conduit.drop();
        if (!wait) {
            return;
        }
        if (first) {
            conduit.execute(() -> closeOnLoop(limit));
        }
        boolean complete;
        try {
            complete = Async.await(done);
        } catch (Throwable e) {
            conduit.abort();
            throw e;
        }
        if (!complete && first && fine) {
            throw incomplete(limit);
        }
    }

    private RuntimeException incomplete(Duration limit) {
        IOException cause = conduit.failure();
        return cause != null
                ? conduit.broken("send all that was written, at the close", cause)
                : new TimedOutException(
                        "not all that was written could be sent before closing " + conduit, limit);
    }

    /** As {@link Conduit#startClosing}. */
    void start(Duration limit) {
        boolean first;
        synchronized (conduit) {
            first = !conduit.closed && !conduit.inactive;
        }
        conduit.drop();
        if (first) {
            conduit.execute(() -> closeOnLoop(limit));
        }
    }

    /** As {@link Conduit#abort}. */
    void abort() {
        conduit.drop();
        conduit.execute(() -> {
            if (channel.isOpen()) {
                linger(0);
                conduit.closeNow();
            }
        });
    }

    // ---- the event loop

    /** Whether the peer is to see a reset: 0 if so, -1 if not. */
    void linger(int seconds) {
        amidFile = seconds == 0;
        if (channel.isOpen()) {
            channel.config().setOption(ChannelOption.SO_LINGER, seconds);
        }
    }

    private void closeOnLoop(Duration limit) {
        conduit.outbox.run();
        if (!channel.isActive() || conduit.outbox.unsent() == 0) {
            closeWhole();
            return;
        }
        ChannelFuture sent = conduit.context().writeAndFlush(Unpooled.EMPTY_BUFFER);
        if (!sent.isDone()) {
            var timer =
                    channel.eventLoop()
                            .schedule(
                                    () -> {
                                        timedOut = true;
                                        conduit.closeNow();
                                    },
                                    Clock.nanos(limit),
                                    TimeUnit.NANOSECONDS);
            sent.addListener(f -> timer.cancel(false));
        }
        sent.addListener(f -> {
            if (!f.isSuccess()) { // TLS, below, does not tell otherwise
                conduit.spoil(f.cause() instanceof IOException e ? e : new IOException(f.cause()));
            }
            closeWhole();
        });
    }

    /** With the good-bye of a layer below, which says that all was sent, only if that is so. */
    private void closeWhole() {
        if (amidFile) {
            conduit.closeNow();
        } else {
            channel.close();
        }
    }

    /** Whether sending has not been given up for the time it took. */
    boolean isInTime() {
        return !timedOut;
    }

    /** Those to be told, who wait no more; with the monitor held. */
    List<Promise<Boolean>> end() {
        List<Promise<Boolean>> all = List.copyOf(waiting);
        waiting.clear();
        return all;
    }
}
