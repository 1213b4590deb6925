package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.Transport;
import dev.weft.net.TimedOutException;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a {@link Conduit} is closed: in order, once what was written is sent, or at once. */
final class Closing {
    private static final Logger LOG = LoggerFactory.getLogger(Closing.class);

    /** What cancelling takes on io_uring, and much more. */
    private static final int MOST_TO_CANCEL_MILLIS = 100;

    private final Conduit conduit;
    private final Channel channel;

    /** Who waits for it. Guarded by the conduit. */
    private final ArrayDeque<Promise<Boolean>> waiting = new ArrayDeque<>(1);

    /** The peer sends to nobody; set before the event loop can come to close the channel. */
    private volatile boolean aborting;

    // ---- written by the event loop

    /** This side closes the channel: what is dropped with it is no failure. */
    private boolean begun;

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
        aborting = true;
        conduit.drop();
        conduit.execute(() -> {
            if (channel.isOpen()) {
                linger(0);
                closeNow();
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
                                        closeNow();
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
        begun = true;
        if (amidFile) {
            closeNow();
        } else {
            channel.close();
        }
    }

    /**
     * Without any good-bye.
     *
     * <p>On io_uring Netty closes a channel when the kernel is done with what it was asked to send,
     * or has cancelled it. The kernel does not find what it is to cancel while it tries to send
     * that again, as it does 128 times once the peer has ended its output (Linux 6.18); it then
     * waits for room, and the channel stays open for as long as the peer likes. So the output is
     * ended there, and with it that wait.
     */
    private void closeNow() {
        begun = true;
        conduit.closeNow();
        if (conduit.net().loop().transport() == Transport.IO_URING && channel.isOpen()) {
            channel.eventLoop()
                    .schedule(this::stopSending, MOST_TO_CANCEL_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void stopSending() {
        if (channel.isOpen()
                && channel instanceof UnixChannel open
                && open.fd() instanceof Socket socket) {
            try {
                socket.shutdown(false, true);
            } catch (IOException e) {
                LOG.debug("{} has no output to be ended", conduit, e);
            }
        }
    }

    boolean isAborting() {
        return aborting;
    }

    /** Whether it is this side that closes the channel. */
    boolean hasBegun() {
        return begun;
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
