package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class BarrierTest {
    private static final int N = 5;
    private final Barrier barrier = Barrier.create(N);
    private final List<Object> first = new ArrayList<>();
    private final List<Object> second = new ArrayList<>();
    private final List<Object> third = new ArrayList<>();
    private int count;

    private static List<Task<Void>> start(int n, Action body) {
        List<Task<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            tasks.add(async(body));
        }
        return tasks;
    }

    private static void runAll(int n, Action body) {
        start(n, body).forEach(Async::await);
    }

    private void assertEmptyAndWhole() {
        assertThat(barrier.toString()).endsWith("[filling, waiters:0/5]");
        assertThat(barrier.waiting()).isZero();
        assertThat(barrier.isBroken()).isFalse();
    }

    @Test
    void aBarrierForNobodyIsRefused() {
        assertThatThrownBy(() -> Barrier.create(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("parties must be >= 1, was 0");
        assertThatThrownBy(() -> Barrier.create(-4)).isInstanceOf(IllegalArgumentException.class);
        assertThat(Barrier.create(5).parties()).isEqualTo(5);
    }

    @AsyncTest
    void aBarrierForOneNeverSuspends() {
        Barrier one = Barrier.create(1);
        async(() -> first.add("other"));
        assertThat(one.await()).isZero();
        assertThat(one.await()).isZero();
        assertThat(first).isEmpty();
        assertThat(one.waiting()).isZero();
        yieldNow();
    }

    @AsyncTest
    void tasksAreCountedOneByOneUntilTheLastLetsAllGo() {
        List<Task<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < N - 1; i++) {
            tasks.add(async(barrier::await));
            yieldNow();
            assertThat(barrier.waiting()).isEqualTo(i + 1);
            assertThat(barrier.toString()).contains("filling");
        }
        tasks.add(async(barrier::await));
        for (int i = 0; i < N; i++) {
            assertThat(await(tasks.get(i))).as("numbers are in order of arrival").isEqualTo(i);
        }
        assertEmptyAndWhole();
    }

    @AsyncTest
    void itCanBeUsedAgainAtOnce() {
        runAll(
                N,
                () -> {
                    barrier.await();
                    first.add(true);
                    second.add(barrier.await());
                });
        assertThat(first).hasSize(N);
        assertThat(second).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
        assertEmptyAndWhole();
    }

    @AsyncTest
    void itDrainsUntilTheLastHasLeft() {
        runAll(
                N,
                () -> {
                    barrier.await();
                    first.add(barrier.toString().contains("draining"));
                });
        assertThat(first).containsExactly(true, true, true, true, false);
        assertEmptyAndWhole();
    }

    @AsyncTest
    void whoComesWhileItDrainsWaitsForTheNextRound() {
        Barrier others = Barrier.create(N - 2);
        int[] again = {2};
        runAll(
                N,
                () -> {
                    barrier.await();
                    if (again[0] > 0) {
                        again[0]--;
                        barrier.await();
                    } else {
                        others.await();
                        barrier.await();
                    }
                    first.add(true);
                });
        assertThat(first).hasSize(N);
        assertEmptyAndWhole();
    }

    @AsyncTest
    void aCancelledTaskCountsNoMore() {
        List<Task<Void>> tasks =
                start(
                        N - 1,
                        () -> {
                            first.add(barrier.await());
                        });
        yieldNow();
        tasks.get(1).cancel();
        yieldNow();
        assertThat(barrier.waiting()).isEqualTo(N - 2);
        assertThatThrownBy(() -> await(tasks.get(1))).isInstanceOf(CancellationException.class);
        Task<Integer> fourth = async(barrier::await);
        yieldNow();
        assertThat(barrier.waiting()).isEqualTo(N - 1);
        assertThat(barrier.await()).isEqualTo(N - 1);
        assertThat(await(fourth)).isEqualTo(3);
        yieldNow();
        assertThat(first).as("the numbers stay unique").containsExactly(0, 1, 2);
        assertEmptyAndWhole();
    }

    @AsyncTest
    void aTaskCancelledAfterTheLastArrivedHoldsUpNobody() {
        List<Task<Void>> tasks =
                start(
                        N - 1,
                        () -> {
                            barrier.await();
                            first.add(true);
                        });
        yieldNow();
        barrier.await();
        tasks.get(0).cancel();
        for (Task<Void> task : tasks.subList(1, N - 1)) {
            await(task);
        }
        assertThatThrownBy(() -> await(tasks.get(0))).isInstanceOf(CancellationException.class);
        assertThat(first).hasSize(N - 2);
        assertEmptyAndWhole();
    }

    @AsyncTest
    void aTaskCancelledOutsideWhileOthersLeaveIsNotCounted() {
        List<Task<Void>> tasks = start(N - 1, barrier::await);
        yieldNow();
        barrier.await();
        Task<Integer> outside = async(barrier::await);
        outside.cancel();
        Task<Integer> second = async(barrier::await);
        tasks.forEach(Async::await);
        yieldNow();
        yieldNow();
        assertThat(barrier.waiting()).isEqualTo(1);
        second.cancel();
        assertThatThrownBy(() -> await(second)).isInstanceOf(CancellationException.class);
        assertThat(outside.isCancelled()).isTrue();
        assertEmptyAndWhole();
    }

    @AsyncTest
    void resettingAnEmptyBarrierChangesNothing() {
        barrier.reset();
        assertEmptyAndWhole();
    }

    @AsyncTest
    void resettingSendsThoseWhoWaitAwayWithAnError() {
        List<Task<Void>> tasks =
                start(
                        N - 1,
                        () -> {
                            try {
                                barrier.await();
                            } catch (BrokenBarrierException e) {
                                first.add(e.getMessage());
                            }
                        });
        yieldNow();
        Loop.current().callSoon(barrier::reset);
        tasks.forEach(Async::await);
        assertThat(first)
                .hasSize(N - 1)
                .allSatisfy(m -> assertThat((String) m).endsWith("was reset"));
        assertEmptyAndWhole();
    }

    @AsyncTest
    void resettingWhileItDrainsSendsThoseAwayWhoHaveNotLeft() {
        int left = N / 2;
        runAll(
                N,
                () -> {
                    try {
                        barrier.await();
                    } catch (BrokenBarrierException e) {
                        first.add(true);
                        return;
                    }
                    if (++count == N - left) {
                        barrier.reset();
                    }
                });
        assertThat(first).hasSize(left);
        assertEmptyAndWhole();
    }

    @AsyncTest
    void resettingWhileItDrainsLeavesThoseAloneWhoWaitOutside() {
        int outside = N / 2;
        runAll(
                N,
                () -> {
                    try {
                        barrier.await();
                    } catch (BrokenBarrierException e) {
                        first.add(true); // had not left
                        barrier.await();
                        return;
                    }
                    if (++count > outside) {
                        barrier.reset();
                        barrier.await();
                    } else {
                        try {
                            barrier.await();
                        } catch (BrokenBarrierException e) {
                            second.add(true);
                        }
                    }
                });
        assertThat(first).hasSize(outside);
        assertThat(second).isEmpty();
        assertEmptyAndWhole();
    }

    @AsyncTest
    void whoWasSentAwayMayComeAgain() {
        List<Task<Void>> tasks =
                start(
                        N - 1,
                        () -> {
                            try {
                                barrier.await();
                            } catch (BrokenBarrierException e) {
                                first.add(true);
                            } finally {
                                barrier.await();
                                second.add(true);
                            }
                        });
        async(barrier::reset);
        yieldNow();
        Task<Integer> last = async(barrier::await);
        tasks.forEach(Async::await);
        await(last);
        assertThat(first).hasSize(N - 1);
        assertThat(second).hasSize(N - 1);
        assertEmptyAndWhole();
    }

    @AsyncTest
    void resettingByTheLastWhoLeavesDisturbsNobody() {
        runAll(
                N,
                () -> {
                    barrier.await();
                    if (++count == N) {
                        barrier.reset();
                        barrier.await();
                    } else {
                        try {
                            barrier.await();
                            first.add(true);
                        } catch (BrokenBarrierException e) {
                            second.add(true);
                        }
                    }
                    barrier.await();
                    third.add(true);
                });
        assertThat(first).hasSize(N - 1);
        assertThat(second).isEmpty();
        assertThat(third).hasSize(N);
        assertEmptyAndWhole();
    }

    @AsyncTest
    void abortingBreaksIt() {
        barrier.abort();
        assertThat(barrier.isBroken()).isTrue();
        assertThat(barrier.waiting()).isZero();
        assertThat(barrier.toString()).matches("Barrier@[0-9a-f]+\\[broken]");
        assertThatThrownBy(barrier::await)
                .isInstanceOf(BrokenBarrierException.class)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("was aborted");
        barrier.reset();
        assertEmptyAndWhole();
    }

    @AsyncTest
    void abortingFailsAllWhoWait() {
        List<Task<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < N - 1; i++) {
            tasks.add(async(barrier::await));
        }
        yieldNow();
        barrier.abort();
        for (Task<Integer> task : tasks) {
            assertThatThrownBy(() -> await(task)).isInstanceOf(BrokenBarrierException.class);
        }
        assertThat(barrier.isBroken()).isTrue();
    }

    @AsyncTest
    void abortingWhileItDrainsFailsThoseWhoHaveNotLeftAndThoseWhoCameAgain() {
        int outside = N / 2;
        runAll(
                N,
                () -> {
                    try {
                        barrier.await();
                    } catch (BrokenBarrierException e) {
                        first.add(true);
                        return;
                    }
                    if (++count > outside) {
                        barrier.abort();
                    } else {
                        try {
                            barrier.await();
                        } catch (BrokenBarrierException e) {
                            second.add(true);
                        }
                    }
                });
        assertThat(barrier.isBroken()).isTrue();
        assertThat(first).hasSize(outside);
        assertThat(second).hasSize(N - outside - 1);
        assertThat(barrier.toString()).contains("broken");
    }

    @AsyncTest
    void abortingAfterAFailureFailsTheOthersInTheNextRound() {
        runAll(
                N,
                () -> {
                    try {
                        if (barrier.await() == N / 2) {
                            throw new IllegalArgumentException("mine");
                        }
                        barrier.await();
                        first.add(true);
                    } catch (BrokenBarrierException e) {
                        second.add(true);
                    } catch (IllegalArgumentException e) {
                        barrier.abort();
                    }
                });
        assertThat(barrier.isBroken()).isTrue();
        assertThat(first).isEmpty();
        assertThat(second).hasSize(N - 1);
    }

    @AsyncTest
    void anAbortedOneIsWholeAgainAfterAReset() {
        Barrier around = Barrier.create(N);
        runAll(
                N,
                () -> {
                    try {
                        if (barrier.await() == N / 2) {
                            throw new IllegalArgumentException("mine");
                        }
                        barrier.await();
                        first.add(true);
                    } catch (BrokenBarrierException e) {
                        second.add(true);
                    } catch (IllegalArgumentException e) {
                        barrier.abort();
                    }
                    if (around.await() == N / 2) {
                        barrier.reset();
                    }
                    around.await();
                    barrier.await();
                    third.add(true);
                });
        assertThat(first).isEmpty();
        assertThat(second).hasSize(N - 1);
        assertThat(third).hasSize(N);
        assertEmptyAndWhole();
    }

    @AsyncTest
    void anAbortAndAResetBeforeTheOthersRanStillSendThemAway() {
        List<Task<Integer>> tasks = List.of(async(barrier::await), async(barrier::await));
        yieldNow();
        barrier.abort();
        barrier.reset();
        assertThat(barrier.toString()).endsWith("[resetting, waiters:0/5]");
        for (Task<Integer> task : tasks) {
            assertThatThrownBy(() -> await(task)).isInstanceOf(BrokenBarrierException.class);
        }
        assertEmptyAndWhole();
    }

    @AsyncTest
    void toStringTellsStateAndCount() {
        List<Task<Void>> tasks =
                start(
                        9,
                        () -> {
                            try {
                                barrier.await();
                            } catch (BrokenBarrierException e) {
                                first.add(e);
                            }
                        });
        yieldNow();
        assertThat(barrier.toString()).endsWith("[draining, waiters:0/5]");
        barrier.reset();
        assertThat(barrier.toString()).endsWith("[resetting, waiters:0/5]");
        barrier.abort();
        assertThat(barrier.toString()).endsWith("[broken]");
        tasks.forEach(Async::await);
        assertThat(first).hasSize(8);
    }
}
