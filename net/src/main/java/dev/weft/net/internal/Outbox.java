package dev.weft.net.internal;

import dev.weft.Promise;
import dev.weft.net.BusyException;
import dev.weft.net.StreamClosedException;
import dev.weft.net.TimedOutException;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.FileRegion;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The writing side of a {@link Conduit}, which tells how it works: tasks fill it, and the event
 * loop empties it, by {@link #run}. Guarded by the conduit's monitor.
 */
final class Outbox implements Runnable {
    /** In the queue: what follows is to be released, not sent. */
    private static final Object RELEASE = new Object();

    /**
     * A place in the queue, told when all up to it has been sent; it may be the end, or a part of a
     * file.
     */
    private record Mark(Promise<Boolean> sent, boolean end, @Nullable FileRegion part) {}

    private final Conduit conduit;
    private final Channel channel;

    /** Set before tasks see this object; null if the peer may be idle as long as it likes. */
    private @Nullable IdleWatch idle;

    // ---- guarded by the conduit

    private ArrayDeque<Object> queue = new ArrayDeque<>(4);
    private int bytes;
    private boolean scheduled;
    private boolean ended;
    private final ArrayDeque<Promise<@Nullable Void>> writers = new ArrayDeque<>(1);

    /** Whether there is any; also read by the event loop, after it has made room. */
    private volatile boolean writersWait;

    /** A layer goes in front of the conduit: until it is there, nobody else may write. */
    boolean upgrading;

    /** A file is being sent: nobody else may write. */
    boolean sendingFile;

    /** Why nothing can be written any more, although the connection is not broken; or null. */
    private @Nullable IOException lost;

    /** Something was left here when the channel went. */
    private boolean dropped;

    // ---- written by the event loop

    /** Bytes on their way from the queue to Netty's buffer, so that no writer misses them. */
    private volatile int moving;

    private ArrayDeque<Object> spare = new ArrayDeque<>(4);

    Outbox(Conduit conduit, Channel channel) {
        this.conduit = conduit;
        this.channel = channel;
    }

    // ---- idle peers

    void limitIdleness(Duration limit) {
        idle =
                new IdleWatch(
                        conduit.net().loop(),
                        limit,
                        this::stuck,
                        conduit::execute,
                        this::sentSoFar);
    }

    private TimedOutException stuck(Duration limit) {
        return new TimedOutException(
                "the peer of "
                        + conduit
                        + " has taken nothing for the writeIdleTimeout of "
                        + limit.toMillis()
                        + " ms: "
                        + (sendingFile
                                ? "a file was sent in part, and the stream is aborted"
                                : "about "
                                        + unsent()
                                        + " bytes of what was written are unsent, and stay to be"
                                        + " sent"),
                limit);
    }

    /** Another number once bytes have left; on the event loop. */
    private long sentSoFar() {
        ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
        return buffer == null
                ? 0
                : 31 * (31L * buffer.size() + buffer.totalPendingWriteBytes())
                        + buffer.currentProgress();
    }

    boolean wasIdle(Throwable failure) {
        return idle != null && idle.hasThrown(failure);
    }

    void stopIdleWatch() {
        if (idle != null) {
            idle.stop();
        }
    }

    // ---- tasks

    /** As {@link Conduit#offer}. */
    boolean offer(Object message, int size, boolean exclusive) {
        boolean schedule;
        boolean full;
        RuntimeException refusal;
        synchronized (conduit) {
            refusal = refusal(exclusive);
            if (refusal == null) {
                queue.add(message);
                bytes += size;
            }
            schedule = refusal == null && !scheduled;
            scheduled |= schedule;
            full = refusal == null && unsent() > Conduit.HIGH;
        }
        if (refusal != null) {
            ReferenceCountUtil.release(message);
            throw refusal;
        }
        if (schedule) {
            conduit.execute(this);
        }
        return full;
    }

    /** With the monitor held. */
    @Nullable RuntimeException refusal(boolean exclusive) {
        if (conduit.closed) {
            return conduit.closedWhen("write");
        }
        if (conduit.failure != null) {
            return conduit.failed("write", conduit.failure);
        }
        if (conduit.inactive) {
            return conduit.failed("write", conduit.cause());
        }
        if (ended) {
            return new StreamClosedException(
                    "cannot write: the output was shut down of " + conduit);
        }
        if (lost != null) {
            return conduit.failed("write", lost);
        }
        if (exclusive && (upgrading || sendingFile || !writers.isEmpty())) {
            return new BusyException("cannot write: another task is writing to " + conduit);
        }
        return null;
    }

    /** Bytes here and in Netty's buffer; exact only with the monitor held. */
    long unsent() {
        ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
        return bytes + moving + (buffer == null ? 0 : buffer.totalPendingWriteBytes());
    }

    void awaitRoom() {
        Promise<@Nullable Void> room = Promise.create();
        boolean wait;
        synchronized (conduit) {
            writersWait = true;
            // Looked at again, as the batch may have gone out meanwhile; or Netty is closing the
            // channel and has dropped all, which is about to be told.
            wait =
                    (unsent() > Conduit.HIGH || channel.unsafe().outboundBuffer() == null)
                            && !conduit.closed
                            && !conduit.inactive;
            if (wait) {
                writers.add(room);
            }
            writersWait = !writers.isEmpty();
        }
        if (wait) {
            try {
                IdleWatch.await(idle, room);
            } finally {
                synchronized (conduit) {
                    writers.remove(room);
                    writersWait = !writers.isEmpty();
                }
            }
        }
        RuntimeException refusal;
        synchronized (conduit) {
            IOException cause = conduit.failure != null ? conduit.failure : lost;
            if (cause == null && dropped) {
                cause = conduit.cause();
            }
            refusal =
                    conduit.closed
                            ? conduit.closedWhen("write")
                            : cause != null ? conduit.failed("write", cause) : null;
        }
        if (refusal != null) {
            throw refusal;
        }
    }

    void flush(boolean exclusive) {
        mark("flush", new Mark(Promise.create(), false, null), 0, exclusive);
    }

    /** As {@link Conduit#putFile}. */
    void putFile(FileRegion part, int size) {
        mark("send a file", new Mark(Promise.create(), false, part), size, false);
    }

    /** As {@link Conduit#endOutput()}. */
    void end() {
        synchronized (conduit) {
            if (!conduit.closed && (ended || lost != null && conduit.failure == null)) {
                return;
            }
        }
        mark("shut down the output", new Mark(Promise.create(), true, null), 0, true);
    }

    private void mark(String what, Mark mark, int size, boolean exclusive) {
        boolean schedule;
        RuntimeException refusal;
        synchronized (conduit) {
            refusal = refusal(exclusive);
            if (refusal == null) {
                ended |= mark.end;
                queue.add(mark);
                bytes += size;
            }
            schedule = refusal == null && !scheduled;
            scheduled |= schedule;
        }
        if (refusal != null) {
            ReferenceCountUtil.release(mark.part);
            throw refusal;
        }
        if (schedule) {
            conduit.execute(this);
        }
        if (!IdleWatch.await(idle, mark.sent)) {
            synchronized (conduit) {
                throw conduit.unusable(what);
            }
        }
    }

    // ---- with the monitor held

    /** Has the event loop release something, if it is about to write anyhow. */
    boolean releases(Object used) {
        if (scheduled) {
            queue.add(RELEASE);
            queue.add(used);
        }
        return scheduled;
    }

    /** Nothing can be written any more; gives those to be woken. */
    List<Promise<@Nullable Void>> lose(IOException cause) {
        lost = cause;
        return writers();
    }

    /** Those to be woken. */
    List<Promise<@Nullable Void>> writers() {
        return List.copyOf(writers);
    }

    /**
     * The channel has gone. What Netty was not given yet is dropped, silently; what it was given
     * and did not send has been told as a failure. Gives those to be woken.
     */
    List<Promise<@Nullable Void>> drop() {
        dropped |= bytes > 0;
        return writers();
    }

    boolean hasDropped() {
        return dropped;
    }

    // ---- the event loop

    /** Writes what has come together, and flushes once. */
    @Override
    public void run() {
        ArrayDeque<Object> batch;
        int size;
        synchronized (conduit) {
            batch = queue;
            queue = spare;
            size = bytes;
            moving = size;
            bytes = 0;
            scheduled = false;
        }
        ChannelHandlerContext ctx = conduit.context();
        for (Object message; (message = batch.poll()) != null; ) {
            if (message instanceof Mark mark) {
                write(ctx, mark);
            } else if (message == RELEASE) {
                ReferenceCountUtil.release(batch.poll());
            } else {
                ctx.write(message, conduit.promise(ctx));
            }
        }
        moving = 0;
        spare = batch;
        ctx.flush();
        conduit.wrote(size);
        if (writersWait && channel.isWritable()) {
            wakeWriters();
        }
    }

    private void write(ChannelHandlerContext ctx, Mark mark) {
        ctx.write(mark.part != null ? mark.part : Unpooled.EMPTY_BUFFER)
                .addListener(f -> {
                    if (mark.part != null && f.cause() instanceof IOException e) {
                        // Before whoever waits is told: Netty has closed the channel.
                        conduit.spoil(e);
                    }
                    if (f.isSuccess() && mark.end && channel instanceof DuplexChannel socket) {
                        conduit.endOutput(socket)
                                .addListener(g -> mark.sent.tryComplete(g.isSuccess()));
                    } else {
                        mark.sent.tryComplete(f.isSuccess());
                    }
                });
    }

    void wakeWriters() {
        List<Promise<@Nullable Void>> waiting;
        synchronized (conduit) {
            if (writers.isEmpty()) {
                return;
            }
            waiting = writers();
        }
        Conduit.wakeAll(waiting);
    }

    /** The channel has gone. */
    void releaseUnsent() {
        Object[] unsent;
        synchronized (conduit) {
            unsent = queue.toArray();
            queue.clear();
            bytes = 0;
        }
        for (Object message : unsent) {
            if (message instanceof Mark mark) {
                ReferenceCountUtil.release(mark.part);
                mark.sent.tryComplete(false);
            } else {
                ReferenceCountUtil.release(message);
            }
        }
    }
}
