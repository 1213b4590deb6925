package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.gather;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Names, states and results of tasks, as CPython's test_tasks.py has them. */
class TaskTest {
    private static final Duration LONG = Duration.ofHours(1);
    private final List<Object> log = new ArrayList<>();

    @AsyncTest
    void namesThatWeftGivesDifferAndGrow() {
        Task<Integer> first = async(() -> 1);
        Task<Integer> second = async(() -> 2);
        assertThat(first.name()).matches("Task-\\d+");
        assertThat(number(first)).isLessThan(number(second));
        gather(first, second);
    }

    private static long number(Task<?> task) {
        return Long.parseLong(task.name().substring("Task-".length()));
    }

    @AsyncTest
    void theCurrentTaskIsTheOneThatRunsWhoeverRanInBetween() {
        Promise<Void> first = Promise.create();
        Promise<Void> second = Promise.create();
        Task<?>[] tasks = new Task<?>[2];
        tasks[0] =
                async(() -> {
                    log.add(Task.current() == tasks[0]);
                    await(first);
                    log.add(Task.current() == tasks[0]);
                    second.complete(null);
                });
        tasks[1] =
                async(() -> {
                    log.add(Task.current() == tasks[1]);
                    first.complete(null);
                    await(second);
                    log.add(Task.current() == tasks[1]);
                });
        gather(tasks[0], tasks[1]);
        assertThat(log).containsExactly(true, true, true, true);
    }

    @Test
    void outsideALoopThereIsNoCurrentTask() {
        assertThatThrownBy(Task::current)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("Task.current() needs a task, and this thread runs none");
    }

    @AsyncTest
    void aCallbackIsNoTask() {
        AtomicReference<Throwable> inCallback = new AtomicReference<>();
        Loop.current().callSoon(() -> inCallback.set(catchThrowable(Task::current)));
        yieldNow();
        assertThat(inCallback.get()).hasMessageContaining("this is a callback of loop");
    }

    @AsyncTest
    void aBodyIsNeeded() {
        assertThatThrownBy(() -> async((Body<String>) null)).hasMessage("body must not be null");
        assertThatThrownBy(() -> async(null, () -> 1)).hasMessage("name must not be null");
    }

    @AsyncTest
    void aFutureThatABodyReturnsIsItsResultAndNotAwaited() {
        Promise<String> promise = Promise.create();
        Task<Promise<String>> task = async(() -> promise);
        assertThat(await(task)).isSameAs(promise);
        assertThat(promise.isDone()).isFalse();
    }

    @AsyncTest
    void aPendingTaskHasNeitherResultNorFailure() {
        Task<Integer> task = async(() -> 7);
        assertThat(task.isDone()).isFalse();
        assertThat(task.isCancelled()).isFalse();
        assertThat(task.state()).isEqualTo(java.util.concurrent.Future.State.RUNNING);
        assertThatThrownBy(task::resultNow)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageEndingWith("is not done");
        assertThatThrownBy(task::exceptionNow).isInstanceOf(IllegalStateException.class);
        assertThat(await(task)).isEqualTo(7);
        assertThat(task.resultNow()).isEqualTo(7);
        assertThatThrownBy(task::exceptionNow).hasMessageEndingWith("has a result");
        assertThat(task.cancel()).isFalse();
    }

    @AsyncTest
    void aTaskThatAwaitsAnotherThatAwaitsItCanBePrinted() {
        Task<?>[] tasks = new Task<?>[2];
        tasks[0] = async("a", () -> await(tasks[1]));
        tasks[1] = async("b", () -> await(tasks[0]));
        yieldNow();
        assertThat(tasks[0].toString()).isEqualTo("a[running]");
        assertThat(((TaskImpl<?>) tasks[0]).situation()).isEqualTo("a awaiting b[running]");
        tasks[0].cancel();
        Async.awaitAll(List.of(tasks[0], tasks[1]));
    }

    @AsyncTest
    void whatATaskGathersIsSaidWhenItsScopeWaits() {
        Promise<Void> never = Promise.create();
        Task<?> task = async("a", () -> gather(never, never));
        yieldNow();
        assertThat(((TaskImpl<?>) task).situation())
                .isEqualTo("a awaiting gather of 2 futures[running]");
        never.complete(null);
        await(task);
    }

    @AsyncTest
    void awaitingAFailureAgainAndAgainLeavesItAsItIs() {
        Task<Integer> task = async(() -> 1 / zero());
        Throwable first = catchThrowable(() -> await(task));
        StackTraceElement[] trace = first.getStackTrace();
        assertThat(trace[0].getMethodName()).as("where the body failed").contains("lambda");
        for (int i = 0; i < 5; i++) {
            assertThat(catchThrowable(() -> await(task))).isSameAs(first);
        }
        assertThat(first.getStackTrace()).isEqualTo(trace);
        assertThat(first.getSuppressed()).isEmpty();
        assertThat(first.getCause()).isNull();
    }

    private static int zero() {
        return 0;
    }

    @AsyncTest
    void aTaskThatOnlyAnUnreachablePromiseCouldWakeIsNotCollected() {
        Async.scope(scope -> {
            forgotten(scope);
            yieldNow();
            for (int i = 0; i < 3; i++) {
                System.gc();
                yieldNow();
            }
            assertThat(log).isEmpty();
            return null;
        });
        assertThat(log).as("its scope has cancelled it").containsExactly("cancelled");
    }

    private void forgotten(Scope scope) {
        Task<Void> task =
                scope.async(() -> {
                    try {
                        await(Promise.create());
                    } catch (CancelledError e) {
                        log.add("cancelled");
                        throw e;
                    }
                });
        assertThat(task.isDone()).isFalse();
    }

    // ---- from foreign threads

    /** Runs a step on a thread of no loop. */
    private static void onAForeignThread(Action step) {
        Promise<Void> done = Promise.create();
        Thread.ofPlatform()
                .start(() -> {
                    try {
                        step.run();
                        done.complete(null);
                    } catch (Throwable e) {
                        done.fail(e);
                    }
                });
        await(done);
    }

    @AsyncTest
    void aForeignThreadSubmitsATaskAndGetsItsResult() {
        Loop loop = Loop.current();
        onAForeignThread(() -> {
            Task<Integer> task =
                    loop.submit(() -> {
                        yieldNow();
                        return 1 + 2;
                    });
            assertThat(task.get()).isEqualTo(3);
        });
    }

    @AsyncTest
    void aForeignThreadGetsTheFailureOfItsTask() {
        Loop loop = Loop.current();
        onAForeignThread(() -> {
            Task<Integer> task = loop.submit(() -> 1 / zero());
            assertThatThrownBy(task::get)
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(ArithmeticException.class);
        });
    }

    @AsyncTest
    void aForeignThreadGivesUpAndCancelsItsTask() {
        Loop loop = Loop.current();
        onAForeignThread(() -> {
            Task<Void> task = loop.submit(() -> sleep(LONG));
            assertThatThrownBy(() -> task.get(Duration.ofMillis(1)))
                    .isInstanceOf(TimeoutException.class);
            assertThat(task.isDone()).isFalse();
            task.cancel();
            assertThatThrownBy(task::get).isInstanceOf(CancellationException.class);
            assertThat(task.isCancelled()).isTrue();
        });
    }

    @AsyncTest
    void aForeignThreadIsToldThatItsTaskWasCancelled() {
        Loop loop = Loop.current();
        onAForeignThread(() -> {
            Task<Void> task =
                    loop.submit(() -> {
                        Task.current().cancel("by itself");
                        yieldNow();
                    });
            assertThatThrownBy(task::get)
                    .isInstanceOf(CancellationException.class)
                    .hasMessageEndingWith("by itself");
        });
    }
}
