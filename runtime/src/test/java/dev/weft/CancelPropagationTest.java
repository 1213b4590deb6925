package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.awaitAll;
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

/** How requests travel through what is awaited, as CPython's test_tasks.py has it. */
class CancelPropagationTest {
    private static final Duration LONG = Duration.ofHours(1);
    private final List<Object> log = new ArrayList<>();

    @AsyncTest
    void aRequestReachesThePromiseAtTheEndOfTheChain() {
        Promise<Void> promise = Promise.create();
        Task<Void> inner =
                async(() -> {
                    try {
                        await(promise);
                    } catch (CancelledError e) {
                        log.add("inner");
                        throw e;
                    }
                });
        Task<String> outer =
                async(() -> {
                    try {
                        await(inner);
                    } catch (CancelledError e) {
                        log.add("outer");
                    }
                    return "went on";
                });
        yieldNow();
        outer.cancel();
        assertThat(promise.isCancelled()).isTrue();
        assertThat(await(outer)).isEqualTo("went on");
        assertThat(log).containsExactly("inner", "outer");
        assertThat(inner.isCancelled()).isTrue();
    }

    @AsyncTest
    void theMessageReachesTheEndOfTheChainToo() {
        Promise<Void> promise = Promise.create();
        Task<Void> inner = async("inner", () -> await(promise));
        Task<?> outer = async("outer", () -> gather(inner));
        yieldNow();
        outer.cancel("enough");
        awaitAll(List.of(inner, outer));
        assertThat(catchThrowable(() -> await(promise))).hasMessageEndingWith(": enough");
        assertThatThrownBy(() -> await(inner)).hasMessage("inner was cancelled: enough");
        assertThatThrownBy(() -> await(outer)).hasMessage("outer was cancelled: enough");
    }

    @AsyncTest
    void theMessageOfATaskThatHasNotStartedIsKept() {
        Task<Void> task = async("t", () -> sleep(LONG));
        task.cancel("before it began");
        assertThatThrownBy(() -> await(task)).hasMessage("t was cancelled: before it began");
        assertThatThrownBy(task::resultNow).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(task::exceptionNow).isInstanceOf(IllegalStateException.class);
    }

    @AsyncTest
    void theLastMessageCounts() {
        Task<Void> task = async("t", () -> sleep(LONG));
        yieldNow();
        task.cancel("first");
        task.cancel("second");
        assertThat(task.cancelling()).isEqualTo(2);
        assertThatThrownBy(() -> await(task)).hasMessage("t was cancelled: second");
    }

    @AsyncTest
    void whatIsAwaitedAfterARequestIsCancelledToo() {
        Promise<Void> promise = Promise.create();
        Task<Void> nested = async(() -> await(promise));
        Task<Void> task =
                async(() -> {
                    yieldNow();
                    Task.current().cancel();
                    await(nested);
                });
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(task.isCancelled()).isTrue();
        assertThat(nested.isCancelled()).isTrue();
        assertThat(promise.isCancelled()).isTrue();
    }

    @AsyncTest
    void aTaskThatIsReadyAgainIsCancelledAtItsYield() {
        Task<Integer> task =
                async(() -> {
                    yieldNow();
                    yieldNow();
                    return 12;
                });
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(task.isCancelled()).isTrue();
        assertThat(task.cancel()).isFalse();
    }

    @AsyncTest
    void whoAwaitsAPromiseThatSomebodyCancelsFailsAndIsNotCancelled() {
        Promise<Void> promise = Promise.create();
        Task<Void> task = async(() -> await(promise));
        yieldNow();
        promise.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(task.isCancelled()).isFalse();
        assertThat(task.state()).isEqualTo(java.util.concurrent.Future.State.FAILED);
    }

    @AsyncTest
    void aTaskIsCancelledThoughThePromiseThatItAwaitsWasCancelledBefore() {
        Promise<Void> promise = Promise.create();
        Task<Void> task = async(() -> await(promise));
        yieldNow();
        promise.cancel();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(task.isCancelled()).isTrue();
    }

    @AsyncTest
    void aTaskThatIgnoresARequestAwaitsOtherThings() {
        Promise<Integer> first = Promise.create();
        Promise<Integer> second = Promise.create();
        Task<Integer> task =
                async(() -> {
                    try {
                        await(first);
                    } catch (CancelledError e) {
                        log.add("ignored");
                    }
                    return await(second);
                });
        yieldNow();
        task.cancel();
        assertThat(first.isCancelled()).isTrue();
        yieldNow();
        second.complete(42);
        assertThat(await(task)).isEqualTo(42);
        assertThat(task.isCancelled()).isFalse();
    }

    @AsyncTest
    void anErrorThrownInsteadOfTheRequestIsTheTasksFailure() {
        LinkageError other = new LinkageError("instead");
        Task<Void> task =
                async(() -> {
                    try {
                        sleep(LONG);
                    } catch (CancelledError e) {
                        throw other;
                    }
                });
        yieldNow();
        task.cancel();
        assertThat(catchThrowable(() -> await(task))).isSameAs(other);
        assertThat(task.isCancelled()).isFalse();
    }

    @AsyncTest
    void requestsThatWereTakenBackDoNotCountForTheNext() {
        Task<Void> task =
                async(() -> {
                    try {
                        sleep(LONG);
                    } catch (CancelledError e) {
                        Task.current().uncancel();
                    }
                    sleep(LONG);
                });
        yieldNow();
        assertThat(task.cancel()).isTrue();
        assertThat(task.cancelling()).isEqualTo(1);
        yieldNow();
        assertThat(task.cancelling()).isZero();
        assertThat(task.isDone()).isFalse();
        assertThat(task.cancel()).isTrue();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(task.uncancel()).as("too late").isZero();
        assertThat(task.isCancelled()).isTrue();
    }

    @AsyncTest
    void aTaskThatIsReadyToResumeGoesOnWhenTheRequestIsTakenBack() {
        Promise<Void> promise = Promise.create();
        Task<Integer> task =
                async(() -> {
                    await(promise);
                    return 42;
                });
        yieldNow();
        promise.complete(null);
        task.cancel();
        assertThat(task.cancelling()).isEqualTo(1);
        assertThat(task.uncancel()).isZero();
        assertThat(await(task)).isEqualTo(42);
    }

    @AsyncTest
    void codeThatCancelsItsOwnTaskForATimeLimitLeavesTheCodeAroundItAlone() {
        assertThat(await(async(() -> withALimit(LONG, Duration.ofMillis(2)))))
                .isEqualTo("timed out, 0 requests");
        assertThat(await(async(() -> withALimit(Duration.ofMillis(1), LONG))))
                .isEqualTo("finished, 0 requests");
    }

    private static String withALimit(Duration work, Duration limit) {
        Task<?> self = Task.current();
        boolean[] timedOut = {false};
        Handle timer =
                Loop.current()
                        .callLater(
                                limit,
                                () -> {
                                    timedOut[0] = true;
                                    self.cancel();
                                });
        String how = "finished";
        try {
            sleep(work);
        } catch (CancelledError e) {
            if (!timedOut[0] || self.uncancel() > 0) {
                throw e;
            }
            how = "timed out";
        } finally {
            timer.cancel();
        }
        yieldNow();
        return how + ", " + self.cancelling() + " requests";
    }

    @AsyncTest
    void aSleeperIsCancelledByATimer() {
        Task<Void> sleeper = async(() -> sleep(LONG));
        Loop.current().callLater(Duration.ofMillis(1), sleeper::cancel);
        assertThatThrownBy(() -> await(sleeper)).isInstanceOf(CancellationException.class);
    }

    @AsyncTest
    void aCancelledSleepTakesItsTimerAway() throws Exception {
        var field = Poller.class.getDeclaredField("timers");
        field.setAccessible(true);
        Timers timers = (Timers) field.get(Loop.current().poller());
        int before = timers.size();
        Task<Void> sleeper = async(() -> sleep(LONG));
        yieldNow();
        assertThat(timers.size()).isEqualTo(before + 1);
        sleeper.cancel();
        awaitAll(List.of(sleeper));
        assertThat(timers.size()).isEqualTo(before);
    }

    @AsyncTest
    void aFailedFutureThatIsCancelledStaysFailed() {
        Promise<Void> promise = Promise.create();
        RuntimeException failure = new RuntimeException("x");
        promise.fail(failure);
        assertThat(promise.cancel()).isFalse();
        assertThat(promise.isCancelled()).isFalse();
        assertThat(catchThrowable(() -> await(promise))).isSameAs(failure);
    }

    @AsyncTest
    void aCancelledPromiseTakesNoResult() {
        Promise<Integer> promise = Promise.create();
        assertThat(promise.cancel()).isTrue();
        assertThat(promise.isDone()).isTrue();
        assertThat(promise.isCancelled()).isTrue();
        assertThat(promise.tryComplete(2)).isFalse();
        assertThatThrownBy(() -> promise.complete(2)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> promise.fail(new RuntimeException()))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(promise::resultNow).hasMessageEndingWith("was cancelled");
        assertThatThrownBy(promise::exceptionNow).hasMessageEndingWith("was cancelled");
        assertThat(promise.cancel()).isFalse();
    }

    // ---- circles

    private static Task<?>[] circle(int size) {
        Task<?>[] tasks = new Task<?>[size];
        for (int i = 0; i < size; i++) {
            int next = (i + 1) % size;
            tasks[i] = async("task " + i, () -> await(tasks[next]));
        }
        yieldNow();
        return tasks;
    }

    @AsyncTest
    void aRequestEndsTasksThatAwaitEachOther() {
        for (int size = 2; size <= 5; size++) {
            Task<?>[] tasks = circle(size);
            tasks[1].cancel("deadlock");
            awaitAll(List.of(tasks));
            assertThat(tasks).allMatch(Task::isCancelled);
            assertThat(tasks).allMatch(t -> t.cancelling() == 1);
        }
    }

    @AsyncTest
    void aScopeEndsThoughItsTasksAwaitEachOther() {
        Task<?>[] tasks =
                Async.scope(scope -> {
                    Task<?>[] circle = circle(3);
                    circle[0].onDone(t -> log.add("done"));
                    return circle;
                });
        assertThat(tasks).allMatch(Task::isCancelled);
        yieldNow();
    }

    @AsyncTest
    void aTaskThatIsBeingCancelledMayCloseTheCircle() {
        Task<?>[] tasks = new Task<?>[2];
        tasks[0] = async(() -> await(tasks[1]));
        tasks[1] =
                async(() -> {
                    yieldNow();
                    Task.current().cancel();
                    await(tasks[0]);
                });
        awaitAll(List.of(tasks));
        assertThat(tasks).allMatch(Task::isCancelled);
    }

    @AsyncTest
    void aCircleThatGoesThroughGatherEndsToo() {
        Promise<Void> other = Promise.create();
        Task<?>[] tasks = new Task<?>[2];
        tasks[0] = async(() -> gather(List.of(other, tasks[1])));
        tasks[1] = async(() -> gather(List.of(tasks[0], other)));
        yieldNow();
        tasks[0].cancel();
        awaitAll(List.of(tasks));
        assertThat(tasks).allMatch(Task::isCancelled);
        assertThat(other.isCancelled()).isTrue();
    }

    @AsyncTest
    void tasksOfTwoLoopsThatAwaitEachOtherEnd() {
        Loop here = Loop.current();
        Loop there = Loop.open(LoopOptions.defaults().scheduler(here.scheduler()).name("circle"));
        try {
            Promise<Task<?>> second = Promise.create();
            Task<Object> first = async(() -> await((Future<?>) await(second)));
            second.complete(there.submit(() -> await(first)));
            yieldNow();
            first.cancel();
            awaitAll(List.of(first, second.resultNow()));
            assertThat(first.isCancelled()).isTrue();
            assertThat(second.resultNow().isCancelled()).isTrue();
        } finally {
            Promise<Void> closed = Promise.create();
            Thread.ofPlatform()
                    .start(() -> {
                        there.close();
                        closed.complete(null);
                    });
            await(closed);
        }
    }

    @AsyncTest
    void aTaskThatTwoAwaitIsAskedOnceAndMayTakeItsTime() {
        Promise<Void> cleanup = Promise.create();
        Task<Void> slow =
                async(() -> {
                    try {
                        sleep(LONG);
                    } finally {
                        await(cleanup);
                    }
                });
        Task<Void> shared =
                async(() -> {
                    try {
                        await(slow);
                    } finally {
                        log.add("shared ends, " + slow.isDone());
                    }
                });
        Task<Void> left = async(() -> await(shared));
        Task<Void> right = async(() -> await(shared));
        Task<?> top = async(() -> gather(left, right));
        yieldNow();
        yieldNow();
        top.cancel();
        yieldNow();
        yieldNow();
        assertThat(log).isEmpty();
        cleanup.complete(null);
        awaitAll(List.of(top));
        assertThat(log).containsExactly("shared ends, true");
        assertThat(shared.cancelling()).isEqualTo(1);
        assertThat(top.isCancelled()).isTrue();
    }

    @AsyncTest
    void aLongChainOfTasksIsCancelledFromItsTop() {
        List<Task<Void>> chain = new ArrayList<>();
        chain.add(async(() -> sleep(LONG)));
        for (int i = 1; i < 500; i++) {
            Task<Void> below = chain.getLast();
            chain.add(async(() -> await(below)));
        }
        yieldNow();
        chain.getLast().cancel();
        awaitAll(chain);
        assertThat(chain).allMatch(Task::isCancelled);
    }
}
