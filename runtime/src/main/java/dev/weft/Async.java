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
        PromiseImpl<@Nullable Void> elapsed = new PromiseImpl<>(null);
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
        ScopeImpl scope = new ScopeImpl(task.loop(), "a scope of " + task.name());
        try {
            return scope.run(task, () -> body.run(scope));
        } catch (Exception e) {
            throw FutureImpl.unchecked(e);
        }
    }

    static Body<@Nullable Void> body(Action action) {
        Checks.notNull(action, "body");
        return () -> {
            action.run();
            return null;
        };
    }
}
