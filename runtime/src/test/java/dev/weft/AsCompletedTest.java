package dev.weft;

import static dev.weft.Async.asCompleted;
import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.gather;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class AsCompletedTest {
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration SHORT = Duration.ofMillis(2);

    private final Promise<String> a = Promise.create();
    private final Promise<String> b = Promise.create();
    private final Promise<String> c = Promise.create();
    private final List<Promise<String>> abc = List.of(a, b, c);
    private final List<Object> log = new ArrayList<>();

    private static <T> List<T> all(Iterable<T> iterable) {
        List<T> all = new ArrayList<>();
        iterable.forEach(all::add);
        return all;
    }

    @AsyncTest
    void theOriginalFuturesComeInTheOrderInWhichTheyAreDone() {
        Task<Void> loops =
                async(() -> {
                    for (Promise<String> promise : asCompleted(abc)) {
                        log.add(promise);
                    }
                });
        yieldNow();
        b.complete("b");
        yieldNow();
        assertThat(log).containsExactly(b);
        c.complete("c");
        a.complete("a");
        await(loops);
        assertThat(log).containsExactly(b, c, a);
    }

    @AsyncTest
    void tasksKeepTheirType() {
        Task<Integer> slow =
                async(
                        "slow",
                        () -> {
                            yieldNow();
                            return 1;
                        });
        Task<Integer> quick = async("quick", () -> 2);
        for (Task<Integer> task : asCompleted(List.of(slow, quick))) {
            log.add(task.name() + " " + await(task));
        }
        assertThat(log).containsExactly("quick 2", "slow 1");
    }

    @AsyncTest
    void thoseThatAreDoneBeforeComeFirstWithoutSuspending() {
        c.complete("c");
        b.complete("b");
        Loop.current().callSoon(() -> log.add("callback"));
        AsCompleted<Promise<String>> completed = asCompleted(abc);
        assertThat(completed.next()).isSameAs(b);
        assertThat(completed.next()).isSameAs(c);
        assertThat(log).isEmpty();
        a.complete("a");
        assertThat(completed.next()).isSameAs(a);
        assertThat(completed.hasNext()).isFalse();
        assertThatThrownBy(completed::next).isInstanceOf(NoSuchElementException.class);
        yieldNow();
    }

    @AsyncTest
    void failuresAndCancellationsComeLikeResultsAndAreNotRetrieved() {
        a.fail(new RuntimeException("x"));
        b.cancel();
        c.complete("c");
        assertThat(all(asCompleted(abc))).containsExactly(a, b, c);
        assertThatThrownBy(() -> await(a)).hasMessage("x");
    }

    @AsyncTest
    void aFutureGivenTwiceComesOnce() {
        a.complete("a");
        b.complete("b");
        assertThat(all(asCompleted(List.of(a, b, a)))).containsExactly(a, b);
    }

    @Test
    void noFuturesGiveNone() {
        assertThat(asCompleted(List.of()).hasNext()).isFalse();
    }

    @AsyncTest
    void aMissingFutureIsNamed() {
        assertThatThrownBy(() -> asCompleted(Arrays.asList(a, null)))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("futures must not contain null, number 1 is");
    }

    @Test
    void waitingForTheNextNeedsATaskMakingTheIteratorDoesNot() {
        AsCompleted<Promise<String>> completed = asCompleted(abc);
        assertThatThrownBy(completed::next)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("asCompleted needs a task");
        a.complete("a");
        assertThat(completed.next()).isSameAs(a);
    }

    @AsyncTest
    void theTimeoutIsThrownOnceForEachThatIsLeft() {
        a.complete("a");
        AsCompleted<Promise<String>> completed = asCompleted(abc, SHORT);
        assertThat(completed.next()).isSameAs(a);
        for (int i = 0; i < 2; i++) {
            assertThat(completed.hasNext()).isTrue();
            assertThatThrownBy(completed::next)
                    .isInstanceOfSatisfying(
                            DeadlineExceededException.class,
                            e -> assertThat(e.limit()).isEqualTo(SHORT))
                    .hasMessage("asCompleted: no other future was done within PT0.002S");
            b.tryComplete("too late");
        }
        assertThat(completed.hasNext()).isFalse();
        assertThat(c.isDone()).isFalse();
    }

    @AsyncTest
    void whatWasDoneInTimeIsGivenThoughItIsAskedForLater() {
        AsCompleted<Promise<String>> completed = asCompleted(abc, Duration.ZERO);
        a.complete("a");
        assertThat(completed.next()).isSameAs(a);
        assertThatThrownBy(completed::next).isInstanceOf(DeadlineExceededException.class);
    }

    @AsyncTest
    void theTimeoutIsForAllOfThemTogether() {
        long start = System.nanoTime();
        AsCompleted<Promise<String>> completed = asCompleted(abc, Duration.ofMillis(20));
        a.complete("a");
        assertThat(completed.next()).isSameAs(a);
        assertThatThrownBy(completed::next).isInstanceOf(DeadlineExceededException.class);
        assertThatThrownBy(completed::next).isInstanceOf(DeadlineExceededException.class);
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(20_000_000);
    }

    @AsyncTest
    void aTimeoutThatIsNotNeededIsNotNoticed() {
        Task<Integer> quick = async(() -> 1);
        for (Task<Integer> task : asCompleted(List.of(quick), LONG)) {
            assertThat(await(task)).isEqualTo(1);
        }
        assertThatThrownBy(() -> asCompleted(abc, Duration.ofNanos(-1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> asCompleted(abc, null)).hasMessage("timeout must not be null");
    }

    @AsyncTest
    void theTimeoutTakesTheWaitersOut() throws Exception {
        AsCompleted<Promise<String>> completed = asCompleted(abc, Duration.ZERO);
        assertThat(GatherTest.waiters(a)).isOne();
        assertThatThrownBy(completed::next).isInstanceOf(DeadlineExceededException.class);
        assertThat(GatherTest.waiters(a)).isZero();
    }

    @AsyncTest
    void cancellingTheCallerTakesNothingAndTheIteratorGoesOn() {
        AsCompleted<Promise<String>> completed = asCompleted(abc);
        Task<Promise<String>> task = async(completed::next);
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(abc).noneMatch(Promise::isDone);
        abc.forEach(p -> p.complete("x"));
        assertThat(all(completed)).containsExactlyElementsOf(abc);
    }

    @AsyncTest
    void aSecondLoopGoesOnWhereTheFirstWasLeft() {
        abc.forEach(p -> p.complete("x"));
        AsCompleted<Promise<String>> completed = asCompleted(abc);
        for (Promise<String> promise : completed) {
            log.add(promise);
            break;
        }
        for (Promise<String> promise : completed) {
            log.add(promise);
        }
        assertThat(log).containsExactly(a, b, c);
    }

    @AsyncTest
    void severalTasksMayShareOne() {
        AsCompleted<Promise<String>> completed = asCompleted(abc);
        List<Task<Promise<String>>> takers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            takers.add(async(completed::next));
        }
        yieldNow();
        assertThat(completed.hasNext()).as("all are spoken for").isFalse();
        takers.get(1).cancel();
        yieldNow();
        assertThat(completed.hasNext()).as("one is free again").isTrue();
        abc.forEach(p -> p.complete("x"));
        List<Promise<String>> taken = gather(takers.get(0), takers.get(2));
        assertThat(Set.of(taken.get(0), taken.get(1), completed.next()))
                .containsExactlyInAnyOrderElementsOf(abc);
        assertThatThrownBy(() -> await(takers.get(1))).isInstanceOf(CancellationException.class);
    }

    @AsyncTest
    void twoIteratorsOverTheSameFuturesDoNotDisturbEachOther() {
        AsCompleted<Promise<String>> first = asCompleted(abc);
        AsCompleted<Promise<String>> second = asCompleted(abc);
        b.complete("b");
        a.complete("a");
        c.complete("c");
        assertThat(all(first)).containsExactly(b, a, c);
        assertThat(all(second)).containsExactly(b, a, c);
    }

    @AsyncTest(seconds = 60)
    void anAbandonedIteratorIsCollectedThoughAFutureGoesOn() {
        WeakReference<Object> iterator = abandoned();
        for (int i = 0; i < 200 && iterator.get() != null; i++) {
            System.gc();
            sleep(Duration.ofMillis(5));
        }
        assertThat(iterator.get()).isNull();
        b.complete("nobody looks");
    }

    private WeakReference<Object> abandoned() {
        a.complete("a");
        AsCompleted<Promise<String>> completed = asCompleted(abc);
        completed.next();
        return new WeakReference<>(completed);
    }

    @AsyncTest
    void futuresCompletedByForeignThreadsAllComeOnce() throws Exception {
        for (int round = 0; round < 50; round++) {
            List<Promise<Integer>> promises = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                promises.add(Promise.create());
            }
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
            List<Integer> seen = new ArrayList<>();
            for (Promise<Integer> promise : asCompleted(promises)) {
                seen.add(promise.resultNow());
            }
            assertThat(seen).hasSize(40).doesNotHaveDuplicates();
            assertThat(seen.stream().filter(n -> n % 2 == 0)).as("a thread's order").isSorted();
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }
}
