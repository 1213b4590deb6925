package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.awaitAll;
import static dev.weft.Async.awaitFirst;
import static dev.weft.Async.awaitFirstFailure;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/** {@code awaitAll}, {@code awaitFirst} and {@code awaitFirstFailure}. */
class WaitingTest {
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration SHORT = Duration.ofMillis(2);

    private final Promise<String> a = Promise.create();
    private final Promise<String> b = Promise.create();
    private final Promise<String> c = Promise.create();
    private final List<Promise<String>> abc = List.of(a, b, c);

    @AsyncTest
    void allWaitsForTheLastAndKeepsTheOrderGiven() {
        Task<Waited<Promise<String>>> task = async(() -> awaitAll(abc));
        yieldNow();
        c.complete("c");
        a.complete("a");
        yieldNow();
        assertThat(task.isDone()).isFalse();
        b.complete("b");
        Waited<Promise<String>> waited = await(task);
        assertThat(waited.done()).containsExactly(a, b, c);
        assertThat(waited.pending()).isEmpty();
    }

    @AsyncTest
    void allDoesNotEndEarlyForFailuresAndCancellations() {
        Task<Waited<Promise<String>>> task = async(() -> awaitAll(abc));
        yieldNow();
        a.fail(new RuntimeException("x"));
        b.cancel();
        yieldNow();
        assertThat(task.isDone()).isFalse();
        c.complete("c");
        assertThat(await(task).done()).containsExactly(a, b, c);
        assertThat(a.exceptionNow()).hasMessage("x");
    }

    @AsyncTest
    void aFutureGivenTwiceIsThereOnce() {
        Task<Waited<Promise<String>>> task = async(() -> awaitAll(List.of(a, a, b)));
        yieldNow();
        a.complete("a");
        b.complete("b");
        assertThat(await(task).done()).containsExactly(a, b);
    }

    @AsyncTest
    void theFirstThatIsDoneEndsAwaitFirst() {
        Task<Waited<Promise<String>>> task = async(() -> awaitFirst(abc));
        yieldNow();
        b.complete("b");
        Waited<Promise<String>> waited = await(task);
        assertThat(waited.done()).containsExactly(b);
        assertThat(waited.pending()).containsExactly(a, c);
        assertThat(abc).as("nothing is cancelled").noneMatch(Promise::isCancelled);
    }

    @AsyncTest
    void awaitFirstReturnsAllThatAreDoneByThen() {
        Task<Waited<Promise<String>>> task = async(() -> awaitFirst(abc));
        yieldNow();
        c.complete("c");
        a.fail(new RuntimeException("x"));
        assertThat(await(task).done()).containsExactly(a, c);
        assertThat(a.exceptionNow()).hasMessage("x");
    }

    @AsyncTest
    void whatIsDoneAlreadyIsReturnedWithoutSuspending() {
        a.complete("a");
        List<String> log = new ArrayList<>();
        Loop.current().callSoon(() -> log.add("callback"));
        assertThat(awaitFirst(abc).done()).containsExactly(a);
        assertThat(log).isEmpty();
        yieldNow();
    }

    @AsyncTest
    void theFirstFailureEndsAwaitFirstFailure() {
        Task<Waited<Promise<String>>> task = async(() -> awaitFirstFailure(abc));
        yieldNow();
        a.complete("a");
        yieldNow();
        assertThat(task.isDone()).isFalse();
        c.fail(new RuntimeException("x"));
        Waited<Promise<String>> waited = await(task);
        assertThat(waited.done()).containsExactly(a, c);
        assertThat(waited.pending()).containsExactly(b);
        assertThat(c.exceptionNow()).hasMessage("x");
    }

    @AsyncTest
    void aCancelledFutureHasNotFailed() {
        Task<Waited<Promise<String>>> task = async(() -> awaitFirstFailure(abc));
        yieldNow();
        a.cancel();
        yieldNow();
        assertThat(task.isDone()).isFalse();
        b.complete("b");
        c.complete("c");
        assertThat(await(task).done()).containsExactly(a, b, c);
    }

    @AsyncTest
    void aFailureThatIsThereAlreadyEndsAwaitFirstFailureAtOnce() {
        b.fail(new RuntimeException("x"));
        Waited<Promise<String>> waited = awaitFirstFailure(abc);
        assertThat(waited.done()).containsExactly(b);
        assertThat(waited.pending()).containsExactly(a, c);
        assertThat(b.exceptionNow()).hasMessage("x");
    }

    @AsyncTest
    void aTimeoutIsNoErrorAndCancelsNothing() {
        b.complete("b");
        long before = System.nanoTime();
        Waited<Promise<String>> waited = awaitAll(abc, SHORT);
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(SHORT);
        assertThat(waited.done()).containsExactly(b);
        assertThat(waited.pending()).containsExactly(a, c);
        assertThat(awaitFirst(List.of(a, c), SHORT).done()).isEmpty();
        assertThat(awaitFirstFailure(abc, SHORT).pending()).containsExactly(a, c);
        assertThat(abc).noneMatch(Promise::isCancelled);
    }

    @AsyncTest
    void aTimeoutThatIsNotNeededDoesNotHoldUp() {
        Task<Void> quick = async(() -> yieldNow());
        assertThat(awaitAll(List.of(quick), LONG).pending()).isEmpty();
        assertThat(awaitFirst(List.of(async(() -> {})), LONG).pending()).isEmpty();
    }

    @AsyncTest
    void aTimeoutOfZeroLooksWithoutWaiting() {
        Task<Integer> ready = async(() -> 1);
        assertThat(awaitAll(List.of(ready), Duration.ZERO).pending()).containsExactly(ready);
        await(ready);
        assertThat(awaitAll(List.of(ready), Duration.ZERO).done()).containsExactly(ready);
        assertThatThrownBy(() -> awaitAll(abc, Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("timeout must be >= 0, was PT-0.001S");
    }

    @AsyncTest
    void cancellingTheCallerEndsTheWaitAndLeavesTheFuturesAlone() {
        Task<Void> child = async(() -> sleep(LONG));
        Task<Waited<Task<Void>>> task = async(() -> awaitAll(List.of(child)));
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(child.isDone()).isFalse();
        assertThat(child.cancelling()).isZero();
        child.cancel();
        yieldNow();
    }

    @AsyncTest(unhandled = true)
    void failuresAreNotRetrievedByWaiting() {
        List<Throwable> reports = new ArrayList<>();
        Loop.current().onUnhandled(r -> reports.add(r.failure()));
        RuntimeException failure = new RuntimeException("x");
        List<Object> keep = new ArrayList<>();
        Async.scope(scope -> {
            Task<String> task =
                    scope.async(() -> {
                        if (true) {
                            throw failure;
                        }
                        return "";
                    });
            keep.add(awaitAll(List.of(task)));
            assertThat(reports).isEmpty();
            return null;
        });
        assertThat(reports).containsExactly(failure);
    }

    @Test
    void nothingToWaitForIsAnError() {
        for (Action verb :
                List.<Action>of(
                        () -> awaitAll(List.of()),
                        () -> awaitFirst(List.of()),
                        () -> awaitFirstFailure(List.of()))) {
            assertThatThrownBy(verb::run)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("futures must not be empty: await");
        }
    }

    @AsyncTest
    void aMissingFutureOrCollectionIsNamed() {
        assertThatThrownBy(() -> awaitAll(Arrays.asList(a, null)))
                .isInstanceOf(NullPointerException.class)
                .hasMessageStartingWith("futures must not contain null");
        assertThatThrownBy(() -> awaitAll(null)).hasMessage("futures must not be null");
    }

    @Test
    void waitingNeedsATask() {
        assertThatThrownBy(() -> awaitFirst(abc))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("awaitFirst needs a task");
    }

    @AsyncTest
    void aTaskCannotWaitForItself() {
        assertThatThrownBy(() -> awaitAll(List.of(a, Task.current())))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cannot await itself, in awaitAll");
    }

    @AsyncTest
    void theConcreteTypeOfTheFuturesIsKept() {
        Task<Integer> task = async("worker", () -> 1);
        Waited<Task<Integer>> waited = awaitAll(List.of(task));
        assertThat(waited.done().getFirst().name()).isEqualTo("worker");
        assertThatThrownBy(() -> waited.done().clear())
                .isInstanceOf(UnsupportedOperationException.class);
        Waited<Future<?>> mixed = awaitFirst(List.of(task, a));
        assertThat(mixed.pending()).containsExactly(a);
    }

    @AsyncTest
    void waitersAreTakenOutOfFuturesThatOutliveTheWait() throws Exception {
        for (int i = 0; i < 50; i++) {
            awaitAll(abc, Duration.ofNanos(1));
            Promise<String> quick = Promise.create();
            Loop.current().callSoon(() -> quick.complete("x"));
            awaitFirst(List.of(a, quick));
            Task<?> cancelled = async(() -> awaitAll(abc));
            yieldNow();
            cancelled.cancel();
            awaitAll(List.of(cancelled));
        }
        assertThat(GatherTest.waiters(a)).isZero();
        assertThat(GatherTest.waiters(b)).isZero();
    }

    @AsyncTest
    void twoTasksMayWaitForTheSameFutures() {
        Task<Waited<Promise<String>>> first = async(() -> awaitFirst(abc));
        Task<Waited<Promise<String>>> second = async(() -> awaitFirst(abc));
        yieldNow();
        first.cancel();
        a.complete("a");
        assertThat(await(second).done()).containsExactly(a);
        assertThatThrownBy(() -> await(first)).isInstanceOf(CancellationException.class);
    }

    @AsyncTest
    void futuresCompletedByForeignThreadsEndTheWait() throws Exception {
        for (int i = 0; i < 100; i++) {
            Promise<Integer> first = Promise.create();
            Promise<Integer> second = Promise.create();
            Thread thread = Thread.ofPlatform().start(() -> second.complete(1));
            assertThat(awaitFirst(List.of(first, second)).done()).containsExactly(second);
            thread.join();
        }
    }
}
