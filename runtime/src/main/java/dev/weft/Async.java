package dev.weft;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
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
     * Interrupting the calling thread cancels the body. So does SIGINT (Ctrl-C) when that is the
     * JVM's main thread and nobody else handles the signal; a second one ends the process at once,
     * see {@link Runner}.
     *
     * @param body what to run
     * @param <T> the type of its result
     * @return its result
     * @throws IllegalStateException inside a task or callback: use {@code await} there
     * @throws InterruptedRunException if SIGINT cancelled the body; uncaught, it ends the program
     *     with status 130
     * @throws java.util.concurrent.CancellationException if the body was cancelled otherwise
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
        try (Runner runner = Runner.open(options)) {
            return runner.run(body);
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
     * {@snippet file="CoreSnippetsTest.java" region="async"}
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
     * {@snippet file="CoreSnippetsTest.java" region="async"}
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
     * {@snippet file="CoreSnippetsTest.java" region="async"}
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
        task.suspendUntil(Sleep.UNDISTURBED, task.loop().nanoTime() + nanos);
    }

    /**
     * Lets every task and callback run that is ready now, then goes on. Counterpart of {@code
     * asyncio.sleep(0)}.
     *
     * <p><b>Cancellation</b>: a request that stands or arrives meanwhile is thrown.
     *
     * {@snippet file="CoreSnippetsTest.java" region="yieldNow"}
     *
     * @throws IllegalStateException outside a task
     */
    public static void yieldNow() {
        TaskImpl<?> task = TaskImpl.current("yieldNow");
        task.throwIfCancelled();
        task.noteSuspension(task.loop());
        task.fiber.scheduler.yield(task.fiber);
        task.throwIfCancelled();
    }

    /**
     * Runs a body on another thread and suspends the current task until it has ended: for file I/O
     * and other calls that would hold the loop. It runs on the loop's {@linkplain
     * Loop#defaultExecutor() default executor}; when all its threads are busy, callers wait in the
     * order in which they came. Counterpart of {@code asyncio.to_thread} and of {@code
     * run_in_executor(None, …)}.
     *
     * <p>The body is no task: it may block, and it may not {@code await}. For computations see
     * {@link Offload#cpu()}.
     *
     * <p><b>Cancellation</b>: a body that has not started never runs. One that runs is interrupted,
     * and {@link CancelledError} is thrown when it has ended: its result is lost, and a failure,
     * unless it comes from the interrupt, goes to the loop's exception handler. If it has not ended
     * after a grace ({@link LoopOptions#offloadGrace(Duration)}, 5 seconds), {@code CancelledError}
     * is thrown all the same; the body goes on, keeps its thread, and is reported with its stack.
     *
     * {@snippet file="OffloadSnippetsTest.java" region="offload"}
     *
     * @param body what to run
     * @param <T> the type of its result
     * @return its result; its failure is thrown as {@link #await(Future)} would
     * @throws IllegalStateException outside a task
     * @throws java.util.concurrent.RejectedExecutionException if the executor was set and rejects
     *     the body, which then never runs
     */
    public static <T extends @Nullable Object> T offload(Body<T> body) {
        Checks.notNull(body, "body");
        return Offload.run(null, body);
    }

    /**
     * As {@link #offload(Body)}, for a body without a result.
     *
     * @param body what to run
     */
    public static void offload(Action body) {
        offload(body(body));
    }

    /**
     * As {@link #offload(Body)}, on an executor of one's own; any will do, Netty's {@code
     * EventExecutorGroup} included. It has to run each body that it accepts. Counterpart of {@code
     * run_in_executor}.
     *
     * @param executor what to run the body on
     * @param body what to run
     * @param <T> the type of its result
     * @return its result
     * @throws java.util.concurrent.RejectedExecutionException if the executor rejects the body,
     *     which then never runs
     */
    public static <T extends @Nullable Object> T offload(Executor executor, Body<T> body) {
        Checks.notNull(executor, "executor");
        Checks.notNull(body, "body");
        return Offload.run(executor, body);
    }

    /**
     * As {@link #offload(Executor, Body)}, for a body without a result.
     *
     * @param executor what to run the body on
     * @param body what to run
     */
    public static void offload(Executor executor, Action body) {
        offload(executor, body(body));
    }

    /**
     * Runs a body with a scope of its own: tasks started in it are cancelled, then awaited, when
     * the body ends. What a connection or a request does with its tasks; suspends until they have
     * ended.
     *
     * {@snippet file="CoreSnippetsTest.java" region="scope"}
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
     * {@snippet file="CoreSnippetsTest.java" region="timeoutAt"}
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
     * {@snippet file="CoreSnippetsTest.java" region="waitFor"}
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
        return DeadlineImpl.waitFor(future, limit);
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
     * @throws IllegalStateException outside a task, or if a task awaits itself
     */
    public static <T extends @Nullable Object> T shield(Future<T> future) {
        Checks.notNull(future, "future");
        TaskImpl.current("shield").requireOther(future);
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

    // ---- several at once

    /**
     * Suspends the current task until all futures are done, and returns their results in the order
     * given. Counterpart of {@code asyncio.gather}.
     *
     * <p>The first failure is thrown at once, as {@link #await(Future)} would throw it; the other
     * futures go on. So does {@code gather} in asyncio, but here the failures of those others are
     * not swallowed: each is reported like any that nobody retrieved, at the latest when its scope
     * ends. Where that is not wanted, use {@link #gatherOutcomes(Collection) gatherOutcomes} to get
     * them all, or {@link #map map}, which ends the others. A future that was cancelled counts as
     * failing. A future may be given twice.
     *
     * <p><b>Cancellation</b>: cancelling the current task cancels all futures that are not done;
     * {@link CancelledError} is thrown when all have ended. (In asyncio, when the first has.)
     * Results are lost for the caller, failures are reported.
     *
     * {@snippet file="AggregationSnippetsTest.java" region="gather"}
     *
     * @param futures what to wait for; none gives an empty list. Of this loop or any other
     * @param <T> the type of the results
     * @return the results, in the order of the futures; cannot be modified
     * @throws IllegalStateException outside a task, or if the current task is one of the futures
     * @throws java.util.concurrent.CancellationException if somebody else cancelled a future
     */
    public static <T extends @Nullable Object> List<T> gather(
            Collection<? extends Future<? extends T>> futures) {
        return Gather.results(Several.of(futures));
    }

    /**
     * As {@link #gather(Collection)}.
     *
     * @param futures what to wait for
     * @param <T> the type of the results
     * @return the results, in the order of the futures; cannot be modified
     */
    @SafeVarargs
    public static <T extends @Nullable Object> List<T> gather(Future<? extends T>... futures) {
        return Gather.results(Several.of(futures));
    }

    /**
     * Suspends the current task until all futures are done, and returns how each has ended, in the
     * order given. Failures count as retrieved. Counterpart of {@code
     * asyncio.gather(return_exceptions=True)}.
     *
     * <p><b>Cancellation</b>: cancels all futures that are not done; {@link CancelledError} is
     * thrown when all have ended.
     *
     * {@snippet file="AggregationSnippetsTest.java" region="gatherOutcomes"}
     *
     * @param futures what to wait for; none gives an empty list. Of this loop or any other
     * @param <T> the type of the results
     * @return the outcomes, in the order of the futures; cannot be modified
     * @throws IllegalStateException outside a task, or if the current task is one of the futures
     */
    public static <T extends @Nullable Object> List<Outcome<T>> gatherOutcomes(
            Collection<? extends Future<? extends T>> futures) {
        return Gather.outcomes(Several.of(futures));
    }

    /**
     * As {@link #gatherOutcomes(Collection)}.
     *
     * @param futures what to wait for
     * @param <T> the type of the results
     * @return the outcomes, in the order of the futures; cannot be modified
     */
    @SafeVarargs
    public static <T extends @Nullable Object> List<Outcome<T>> gatherOutcomes(
            Future<? extends T>... futures) {
        return Gather.outcomes(Several.of(futures));
    }

    /**
     * Suspends the current task until all futures are done, however they end. Counterpart of {@code
     * asyncio.wait}.
     *
     * <p>Failures are neither thrown nor retrieved: ask the futures that are done.
     *
     * <p><b>Cancellation</b>: ends the waiting; the futures go on.
     *
     * {@snippet file="AggregationSnippetsTest.java" region="awaitAll"}
     *
     * @param futures what to wait for, at least one; of this loop or any other
     * @param <F> the type of the futures
     * @return all of them, as done
     * @throws IllegalArgumentException if there are none
     * @throws IllegalStateException outside a task, or if the current task is one of the futures
     */
    public static <F extends Future<?>> Waited<F> awaitAll(Collection<? extends F> futures) {
        return Waiting.await("awaitAll", futures, Several.Until.ALL_DONE);
    }

    /**
     * As {@link #awaitAll(Collection)}, for a limited time. That it runs out is no error, and
     * cancels nothing.
     *
     * @param futures what to wait for, at least one
     * @param timeout how long to wait at most, 0 or more; zero looks without waiting
     * @param <F> the type of the futures
     * @return those that are done then, and the others
     */
    public static <F extends Future<?>> Waited<F> awaitAll(
            Collection<? extends F> futures, Duration timeout) {
        return Waiting.await("awaitAll", futures, Several.Until.ALL_DONE, timeout);
    }

    /**
     * Suspends the current task until at least one future is done, however it ends. Counterpart of
     * {@code asyncio.wait(return_when=FIRST_COMPLETED)}; otherwise as {@link
     * #awaitAll(Collection)}.
     *
     * <p><b>Cancellation</b>: ends the waiting; the futures go on.
     *
     * {@snippet file="AggregationSnippetsTest.java" region="awaitFirst"}
     *
     * @param futures what to wait for, at least one; of this loop or any other
     * @param <F> the type of the futures
     * @return those that are done then, and the others
     * @throws IllegalArgumentException if there are none
     * @throws IllegalStateException outside a task, or if the current task is one of the futures
     */
    public static <F extends Future<?>> Waited<F> awaitFirst(Collection<? extends F> futures) {
        return Waiting.await("awaitFirst", futures, Several.Until.FIRST_DONE);
    }

    /**
     * As {@link #awaitFirst(Collection)}, for a limited time. That it runs out is no error, and
     * cancels nothing.
     *
     * @param futures what to wait for, at least one
     * @param timeout how long to wait at most, 0 or more; zero looks without waiting
     * @param <F> the type of the futures
     * @return those that are done then, perhaps none, and the others
     */
    public static <F extends Future<?>> Waited<F> awaitFirst(
            Collection<? extends F> futures, Duration timeout) {
        return Waiting.await("awaitFirst", futures, Several.Until.FIRST_DONE, timeout);
    }

    /**
     * Suspends the current task until a future has failed or all are done; one that was cancelled
     * has not failed. Counterpart of {@code asyncio.wait(return_when=FIRST_EXCEPTION)}; otherwise
     * as {@link #awaitAll(Collection)}.
     *
     * <p><b>Cancellation</b>: ends the waiting; the futures go on.
     *
     * {@snippet file="AggregationSnippetsTest.java" region="awaitFirstFailure"}
     *
     * @param futures what to wait for, at least one; of this loop or any other
     * @param <F> the type of the futures
     * @return those that are done then, and the others
     * @throws IllegalArgumentException if there are none
     * @throws IllegalStateException outside a task, or if the current task is one of the futures
     */
    public static <F extends Future<?>> Waited<F> awaitFirstFailure(
            Collection<? extends F> futures) {
        return Waiting.await("awaitFirstFailure", futures, Several.Until.FIRST_FAILED);
    }

    /**
     * As {@link #awaitFirstFailure(Collection)}, for a limited time. That it runs out is no error,
     * and cancels nothing.
     *
     * @param futures what to wait for, at least one
     * @param timeout how long to wait at most, 0 or more; zero looks without waiting
     * @param <F> the type of the futures
     * @return those that are done then, and the others
     */
    public static <F extends Future<?>> Waited<F> awaitFirstFailure(
            Collection<? extends F> futures, Duration timeout) {
        return Waiting.await("awaitFirstFailure", futures, Several.Until.FIRST_FAILED, timeout);
    }

    /**
     * The futures given, in the order in which they are done, for a for-each loop whose steps
     * suspend. Does not suspend itself, and may be called on any thread. Counterpart of {@code
     * asyncio.as_completed} as of 3.13, which gives the original tasks too.
     *
     * {@snippet file="AggregationSnippetsTest.java" region="asCompleted"}
     *
     * @param futures what to wait for; one that is given twice comes once. Of any loop
     * @param <F> the type of the futures
     * @return an iterator over them
     */
    public static <F extends Future<?>> AsCompleted<F> asCompleted(
            Collection<? extends F> futures) {
        return AsCompleted.of(futures, null);
    }

    /**
     * As {@link #asCompleted(Collection)}, for a limited time, which begins now. When it is over
     * and no future is there that was done in time, {@link AsCompleted#next} throws {@link
     * DeadlineExceededException}, and the futures go on.
     *
     * @param futures what to wait for
     * @param timeout how long to wait at most for all of them, 0 or more
     * @param <F> the type of the futures
     * @return an iterator over them
     */
    public static <F extends Future<?>> AsCompleted<F> asCompleted(
            Collection<? extends F> futures, Duration timeout) {
        return AsCompleted.of(futures, Checks.notNull(timeout, "timeout"));
    }

    /**
     * Runs a body for each item, a limited number of them at a time, and returns their values in
     * the order of the items. Suspends until all have ended. Has no counterpart in asyncio, where
     * one writes it with a task group and a semaphore; no more than {@code limit} tasks are
     * started, however many the items.
     *
     * <p>The first failure cancels what runs; when that has ended it is thrown, as {@link
     * #await(Future)} would, with those that came after it as suppressed. Tasks that the body
     * starts belong to a scope that ends with the call.
     *
     * <p><b>Cancellation</b>: cancels what runs, and {@link CancelledError} is thrown when that has
     * ended. What had been done is done; values are lost, failures are reported.
     *
     * {@snippet file="AggregationSnippetsTest.java" region="map"}
     *
     * @param items the items; they are copied first
     * @param limit how many to run at a time, 1 or more
     * @param body what to run for each
     * @param <T> the type of the items
     * @param <R> the type of the values
     * @return the values, in the order of the items; cannot be modified
     * @throws IllegalStateException outside a task
     * @throws java.util.concurrent.CancellationException if a body cancelled its own task
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> List<R> map(
            Collection<? extends T> items, int limit, ItemBody<? super T, ? extends R> body) {
        return Mapping.map(items, limit, body);
    }

    /**
     * Runs a body that must not suspend, so that nothing else of the loop can run in between: for a
     * look at shared state and the change that follows from it. It asserts, and prevents nothing:
     * what the body has done is done.
     *
     * <p>In loop mode a JDK call that blocks suspends too, and so may any library call that can
     * block.
     *
     * {@snippet file="NoSuspendTest.java" region="noSuspend"}
     *
     * <p><b>Cancellation</b>: is thrown in the body at the suspension point that should not be
     * there, and by this call.
     *
     * @param body what to run
     * @param <T> the type of its result
     * @return its result
     * @throws IllegalStateException once the body has ended, if it has suspended; the cause says
     *     where it did so in Weft, and what the body threw is suppressed. Also on a thread of no
     *     loop. What the body throws otherwise is thrown as {@link #await(Future)} would
     */
    public static <T extends @Nullable Object> T noSuspend(Body<T> body) {
        return NoSuspend.run(body);
    }

    /**
     * As {@link #noSuspend(Body)}, for a body without a result.
     *
     * @param body what to run
     */
    public static void noSuspend(Action body) {
        NoSuspend.run(body(body));
    }

    static Body<@Nullable Void> body(Action action) {
        Checks.notNull(action, "body");
        return () -> {
            action.run();
            return null;
        };
    }
}
