package dev.weft.net.internal;

import dev.weft.Promise;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.StreamClosedException;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
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
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The place where a channel and the tasks that use it meet: the last handler of the pipeline, with
 * a queue in each direction.
 *
 * <p>The channel's side runs on the event loop and never waits; the tasks' side suspends. In
 * portable mode these are two threads, so the queues ({@link Inbox}, {@link Outbox}) are guarded by
 * this object's monitor; nothing is called with it held. {@link Closing} brings both to an end.
 *
 * <p><b>In</b>: the handler enqueues, and wakes the reader if one waits. Above {@link #MOST_UNREAD}
 * bytes it stops reading from the channel, until the tasks have taken all but {@link #LOW}; so that
 * no system call is spent on a connection that keeps up.
 *
 * <p><b>Out</b>: a task enqueues. The first to do so hands the outbox to the event loop, which runs
 * it before it polls again: it writes all that has come together, and flushes once. Nothing is
 * allocated for that, and a task never runs Netty's code. A task that leaves more than {@link
 * #HIGH} bytes unsent, here and in Netty's buffer, waits. Two things wake it: the channel is
 * writable after a batch was handed over, or becomes so later. No waiter is lost: one waits only if
 * a batch is still to be handed over, or if Netty's buffer is above its own mark, which is HIGH as
 * well, so that the channel will become writable.
 *
 * <p>A waiter is woken by completing its promise with nothing; it then looks for itself. So a
 * cancelled waiter has taken nothing.
 */
public abstract class Conduit extends ChannelInboundHandlerAdapter {
    static final int HIGH = 64 * 1024;
    static final int LOW = 16 * 1024;

    /** One read, beside what a task that keeps up may have left. */
    static final int MOST_UNREAD = HIGH + Buffers.MOST_READ;

    /**
     * Above that a connection is paused.
     *
     * @param awaited whether somebody waits for what has come
     */
    static int mostUnread(boolean awaited) {
        return !Buffers.areScarce() ? MOST_UNREAD : awaited ? LOW : 0;
    }

    private static final Logger LOG = LoggerFactory.getLogger(Conduit.class);

    private final LoopNet net;
    private final Channel channel;
    private final EventLoop eventLoop;

    final Inbox inbox;
    final Outbox outbox;
    private final Closing closing;

    /** Set on the event loop before tasks see this object. */
    private @Nullable ChannelHandlerContext context;

    private @Nullable SocketAddress local;
    private @Nullable SocketAddress remote;

    // ---- guarded by this

    /** What broke the connection; the first that did. */
    @Nullable IOException failure;

    /** This side has closed it, or its loop has: reading and writing are errors. */
    boolean closed;

    /** The channel has gone. */
    boolean inactive;

    /** The channel is a user's, and none of this object's business any more. */
    private boolean detached;

    // ---- written by the event loop

    private boolean counted;

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
        inbox = new Inbox(this, channel);
        outbox = new Outbox(this, channel);
        closing = new Closing(this, channel);
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
            inbox.limitIdleness(reading);
        }
        if (writing != null) {
            outbox.limitIdleness(writing);
        }
    }

    /** Bytes have come, though perhaps none yet for a task; from any thread. */
    protected final void heard() {
        inbox.heard();
    }

    /**
     * Whether a task got this since the peer was idle.
     *
     * @param failure what the task failed with
     * @return whether it came from a limit of idleness of this very connection
     */
    protected final boolean wasIdle(Throwable failure) {
        return inbox.wasIdle(failure) || outbox.wasIdle(failure);
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
        return inbox.take(used);
    }

    /** Whether a message is there to be taken without waiting. */
    public final boolean isReady() {
        return !inbox.isEmpty();
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
        if (outbox.offer(message, bytes, exclusive)) {
            outbox.awaitRoom();
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
        return outbox.offer(message, bytes, exclusive);
    }

    /**
     * Waits until all that was written before has been handed to the operating system.
     *
     * @param exclusive whether it is an error if another task waits here
     */
    public final void flush(boolean exclusive) {
        outbox.flush(exclusive);
    }

    /**
     * A file is to be sent: until {@link #endFile} nobody else may write. What belongs to it is
     * written as not exclusive. If the connection closes before the file's end, it is reset, as the
     * peer would take a part for the whole: Netty closes it by itself when the kernel cannot read
     * on.
     */
    public final void beginFile() {
        synchronized (this) {
            RuntimeException refusal = outbox.refusal(true);
            if (refusal != null) {
                throw refusal;
            }
            outbox.sendingFile = true;
        }
        execute(() -> closing.linger(0));
    }

    /** The file was sent, or will not be. */
    public final void endFile() {
        synchronized (this) {
            outbox.sendingFile = false;
        }
        execute(() -> closing.linger(-1));
    }

    /**
     * Sends a part of a file, and waits until the operating system has taken all of it. Whatever
     * ends the wait otherwise leaves the part in the queue: then {@link #abort}.
     *
     * @param part what to send; released when it is sent, or never will be
     * @param bytes how long it is
     */
    public final void putFile(FileRegion part, int bytes) {
        outbox.putFile(part, bytes);
    }

    /**
     * Ends this side's output, after all that was written, and waits until that has been sent. It
     * ends even if the waiter is cancelled. Where it has ended with the peer's, nothing is left to
     * do.
     */
    public final void endOutput() {
        outbox.end();
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

    /** With the monitor held. */
    IOException cause() {
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
        closing.close(limit);
    }

    /**
     * As {@link #close}, without waiting: sends what was written, for a limited time, then closes.
     *
     * @param limit how long sending may take
     */
    protected final void startClosing(Duration limit) {
        closing.start(limit);
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
            RuntimeException refusal = outbox.refusal(true);
            if (refusal == null) {
                refusal = inbox.refusal();
            }
            if (refusal != null) {
                throw refusal;
            }
            outbox.upgrading = true;
            if (first != null) {
                inbox.giveBack(first);
            }
        }
    }

    /** The layer is there, or will never be. */
    protected final void endUpgrade() {
        synchronized (this) {
            outbox.upgrading = false;
        }
    }

    /**
     * Sends what was written as it is, and takes back what has come; on the event loop. From now on
     * the layer decides when the input ends.
     *
     * @return for the layer; its to release
     */
    protected final Unread takeBack() {
        outbox.run();
        return inbox.takeBack();
    }

    /**
     * Leaves its place in the pipeline to those behind it, who get what has come and was not taken.
     * On the event loop, while the channel is open.
     */
    protected final void giveWay() {
        ChannelHandlerContext ctx = context();
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
            full = outbox.lose(cause);
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
        inbox.stopIdleWatch();
        outbox.stopIdleWatch();
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
        closing.abort();
    }

    /** Whether it is about to be closed at once, and nothing more is to be read. */
    final boolean isAborting() {
        return closing.isAborting();
    }

    /** From now on this side's calls are errors, and nothing is kept for it. */
    void drop() {
        Object[] unread;
        Promise<@Nullable Void> waiting;
        List<Promise<@Nullable Void>> full;
        synchronized (this) {
            if (closed && inbox.isEmpty()) {
                return;
            }
            closed = true;
            unread = inbox.drop();
            waiting = inbox.reader();
            full = outbox.writers();
        }
        for (Object message : unread) {
            ReferenceCountUtil.release(message);
        }
        dropped();
        wake(waiting);
        wakeAll(full);
    }

    static void wake(@Nullable Promise<@Nullable Void> waiter) {
        if (waiter != null) {
            waiter.tryComplete(null);
        }
    }

    static void wakeAll(List<Promise<@Nullable Void>> waiters) {
        for (Promise<@Nullable Void> waiter : waiters) {
            waiter.tryComplete(null);
        }
    }

    StreamClosedException closedWhen(String what) {
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
    protected final void run() {
        outbox.run();
    }

    /** This handler's place in the pipeline. */
    final ChannelHandlerContext context() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException(this + " was used before it was added");
        }
        return ctx;
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
        inbox.received(message);
    }

    /** The peer will send no more. */
    protected final void ended() {
        inbox.end();
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
            outbox.wakeWriters();
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
            boolean ours =
                    cause instanceof ClosedChannelException
                            && closed
                            && (closing.hasBegun() || eventLoop.isShuttingDown());
            if (failure == null && !inactive && !ours) {
                failure = cause;
                LOG.debug("{} broke", this, cause);
            }
            waiting = inbox.reader();
            full = outbox.writers();
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
        inbox.stopIdleWatch();
        outbox.stopIdleWatch();
        Promise<@Nullable Void> waiting;
        List<Promise<@Nullable Void>> full;
        List<Promise<Boolean>> closers;
        boolean allSent;
        synchronized (this) {
            inactive = true;
            inbox.detach();
            waiting = inbox.reader();
            full = outbox.drop();
            closers = closing.end();
            allSent = closing.isInTime() && failure == null && !outbox.hasDropped();
        }
        outbox.releaseUnsent();
        wake(waiting);
        wakeAll(full);
        for (Promise<Boolean> closer : closers) {
            closer.tryComplete(allSent);
        }
        left();
    }
}
