package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Handle;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.net.TimedOutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How long a peer may be idle in one direction of a connection, while tasks wait for it.
 *
 * <p>The time counts from when a task began to wait, or, if that is later, from when something
 * moved last. There is one timer at most, and what moves does not touch it: when it fires, it looks
 * how long nothing has moved, and is set anew for what is left; or not at all, if nobody waits. So
 * a connection without a limit pays for nothing but a look at a field that is null, and one with a
 * limit pays, for each wait and not for each read, a look at the clock and a monitor that nobody
 * else wants, which is little beside suspending a task. Nothing is allocated for a wait; a timer
 * is, once for each limit's time that goes by, however many bytes that brings.
 *
 * <p>Whether something has moved may be known at once ({@link #moved}). If not, as with bytes that
 * leave, of which Netty tells only when a whole buffer has gone, a number is looked at four times
 * in a limit's time: an idle peer is then found out after the limit and at most a quarter more.
 */
final class IdleWatch {
    private static final int LOOKS = 4;

    private final Loop loop;
    private final Duration limit;
    private final Function<Duration, TimedOutException> failure;

    /** The event loop, and what changes there whenever something moves; null if that is told. */
    private final @Nullable Executor eventLoop;

    private final @Nullable LongSupplier progress;

    // ---- guarded by this

    private final ArrayDeque<Promise<?>> waiters = new ArrayDeque<>(1);
    private @Nullable Handle timer;
    private boolean stopped;

    /** When something moved last, or somebody began to wait, by the loop's clock. */
    private long since;

    private @Nullable TimedOutException last;

    /** What {@code progress} was when it was looked at last. Owned by the event loop. */
    private long seen;

    /**
     * One to be told what moves.
     *
     * @param loop whose clock counts
     * @param limit how long the peer may be idle
     * @param failure what those who wait get
     */
    IdleWatch(Loop loop, Duration limit, Function<Duration, TimedOutException> failure) {
        this(loop, limit, failure, null, null);
    }

    /**
     * One that looks for itself.
     *
     * @param progress is another number after something has moved; asked on the event loop
     */
    IdleWatch(
            Loop loop,
            Duration limit,
            Function<Duration, TimedOutException> failure,
            @Nullable Executor eventLoop,
            @Nullable LongSupplier progress) {
        this.loop = loop;
        this.limit = limit;
        this.failure = failure;
        this.eventLoop = eventLoop;
        this.progress = progress;
    }

    /** Awaits a promise, which fails if the peer is idle for too long. */
    static <T extends @Nullable Object> T await(@Nullable IdleWatch watch, Promise<T> promise) {
        return watch == null ? Async.await(promise) : watch.await(promise);
    }

    private <T extends @Nullable Object> T await(Promise<T> promise) {
        begin(promise);
        try {
            return Async.await(promise);
        } finally {
            synchronized (this) {
                waiters.remove(promise);
            }
        }
    }

    private void begin(Promise<?> promise) {
        synchronized (this) {
            if (waiters.isEmpty()) {
                since = Clock.now(loop);
            }
            waiters.add(promise);
            if (timer == null) {
                setTimer(Clock.nanos(limit));
            }
        }
    }

    /** Something has moved; from any thread. */
    void moved() {
        synchronized (this) {
            since = Clock.now(loop);
        }
    }

    /** Nobody will wait any more, at least not for the peer. */
    void stop() {
        synchronized (this) {
            stopped = true;
            if (timer != null) {
                timer.cancel();
                timer = null;
            }
        }
    }

    /** Whether it was this that somebody's wait has failed with. */
    boolean hasThrown(Throwable thrown) {
        synchronized (this) {
            return thrown == last;
        }
    }

    private void setTimer(long nanos) {
        if (stopped || loop.isClosed()) {
            return;
        }
        long next = progress == null ? nanos : Math.min(nanos, Clock.nanos(limit) / LOOKS);
        try {
            timer = loop.callLater(Duration.ofNanos(Math.max(1, next)), this::look);
        } catch (IllegalStateException e) {
            stopped = true; // it has closed since
        }
    }

    /** On the callback thread. */
    private void look() {
        if (eventLoop == null || progress == null) {
            judge();
            return;
        }
        eventLoop.execute(() -> {
            long now = progress.getAsLong();
            if (now != seen) {
                seen = now;
                moved();
            }
            judge();
        });
    }

    private void judge() {
        List<Promise<?>> late;
        TimedOutException thrown;
        synchronized (this) {
            timer = null;
            if (waiters.isEmpty()) {
                return;
            }
            long left = Clock.nanos(limit) - (Clock.now(loop) - since);
            if (left > 0) {
                setTimer(left);
                return;
            }
            late = List.copyOf(waiters);
            thrown = failure.apply(limit);
            last = thrown;
        }
        for (Promise<?> waiter : late) {
            waiter.tryFail(thrown);
        }
    }
}
