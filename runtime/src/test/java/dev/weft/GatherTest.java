package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.gather;
import static dev.weft.Async.gatherOutcomes;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class GatherTest {
    private static final Duration LONG = Duration.ofHours(1);
    private final List<Object> log = new ArrayList<>();

    private static <T> List<Promise<T>> promises(int n) {
        List<Promise<T>> promises = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            promises.add(Promise.create());
        }
        return promises;
    }

    @AsyncTest
    void resultsComeInTheOrderOfTheFuturesWhateverTheOrderOfCompletion() {
        List<Promise<String>> promises = promises(3);
        Task<List<String>> task = async(() -> gather(promises));
        yieldNow();
        promises.get(1).complete("b");
        promises.get(0).complete("a");
        yieldNow();
        assertThat(task.isDone()).isFalse();
        promises.get(2).complete("c");
        assertThat(await(task)).containsExactly("a", "b", "c");
    }

    @AsyncTest
    void aFailingFutureIsThrownThoughAnotherIsPending() {
        List<Promise<String>> promises = promises(3);
        RuntimeException failure = new RuntimeException("x");
        Task<List<String>> task = async(() -> gather(promises));
        yieldNow();
        promises.get(2).fail(failure);
        assertThat(catchThrowable(() -> await(task))).isSameAs(failure);
        assertThat(promises.get(0).isDone()).as("the others go on").isFalse();
        promises.get(0).complete("late");
        promises.get(1).complete("late");
    }

    @AsyncTest
    void theFirstFailureInTimeIsThrownNotTheFirstInTheList() {
        List<Promise<String>> promises = promises(3);
        Task<List<String>> task = async(() -> gather(promises));
        yieldNow();
        promises.get(2).fail(new RuntimeException("first"));
        promises.get(0).fail(new RuntimeException("second"));
        assertThatThrownBy(() -> await(task)).hasMessage("first");
        assertThatThrownBy(() -> await(promises.get(0))).hasMessage("second");
    }

    @AsyncTest
    void aResultThatIsAnExceptionIsAResult() {
        List<Promise<Object>> promises = promises(2);
        RuntimeException value = new RuntimeException("a value");
        promises.get(0).complete(value);
        promises.get(1).complete(null);
        assertThat(gather(promises)).containsExactly(value, null);
    }

    @AsyncTest
    void checkedFailuresComeAsFromAwait() {
        Promise<String> io = Promise.create();
        io.fail(new IOException("disk"));
        assertThatThrownBy(() -> gather(io)).isInstanceOf(UncheckedIOException.class);
        Promise<String> other = Promise.create();
        other.fail(new TimeoutException("late"));
        assertThatThrownBy(() -> gather(other)).isInstanceOf(CompletionException.class);
    }

    @AsyncTest
    void doneFuturesAreGatheredWithoutSuspending() {
        Promise<Integer> done = Promise.create();
        done.complete(1);
        Loop.current().callSoon(() -> log.add("callback"));
        assertThat(gather(done, done)).containsExactly(1, 1);
        assertThat(log).isEmpty();
        yieldNow();
    }

    @Test
    void nothingGathersToNothingEvenOutsideATask() {
        assertThat(gather()).isEmpty();
        assertThat(gather(List.<Future<String>>of())).isEmpty();
        assertThat(gatherOutcomes()).isEmpty();
    }

    @Test
    void pendingFuturesNeedATask() {
        Promise<String> pending = Promise.create();
        assertThatThrownBy(() -> gather(pending))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("gather needs a task");
    }

    @AsyncTest
    void aMissingFutureIsNamed() {
        List<Future<String>> futures = Arrays.asList(Promise.create(), null);
        assertThatThrownBy(() -> gather(futures))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("futures must not contain null, number 1 is");
    }

    @AsyncTest
    void aFutureGivenTwiceHasItsResultTwiceAndIsCancelledOnce() {
        Promise<String> promise = Promise.create();
        Task<List<String>> task = async(() -> gather(promise, promise));
        yieldNow();
        promise.complete("x");
        assertThat(await(task)).containsExactly("x", "x");
        Task<Integer> child =
                async(() -> {
                    try {
                        sleep(LONG);
                    } catch (CancelledError e) {
                        return Task.current().cancelling();
                    }
                    return -1;
                });
        Task<List<Integer>> outer = async(() -> gather(child, child));
        yieldNow();
        outer.cancel();
        assertThat(await(child)).isEqualTo(1);
        assertThatThrownBy(() -> await(outer)).isInstanceOf(CancellationException.class);
    }

    @AsyncTest
    void aTaskCannotGatherItself() {
        Task<?> self = Task.current();
        Promise<Object> other = Promise.create();
        assertThatThrownBy(() -> gather(List.of(other, self)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cannot await itself, in gather");
        assertThat(other.isDone()).isFalse();
    }

    @AsyncTest
    void aCancelledFutureCountsAsFailing() {
        List<Promise<String>> promises = promises(3);
        Task<List<String>> task = async(() -> gather(promises));
        yieldNow();
        promises.get(0).complete("a");
        promises.get(1).cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(task.state()).isEqualTo(java.util.concurrent.Future.State.FAILED);
        assertThat(promises.get(2).isDone()).isFalse();
    }

    @AsyncTest
    void cancellingTheCallerCancelsAllFuturesThatAreNotDone() {
        List<Promise<String>> promises = promises(4);
        Task<List<String>> task = async(() -> gather(promises));
        yieldNow();
        promises.get(1).complete("done");
        task.cancel("enough");
        assertThat(promises.get(0).isCancelled()).isTrue();
        assertThat(promises.get(1).isCancelled()).isFalse();
        assertThat(promises.get(2).isCancelled()).isTrue();
        assertThat(promises.get(3).isCancelled()).isTrue();
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(CancellationException.class)
                .hasMessageEndingWith("enough");
        assertThat(task.isCancelled()).isTrue();
    }

    @AsyncTest
    void aCancelledCallerGoesOnOnlyWhenAllChildrenHaveEnded() {
        Promise<Void> cleanup = Promise.create();
        Task<Void> quick = async(() -> sleep(LONG));
        Task<Void> slow =
                async(() -> {
                    try {
                        sleep(LONG);
                    } finally {
                        await(cleanup);
                        log.add("cleaned up");
                    }
                });
        Task<Void> outer =
                async(() -> {
                    try {
                        gather(quick, slow);
                    } catch (CancelledError e) {
                        log.add("cancelled");
                        throw e;
                    }
                });
        yieldNow();
        outer.cancel();
        yieldNow();
        yieldNow();
        assertThat(quick.isCancelled()).isTrue();
        assertThat(log).isEmpty();
        cleanup.complete(null);
        assertThatThrownBy(() -> await(outer)).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("cleaned up", "cancelled");
    }

    @AsyncTest
    void aCancelledCallerIsCancelledThoughAllChildrenGiveResults() {
        Task<String> stubborn =
                async(() -> {
                    try {
                        sleep(LONG);
                    } catch (CancelledError e) {
                        return "all the same";
                    }
                    return "";
                });
        Task<List<String>> outer = async(() -> gather(stubborn));
        yieldNow();
        outer.cancel();
        assertThatThrownBy(() -> await(outer)).isInstanceOf(CancellationException.class);
        assertThat(await(stubborn)).isEqualTo("all the same");
    }

    @AsyncTest(unhandled = true)
    void aChildThatFailsBecauseItWasCancelledIsReported() {
        List<Throwable> reports = new ArrayList<>();
        Loop.current().onUnhandled(r -> reports.add(r.failure()));
        RuntimeException failure = new RuntimeException("in cleanup");
        List<Object> keep = new ArrayList<>();
        Async.scope(scope -> {
            Task<Void> child =
                    scope.async(() -> {
                        try {
                            sleep(LONG);
                        } finally {
                            throwIt(failure);
                        }
                    });
            keep.add(child);
            Task<List<Void>> outer = scope.async(() -> gather(child));
            yieldNow();
            outer.cancel();
            assertThatThrownBy(() -> await(outer)).isInstanceOf(CancellationException.class);
            return null;
        });
        assertThat(reports).containsExactly(failure);
    }

    private static void throwIt(RuntimeException failure) {
        throw failure;
    }

    @AsyncTest
    void aCallerCancelledBeforeItGathersCancelsTheFutures() {
        Promise<String> promise = Promise.create();
        Task<List<String>> task =
                async(() -> {
                    Task.current().cancel();
                    return gather(promise);
                });
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(promise.isCancelled()).isTrue();
    }

    @AsyncTest
    void aRequestThatIsTakenBackWhileChildrenEndComesAsTheirCancellation() {
        Promise<Void> cleanup = Promise.create();
        Task<Void> child =
                async(() -> {
                    try {
                        sleep(LONG);
                    } finally {
                        await(cleanup);
                    }
                });
        Task<List<Void>> outer = async(() -> gather(child));
        yieldNow();
        outer.cancel();
        yieldNow();
        outer.uncancel();
        cleanup.complete(null);
        assertThatThrownBy(() -> await(outer)).isInstanceOf(CancellationException.class);
        assertThat(outer.isCancelled()).as("what it awaited was cancelled for it").isTrue();
    }

    @AsyncTest(unhandled = true)
    void theFailureOfALaterSiblingIsNotSwallowed() {
        List<Throwable> reports = new ArrayList<>();
        Loop.current().onUnhandled(r -> reports.add(r.failure()));
        RuntimeException second = new RuntimeException("second");
        List<Object> keep = new ArrayList<>();
        Async.scope(scope -> {
            Task<Void> failing = scope.async(() -> throwIt(new RuntimeException("first")));
            Task<Void> later =
                    scope.async(() -> {
                        yieldNow();
                        throwIt(second);
                    });
            keep.add(later);
            assertThatThrownBy(() -> gather(failing, later)).hasMessage("first");
            yieldNow();
            assertThat(reports).isEmpty();
            return null;
        });
        assertThat(reports).containsExactly(second);
    }

    @AsyncTest
    void whoeverRetrievesTheLaterFailureKeepsItFromBeingReported() {
        Async.scope(scope -> {
            Task<Void> first = scope.async(() -> throwIt(new RuntimeException("first")));
            Task<Void> second = scope.async(() -> throwIt(new RuntimeException("second")));
            assertThatThrownBy(() -> gather(first, second)).hasMessage("first");
            assertThat(await(async(() -> second.exceptionNow()))).hasMessage("second");
            return null;
        });
    }

    @AsyncTest
    void outcomesTellOfResultsFailuresAndCancellations() {
        RuntimeException failure = new RuntimeException("x");
        Task<String> good = async(() -> "good");
        Task<String> bad =
                async(() -> {
                    throwIt(failure);
                    return "";
                });
        Task<String> gone =
                async(() -> {
                    sleep(LONG);
                    return "";
                });
        Loop.current().callSoon(() -> gone.cancel("not needed"));
        List<Outcome<String>> outcomes = gatherOutcomes(good, bad, gone);
        assertThat(outcomes)
                .containsExactly(
                        new Outcome.Succeeded<>("good"),
                        new Outcome.Failed<>(failure),
                        new Outcome.Cancelled<>("not needed"));
    }

    @AsyncTest
    void outcomesKeepNullAndRetrieveTheFailures() {
        Async.scope(scope -> {
            Task<Void> nothing = scope.async(() -> {});
            Task<Void> bad = scope.async(() -> throwIt(new RuntimeException("x")));
            List<Outcome<Void>> outcomes = gatherOutcomes(List.of(nothing, bad));
            assertThat(outcomes.get(0)).isEqualTo(new Outcome.Succeeded<>(null));
            assertThat(outcomes.get(1)).isInstanceOf(Outcome.Failed.class);
            return null; // a failure that nobody retrieved would be reported now
        });
    }

    @AsyncTest
    void cancellingACallerThatWaitsForOutcomesCancelsTheChildren() {
        List<Promise<String>> promises = promises(2);
        Task<List<Outcome<String>>> task = async(() -> gatherOutcomes(promises));
        yieldNow();
        task.cancel();
        assertThat(promises).allMatch(Promise::isCancelled);
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
    }

    @AsyncTest
    void theCallerIsWokenOnceAndInItsTurn() {
        List<Promise<Integer>> promises = promises(3);
        Task<Boolean> gathers = async(() -> log.add(gather(promises)));
        yieldNow();
        promises.get(0).complete(0);
        promises.get(1).complete(1);
        Loop.current().callSoon(() -> log.add("before"));
        promises.get(2).complete(2);
        Loop.current().callSoon(() -> log.add("after"));
        await(gathers);
        yieldNow();
        assertThat(log).containsExactly("before", List.of(0, 1, 2), "after");
    }

    @AsyncTest
    void waitersAreTakenOutOfFuturesThatOutliveTheGather() throws Exception {
        Promise<String> longLived = Promise.create();
        for (int i = 0; i < 100; i++) {
            Promise<String> failing = Promise.create();
            Loop.current().callSoon(() -> failing.fail(new RuntimeException("x")));
            assertThatThrownBy(() -> gather(longLived, failing)).hasMessage("x");
        }
        assertThat(waiters(longLived)).isZero();
    }

    static int waiters(Future<?> future) throws ReflectiveOperationException {
        var state = FutureImpl.class.getDeclaredField("state");
        var next = FutureImpl.Waiter.class.getDeclaredField("next");
        state.setAccessible(true);
        next.setAccessible(true);
        int n = 0;
        Object waiter = state.get(future);
        while (waiter instanceof FutureImpl.Waiter) {
            n++;
            waiter = next.get(waiter);
        }
        return n;
    }

    @AsyncTest
    void promisesCompletedByForeignThreadsAreGathered() throws Exception {
        for (int round = 0; round < 50; round++) {
            List<Promise<Integer>> promises = promises(40);
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 2; t++) {
                int first = t;
                threads.add(
                        Thread.ofPlatform()
                                .start(() -> {
                                    for (int i = first; i < 40; i += 2) {
                                        promises.get(i).complete(i);
                                    }
                                }));
            }
            List<Integer> results = gather(promises);
            for (int i = 0; i < 40; i++) {
                assertThat(results.get(i)).isEqualTo(i);
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    @AsyncTest
    void tasksOfAnotherLoopAreGatheredAndCancelled() {
        LoopOptions options =
                LoopOptions.defaults().scheduler(Loop.current().scheduler()).name("other-gather");
        Loop other = Loop.open(options);
        try {
            List<Task<Integer>> tasks = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                int n = i;
                tasks.add(other.submit(() -> n));
            }
            assertThat(gather(tasks)).hasSize(100).startsWith(0, 1, 2).endsWith(98, 99);
            Task<Void> endless = other.submit(() -> sleep(LONG));
            Task<List<Void>> outer = async(() -> gather(endless));
            yieldNow();
            outer.cancel();
            assertThatThrownBy(() -> await(outer)).isInstanceOf(CancellationException.class);
            assertThat(endless.isCancelled()).isTrue();
        } finally {
            Promise<Void> closed = Promise.create();
            Thread.ofPlatform()
                    .start(() -> {
                        other.close();
                        closed.complete(null);
                    });
            await(closed);
        }
    }

    @AsyncTest(seconds = 60)
    void cancellingWhileForeignThreadsCompleteEndsOneWayOrTheOther() throws Exception {
        for (int round = 0; round < 300; round++) {
            List<Promise<Integer>> promises = promises(4);
            Task<List<Integer>> task = async(() -> gather(promises));
            yieldNow();
            Thread thread =
                    Thread.ofPlatform().start(() -> promises.forEach(p -> p.tryComplete(1)));
            task.cancel();
            Outcome<List<Integer>> outcome = gatherOutcomes(task).getFirst();
            if (outcome instanceof Outcome.Succeeded<List<Integer>>(List<Integer> results)) {
                assertThat(results).containsExactly(1, 1, 1, 1);
            } else {
                assertThat(outcome).isInstanceOf(Outcome.Cancelled.class);
            }
            thread.join();
        }
    }

    @AsyncTest(seconds = 60)
    void aCompletionThatOverflowsTheStackIsCountedOnce() {
        for (int round = 0; round < 20; round++) {
            List<Promise<Integer>> promises = promises(1000);
            Promise<Integer> last = promises.getLast();
            Task<List<Integer>> gathers = async(() -> gather(promises));
            yieldNow();
            await(async(() -> completesOnTheWayBack(promises, new int[1])));
            for (Promise<Integer> promise : promises) {
                if (promise != last) {
                    promise.tryComplete(1);
                }
            }
            yieldNow();
            yieldNow();
            assertThat(gathers.isDone()).isFalse();
            last.complete(1);
            assertThat(await(gathers)).hasSize(1000).containsOnly(1);
        }
    }

    /** Each level has a little more stack left than the one below, where it failed. */
    @SuppressWarnings("InfiniteRecursion") // that is the point
    private static int completesOnTheWayBack(List<Promise<Integer>> promises, int[] next) {
        try {
            completesOnTheWayBack(promises, next);
        } catch (StackOverflowError e) {
            next[0] = Math.max(next[0], 1);
        }
        if (next[0] > 0 && next[0] < promises.size()) {
            promises.get(next[0]++ - 1).tryComplete(1);
        }
        return next[0];
    }

    @AsyncTest
    void thousandsAreGathered() {
        List<Task<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            int n = i;
            tasks.add(async(() -> n));
        }
        Collections.shuffle(tasks, new java.util.Random(1));
        List<Integer> results = gather(tasks);
        assertThat(results).hasSize(10_000).doesNotHaveDuplicates();
    }

    @AsyncTest
    void theListCannotBeModified() {
        Promise<Integer> done = Promise.create();
        done.complete(1);
        assertThatThrownBy(() -> gather(done).add(2))
                .isInstanceOf(UnsupportedOperationException.class);
    }
}
