package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.BusyException;
import dev.weft.net.StreamClosedException;
import dev.weft.net.TimedOutException;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.FileRegion;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The place where a channel and the tasks that use it meet: the last handler of the pipeline, with
 * a queue in each direction.
 *
 * <p>The channel's side runs on the event loop and never waits; the tasks' side suspends. In
 * portable mode these are two threads, so the queues are guarded by this object's monitor; nothing
 * is called with it held.
 *
 * <p><b>In</b>: the handler enqueues, and wakes the reader if one waits. Above {@link #HIGH} bytes
 * it stops reading from the channel, until the tasks have taken all but {@link #LOW}; so that no
 * system call is spent on a connection that keeps up.
 *
 * <p><b>Out</b>: a task enqueues. The first to do so hands this object to the event loop, which
 * runs it before it polls again: it writes all that has come together, and flushes once. Nothing is
 * allocated for that, and a task never runs Netty's code. A task that leaves more than {@link
 * #HIGH} bytes unsent, here and in Netty's buffer, waits. Two things wake it: the channel is
 * writable after a batch was handed over, or becomes so later. No waiter is lost: one waits only if
 * a batch is still to be handed over, or if Netty's buffer is above its own mark, which is HIGH as
 * well, so that the channel will become writable.
 *
 * <p>A waiter is woken by completing its promise with nothing; it then looks for itself. So a
 * cancelled waiter has taken nothing.
 */
public abstract class Conduit extends ChannelInboundHandlerAdapter implements Runnable {
    static final int HIGH = 64 * 1024;
    static final int LOW = 16 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(Conduit.class);

    /** In the outgoing queue: what follows is to be released, not sent. */
    private static final Object RELEASE = new Object();

    /**
     * A place in the outgoing queue, told when all up to it has been sent; it may be the end, or a
     * part of a file.
     */
    private record Mark(Promise<Boolean> sent, boolean end, @Nullable FileRegion part) {}

    private final LoopNet net;
    private final Channel channel;
    private final EventLoop eventLoop;

    /** Set on the event loop before tasks see this object. */
    private @Nullable ChannelHandlerContext context;

    private @Nullable SocketAddress local;
    private @Nullable SocketAddress remote;

    /** Set before tasks see this object; null if the peer may be idle as long as it likes. */
    private @Nullable IdleWatch readIdle;

    private @Nullable IdleWatch writeIdle;

    // ---- guarded by this

    private final ArrayDeque<Object> in = new ArrayDeque<>(4);
    private int inBytes;
    private boolean paused;
    private boolean inputEnded;
    private @Nullable Promise<@Nullable Void> reader;

    private ArrayDeque<Object> out = new ArrayDeque<>(4);
    private int outBytes;
    private boolean scheduled;
    private boolean outputEnded;
    private final ArrayDeque<Promise<@Nullable Void>> writers = new ArrayDeque<>(1);

    /** Whether there is any; also read by the event loop, after it has made room. */
    private volatile boolean writersWait;

    /** What broke the connection; the first that did. */
    private @Nullable IOException failure;

    /** A layer goes in front of this: until it is there, nobody else may write. */
    private boolean upgrading;

    /** A file is being sent: nobody else may write. */
    private boolean sendingFile;

    /** Why nothing can be written any more, although the connection is not broken; or null. */
    private @Nullable IOException outputLost;

    /** This side has closed it, or its loop has: reading and writing are errors. */
    private boolean closed;

    /** The channel has gone. */
    private boolean inactive;

    /** The channel is a user's, and none of this object's business any more. */
    private boolean detached;

    private final ArrayDeque<Promise<Boolean>> closers = new ArrayDeque<>(1);

    // ---- written by the event loop

    /** Bytes on their way from the queue to Netty's buffer, so that no writer misses them. */
    private volatile int moving;

    private ArrayDeque<Object> spare = new ArrayDeque<>(4);
    private boolean counted;

    /** A file is being sent, or was left half-way: closing must not look like the end of it. */
    private boolean amidFile;

    /** Sending took too long, and was given up by the closing. */
    private boolean timedOut;

    /**
     * For a channel that is being set up; its options are set here.
     *
     * @param net the loop's
     * @param channel the channel, connected or about to be
     */
    protected Conduit(LoopNet net, Channel channel) {
        this.net = net;
        this.channel = channel;
        eventLoop = channel.eventLoop();
        channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(LOW, HIGH));
    }

    /**
     * Limits how long the peer may be idle while a task waits for it; before tasks see this object.
     *
     * @param reading while nothing comes; null for no limit
     * @param writing while it takes nothing; null for no limit
     */
    protected final void limitIdleness(@Nullable Duration reading, @Nullable Duration writing) {
        if (reading != null) {
            readIdle = new IdleWatch(net.loop(), reading, this::silent);
        }
        if (writing != null) {
            writeIdle =
                    new IdleWatch(net.loop(), writing, this::stuck, this::execute, this::sentSoFar);
        }
    }

    private TimedOutException silent(Duration limit) {
        return new TimedOutException(
                "nothing has come on "
                        + this
                        + " for the readIdleTimeout of "
                        + limit.toMillis()
                        + " ms: nothing was read, and what had come before stays to be read",
                limit);
    }

    private TimedOutException stuck(Duration limit) {
        return new TimedOutException(
                "the peer of "
                        + this
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

    /** Bytes have come, though perhaps none yet for a task; from any thread. */
    protected final void heard() {
        IdleWatch watch = readIdle;
        if (watch != null) {
            watch.moved();
        }
    }

    /**
     * Whether a task got this since the peer was idle.
     *
     * @param failure what the task failed with
     * @return whether it came from a limit of idleness of this very connection
     */
    protected final boolean wasIdle(Throwable failure) {
        return readIdle != null && readIdle.hasThrown(failure)
                || writeIdle != null && writeIdle.hasThrown(failure);
    }

    private void stopIdleWatches() {
        if (readIdle != null) {
            readIdle.stop();
        }
        if (writeIdle != null) {
            writeIdle.stop();
        }
    }

    /** What people call it, such as {@code ByteStream}. */
    protected abstract String kind();

    /**
     * How many bytes a message counts for.
     *
     * @param message what was received
     * @return 0 or more
     */
    protected abstract int sizeOf(Object message);

    /**
     * Something to be copied off Netty's buffers, as nobody may come to release them: the peer has
     * gone.
     *
     * @param message what was received; to be released if a copy is returned
     * @return what tasks get
     */
    protected abstract Object detach(Object message);

    /**
     * Adds a message to the one that came before it and has not been taken, if that has room; with
     * the monitor held.
     *
     * @param last the one before
     * @param message what was received
     * @return whether it was copied, and is to be released
     */
    protected boolean join(Object last, Object message) {
        return false;
    }

    /** Tells that this side has closed it: nobody reads any more. May be told again. */
    protected abstract void dropped();

    public final LoopNet net() {
        return net;
    }

    public final Channel channel() {
        return channel;
    }

    public final SocketAddress localAddress() {
        return Objects.requireNonNull(local());
    }

    public final SocketAddress remoteAddress() {
        return Objects.requireNonNull(remote());
    }

    /** A task may see this before Netty tells that the channel is active. */
    private @Nullable SocketAddress local() {
        SocketAddress address = local;
        return address != null ? address : ownAddress();
    }

    private @Nullable SocketAddress remote() {
        SocketAddress address = remote;
        return address != null ? address : peerAddress();
    }

    /** What {@link #localAddress} tells, of a channel that is active. */
    protected @Nullable SocketAddress ownAddress() {
        return channel.localAddress();
    }

    /** What {@link #remoteAddress} tells, of a channel that is active. */
    protected @Nullable SocketAddress peerAddress() {
        return channel.remoteAddress();
    }

    /**
     * The peer speaks for somebody else, whose address is given from now on; on the event loop,
     * before tasks see this object.
     *
     * @param client on whose behalf
     */
    protected final void standsFor(SocketAddress client) {
        remote = client;
    }

    /** Whether both sides can still talk. */
    public final boolean isOpen() {
        synchronized (this) {
            return !closed && !inactive && failure == null;
        }
    }

    /** What broke the connection, or null. */
    protected final @Nullable IOException failure() {
        synchronized (this) {
            return failure;
        }
    }

    /** Whether the channel has gone. */
    protected final boolean isGone() {
        synchronized (this) {
            return inactive;
        }
    }

    /** Whether this side has closed it. */
    public final boolean isClosed() {
        synchronized (this) {
            return closed;
        }
    }

    @Override
    public final String toString() {
        return kind() + "[" + local() + " - " + remote() + "]";
    }

    // ---- tasks: reading

    /**
     * Takes the next message, and waits for it.
     *
     * @return the message, which is the caller's to release; null at the end
     */
    public final @Nullable Object take() {
        return take(null);
    }

    /**
     * As {@link #take()}, and gives a message back that the caller is done with. If the event loop
     * is about to write, it is released there: buffers are cheapest where they were allocated.
     *
     * @param used what was taken before; released in any case
     * @return the message, which is the caller's to release; null at the end
     */
    public final @Nullable Object take(@Nullable Object used) {
        Object unreleased = used;
        Promise<@Nullable Void> arrival = null;
        for (; ; ) {
            Object message;
            boolean resume = false;
            boolean end = false;
            RuntimeException refusal = null;
            synchronized (this) {
                if (unreleased != null && scheduled) {
                    out.add(RELEASE);
                    out.add(unreleased);
                    unreleased = null;
                }
                if (reader != arrival) {
                    message = null;
                    arrival = null;
                    refusal =
                            new BusyException("cannot read: another task is reading from " + this);
                } else {
                    message = in.poll();
                    reader = null;
                    if (message != null) {
                        inBytes -= sizeOf(message);
                        resume = paused && inBytes <= LOW;
                        paused &= !resume;
                    } else if (closed || failure != null) {
                        refusal = unusable("read");
                    } else if (inputEnded) {
                        end = true;
                    } else {
                        arrival = Promise.create();
                        reader = arrival;
                    }
                }
            }
            if (unreleased != null) {
                ReferenceCountUtil.release(unreleased);
                unreleased = null;
            }
            if (refusal != null) {
                throw refusal;
            }
            if (resume) {
                execute(this::resumeReading);
            }
            if (message != null || end) {
                return message;
            }
            awaitArrival(Objects.requireNonNull(arrival));
        }
    }

    private void awaitArrival(Promise<@Nullable Void> arrival) {
        try {
            IdleWatch.await(readIdle, arrival);
        } catch (Throwable e) {
            synchronized (this) {
                reader = null;
            }
            throw e;
        }
    }

    /** Unless so much has come meanwhile that it is paused again. */
    private void resumeReading() {
        boolean wanted;
        synchronized (this) {
            wanted = !paused;
        }
        if (wanted && channel.isActive()) {
            channel.config().setAutoRead(true);
        }
    }

    /** Whether a message is there to be taken without waiting. */
    public final boolean isReady() {
        synchronized (this) {
            return !in.isEmpty();
        }
    }

    // ---- tasks: writing

    /**
     * Sends a message, and waits if too much is unsent. A cancelled waiter's message is sent all
     * the same.
     *
     * @param message what to send; released in any case
     * @param bytes how much it counts for
     * @param exclusive whether it is an error if another task waits here
     */
    public final void put(Object message, int bytes, boolean exclusive) {
        if (offer(message, bytes, exclusive)) {
            awaitRoom();
        }
    }

    /**
     * As {@link #put}, but never waits.
     *
     * @param message what to send; released in any case
     * @param bytes how much it counts for
     * @param exclusive whether it is an error if another task waits
     * @return whether too much is unsent
     */
    protected final boolean offer(Object message, int bytes, boolean exclusive) {
        boolean schedule;
        boolean full;
        RuntimeException refusal;
        synchronized (this) {
            refusal = refusal(exclusive);
            if (refusal == null) {
                out.add(message);
                outBytes += bytes;
            }
            schedule = refusal == null && !scheduled;
            scheduled |= schedule;
            full = refusal == null && unsent() > HIGH;
        }
        if (refusal != null) {
            ReferenceCountUtil.release(message);
            throw refusal;
        }
        if (schedule) {
            execute(this);
        }
        return full;
    }

    private @Nullable RuntimeException refusal(boolean exclusive) {
        if (closed) {
            return closedWhen("write");
        }
        if (failure != null) {
            return failed("write", failure);
        }
        if (inactive) {
            return failed("write", cause());
        }
        if (outputEnded) {
            return new StreamClosedException("cannot write: the output was shut down of " + this);
        }
        if (outputLost != null) {
            return failed("write", outputLost);
        }
        if (exclusive && (upgrading || sendingFile || !writers.isEmpty())) {
            return new BusyException("cannot write: another task is writing to " + this);
        }
        return null;
    }

    private long unsent() {
        ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
        return outBytes + moving + (buffer == null ? 0 : buffer.totalPendingWriteBytes());
    }

    private void awaitRoom() {
        Promise<@Nullable Void> room = Promise.create();
        synchronized (this) {
            writersWait = true;
            // Looked at again, as the batch may have gone out meanwhile.
            if (unsent() <= HIGH || closed || inactive) {
                writersWait = !writers.isEmpty();
                return;
            }
            writers.add(room);
        }
        try {
            IdleWatch.await(writeIdle, room);
        } finally {
            synchronized (this) {
                writers.remove(room);
                writersWait = !writers.isEmpty();
            }
        }
        RuntimeException lost;
        synchronized (this) {
            IOException cause = failure != null ? failure : outputLost;
            lost = closed ? closedWhen("write") : cause != null ? broken("write", cause) : null;
        }
        if (lost != null) {
            throw lost;
        }
    }

    /**
     * Waits until all that was written before has been handed to the operating system.
     *
     * @param exclusive whether it is an error if another task waits here
     */
    public final void flush(boolean exclusive) {
        mark("flush", false, exclusive);
    }

    /**
     * A file is to be sent: until {@link #endFile} nobody else may write. What belongs to it is
     * written as not exclusive. If the connection closes before the file's end, it is reset, as the
     * peer would take a part for the whole: Netty closes it by itself when the kernel cannot read
     * on.
     */
    public final void beginFile() {
        synchronized (this) {
            RuntimeException refusal = refusal(true);
            if (refusal != null) {
                throw refusal;
            }
            sendingFile = true;
        }
        execute(() -> linger(0));
    }

    /** The file was sent, or will not be. */
    public final void endFile() {
        synchronized (this) {
            sendingFile = false;
        }
        execute(() -> linger(-1));
    }

    private void linger(int seconds) {
        amidFile = seconds == 0;
        if (channel.isOpen()) {
            channel.config().setOption(ChannelOption.SO_LINGER, seconds);
        }
    }

    /**
     * Sends a part of a file, and waits until the operating system has taken all of it. Whatever
     * ends the wait otherwise leaves the part in the queue: then {@link #abort}.
     *
     * @param part what to send; released when it is sent, or never will be
     * @param bytes how long it is
     */
    public final void putFile(FileRegion part, int bytes) {
        mark("send a file", new Mark(Promise.create(), false, part), bytes, false);
    }

    /**
     * Ends this side's output, after all that was written, and waits until that has been sent. It
     * ends even if the waiter is cancelled. Where it has ended with the peer's, nothing is left to
     * do.
     */
    public final void endOutput() {
        synchronized (this) {
            if (!closed && (outputEnded || outputLost != null && failure == null)) {
                return;
            }
        }
        mark("shut down the output", true, true);
    }

    private void mark(String what, boolean end, boolean exclusive) {
        mark(what, new Mark(Promise.create(), end, null), 0, exclusive);
    }

    private void mark(String what, Mark mark, int bytes, boolean exclusive) {
        boolean schedule;
        RuntimeException refusal;
        synchronized (this) {
            refusal = refusal(exclusive);
            if (refusal == null) {
                outputEnded |= mark.end;
                out.add(mark);
                outBytes += bytes;
            }
            schedule = refusal == null && !scheduled;
            scheduled |= schedule;
        }
        if (refusal != null) {
            ReferenceCountUtil.release(mark.part);
            throw refusal;
        }
        if (schedule) {
            execute(this);
        }
        if (!IdleWatch.await(writeIdle, mark.sent)) {
            synchronized (this) {
                throw unusable(what);
            }
        }
    }

    /**
     * What a call gets that cannot be done any more.
     *
     * @param what the call
     * @return says that this side closed it, or what broke it
     */
    protected final RuntimeException unusable(String what) {
        synchronized (this) {
            return closed ? closedWhen(what) : failed(what, cause());
        }
    }

    /**
     * What a call gets on a broken connection.
     *
     * @param what the call
     * @param cause what broke it
     * @return the exception
     */
    protected RuntimeException failed(String what, IOException cause) {
        return broken(what, cause);
    }

    private IOException cause() {
        return failure != null ? failure : new IOException("the connection has ended");
    }

    // ---- tasks: closing

    /**
     * Sends what was written, for a limited time, then closes; waits for that. Of several callers
     * each waits.
     *
     * @param limit how long sending may take
     */
    public final void close(Duration limit) {
        Promise<Boolean> done = Promise.create();
        boolean first;
        boolean wait;
        boolean fine;
        synchronized (this) {
            fine = failure == null;
            first = !closed;
            wait = !inactive;
            if (wait) {
                closers.add(done);
            }
        }
        drop();
        if (!wait) {
            return;
        }
        if (first) {
            execute(() -> closeOnLoop(limit));
        }
        boolean complete;
        try {
            complete = Async.await(done);
        } catch (Throwable e) {
            abort();
            throw e;
        }
        if (!complete && first && fine) {
            IOException cause;
            synchronized (this) {
                cause = failure;
            }
            throw cause != null
                    ? broken("send all that was written, at the close", cause)
                    : new TimedOutException(
                            "not all that was written could be sent before closing " + this, limit);
        }
    }

    /**
     * As {@link #close}, without waiting: sends what was written, for a limited time, then closes.
     *
     * @param limit how long sending may take
     */
    protected final void startClosing(Duration limit) {
        boolean first;
        synchronized (this) {
            first = !closed && !inactive;
        }
        drop();
        if (first) {
            execute(() -> closeOnLoop(limit));
        }
    }

    // ---- a layer in front

    /** What had come before a layer went in front, and whether the input has ended after that. */
    protected record Unread(List<Object> messages, boolean ended) {}

    /**
     * A layer is to go in front: until {@link #endUpgrade} nobody else may read or write.
     *
     * @param first what was taken before all that is here, or null; given back, if nothing is
     *     thrown
     */
    protected final void beginUpgrade(@Nullable Object first) {
        synchronized (this) {
            RuntimeException refusal = refusal(true);
            if (refusal == null && reader != null) {
                refusal = new BusyException("cannot read: another task is reading from " + this);
            }
            if (refusal != null) {
                throw refusal;
            }
            upgrading = true;
            if (first != null) {
                in.addFirst(first);
                inBytes += sizeOf(first);
            }
        }
    }

    /** The layer is there, or will never be. */
    protected final void endUpgrade() {
        synchronized (this) {
            upgrading = false;
        }
    }

    /**
     * Sends what was written as it is, and takes back what has come; on the event loop. From now on
     * the layer decides when the input ends.
     *
     * @return for the layer; its to release
     */
    protected final Unread takeBack() {
        run();
        Unread unread;
        boolean resume;
        synchronized (this) {
            unread = new Unread(List.copyOf(in), inputEnded);
            in.clear();
            inBytes = 0;
            inputEnded = false;
            resume = paused;
            paused = false;
        }
        if (resume) {
            resumeReading();
        }
        return unread;
    }

    /**
     * Leaves its place in the pipeline to those behind it, who get what has come and was not taken.
     * On the event loop, while the channel is open.
     */
    protected final void giveWay() {
        ChannelHandlerContext ctx = Objects.requireNonNull(context);
        Unread unread = takeBack();
        markDetached();
        for (Object message : unread.messages) {
            ctx.fireChannelRead(message);
        }
        if (!unread.messages.isEmpty()) {
            ctx.fireChannelReadComplete();
        }
        if (unread.ended) {
            ctx.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
        if (!ctx.isRemoved()) {
            ctx.pipeline().remove(this);
        }
    }

    /**
     * Nothing can be written any more; reading goes on. On the event loop.
     *
     * @param cause why
     */
    protected final void loseOutput(IOException cause) {
        List<Promise<@Nullable Void>> full;
        synchronized (this) {
            outputLost = cause;
            full = List.copyOf(writers);
        }
        wakeAll(full);
    }

    /** From now on the channel is somebody else's, and closed by nobody here. */
    private void markDetached() {
        synchronized (this) {
            closed = true;
            inactive = true;
            detached = true;
        }
        stopIdleWatches();
        if (counted) {
            counted = false;
            net.closed();
        }
    }

    /** Whether the channel is somebody else's. */
    protected final boolean isDetached() {
        synchronized (this) {
            return detached;
        }
    }

    /** Closes at once, dropping what was not sent. Does not wait; from any thread. */
    public final void abort() {
        if (isDetached()) {
            return;
        }
        drop();
        execute(() -> {
            if (channel.isOpen()) {
                linger(0);
                closeNow();
            }
        });
    }

    /** From now on this side's calls are errors, and nothing is kept for it. */
    private void drop() {
        Object[] unread;
        Promise<@Nullable Void> waiting;
        List<Promise<@Nullable Void>> full;
        synchronized (this) {
            if (closed && in.isEmpty()) {
                return;
            }
            closed = true;
            unread = in.toArray();
            in.clear();
            inBytes = 0;
            waiting = reader;
            full = List.copyOf(writers);
        }
        for (Object message : unread) {
            ReferenceCountUtil.release(message);
        }
        dropped();
        wake(waiting);
        wakeAll(full);
    }

    private static void wake(@Nullable Promise<@Nullable Void> waiter) {
        if (waiter != null) {
            waiter.tryComplete(null);
        }
    }

    private static void wakeAll(List<Promise<@Nullable Void>> waiters) {
        for (Promise<@Nullable Void> waiter : waiters) {
            waiter.tryComplete(null);
        }
    }

    private StreamClosedException closedWhen(String what) {
        return new StreamClosedException(
                "cannot "
                        + what
                        + ": "
                        + this
                        + (isDetached() ? " was handed over to Netty" : " is closed"));
    }

    /**
     * The usual exception.
     *
     * @param what the call
     * @param cause what broke it
     * @return the exception
     */
    protected final BrokenConnectionException broken(String what, IOException cause) {
        String why = cause.getMessage();
        return new BrokenConnectionException(
                "cannot "
                        + what
                        + ": "
                        + this
                        + " is broken: "
                        + (why == null ? "it was closed" : why),
                remote(),
                cause);
    }

    /** Hands something to the event loop; once that has ended, so has the channel. */
    protected final void execute(Runnable action) {
        try {
            eventLoop.execute(action);
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: its loop has closed", this, e);
            gone();
        }
    }

    // ---- the event loop: writing

    /** Writes what has come together, and flushes once. */
    @Override
    public final void run() {
        ArrayDeque<Object> batch;
        int bytes;
        synchronized (this) {
            batch = out;
            out = spare;
            bytes = outBytes;
            moving = bytes;
            outBytes = 0;
            scheduled = false;
        }
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException(this + " was used before it was added");
        }
        for (Object message; (message = batch.poll()) != null; ) {
            if (message instanceof Mark mark) {
                write(ctx, mark);
            } else if (message == RELEASE) {
                ReferenceCountUtil.release(batch.poll());
            } else {
                ctx.write(message, promise(ctx));
            }
        }
        moving = 0;
        spare = batch;
        ctx.flush();
        wrote(bytes);
        if (writersWait && channel.isWritable()) {
            wakeWriters();
        }
    }

    /**
     * For a message that nobody waits for; failures go to {@link #exceptionCaught}.
     *
     * @param ctx this handler's
     * @return a promise
     */
    protected ChannelPromise promise(ChannelHandlerContext ctx) {
        return ctx.voidPromise();
    }

    /**
     * Counts what was written.
     *
     * @param bytes the sum of a batch
     */
    protected void wrote(int bytes) {
        net.wrote(bytes);
    }

    private void write(ChannelHandlerContext ctx, Mark mark) {
        ctx.write(mark.part != null ? mark.part : Unpooled.EMPTY_BUFFER)
                .addListener(f -> {
                    if (mark.part != null && f.cause() instanceof IOException e) {
                        spoil(e); // before whoever waits is told: Netty has closed the channel
                    }
                    if (f.isSuccess() && mark.end && channel instanceof DuplexChannel socket) {
                        endOutput(socket).addListener(g -> mark.sent.tryComplete(g.isSuccess()));
                    } else {
                        mark.sent.tryComplete(f.isSuccess());
                    }
                });
    }

    /**
     * Tells the peer that no more comes; on the event loop.
     *
     * @param socket the channel
     * @return done when it is told
     */
    protected ChannelFuture endOutput(DuplexChannel socket) {
        return socket.shutdownOutput();
    }

    /** Closes the channel without any good-bye that a layer below would say; on the event loop. */
    protected void closeNow() {
        channel.close();
    }

    private void wakeWriters() {
        List<Promise<@Nullable Void>> waiting;
        synchronized (this) {
            if (writers.isEmpty()) {
                return;
            }
            waiting = List.copyOf(writers);
        }
        wakeAll(waiting);
    }

    private void closeOnLoop(Duration limit) {
        run();
        ChannelHandlerContext ctx = context;
        if (ctx == null || !channel.isActive() || unsent() == 0) {
            closeWhole();
            return;
        }
        ChannelFuture sent = ctx.writeAndFlush(Unpooled.EMPTY_BUFFER);
        if (!sent.isDone()) {
            var timer =
                    eventLoop.schedule(
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
                spoil(f.cause() instanceof IOException e ? e : new IOException(f.cause()));
            }
            closeWhole();
        });
    }

    /** With the good-bye of a layer below, which says that all was sent, only if that is so. */
    private void closeWhole() {
        if (amidFile) {
            closeNow();
        } else {
            channel.close();
        }
    }

    // ---- the event loop: Netty's events

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        if (channel.isActive()) {
            count();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        count();
    }

    private void count() {
        if (!counted) {
            counted = true;
            local = ownAddress();
            remote = peerAddress();
            net.opened();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        received(message);
    }

    /**
     * Hands a message to the tasks.
     *
     * @param message what was received; theirs to release
     */
    protected final void received(Object message) {
        int size = sizeOf(message);
        boolean pause = false;
        Promise<@Nullable Void> waiting = null;
        boolean keep;
        boolean joined = false;
        synchronized (this) {
            keep = !closed;
            if (keep) {
                Object last = in.peekLast();
                joined = last != null && join(last, message);
                if (!joined) {
                    in.add(message);
                }
                inBytes += size;
                waiting = reader;
                pause = inBytes > HIGH && !paused;
                paused |= pause;
            }
        }
        if (!keep || joined) {
            ReferenceCountUtil.release(message);
        }
        if (pause) {
            channel.config().setAutoRead(false);
        }
        wake(waiting);
    }

    /** The peer will send no more. */
    protected final void ended() {
        Promise<@Nullable Void> waiting;
        synchronized (this) {
            inputEnded = true;
            waiting = reader;
        }
        wake(waiting);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            ended();
        }
        ReferenceCountUtil.release(event);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (channel.isWritable()) {
            wakeWriters();
        }
    }

    @Override
    @SuppressWarnings("deprecation") // not of inbound handlers, Netty says
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(cause instanceof IOException e ? e : new IOException(cause));
    }

    /**
     * The connection is broken, and is closed.
     *
     * @param cause why
     */
    protected final void fail(IOException cause) {
        spoil(cause);
        channel.close();
    }

    /**
     * The connection is of no use to tasks any more; the channel stays for the moment.
     *
     * @param cause why
     */
    protected final void spoil(IOException cause) {
        Promise<@Nullable Void> waiting;
        List<Promise<@Nullable Void>> full;
        synchronized (this) {
            boolean ours = closed && cause instanceof ClosedChannelException;
            if (failure == null && !inactive && !ours) {
                failure = cause;
                LOG.debug("{} broke", this, cause);
            }
            waiting = reader;
            full = List.copyOf(writers);
        }
        wake(waiting);
        wakeAll(full);
    }

    /** The channel has gone, and everything has been told to those who wait. */
    protected void left() {}

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        gone();
    }

    /** The channel has gone: by itself, by our closing, or since the loop is closing. */
    private void gone() {
        if (eventLoop.isShuttingDown()) {
            drop();
        }
        if (counted) {
            counted = false;
            net.closed();
        }
        stopIdleWatches();
        Promise<@Nullable Void> waiting;
        List<Promise<@Nullable Void>> full;
        List<Promise<Boolean>> closing;
        boolean allSent;
        synchronized (this) {
            inactive = true;
            inputEnded = true;
            // A reader takes a message with the monitor held, so that each is either here or its.
            for (int n = in.size(); n > 0; n--) {
                in.add(detach(in.remove()));
            }
            waiting = reader;
            full = List.copyOf(writers);
            closing = List.copyOf(closers);
            allSent = !timedOut && failure == null && outBytes == 0;
            closers.clear();
        }
        releaseUnsent();
        wake(waiting);
        wakeAll(full);
        for (Promise<Boolean> closer : closing) {
            closer.tryComplete(allSent);
        }
        left();
    }

    private void releaseUnsent() {
        Object[] unsent;
        synchronized (this) {
            unsent = out.toArray();
            out.clear();
            outBytes = 0;
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
