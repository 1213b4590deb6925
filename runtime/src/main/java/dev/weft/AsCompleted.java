package dev.weft;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Futures in the order in which they are done, as {@link Async#asCompleted asCompleted} gives them:
 * the very ones that went in, each once. Those that were done before come first, in the order
 * given.
 *
 * <p>It is an iterator, and as such also the {@code Iterable} of a for-each loop: a second loop
 * goes on where the first one was left. It belongs to the tasks of one loop, several of which may
 * share it; the futures may be any loop's.
 *
 * <p>There is nothing to close. One that is left half-way can be collected, and costs each future
 * that is still pending a few words until that is done.
 *
 * <p>Failures are not thrown from here: they wait in the futures for whoever awaits those.
 *
 * @param <F> the type of the futures
 */
@SuppressWarnings(
        "IterableAndIterator") // as in asyncio: it exists to be looped over, and that once
public final class AsCompleted<F extends Future<?>> implements Iterator<F>, Iterable<F> {
    private final Bell bell = new Bell("asCompleted");
    private final @Nullable Duration timeout;
    private final long deadline;

    /** Those that were done since somebody looked last, the latest first. From any thread. */
    private final AtomicReference<@Nullable Arrival> arrived = new AtomicReference<>();

    /** Those that somebody has looked at, the earliest first. Owned by the loop, as all below. */
    private @Nullable Arrival first;

    /** How many are still to be given, or to be thrown for. */
    private int left;

    private boolean expired;

    /** Empty when there is no time-out, as then they stay registered. */
    private Arrival[] registered = {};

    private AsCompleted(int size, @Nullable Duration timeout) {
        this.timeout = timeout;
        deadline =
                timeout == null
                        ? Timers.NONE
                        : Loop.current().nanoTime() + Checks.nanos(timeout, "timeout");
        left = size;
    }

    static <F extends Future<?>> AsCompleted<F> of(
            Collection<? extends F> futures, @Nullable Duration timeout) {
        Set<FutureImpl<?>> all = new LinkedHashSet<>(List.of(Several.of(futures)));
        AsCompleted<F> completed = new AsCompleted<>(all.size(), timeout);
        WeakReference<AsCompleted<?>> reference = new WeakReference<>(completed);
        Arrival[] arrivals = new Arrival[all.size()];
        int n = 0;
        for (FutureImpl<?> future : all) {
            Arrival arrival = new Arrival(reference, future);
            arrivals[n++] = arrival;
            if (!future.addWaiter(arrival)) {
                arrival.fire();
            }
        }
        if (timeout != null) {
            completed.registered = arrivals;
        }
        return completed;
    }

    /**
     * Tells of one future, and is its link in the chains of those that are done. Keeps the iterator
     * reachable for nobody.
     */
    private static final class Arrival extends FutureImpl.Waiter {
        private final WeakReference<AsCompleted<?>> iterator;
        final FutureImpl<?> future;
        private boolean pushed;
        @Nullable Arrival link;

        Arrival(WeakReference<AsCompleted<?>> iterator, FutureImpl<?> future) {
            this.iterator = iterator;
            this.future = future;
        }

        /** Called again after a stack overflow, which may have come before or after the push. */
        @Override
        void fire() {
            AsCompleted<?> completed = iterator.get();
            if (completed == null) {
                return;
            }
            while (!pushed) {
                Arrival latest = completed.arrived.get();
                link = latest;
                if (completed.arrived.compareAndSet(latest, this)) {
                    pushed = true;
                }
            }
            completed.bell.ring();
        }
    }

    /**
     * Whether {@link #next} has another future to give, now or later; does not suspend.
     *
     * @return false when all have been given
     */
    @Override
    public boolean hasNext() {
        return left > 0;
    }

    /**
     * Suspends until another future is done.
     *
     * <p><b>Cancellation</b>: nothing has been taken, the futures go on, and so may the iterator.
     *
     * @return the future, which is done
     * @throws NoSuchElementException when all have been given
     * @throws DeadlineExceededException when none is there and the time-out has passed: once for
     *     each future that has not been given; those go on
     * @throws IllegalStateException outside a task, if it would have to wait
     */
    @Override
    @SuppressWarnings("unchecked") // it is one of those that were given
    public F next() {
        if (left == 0) {
            throw new NoSuchElementException("all futures have been given");
        }
        // Another task that shares the iterator must not wait for what this one waits for.
        left--;
        boolean counts = false;
        try {
            if (expired || !bell.await(this::isThere, deadline)) {
                counts = true;
                throw expired();
            }
            F given = (F) take().future;
            counts = true;
            return given;
        } finally {
            if (!counts) {
                left++;
            }
        }
    }

    private boolean isThere() {
        return first != null || arrived.get() != null;
    }

    private Arrival take() {
        Arrival taken = first;
        if (taken == null) {
            Arrival a;
            do {
                a = arrived.get();
                // No getAndSet: it calls Class.cast on what it took, for which there may be no
                // stack.
            } while (!arrived.compareAndSet(a, null));
            while (a != null) {
                Arrival earlier = a.link;
                a.link = taken;
                taken = a;
                a = earlier;
            }
        }
        if (taken == null) {
            throw new IllegalStateException("nothing is there");
        }
        first = taken.link;
        taken.link = null;
        return taken;
    }

    private DeadlineExceededException expired() {
        expired = true;
        for (Arrival arrival : registered) {
            if (!arrival.future.isDone()) {
                arrival.future.removeWaiter(arrival);
            }
        }
        registered = new Arrival[0];
        Duration limit = timeout == null ? Duration.ZERO : timeout;
        return new DeadlineExceededException(
                "asCompleted: no other future was done within " + limit, limit);
    }

    /**
     * Itself.
     *
     * @return this iterator
     */
    @Override
    public Iterator<F> iterator() {
        return this;
    }
}
