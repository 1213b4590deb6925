package dev.weft.http;

import dev.weft.Promise;
import dev.weft.net.StreamClosedException;
import dev.weft.net.internal.Buffers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response: the place where the task that makes the call and the connection
 * that carries it meet, with a queue in each direction.
 *
 * <p>The connection's side runs on the event loop and never waits; the task's side suspends. In
 * portable mode these are two threads, so what they share is guarded by this object's monitor, and
 * nothing is called with it held but a promise's creation.
 *
 * <p><b>Out</b>: the task enqueues the head and parts of the body, and has the connection look; the
 * connection takes them all, and tells when they have left ({@link #left}). A task that leaves more
 * than {@link #HIGH} bytes unsent waits until that is down to {@link #LOW}.
 *
 * <p><b>In</b>: the connection enqueues, and wakes the task. It stops reading (HTTP/1.1) while more
 * than {@link #MOST_WAITING} bytes are here that nobody took; with HTTP/2 the window says how many
 * may come.
 *
 * <p>A waiter is woken by completing its promise with nothing; it then looks for itself. So a
 * cancelled waiter has taken nothing.
 *
 * <p><b>The end.</b> It ends in one of three ways, of which the first counts: the response is
 * complete; it fails; or the task cancels it. The connection is told of the last, and tells of the
 * others. After any of them this holds no buffer of the connection's, so that whoever forgets a
 * complete response leaks nothing; but where somebody watches over that ({@link #watch}). Whether
 * the connection can carry another call is its own business, and does not depend on when the task
 * takes what is here: a response that has come completely holds no connection.
 */
final class Exchange {
    static final int HIGH = 64 * 1024;
    static final int LOW = 16 * 1024;

    /** As many as a connection of {@link dev.weft.net.Tcp} leaves unread: more than one read. */
    static final int MOST_WAITING = 192 * 1024;

    /** Above that a connection of HTTP/1.1 is paused. */
    static int mostWaiting() {
        return Buffers.areScarce() ? LOW : MOST_WAITING;
    }

    /** Of what comes in parts smaller than this, some are put together. */
    private static final int SMALL = 512;

    private static final int GATHERED = 8 * SMALL;

    /** In the outgoing queue: the body is complete. */
    static final Object END = new Object();

    /**
     * What it failed with.
     *
     * @param error for the task
     * @param unprocessed whether the server surely did nothing: it may be tried again
     * @param silent whether no byte of a response had come
     */
    record Failure(RuntimeException error, boolean unprocessed, boolean silent) {}

    /**
     * How a task waits whose time begins with its first wait, as a look at the clock is not free.
     */
    interface Wait {
        /**
         * Awaits a promise.
         *
         * @param since what this returned before; 0 if this is the first wait
         * @return when the first one began
         */
        long await(Promise<@Nullable Void> promise, long since);
    }

    private final HttpConnection connection;
    private final RequestHead request;

    // ---- guarded by this

    private final ArrayDeque<Object> out = new ArrayDeque<>(2);
    private int unsent;
    private boolean outputEnded;
    private @Nullable Promise<@Nullable Void> writer;

    private @Nullable ResponseHead head;
    private boolean mayContinue;
    private final ArrayDeque<ByteBuf> in = new ArrayDeque<>(2);
    private int inBytes;

    /** The last of those, if it has room for more. */
    private @Nullable ByteBuf gathering;

    /** Taken by the task, and not yet told to the connection. */
    private int taken;

    private boolean ended;
    private HttpHeaders trailers = HttpHeaders.empty();
    private @Nullable Failure failure;
    private boolean cancelled;

    /** Somebody calls {@link #cancel()} even if the response is forgotten. */
    private boolean watched;

    /** Its place in the pool was given back. */
    private boolean finished;

    private @Nullable Promise<@Nullable Void> reader;

    /** Whether the connection has it in its queue. Guarded by the connection. */
    boolean queued;

    /** HTTP/2's own: what has come of it; null before it has a stream. Owned by the event loop. */
    @Nullable Http2Transfer transfer;

    Exchange(HttpConnection connection, RequestHead request) {
        this.connection = connection;
        this.request = request;
    }

    RequestHead request() {
        return request;
    }

    HttpConnection connection() {
        return connection;
    }

    // ---- the task: out

    /**
     * Begins, with a body that is at hand.
     *
     * @param body all of it, owned by this; null if it comes in parts, or there is none
     * @param complete whether nothing follows
     */
    void begin(@Nullable ByteBuf body, boolean complete) {
        synchronized (this) {
            out.add(request);
            if (body != null) {
                out.add(body);
                unsent += body.readableBytes();
            }
            if (complete) {
                out.add(END);
                outputEnded = true;
            }
        }
        connection.look(this);
    }

    /**
     * Sends a part of the body; suspends while too much is unsent.
     *
     * @param part owned by this
     * @param wait awaits a promise, with the call's limits
     */
    void put(ByteBuf part, Consumer<Promise<@Nullable Void>> wait) {
        boolean refused;
        synchronized (this) {
            refused = isOver() || outputEnded;
            if (!refused) {
                unsent += part.readableBytes();
                out.add(part);
            }
        }
        if (refused) {
            part.release();
            throw whyNoMore();
        }
        connection.look(this);
        awaitRoom(wait);
    }

    private void awaitRoom(Consumer<Promise<@Nullable Void>> wait) {
        for (; ; ) {
            Promise<@Nullable Void> room;
            synchronized (this) {
                if (isOver()) {
                    break;
                }
                if (writer == null ? unsent <= HIGH : unsent <= LOW) {
                    writer = null;
                    return;
                }
                room = Promise.create();
                writer = room;
            }
            try {
                wait.accept(room);
            } catch (Throwable e) {
                synchronized (this) {
                    writer = null;
                }
                throw e;
            }
        }
        throw whyNoMore();
    }

    private boolean isOver() {
        return ended || cancelled || failure != null;
    }

    private RuntimeException whyNoMore() {
        Failure f;
        synchronized (this) {
            f = failure;
        }
        return f != null
                ? f.error
                : new StreamClosedException(
                        "cannot send more of the body of "
                                + this
                                + ": "
                                + (isEnded() ? "the response is complete" : "the call has ended"));
    }

    /** The body is complete. */
    void end() {
        synchronized (this) {
            if (isOver() || outputEnded) {
                return;
            }
            outputEnded = true;
            out.add(END);
        }
        connection.look(this);
    }

    // ---- the task: in

    /**
     * Awaits the response's head.
     *
     * @param wait awaits a promise, with the call's limits
     * @return the head of the final response
     */
    ResponseHead awaitHead(Consumer<Promise<@Nullable Void>> wait) {
        for (; ; ) {
            Promise<@Nullable Void> arrival;
            synchronized (this) {
                if (head != null) {
                    return head;
                }
                if (failure != null) {
                    throw failure.error;
                }
                requireNotCancelled();
                arrival = Promise.create();
                reader = arrival;
            }
            wait.accept(arrival);
        }
    }

    /**
     * Awaits the server's word that it wants the body, or a response; for whoever sends the body.
     *
     * @param wait awaits a promise for a limited time, and tells whether it was completed
     * @return whether to send the body: it is wanted, or nobody has said anything
     */
    boolean awaitContinue(Predicate<Promise<@Nullable Void>> wait) {
        Promise<@Nullable Void> word;
        do {
            synchronized (this) {
                if (mayContinue || head != null || isOver()) {
                    return mayContinue && !isOver();
                }
                word = Promise.create();
                writer = word;
            }
        } while (wait.test(word));
        return true;
    }

    private void requireNotCancelled() {
        if (cancelled) {
            if (failure != null) {
                throw failure.error;
            }
            throw new StreamClosedException("cannot read: " + this + " was closed");
        }
    }

    /**
     * Takes the next part of the body, and waits for it.
     *
     * @param wait awaits a promise, with the call's limits
     * @return the part, which is the caller's to release; null at the end
     */
    @Nullable ByteBuf take(Wait wait) {
        long since = 0;
        for (; ; ) {
            ByteBuf part;
            boolean more = false;
            Promise<@Nullable Void> arrival = null;
            synchronized (this) {
                requireNotCancelled();
                part = in.poll();
                if (part != null) {
                    int n = part.readableBytes();
                    inBytes -= n;
                    taken += n;
                    more = !ended;
                } else if (failure != null) {
                    throw failure.error;
                } else if (ended) {
                    return null;
                } else {
                    arrival = Promise.create();
                    reader = arrival;
                }
            }
            if (part != null) {
                if (more) {
                    connection.taken(this);
                }
                return part;
            }
            since = wait.await(Objects.requireNonNull(arrival), since);
        }
    }

    /** How much the task has taken since this was asked; on the event loop. */
    int pollTaken() {
        synchronized (this) {
            int n = taken;
            taken = 0;
            return n;
        }
    }

    /** How much the task has taken that the connection was not told; any thread. */
    int taken() {
        synchronized (this) {
            return taken;
        }
    }

    /** How much is here that nobody has taken; any thread. */
    int waiting() {
        synchronized (this) {
            return inBytes;
        }
    }

    /** Once {@link #awaitHead} has returned. */
    ResponseHead head() {
        synchronized (this) {
            return Objects.requireNonNull(head);
        }
    }

    /** After the end. */
    HttpHeaders trailers() {
        synchronized (this) {
            return trailers;
        }
    }

    boolean isEnded() {
        synchronized (this) {
            return ended;
        }
    }

    /** {@return whether it is to be watched from now on, lest it be forgotten: more may come} */
    boolean watch() {
        synchronized (this) {
            watched = !ended;
            return watched;
        }
    }

    @Nullable Failure failure() {
        synchronized (this) {
            return failure;
        }
    }

    /** Nobody wants the rest. May be called again, and from any thread. */
    void cancel() {
        cancel(null);
    }

    /**
     * As {@link #cancel()}, with an error for the task, which may still ask.
     *
     * @param why what the task gets, unless there is something else; null for the usual
     */
    void cancel(@Nullable RuntimeException why) {
        Object[] sent;
        ByteBuf[] unread;
        Promise<@Nullable Void> waiting;
        Promise<@Nullable Void> full;
        boolean tell;
        synchronized (this) {
            if (cancelled || why != null && ended) {
                return; // a response that is complete can be read, whatever became of the request
            }
            tell = !isOver();
            if (tell && why != null) {
                failure = new Failure(why, false, false);
            }
            cancelled = true;
            unread = in.toArray(ByteBuf[]::new);
            in.clear();
            inBytes = 0;
            sent = out.toArray();
            out.clear();
            waiting = reader;
            full = writer;
        }
        release(sent);
        release(unread);
        wake(waiting);
        wake(full);
        if (tell) {
            connection.cancel(this);
        }
    }

    private static void release(Object[] things) {
        for (Object thing : things) {
            if (thing instanceof ByteBuf buffer) {
                buffer.release();
            }
        }
    }

    private static void wake(@Nullable Promise<@Nullable Void> waiter) {
        if (waiter != null) {
            waiter.tryComplete(null);
        }
    }

    // ---- the connection, on the event loop

    /** The next thing to send: the head, a part of the body, the end; null if there is none now. */
    @Nullable Object pollOut() {
        synchronized (this) {
            return out.poll();
        }
    }

    /** Whether the task has ended it, before the response did. */
    boolean isCancelled() {
        synchronized (this) {
            return cancelled && !ended;
        }
    }

    /** Some of the body has left. */
    void left(int bytes) {
        Promise<@Nullable Void> full;
        synchronized (this) {
            unsent -= bytes;
            full = unsent <= LOW ? writer : null;
        }
        wake(full);
    }

    /** The server wants the body. */
    void receivedContinue() {
        Promise<@Nullable Void> waiting;
        synchronized (this) {
            mayContinue = true;
            waiting = writer;
        }
        wake(waiting);
    }

    /** The final response begins. */
    void received(ResponseHead response) {
        Promise<@Nullable Void> waiting;
        Promise<@Nullable Void> full;
        synchronized (this) {
            head = response;
            waiting = reader;
            full = writer;
        }
        wake(waiting);
        wake(full);
    }

    /** A part of the body; owned by this. */
    void received(ByteBuf part) {
        Promise<@Nullable Void> waiting;
        boolean keep = part.isReadable();
        synchronized (this) {
            keep &= !isOver();
            waiting = keep ? reader : null;
            if (keep) {
                inBytes += part.readableBytes();
                keep = !isGathered(part);
                if (keep) {
                    in.add(part);
                }
            }
        }
        if (!keep) {
            part.release();
        }
        wake(waiting);
    }

    /**
     * Whether a small part was copied to others. Each would else keep the buffer that it came in,
     * which is much larger: a peer that sends single bytes could take a hundred times what it
     * sends.
     */
    private boolean isGathered(ByteBuf part) {
        int bytes = part.readableBytes();
        ByteBuf last = bytes < SMALL ? in.peekLast() : null;
        if (last == null) {
            return false;
        }
        if (last != gathering || last.writableBytes() < bytes) {
            if (last.readableBytes() >= SMALL) {
                return false;
            }
            gathering = Unpooled.buffer(GATHERED, GATHERED).writeBytes(last);
            in.removeLast();
            in.add(gathering);
            last.release();
            last = gathering;
        }
        last.writeBytes(part);
        return true;
    }

    /** The response is complete. */
    void receivedEnd(HttpHeaders fields) {
        Object[] sent;
        Promise<@Nullable Void> waiting;
        Promise<@Nullable Void> full;
        synchronized (this) {
            if (isOver()) {
                return;
            }
            ended = true;
            trailers = fields;
            detach();
            sent = out.toArray();
            out.clear();
            waiting = reader;
            full = writer;
        }
        release(sent);
        wake(waiting);
        wake(full);
    }

    /** It ends here, unless it has before; what had come can still be taken. */
    void fail(RuntimeException error, boolean unprocessed) {
        fail(error, unprocessed, false);
    }

    /**
     * As the other.
     *
     * @param answered whether the server has said so, which counts as a response
     */
    void fail(RuntimeException error, boolean unprocessed, boolean answered) {
        Object[] sent;
        Promise<@Nullable Void> waiting;
        Promise<@Nullable Void> full;
        synchronized (this) {
            if (isOver()) {
                return;
            }
            boolean silent = head == null && !mayContinue && !answered;
            failure = new Failure(error, unprocessed, silent);
            sent = out.toArray();
            out.clear();
            detach();
            waiting = reader;
            full = writer;
        }
        release(sent);
        wake(waiting);
        wake(full);
    }

    /**
     * Moves what is here off the connection's buffers: nobody may come to release it. It is what
     * came last, and for most responses all there is: whoever wants it would have copied it anyway.
     */
    private void detach() {
        if (inBytes == 0 || watched) {
            return;
        }
        byte[] bytes = new byte[inBytes];
        int length = 0;
        for (ByteBuf part; (part = in.poll()) != null; ) {
            int n = part.readableBytes();
            part.getBytes(part.readerIndex(), bytes, length, n);
            length += n;
            part.release();
        }
        in.add(Unpooled.wrappedBuffer(bytes));
    }

    /** Whether this is the first time that this is asked; from any thread. */
    boolean isFirstToFinish() {
        synchronized (this) {
            boolean first = !finished;
            finished = true;
            return first;
        }
    }

    /** {@return method and URL} */
    @Override
    public String toString() {
        return request.method()
                + " "
                + request.scheme()
                + "://"
                + request.authority()
                + (request.target().startsWith("/") ? request.target() : "");
    }
}
