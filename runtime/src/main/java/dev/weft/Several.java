package dev.weft;

import java.util.Arrays;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What a task awaits that waits for several futures at once: done when enough of them are, with the
 * one that decided it, or null when it took them all.
 *
 * <p>Each future that is pending is given a waiter, which counts down inside the call that
 * completes the future, on whatever thread that is. So nothing goes through the loop's queue but
 * the task that waits, once, when it is over.
 */
final class Several extends PromiseImpl<@Nullable FutureImpl<?>> {
    /** When it is over; in any case when all are done. */
    enum Until {
        ALL_DONE,
        FIRST_DONE,
        /** A cancelled one has not failed. */
        FIRST_FAILED,
        FIRST_WITHOUT_RESULT
    }

    /** Made beforehand, as it is needed in a completing call, where memory may be short. */
    private static final Cancelled CANCELLED = new Cancelled(null);

    private final String what;
    private final FutureImpl<?>[] futures;
    private final Until until;

    /** Whether cancelling whoever waits cancels the futures. */
    private final boolean cancelsThem;

    private final AtomicInteger left;

    /** From now on it is over when all have ended, and then it is cancelled. */
    private volatile boolean cancelRequested;

    private Several(String what, FutureImpl<?>[] futures, Until until, boolean cancelsThem) {
        super(null);
        this.what = what;
        this.futures = futures;
        this.until = until;
        this.cancelsThem = cancelsThem;
        left = new AtomicInteger(futures.length);
    }

    /** For a verb that cancels the futures when its caller is cancelled. */
    static Several cancelling(String verb, FutureImpl<?>[] futures, Until until) {
        return new Several(verb, futures, until, true);
    }

    /** For a verb that leaves the futures alone, whatever becomes of its caller. */
    static Several watching(String verb, FutureImpl<?>[] futures, Until until) {
        return new Several(verb, futures, until, false);
    }

    /** The futures of a collection, none of them null. */
    static FutureImpl<?>[] of(Collection<? extends Future<?>> futures) {
        return of(Checks.notNull(futures, "futures").toArray(new Future<?>[0]));
    }

    static FutureImpl<?>[] of(Future<?>... futures) {
        FutureImpl<?>[] all = new FutureImpl<?>[Checks.notNull(futures, "futures").length];
        for (int i = 0; i < all.length; i++) {
            if (futures[i] == null) {
                throw new NullPointerException(
                        "futures must not contain null, number " + i + " is");
            }
            all[i] = (FutureImpl<?>) futures[i];
        }
        return all;
    }

    /** Tells of one future. */
    private final class Child extends Waiter {
        final FutureImpl<?> future;
        private boolean counted;

        Child(FutureImpl<?> future) {
            this.future = future;
        }

        /** Called again after a stack overflow, which finds no room between the first two lines. */
        @Override
        void fire() {
            if (!counted) {
                left.decrementAndGet();
                counted = true;
            }
            if (decides(future)) {
                end(encode(future));
            } else if (left.get() == 0) {
                end(cancelRequested ? CANCELLED : encode(null));
            }
        }
    }

    private boolean decides(FutureImpl<?> future) {
        if (until == Until.ALL_DONE || cancelRequested) {
            return false;
        }
        if (until == Until.FIRST_DONE) {
            return true;
        }
        State state = future.state();
        return state == State.FAILED
                || state == State.CANCELLED && until == Until.FIRST_WITHOUT_RESULT;
    }

    /**
     * Suspends the current task until it is over or the deadline has passed; not at all when it is
     * over already.
     */
    void await(long deadline) {
        Child[] children = new Child[futures.length];
        int n = 0;
        try {
            while (n < children.length && !isDone()) {
                Child child = new Child(futures[n]);
                children[n++] = child;
                if (!child.future.addWaiter(child)) {
                    child.fire();
                }
            }
            if (!isDone() && futures.length > 0) {
                TaskImpl<?> task = TaskImpl.current(what);
                requireOther(task);
                suspend(task, task.fiber, deadline);
            }
        } finally {
            for (int i = 0; i < n; i++) {
                Child child = children[i];
                if (!child.future.isDone()) {
                    child.future.removeWaiter(child);
                }
            }
        }
    }

    private void requireOther(TaskImpl<?> task) {
        if (Arrays.asList(futures).contains(task)) {
            throw new IllegalStateException(
                    task.name() + " cannot await itself, in " + what + ": it would never end");
        }
    }

    @Override
    boolean cancelBecause(Request request) {
        if (!cancelsThem) {
            return super.cancelBecause(request);
        }
        if (isDone()) {
            return false;
        }
        cancelRequested = true;
        boolean told = false;
        for (FutureImpl<?> future : futures) {
            told |= future.cancelBecause(request); // one that was given twice knows the request
        }
        return told;
    }

    @Override
    String description() {
        return what + " of " + futures.length + " futures";
    }
}
