package dev.weft;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The verbs of a task, for {@code import static dev.weft.Async.*}. Counterpart of the functions of
 * Python's {@code asyncio} module.
 *
 * {@snippet file="SnippetsTest.java" region="run"}
 */
public final class Async {
    private Async() {}

    /**
     * Opens a loop, runs a body on it as a task, closes the loop. Blocks the calling thread
     * meanwhile. Counterpart of {@code asyncio.run}.
     *
     * <p>When the body has ended, tasks that it left behind are cancelled, then awaited.
     * Interrupting the calling thread cancels the body.
     *
     * @param body what to run
     * @param <T> the type of its result
     * @return its result
     * @throws IllegalStateException inside a task or callback: use {@code await} there
     * @throws java.util.concurrent.CancellationException if the body was cancelled
     */
    public static <T extends @Nullable Object> T run(Body<T> body) {
        return run(LoopOptions.defaults(), body);
    }

    /**
     * As {@link #run(Body)}, for a body without a result.
     *
     * @param body what to run
     */
    public static void run(Action body) {
        run(LoopOptions.defaults(), body(body));
    }

    /**
     * As {@link #run(Body)}, on a loop with options.
     *
     * @param options the loop's options
     * @param body what to run
     * @param <T> the type of its result
     * @return its result
     */
    public static <T extends @Nullable Object> T run(LoopOptions options, Body<T> body) {
        Checks.notNull(options, "options");
        Checks.notNull(body, "body");
        Loop.requireForeignThread("Async.run");
        try (Loop loop = Loop.open(options)) {
            return loop.run(body);
        }
    }

    /**
     * As {@link #run(LoopOptions, Body)}, for a body without a result.
     *
     * @param options the loop's options
     * @param body what to run
     */
    public static void run(LoopOptions options, Action body) {
        run(options, body(body));
    }

    /**
     * Starts a task in the current scope. Does not suspend: the task is made ready, at the tail of
     * the loop's queue. Counterpart of {@code asyncio.create_task}, but the task ends before its
     * scope does, and the loop holds it until then.
     *
     * <p>Its failure goes to whoever awaits it, and cancels nobody.
     *
     * @param body what the task runs
     * @param <T> the type of its result
     * @return the task
     * @throws IllegalStateException on a thread of no loop: use {@link Loop#submit} there
     */
    public static <T extends @Nullable Object> Task<T> async(Body<T> body) {
        return start(null, body);
    }

    /**
     * As {@link #async(Body)}, for a body without a result.
     *
     * @param body what the task runs
     * @return the task
     */
    public static Task<@Nullable Void> async(Action body) {
        return start(null, body(body));
    }

    /**
     * As {@link #async(Body)}, with a name for dumps and reports.
     *
     * @param name the task's name, and its thread's
     * @param body what the task runs
     * @param <T> the type of its result
     * @return the task
     */
    public static <T extends @Nullable Object> Task<T> async(String name, Body<T> body) {
        return start(Checks.notNull(name, "name"), body);
    }

    /**
     * As {@link #async(String, Body)}, for a body without a result.
     *
     * @param name the task's name, and its thread's
     * @param body what the task runs
     * @return the task
     */
    public static Task<@Nullable Void> async(String name, Action body) {
        return start(Checks.notNull(name, "name"), body(body));
    }

    private static <T extends @Nullable Object> Task<T> start(@Nullable String name, Body<T> body) {
        Checks.notNull(body, "body");
        Fiber fiber = Fiber.current();
        if (fiber == null) {
            throw new IllegalStateException(
                    "async needs a loop, and this thread has none: wrap the code in Async.run(() -> …), or use"
                            + " loop.submit(…) from a foreign thread");
        }
        ScopeImpl scope = fiber.scope;
        return (scope != null ? scope : Loop.of(fiber).root()).start(name, body);
    }

    /**
     * Suspends the current task until a future is done, and returns its result. Returns at once
     * when it is done already.
     *
     * <p><b>Cancellation</b>: cancelling the current task cancels the future, as in asyncio, and
     * {@link CancelledError} is thrown when that is done. If a task that is awaited so gives a
     * result all the same, {@code await} returns it, and the next suspension point throws.
     *
     * @param future what to wait for; of this loop or any other
     * @param <T> the type of the result
     * @return the result
     * @throws IllegalStateException outside a task, or if a task awaits itself
     * @throws java.util.concurrent.CancellationException if the future was cancelled by somebody
     *     else
     * @throws java.io.UncheckedIOException around the future's failure, if that is an {@code
     *     IOException}
     * @throws java.util.concurrent.CompletionException around the future's failure, if that is
     *     another checked exception; any other failure is thrown as it is, the same object
     */
    public static <T extends @Nullable Object> T await(Future<T> future) {
        FutureImpl<T> f = (FutureImpl<T>) Checks.notNull(future, "future");
        if (f.isDone()) {
            return f.awaited();
        }
        TaskImpl<?> task = TaskImpl.current("await");
        f.suspend(task, task.fiber, Timers.NONE);
        return f.awaited();
    }

    /**
     * As {@link #await(Future)}, for a stage of the JDK's. Cancelling the current task cancels the
     * stage's {@code CompletableFuture}.
     *
     * @param stage what to wait for
     * @param <T> the type of the result
     * @return the result
     */
    public static <T extends @Nullable Object> T await(CompletionStage<T> stage) {
        Checks.notNull(stage, "stage");
        TaskImpl.current("await");
        return await(AdaptedFuture.of(stage));
    }

    /**
     * Suspends the current task for a time; zero is {@link #yieldNow}. Counterpart of {@code
     * asyncio.sleep}.
     *
     * <p><b>Cancellation</b>: ends the sleep.
     *
     * @param duration how long, 0 or more
     * @throws IllegalStateException outside a task
     */
    public static void sleep(Duration duration) {
        long nanos = Checks.nanos(duration, "duration");
        if (nanos == 0) {
            yieldNow();
            return;
        }
        TaskImpl<?> task = TaskImpl.current("sleep");
        PromiseImpl<@Nullable Void> elapsed = new PromiseImpl.Sleep(duration);
        Loop loop = task.loop();
        Timers.Timer timer = loop.completeAt(loop.nanoTime() + nanos, elapsed);
        try {
            await(elapsed);
        } finally {
            loop.removeTimer(timer);
        }
    }

    /**
     * Lets every task and callback run that is ready now, then goes on. Counterpart of {@code
     * asyncio.sleep(0)}.
     *
     * <p><b>Cancellation</b>: a request that stands or arrives meanwhile is thrown.
     *
     * @throws IllegalStateException outside a task
     */
    public static void yieldNow() {
        TaskImpl<?> task = TaskImpl.current("yieldNow");
        task.throwIfCancelled();
        task.fiber.scheduler.yield(task.fiber);
        task.throwIfCancelled();
    }

    /**
     * Runs a body with a scope of its own: tasks started in it are cancelled, then awaited, when
     * the body ends. What a connection or a request does with its tasks; suspends until they have
     * ended.
     *
     * @param body what to run; it is given the scope, to hand on to code that starts tasks in it
     * @param <T> the type of its result
     * @return its result
     * @throws IllegalStateException outside a task; what the body throws is thrown as {@link
     *     #await(Future)} would
     */
    public static <T extends @Nullable Object> T scope(Scope.Body<T> body) {
        Checks.notNull(body, "body");
        TaskImpl<?> task = TaskImpl.current("scope");
        ScopeImpl scope =
                new ScopeImpl(
                        task.loop(), "a scope of " + task.name(), Fiber.currentOf(task).scope);
        try {
            return scope.run(task, () -> body.run(scope));
        } catch (Exception e) {
            throw FutureImpl.unchecked(e);
        }
    }

    /**
     * Runs a body with a group of tasks, and suspends until the body and all of them have ended.
     * The first failure, of the body or of a child that {@link Group#async} started, cancels the
     * others. Counterpart of {@code async with asyncio.TaskGroup()}.
     *
     * <p><b>Cancellation</b>: cancels the body and all tasks, waits until they have ended, and
     * throws {@link CancelledError}; if one of them failed, its failure is thrown, and the current
     * task's next suspension point throws {@code CancelledError}.
     *
     * {@snippet file="SnippetsTest.java" region="group"}
     *
     * @param body what to run; it is given the group
     * @param <T> the type of its result
     * @return its result; null if {@link Group#cancel} has cut it short
     * @throws IllegalStateException outside a task. The first failure is thrown as {@link
     *     #await(Future)} would, with the others as suppressed, when all tasks have ended
     */
    public static <T extends @Nullable Object> T group(Group.Body<T> body) {
        Checks.notNull(body, "body");
        TaskImpl<?> task = TaskImpl.current("group");
        return new GroupImpl(task, Fiber.currentOf(task).scope).runBody(body);
    }

    /**
     * As {@link #group(Group.Body)}, for a body without a result.
     *
     * @param body what to run; it is given the group
     */
    @SuppressWarnings("overloads") // a block tells which is meant; an expression needs braces
    public static void group(Group.Action body) {
        Checks.notNull(body, "body");
        group(
                (Group.Body<@Nullable Void>)
                        g -> {
                            body.run(g);
                            return null;
                        });
    }

    /**
     * Runs a body in the current task, and cancels it if it takes too long. Counterpart of {@code
     * async with asyncio.timeout(…)}.
     *
     * <p>The limit works at suspension points: a body that computes on is not stopped. A body that
     * ends in spite of the limit, with a result or another failure, keeps it.
     *
     * <p><b>Cancellation</b>: that of the body.
     *
     * {@snippet file="SnippetsTest.java" region="timeout"}
     *
     * @param limit how long it may take, 0 or more; with 0 its first suspension point throws
     * @param body what to run
     * @param <T> the type of its result
     * @return its result
     * @throws DeadlineExceededException if the limit has cancelled the body
     * @throws IllegalStateException outside a task
     */
    public static <T extends @Nullable Object> T timeout(Duration limit, Body<T> body) {
        Checks.notNull(body, "body");
        return DeadlineImpl.within(limit, deadline -> body.run());
    }

    /**
     * As {@link #timeout(Duration, Body)}, for a body without a result.
     *
     * @param limit how long it may take, 0 or more
     * @param body what to run
     */
    public static void timeout(Duration limit, Action body) {
        timeout(limit, body(body));
    }

    /**
     * As {@link #timeout(Duration, Body)}, for a body that moves its deadline.
     *
     * @param limit how long it may take at first, 0 or more
     * @param body what to run; it is given the deadline
     * @param <T> the type of its result
     * @return its result
     */
    public static <T extends @Nullable Object> T timeout(Duration limit, Deadline.Body<T> body) {
        return DeadlineImpl.within(limit, body);
    }

    /**
     * As {@link #timeout(Duration, Deadline.Body)}, for a body without a result.
     *
     * @param limit how long it may take at first, 0 or more
     * @param body what to run; it is given the deadline
     */
    @SuppressWarnings("overloads") // as for group
    public static void timeout(Duration limit, Deadline.Action body) {
        DeadlineImpl.within(limit, withoutResult(body));
    }

    /**
     * As {@link #timeout(Duration, Deadline.Body)}, up to a point of the loop's clock. Counterpart
     * of {@code asyncio.timeout_at}.
     *
     * @param when the point, as {@link Loop#time} counts; one in the past makes the first
     *     suspension point throw
     * @param body what to run; it is given the deadline
     * @param <T> the type of its result
     * @return its result
     */
    public static <T extends @Nullable Object> T timeoutAt(Duration when, Deadline.Body<T> body) {
        return DeadlineImpl.at(when, body);
    }

    /**
     * As {@link #timeoutAt(Duration, Deadline.Body)}, for a body without a result.
     *
     * @param when the point, as {@link Loop#time} counts
     * @param body what to run; it is given the deadline
     */
    @SuppressWarnings("overloads") // as for group
    public static void timeoutAt(Duration when, Deadline.Action body) {
        DeadlineImpl.at(when, withoutResult(body));
    }

    private static Deadline.Body<@Nullable Void> withoutResult(Deadline.Action body) {
        Checks.notNull(body, "body");
        return deadline -> {
            body.run(deadline);
            return null;
        };
    }

    /**
     * Suspends the current task until a future is done, and returns its result; cancels the future
     * if that takes too long, and waits until it has ended. Counterpart of {@code
     * asyncio.wait_for}.
     *
     * <p><b>Cancellation</b>: cancels the future, as {@link #await(Future)} does.
     *
     * @param future what to wait for
     * @param limit how long it may take, 0 or more; with 0 it must be done already
     * @param <T> the type of the result
     * @return the result, also one that the future gave after it was cancelled
     * @throws DeadlineExceededException if the limit has cancelled the future
     * @throws IllegalStateException outside a task; the future's failure as {@link #await(Future)}
     *     throws it
     */
    public static <T extends @Nullable Object> T waitFor(Future<T> future, Duration limit) {
        Checks.notNull(future, "future");
        Checks.nanos(limit, "limit");
        TaskImpl.current("waitFor");
        if (future.isDone()) {
            return await(future);
        }
        return timeout(limit, () -> await(future));
    }

    /**
     * Runs a body as a task of its own, which goes on when the current task is cancelled, and
     * suspends until it has ended. Neither the cancellation of the current task nor that of its
     * scope reaches the body, only the end of {@code run}; but the scope waits for it. Counterpart
     * of {@code asyncio.shield}.
     *
     * <p><b>Cancellation</b>: {@link CancelledError} is thrown at once, and the body goes on. If it
     * fails later, its failure is reported to the loop's exception handler.
     *
     * {@snippet file="SnippetsTest.java" region="shield"}
     *
     * @param body what to run
     * @param <T> the type of its result
     * @return its result
     * @throws IllegalStateException outside a task; the body's failure as {@link #await(Future)}
     *     throws it
     */
    public static <T extends @Nullable Object> T shield(Body<T> body) {
        Checks.notNull(body, "body");
        TaskImpl<?> task = TaskImpl.current("shield");
        ScopeImpl scope = Fiber.currentOf(task).scope;
        return awaitShielded((scope != null ? scope : task.loop().root()).startShielded(body));
    }

    /**
     * As {@link #shield(Body)}, for a body without a result.
     *
     * @param body what to run
     */
    public static void shield(Action body) {
        shield(body(body));
    }

    /**
     * As {@link #await(Future)}, but cancelling the current task does not cancel the future.
     *
     * <p><b>Cancellation</b>: {@link CancelledError} is thrown at once; nothing happens to the
     * future. If it is a task, its scope may still cancel it.
     *
     * @param future what to wait for
     * @param <T> the type of the result
     * @return the result
     */
    public static <T extends @Nullable Object> T shield(Future<T> future) {
        Checks.notNull(future, "future");
        TaskImpl.current("shield");
        return awaitShielded((FutureImpl<T>) future);
    }

    private static <T extends @Nullable Object> T awaitShielded(FutureImpl<T> future) {
        if (!future.isDone()) {
            PromiseImpl<@Nullable Void> done = new PromiseImpl<>(null);
            Handle relay = future.relay(done);
            try {
                await(done);
            } finally {
                relay.cancel();
            }
        }
        return future.awaited();
    }

    static Body<@Nullable Void> body(Action action) {
        Checks.notNull(action, "body");
        return () -> {
            action.run();
            return null;
        };
    }
}
