package dev.weft;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The state of a future, in one word: null while pending, a {@link Waiter} (the last of a chain)
 * while somebody waits, else the outcome. Completing it is one compare-and-set; who wins fires the
 * waiters in the order in which they came.
 */
abstract sealed class FutureImpl<T extends @Nullable Object> implements Future<T>
        permits PromiseImpl, Sleep, TaskImpl, WaitQueue.Node {
    /** Somebody to tell when the future is done. */
    abstract static class Waiter {
        private volatile @Nullable Waiter next;
        private volatile boolean removed;

        /** Called by the completing thread: only enqueues and resumes. */
        abstract void fire();

        /** As {@link #fire}, after one that may have been torn by a stack overflow. */
        void fireAgain() {
            fire();
        }
    }

    static final class FiberWaiter extends Waiter {
        private final Fiber fiber;

        FiberWaiter(Fiber fiber) {
            this.fiber = fiber;
        }

        @Override
        void fire() {
            fiber.scheduler.resume(fiber);
        }

        @Override
        void fireAgain() {
            fiber.scheduler.resumeAgain(fiber);
        }
    }

    private static final class ThreadWaiter extends Waiter {
        private final Thread thread = Thread.currentThread();

        @Override
        void fire() {
            LockSupport.unpark(thread);
        }
    }

    private static final class CallbackWaiter extends Waiter {
        private final Callback callback;

        CallbackWaiter(Callback callback) {
            this.callback = callback;
        }

        @Override
        void fire() {
            callback.loop.scheduler.enqueue(callback);
        }
    }

    /** Ends a stage; also when its loop has closed, as others may wait for that. */
    static final class Transfer extends Callback {
        private Transfer(Fiber fiber, Runnable function) {
            super(Loop.of(fiber), fiber.scope, Context.threadLocals(function));
        }
    }

    /** Runs inside the completing call: for Weft's own short, safe code. */
    private static final class InlineWaiter extends Waiter {
        private final Runnable function;

        InlineWaiter(Runnable function) {
            this.function = function;
        }

        @Override
        void fire() {
            function.run();
        }
    }

    /** A call of {@code cancel}, known by its identity wherever it is passed on to. */
    static final class Request {
        final @Nullable String message;

        Request(@Nullable String message) {
            this.message = message;
        }
    }

    /** The outcome of a future that was cancelled. */
    record Cancelled(@Nullable String message) {}

    private static final Object NULL = new Object();
    private static final VarHandle STATE;
    private static final VarHandle NEXT;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            STATE = lookup.findVarHandle(FutureImpl.class, "state", Object.class);
            NEXT = lookup.findVarHandle(Waiter.class, "next", Waiter.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile @Nullable Object state;

    private static boolean isOutcome(@Nullable Object s) {
        return s != null && !(s instanceof Waiter);
    }

    static Object encode(@Nullable Object result) {
        return result == null ? NULL : result;
    }

    /** Links what completing needs, while there is memory for it. */
    static void prepare() {
        PromiseImpl<Object> promise = new PromiseImpl<>(null);
        promise.whenDone(() -> {});
        promise.tryComplete(promise);
    }

    // ---- completing

    /** Ends the future with an encoded outcome; false when it is done already. */
    final boolean end(Object outcome) {
        Object s;
        Fiber here;
        do {
            s = state;
            if (isOutcome(s)) {
                return false;
            }
            here = s == null ? null : Fiber.current();
        } while (!STATE.compareAndSet(this, s, outcome));
        if (s != null) {
            Waiter last = (Waiter) s;
            try {
                fireAll(last);
            } catch (StackOverflowError e) {
                // Kept for a fiber of the loop that has stack again: being told twice does no harm.
                // Calls nothing, as there is no stack; where a great call has succeeded, as
                // it was inlined, a small one may still fail.
                if (here != null) {
                    Waiter first = last;
                    while (first.next != null) {
                        first = first.next;
                    }
                    first.next = here.scheduler.untold;
                    here.scheduler.untold = last;
                }
                throw e;
            }
        }
        return true;
    }

    /**
     * Where somebody waits, throws now if the stack is about to end on a thread of no loop: no
     * fiber comes back there that could tell them later.
     */
    final void ensureRoomToTell() {
        if (state instanceof Waiter
                && !(VirtualThreads.currentCarrier() instanceof Carrier.CarrierThread)
                && Fiber.current() == null) {
            StackRoom.ensureTwice(); // portable mode looks for room too
        }
    }

    /** Tells the waiters that were kept; by a fiber of the loop that has stack again. */
    static void tellUntold(Scheduler scheduler) {
        if (scheduler.untoldNode != null) {
            WaitQueue.tellUntold(scheduler);
        }
        // Each stays until it has been told: there may be no stack here either.
        for (Waiter w; (w = scheduler.untold) != null; ) {
            if (!w.removed) {
                w.fireAgain();
            }
            if (scheduler.untold == w) {
                scheduler.untold = w.next;
            }
        }
    }

    /**
     * Fires a chain, whose head came last, in the order in which its waiters came. The chain is
     * only read: another thread may be taking waiters out of it.
     */
    private static void fireAll(Waiter last) {
        if (last.next == null) {
            fire(last);
            return;
        }
        Waiter[] waiters = new Waiter[8];
        int n = 0;
        try {
            // In one walk: one that was taken out may slip back in, so a count would be too low.
            for (Waiter w = last; w != null; w = w.next) {
                if (n == waiters.length) {
                    waiters = Arrays.copyOf(waiters, n * 2);
                }
                waiters[n++] = w;
            }
        } catch (OutOfMemoryError e) {
            // Better in the wrong order than never.
            for (Waiter w = last; w != null; w = w.next) {
                fire(w);
            }
            return;
        }
        while (n > 0) {
            fire(waiters[--n]);
        }
    }

    private static void fire(Waiter waiter) {
        if (!waiter.removed) {
            waiter.fire();
        }
    }

    /** Where a failure is reported that nobody retrieves. */
    abstract @Nullable ScopeImpl reportTo();

    /** What this future is called in such a report. */
    abstract String description();

    /**
     * Ends it with a failure, which is reported if nobody retrieves it; false when it is done
     * already.
     */
    final boolean endWith(Throwable cause) {
        Failure failure = Failure.of(cause);
        if (!end(failure)) {
            return false;
        }
        failure.watch(this, reportTo(), description());
        return true;
    }

    /** As {@link #cancel()}, as part of a request that somebody made. */
    abstract boolean cancelBecause(Request request);

    // ---- waiting

    /** Registers a waiter; false when the future is done already. */
    final boolean addWaiter(Waiter waiter) {
        for (; ; ) {
            Object s = state;
            if (isOutcome(s)) {
                return false;
            }
            NEXT.setRelease(waiter, s);
            if (STATE.compareAndSet(this, s, waiter)) {
                return true;
            }
        }
    }

    /**
     * Takes a waiter out again, so that a future that lives long does not collect them. As in
     * {@code FutureTask}: the chain is re-walked if another removal or a new waiter interferes, and
     * one that slips back in is marked, so nobody fires it.
     */
    final void removeWaiter(Waiter waiter) {
        waiter.removed = true;
        retry:
        for (; ; ) {
            Object s = state;
            if (!(s instanceof Waiter head)) {
                return;
            }
            Waiter before = null;
            for (Waiter w = head; w != null; ) {
                Waiter next = w.next;
                if (!w.removed) {
                    before = w;
                } else if (before != null) {
                    before.next = next;
                    if (before.removed) {
                        continue retry;
                    }
                } else {
                    STATE.compareAndSet(
                            this, head, next); // won or lost: look again from the new head
                    continue retry;
                }
                w = next;
            }
            return;
        }
    }

    /**
     * Suspends the task that runs in the fiber until this future is done, or the deadline has
     * passed.
     */
    final void suspend(TaskImpl<?> task, Fiber fiber, long deadline) {
        Waiter waiter = new FiberWaiter(fiber);
        if (!addWaiter(waiter)) {
            return;
        }
        try {
            task.suspendUntil(this, deadline);
        } finally {
            if (!isDone()) {
                removeWaiter(waiter);
            }
        }
    }

    /**
     * Completes a promise when this future is done, whatever its outcome.
     *
     * @return takes the waiter out again, so that a future that lives long does not collect them
     */
    final Handle relay(PromiseImpl<@Nullable Void> done) {
        Waiter waiter = new InlineWaiter(() -> done.end(NULL));
        if (!addWaiter(waiter)) {
            done.tryComplete(null);
        }
        return new Handle() {
            @Override
            public boolean cancel() {
                removeWaiter(waiter);
                return true;
            }

            @Override
            public boolean isCancelled() {
                return waiter.removed;
            }
        };
    }

    /** Calls a short and safe function inside the completing call, or now. */
    final void whenDone(Runnable function) {
        if (!addWaiter(new InlineWaiter(function))) {
            function.run();
        }
    }

    @Override
    public final Handle onDone(Consumer<? super Future<T>> function) {
        Checks.notNull(function, "function");
        Fiber fiber = Fiber.current();
        if (fiber == null) {
            throw new IllegalStateException(
                    "onDone needs a loop to call the function on, and this thread has none: use onDone(loop, function)");
        }
        return register(Loop.of(fiber), fiber.scope, function);
    }

    @Override
    public final Handle onDone(Loop loop, Consumer<? super Future<T>> function) {
        Checks.notNull(loop, "loop");
        Checks.notNull(function, "function");
        Fiber fiber = Fiber.current();
        ScopeImpl scope = fiber != null && Loop.of(fiber) == loop ? fiber.scope : null;
        return register(loop, scope, function);
    }

    private Handle register(
            Loop loop, @Nullable ScopeImpl scope, Consumer<? super Future<T>> function) {
        CallbackWaiter waiter =
                new CallbackWaiter(
                        new Callback(
                                loop, scope, Context.threadLocals(() -> function.accept(this))));
        if (!addWaiter(waiter)) {
            waiter.fire();
        }
        Callback callback = waiter.callback;
        return new Handle() {
            @Override
            public boolean cancel() {
                boolean cancelled = callback.cancel();
                if (cancelled) {
                    removeWaiter(waiter);
                }
                return cancelled;
            }

            @Override
            public boolean isCancelled() {
                return callback.isCancelled();
            }
        };
    }

    // ---- reading

    @Override
    public final boolean isDone() {
        return isOutcome(state);
    }

    @Override
    public final boolean isCancelled() {
        return state instanceof Cancelled;
    }

    /** The result of a future that is done, or its failure as {@code await} throws it. */
    @SuppressWarnings({"unchecked", "NullAway"}) // null is a T where it was completed with null
    final T awaited() {
        Object s = state;
        if (s instanceof Failure failure) {
            throw unchecked(failure.retrieve());
        }
        if (s instanceof Cancelled cancelled) {
            throw cancellation(cancelled);
        }
        return s == NULL ? (T) null : (T) s;
    }

    /** How a future that is done has ended; a failure counts as retrieved. */
    @SuppressWarnings({"unchecked", "NullAway"}) // null is a T where it was completed with null
    final Outcome<T> outcome() {
        Object s = state;
        if (s instanceof Failure failure) {
            return new Outcome.Failed<>(failure.retrieve());
        }
        if (s instanceof Cancelled cancelled) {
            return new Outcome.Cancelled<>(cancelled.message());
        }
        return new Outcome.Succeeded<>(s == NULL ? (T) null : (T) s);
    }

    private CancellationException cancellation(Cancelled cancelled) {
        String message = cancelled.message();
        return new CancellationException(
                description() + " was cancelled" + (message == null ? "" : ": " + message));
    }

    /**
     * A failure as code without checked exceptions throws it; never returns normally for unchecked
     * ones.
     */
    static RuntimeException unchecked(Throwable failure) {
        if (failure instanceof RuntimeException e) {
            return e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
        if (failure instanceof IOException e) {
            return new UncheckedIOException(e);
        }
        return new CompletionException(failure);
    }

    @Override
    public final T get() throws InterruptedException, ExecutionException {
        block(Timers.NONE);
        return gotten();
    }

    @Override
    public final T get(long timeout, TimeUnit unit)
            throws InterruptedException, ExecutionException, TimeoutException {
        if (!isDone()) {
            Fiber fiber = Fiber.current();
            block(
                    (fiber == null ? System.nanoTime() : Loop.of(fiber).nanoTime())
                            + Math.min(Math.max(unit.toNanos(timeout), 0), Long.MAX_VALUE / 2));
            if (!isDone()) {
                throw new TimeoutException(
                        description() + " was not done within " + timeout + " " + unit);
            }
        }
        return gotten();
    }

    private T gotten() throws ExecutionException {
        if (state instanceof Failure failure) {
            throw new ExecutionException(failure.retrieve());
        }
        return awaited();
    }

    /**
     * Blocks the current thread, or suspends the current task, until this is done or the deadline
     * has passed.
     */
    private void block(long deadline) throws InterruptedException {
        if (isDone()) {
            return;
        }
        Fiber fiber = Fiber.current();
        if (fiber != null) {
            TaskImpl<?> task = fiber.task;
            if (task != null) {
                suspend(task, fiber, deadline);
                return;
            }
            if (fiber.scheduler instanceof Turn || fiber.scope == null) {
                throw new IllegalStateException(
                        "get() would block loop "
                                + Loop.of(fiber).name()
                                + ": use onDone, or start a task with async");
            }
        }
        Waiter waiter = new ThreadWaiter();
        if (!addWaiter(waiter)) {
            return;
        }
        while (!isDone()) {
            if (deadline == Timers.NONE) {
                LockSupport.park(this);
            } else {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    break;
                }
                LockSupport.parkNanos(this, left);
            }
            if (Thread.interrupted()) {
                removeWaiter(waiter);
                throw new InterruptedException();
            }
        }
        if (!isDone()) {
            removeWaiter(waiter);
        }
    }

    @Override
    @SuppressWarnings({"unchecked", "NullAway"}) // null is a T where it was completed with null
    public final T resultNow() {
        Object s = state;
        if (!isOutcome(s)) {
            throw new IllegalStateException(description() + " is not done");
        }
        if (s instanceof Failure failure) {
            throw new IllegalStateException(description() + " failed", failure.retrieve());
        }
        if (s instanceof Cancelled) {
            throw new IllegalStateException(description() + " was cancelled");
        }
        return s == NULL ? (T) null : (T) s;
    }

    @Override
    public final Throwable exceptionNow() {
        Object s = state;
        if (s instanceof Failure failure) {
            return failure.retrieve();
        }
        throw new IllegalStateException(
                description()
                        + (!isOutcome(s)
                                ? " is not done"
                                : s instanceof Cancelled ? " was cancelled" : " has a result"));
    }

    @Override
    public final State state() {
        Object s = state;
        return !isOutcome(s)
                ? State.RUNNING
                : s instanceof Failure
                        ? State.FAILED
                        : s instanceof Cancelled ? State.CANCELLED : State.SUCCESS;
    }

    @Override
    public final CompletableFuture<T> toCompletableFuture() {
        CompletableFuture<T> stage =
                new CompletableFuture<>() {
                    @Override
                    public boolean cancel(boolean mayInterruptIfRunning) {
                        return super.cancel(mayInterruptIfRunning) && FutureImpl.this.cancel();
                    }
                };
        Fiber fiber = Fiber.current();
        Waiter waiter =
                fiber == null
                        ? new InlineWaiter(() -> transfer(stage))
                        : new CallbackWaiter(new Transfer(fiber, () -> transfer(stage)));
        if (!addWaiter(waiter)) {
            waiter.fire();
        }
        return stage;
    }

    private void transfer(CompletableFuture<T> stage) {
        Object s = state;
        if (s instanceof Failure failure) {
            stage.completeExceptionally(failure.retrieve());
        } else if (s instanceof Cancelled cancelled) {
            stage.completeExceptionally(cancellation(cancelled));
        } else {
            stage.complete(awaited());
        }
    }

    @Override
    public String toString() {
        return description() + "[" + state().toString().toLowerCase(java.util.Locale.ROOT) + "]";
    }
}
