package dev.weft;

import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A task: a body, the fiber it runs in and the future of its result. Fields are owned by the loop
 * (read and written by its fibers, which run one at a time) unless they say otherwise.
 *
 * <h2>Cancellation</h2>
 *
 * A request ({@link #cancel}) is counted, and pending until it is <em>delivered</em>, which means
 * that {@link CancelledError} was thrown in the body; one error delivers all that are pending.
 * Where a request finds the task decides what happens at once:
 *
 * <ul>
 *   <li>not started: the body never runs;
 *   <li>suspended in {@code await}: what it awaits is cancelled, which wakes it when that is done.
 *       A promise is done at once; a task may take its time, may even give a result: then the
 *       request stays pending, and the result is not lost. A request that comes round to a task
 *       that is passing it on has found tasks that await each other: it is thrown there;
 *   <li>parked in a JDK call (loop mode): its thread is interrupted, once for each request. Whether
 *       it is parked can only be told while it does not run, so this is done on the loop: by the
 *       canceller, or by a callback that the carrier enqueues after a segment that ended with a
 *       request pending;
 *   <li>running or ready: nothing; the next suspension point delivers.
 * </ul>
 *
 * The interrupt is a means and not the message: {@code interruptSent} remembers that it is ours,
 * and delivery takes it back if the JDK call did not (an uninterruptible lock), so that the flag
 * never leaks into the next call.
 */
final class TaskImpl<T extends @Nullable Object> extends FutureImpl<T>
        implements Task<T>, Runnable {
    private final ScopeImpl scope;
    private final @Nullable String name;
    private final long number;
    private final @Nullable TaskOrigin origin;

    /**
     * What runs the task: its own fiber, or that of a generator's body while the task steps it. It
     * begins and ends in its own.
     */
    Fiber fiber;

    /** Neighbours in the scope's list. */
    @Nullable TaskImpl<?> previous;

    @Nullable TaskImpl<?> next;
    boolean listed;

    /** Started by {@link Group#async}: its failure is its group's. */
    boolean critical;

    private @Nullable Body<T> body;
    private @Nullable FutureImpl<?> awaiting;

    /** What ends its wait; null where there is no limit to it. */
    private Timers.@Nullable Timer alarm;

    /** Null until it is asked to end: see {@link #cancellation()}. */
    private @Nullable Cancellation cancellation;

    /** Its start has begun and not ended. */
    private boolean starting;

    /**
     * What a foreign thread has asked for, by a callback that may stand in the queue behind the
     * task's first step. From any thread.
     */
    private volatile @Nullable Request askedAbroad;

    TaskImpl(ScopeImpl scope, @Nullable String name, Body<T> body) {
        this.scope = scope;
        this.name = name;
        this.body = Context.threadLocals(body);
        fiber = scope.loop().scheduler.fiber(name, this);
        fiber.task = this;
        fiber.scope = scope;
        fiber.locals = Locals.current();
        number = fiber.thread().threadId();
        origin = scope.loop().isDebug() ? TaskOrigin.here() : null;
    }

    static TaskImpl<?> current(String what) {
        Fiber fiber = Fiber.current();
        TaskImpl<?> task = fiber == null ? null : fiber.task;
        if (task == null) {
            throw new IllegalStateException(
                    what
                            + (fiber == null
                                    ? " needs a task, and this thread runs none: wrap the code in Async.run(() -> …), or use"
                                            + " loop.submit(…) from a foreign thread"
                                    : " needs a task, and this is a callback of loop "
                                            + Loop.of(fiber).name()
                                            + ": start a task with async(…), or use onDone(…)"));
        }
        return task;
    }

    // ---- running

    @Override
    public void run() {
        ScopeImpl owner = scope;
        Object outcome = null;
        Throwable failure = null;
        if (isDone()) {
            return; // its start was torn, and its scope has ended it
        }
        starting = false;
        try {
            // One submitted from elsewhere lists itself only here: when the scope has cancelled
            // its tasks already, nobody else would cancel this one.
            if (!owner.enter(this) || owner.isEnding() && !isShielded()) {
                endBeforeItBegins(owner + " is ending");
            } else if (askedAbroad != null) {
                endBeforeItBegins(null);
            }
            Body<T> b = body;
            body = null;
            if (!isAskedToEnd() && b != null) {
                T result = b.run();
                outcome = isAskedToEnd() ? null : encode(result);
            }
        } catch (Throwable e) {
            failure = isAskedToEnd() && e instanceof InterruptedException ? null : e;
        }
        finish(outcome, failure);
    }

    private void endBeforeItBegins(@Nullable String why) {
        Cancellation c = cancellation();
        Request abroad = askedAbroad;
        if (c.message == null) {
            c.message = abroad != null && abroad.message != null ? abroad.message : why;
        }
        c.undelivered++;
    }

    private void finish(@Nullable Object outcome, @Nullable Throwable failure) {
        FutureImpl.tellUntold(fiber.scheduler);
        fiber.task = null;
        fiber.scope = null;
        fiber.locals = null;
        fiber.setEnded();
        try {
            if (failure != null && !(failure instanceof CancelledError)) {
                endWith(failure);
                scope.failed(this, failure);
            } else {
                end(outcome != null ? outcome : new Cancelled(why(failure)));
            }
        } finally {
            // Whatever went wrong, memory above all: else whoever waits would wait for ever.
            end(Failure.OUT_OF_MEMORY);
            Cancellation c = cancellation;
            if (c != null && c.shielded != null) {
                c.shielded.remove(this);
            }
            scope.leave(this);
        }
    }

    private @Nullable String why(@Nullable Throwable failure) {
        Cancellation c = cancellation;
        return failure != null ? failure.getMessage() : c == null ? null : c.message;
    }

    /**
     * The fiber's thread could not be started: ends the task in its stead. Called by the turn's
     * holder.
     */
    void couldNotStart(Throwable failure) {
        finish(null, failure);
    }

    /**
     * Makes the task ready to run its body. If that fails, by a stack overflow say, {@code
     * starting} stays up, and the scope's end ends the task: here there may be no stack left to do
     * it.
     */
    void start() {
        starting = true;
        loop().scheduler.start(fiber);
        starting = false;
    }

    /** Ends a task whose start was torn; on the loop, while none is being started. */
    void endIfNotStarted() {
        if (starting && !isDone()) {
            finish(null, null);
        }
    }

    /** Keeps its scope's end from cancelling it; before it starts. */
    void shieldIn(Set<TaskImpl<?>> tasks) {
        cancellation().shielded = tasks;
        tasks.add(this);
    }

    boolean isShielded() {
        Cancellation c = cancellation;
        return c != null && c.shielded != null;
    }

    /** Its scope, which ends, cancels it. */
    void tellToEnd() {
        cancellation().toldToEnd = true;
    }

    boolean isToldToEnd() {
        Cancellation c = cancellation;
        return c != null && c.toldToEnd;
    }

    /** On the loop, or before the task starts. */
    private Cancellation cancellation() {
        Cancellation c = cancellation;
        if (c == null) {
            c = new Cancellation();
            cancellation = c;
        }
        return c;
    }

    /** Whether a request is pending. */
    private boolean isAskedToEnd() {
        Cancellation c = cancellation;
        return c != null && c.undelivered > 0;
    }

    // ---- suspending

    /**
     * Suspends the current task until the future, where it is registered, is done, or the deadline
     * has passed.
     *
     * <p>A million stacks may lie here: nothing is kept in a variable that a field has.
     */
    void suspendUntil(FutureImpl<?> future, long deadline) {
        requireOther(future);
        Loop loop = loop();
        if (loop.isDebug()) {
            refuseCycle(future);
            HeldMonitors.reportAny(this);
        }
        noteSuspension(loop);
        FutureImpl.tellUntold(fiber.scheduler);
        boolean interrupted = takeInterrupt();
        boolean cancelled;
        awaiting = future;
        loop.awaiting++;
        try {
            if (cancellation != null) {
                passOnPending(cancellation);
            }
            if (deadline != Timers.NONE) {
                alarm = loop.wakeAt(deadline, fiber);
            }
            // A sleep, however short, lets others run.
            if (awaiting == Sleep.UNDISTURBED || !isOver()) {
                do {
                    loop().scheduler.suspend(fiber);
                    interrupted |= takeInterrupt();
                } while (!isOver());
            }
            cancelled = awaiting != null && awaiting.isCancelled();
        } finally {
            awaiting = null;
            loop().awaiting--;
            if (alarm != null) {
                loop().removeTimer(alarm);
                alarm = null;
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        // What was cancelled for a request tells of it even if that was taken back meanwhile, as in
        // asyncio: it was no stranger who did it.
        Cancellation c = cancellation;
        if (c != null && (isInCircle() || (c.forwarded ? cancelled : c.undelivered > 0))) {
            throw deliver(c);
        }
    }

    /** Whether what the task waits for has come. */
    private boolean isOver() {
        return awaiting == null || awaiting.isDone() || isInCircle() || isLate();
    }

    private boolean isLate() {
        Timers.Timer timer = alarm;
        return timer != null && loop().nanoTime() - timer.deadline >= 0;
    }

    private void passOnPending(Cancellation c) {
        c.forwarded = false;
        c.circular = false;
        FutureImpl<?> future = disturbable();
        if (c.undelivered > 0 && future != null) {
            c.latest = new Request(c.message);
            c.forwarded = passOn(c, c.latest, future);
            awaiting = future; // cancelling may run another library's code, which has awaited
        }
    }

    /** What the task awaits, which a request is to be passed on to. */
    private @Nullable FutureImpl<?> disturbable() {
        if (awaiting == Sleep.UNDISTURBED) {
            awaiting = Sleep.of(fiber);
        }
        return awaiting;
    }

    private boolean isInCircle() {
        Cancellation c = cancellation;
        return c != null && c.circular && c.undelivered > 0;
    }

    /** Throws if the future is this very task. */
    void requireOther(Future<?> future) {
        if (future == this) {
            throw new IllegalStateException(
                    description() + " cannot await itself: it would never end");
        }
    }

    /** Debug mode: an await that would close a cycle of tasks that await each other is refused. */
    private void refuseCycle(FutureImpl<?> future) {
        StringBuilder cycle = new StringBuilder(name());
        FutureImpl<?> next = future;
        for (int i = 0; next instanceof TaskImpl<?> task && i < MAX_CYCLE; i++) {
            cycle.append(" awaits ").append(task.name());
            if (task == this) {
                throw new IllegalStateException(
                        "these tasks would await each other for ever: " + cycle);
            }
            next = task.awaiting;
        }
    }

    private static final int MAX_CYCLE = 1000;

    /** For whoever has said that there would be none. */
    void noteSuspension(Loop loop) {
        NoSuspend watched = loop.noSuspend;
        if (watched != null) {
            watched.suspends(this);
        }
    }

    /** Clears the interrupt flag; true when it was set by somebody else than {@link #cancel}. */
    private boolean takeInterrupt() {
        boolean set = Thread.interrupted();
        Cancellation c = cancellation;
        if (set && c != null && c.interruptSent) {
            c.interruptSent = false;
            return false;
        }
        return set;
    }

    /** Throws a pending request; for suspension points that wait for nothing. */
    void throwIfCancelled() {
        if (isAskedToEnd()) {
            throw deliver(cancellation());
        }
    }

    private CancelledError deliver(Cancellation c) {
        // Calls come first: where there is no stack for them, nothing has been delivered.
        CancelledError error = new CancelledError(c.message);
        if (c.interruptSent) {
            Thread.interrupted();
            c.interruptSent = false;
        }
        c.undelivered = 0;
        c.deliveries++;
        return error;
    }

    /**
     * What a part of the body has thrown, for whoever runs such a part: an {@code
     * InterruptedException} that a request has caused is that request's delivery.
     */
    Throwable meaning(Throwable thrown) {
        return isAskedToEnd() && thrown instanceof InterruptedException
                ? deliver(cancellation()).initCause(thrown)
                : thrown;
    }

    /** As {@link #meaning}, for code that may be in a task or not; to be thrown. */
    static RuntimeException thrown(Throwable thrown) {
        Fiber fiber = Fiber.current();
        TaskImpl<?> task = fiber == null ? null : fiber.task;
        return unchecked(task == null ? thrown : task.meaning(thrown));
    }

    // ---- cancelling

    @Override
    public boolean cancel() {
        return cancel(null);
    }

    @Override
    public boolean cancel(@Nullable String text) {
        return cancelBecause(new Request(text));
    }

    @Override
    boolean cancelBecause(Request request) {
        if (isDone()) {
            return false;
        }
        Fiber current = Fiber.current();
        if (current != null && current.scheduler == fiber.scheduler) {
            request(request, current);
        } else {
            askedAbroad = request;
            // A loop that drops this callback has closed, and so its tasks have ended.
            loop().post(() -> request(request, null));
        }
        return true;
    }

    private void request(Request request, @Nullable Fiber current) {
        if (isDone()) {
            return;
        }
        Cancellation c = cancellation();
        if (request == c.latest) {
            // One that was posted may have come by two ways, and not in a circle: no harm.
            if (awaiting != null && (c.passingOn || current == null)) {
                c.circular = true;
                loop().scheduler.resume(fiber);
            }
            return;
        }
        c.latest = request;
        c.requests++;
        c.undelivered++;
        c.message = request.message;
        FutureImpl<?> future = disturbable();
        if (future != null) {
            boolean told = passOn(c, request, future);
            if (awaiting == future) { // cancelling may have taken its time
                c.forwarded = told || c.forwarded && (!future.isDone() || future.isCancelled());
            }
        } else if (current != fiber && listed) {
            // An interrupt of an earlier request that has not been noticed yet does for this one
            // too, and stays known as ours.
            c.interruptSent = c.interruptSent && fiber.thread().isInterrupted();
            interrupt(c);
        }
    }

    private static boolean passOn(Cancellation c, Request request, FutureImpl<?> future) {
        c.passingOn = true;
        try {
            return future.cancelBecause(request);
        } finally {
            c.passingOn = false;
        }
    }

    /**
     * Interrupts the task if it is parked in a JDK call; on the loop, while the task does not run.
     */
    private void interrupt(Cancellation c) {
        c.interruptQueued = false;
        if (c.undelivered > 0 && awaiting == null && !c.interruptSent && !isDone()) {
            c.interruptSent = loop().scheduler.interruptIfBlocked(fiber);
        }
    }

    /**
     * Loop mode: the task's thread has given the carrier back. Called on the bare carrier: enqueues
     * at most.
     */
    void afterSegment() {
        Cancellation c = cancellation;
        if (c != null
                && c.undelivered > 0
                && awaiting == null
                && !c.interruptSent
                && !c.interruptQueued) {
            Callback callback = new Callback(loop(), null, () -> interrupt(c));
            c.interruptQueued = true;
            loop().scheduler.enqueue(callback);
        }
    }

    @Override
    public int uncancel() {
        requireHere("Task.uncancel()");
        Cancellation c = cancellation;
        if (c == null || c.requests == 0) {
            return 0;
        }
        c.requests--;
        leave(c, Math.min(c.undelivered, c.requests));
        return c.requests;
    }

    /** Throws unless the caller is on the task's loop, or nobody is there any more. */
    void requireHere(String what) {
        Fiber current = Fiber.current();
        if ((current == null || current.scheduler != loop().scheduler) && !isDone()) {
            throw new IllegalStateException(
                    what
                            + " changes what loop "
                            + loop().name()
                            + " owns, and must be called there: use loop.callSoon(…) from elsewhere");
        }
    }

    private void leave(Cancellation c, int pending) {
        c.undelivered = pending;
        if (pending == 0 && c.interruptSent && Fiber.current() == fiber) {
            c.interruptSent = false;
            Thread.interrupted();
        }
    }

    /**
     * How many requests stand and are no news, as {@link CancelledError} was thrown for them: what
     * a group or a deadline remembers when it begins, to tell the later ones from them.
     */
    int settled() {
        Cancellation c = cancellation;
        return c == null ? 0 : c.requests - c.undelivered;
    }

    /** Cancels this task for an end of one's own; on the loop. Returns a stamp to take it back. */
    int cancelForOwnEnd(String why) {
        cancel(why);
        Cancellation c = cancellation;
        return c == null ? 0 : c.deliveries;
    }

    /**
     * Takes one's own request back, whether it was delivered or not.
     *
     * @param stamp when it was made
     * @param settled the count when one began
     * @return whether no other request has come since then
     */
    boolean takeBack(int stamp, int settled) {
        Cancellation c = cancellation();
        int pending = c.undelivered;
        if (stamp == c.deliveries && pending > 0) {
            pending--;
        }
        if (c.requests > 0) {
            c.requests--;
        }
        leave(c, Math.min(pending, Math.max(c.requests - settled, 0)));
        return c.requests <= settled;
    }

    /**
     * Makes the requests that came since then pending once more: their {@link CancelledError} goes
     * no further, since a failure takes precedence. The count stays.
     */
    void deliverAgain(int settled) {
        Cancellation c = cancellation();
        c.undelivered = Math.max(c.undelivered, c.requests - settled);
    }

    @Override
    public int cancelling() {
        Cancellation c = cancellation;
        return c == null ? 0 : c.requests;
    }

    // ---- describing

    ScopeImpl scope() {
        return scope;
    }

    /** Whether it waits in a call of Weft's; a snapshot, as are the next two. */
    boolean isAwaiting() {
        return awaiting != null;
    }

    /** Whether what it awaits has come, and it has only to run. */
    boolean isReady() {
        FutureImpl<?> future = awaiting;
        return future != null && future.isDone() || isLate();
    }

    /** Says what it awaits; null if nothing. */
    @Nullable String awaits() {
        FutureImpl<?> future = awaiting;
        Timers.Timer timer = alarm;
        if (future == Sleep.UNDISTURBED && timer != null) {
            long left = timer.deadline - loop().nanoTime();
            return "a sleep, " + Duration.ofNanos(Math.max(left, 0)) + " left";
        }
        return future == null ? null : future.description();
    }

    /** Whether its body has begun. */
    boolean hasBegun() {
        return body == null;
    }

    /** Where it was started; null but in debug mode. */
    @Nullable TaskOrigin origin() {
        return origin;
    }

    /** Its thread's id. */
    long number() {
        return number;
    }

    @Override
    public String name() {
        return name != null ? name : "Task-" + number;
    }

    @Override
    public Loop loop() {
        return scope.loop();
    }

    @Override
    ScopeImpl reportTo() {
        return scope;
    }

    @Override
    String description() {
        return name();
    }

    /** Says what the task does, for a scope that waits for it. */
    String situation() {
        FutureImpl<?> future = awaiting;
        Thread thread = fiber.thread;
        return name()
                + (isShielded() ? " (shielded)" : "")
                + (future != null
                        ? " awaiting " + (future == Sleep.UNDISTURBED ? awaits() : future)
                        : thread != null ? " in state " + thread.getState() : " just ended");
    }
}
