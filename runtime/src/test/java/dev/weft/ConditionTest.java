package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

class ConditionTest {
    private final Condition condition = Condition.create();
    private final Lock lock = condition.lock();
    private final List<Object> log = new ArrayList<>();
    private int state;

    /** Waits for one signal, keeps the lock for a turn, and releases it. */
    private Task<Void> waiter(Object name) {
        return async(() ->
                condition.with(() -> {
                    condition.await();
                    log.add(name);
                }));
    }

    private Task<Void> consumer() {
        return async(() ->
                condition.with(() -> {
                    for (; ; ) {
                        condition.awaitUntil(() -> state != 0);
                        if (state < 0) {
                            return;
                        }
                        state--;
                    }
                }));
    }

    private static void assertCancelled(Task<?> task) {
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
    }

    @AsyncTest
    void signalledTasksGoOnOneAfterTheOtherWithTheLock() {
        List<Task<Void>> tasks = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            int name = i;
            tasks.add(
                    async(() -> {
                        lock.acquire();
                        condition.await();
                        log.add(name);
                        yieldNow();
                        if (name == 1) {
                            condition.signal(2);
                        }
                        yieldNow();
                        lock.release();
                    }));
        }
        yieldNow();
        assertThat(lock.isLocked()).as("those who wait have released it").isFalse();
        lock.acquire();
        condition.signal();
        yieldNow();
        yieldNow();
        assertThat(log).as("the lock is still held").isEmpty();
        lock.release();
        yieldNow();
        assertThat(log).containsExactly(1);
        tasks.forEach(Async::await);
        assertThat(log).containsExactly(1, 2, 3);
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void aSignalledTaskIsSwitchedToOnceNotTwice() {
        Task<Void> task = waiter(1);
        yieldNow();
        lock.acquire();
        condition.signal();
        lock.release();
        yieldNow();
        assertThat(task.isDone()).isTrue();
    }

    @AsyncTest
    void aTaskCancelledInTheLineHasTheLockWhenItIsTold() {
        Task<Void> task =
                async(() -> {
                    lock.acquire();
                    try {
                        condition.await();
                    } catch (CancelledError e) {
                        log.add(e.getMessage());
                        lock.release(); // would fail if it did not hold it
                        throw e;
                    }
                });
        yieldNow();
        task.cancel("foo");
        assertCancelled(task);
        assertThat(log).containsExactly("foo");
        assertThat(condition.toString()).endsWith("[unlocked]");
    }

    @AsyncTest
    void aTaskCancelledWhileOthersHoldTheLockIsToldWhenItHasIt() {
        Task<Void> task = waiter("never");
        yieldNow();
        lock.acquire();
        task.cancel();
        yieldNow();
        yieldNow();
        assertThat(task.isDone()).as("it waits for the lock").isFalse();
        task.cancel();
        task.cancel();
        yieldNow();
        assertThat(task.isDone()).as("whatever it is asked").isFalse();
        assertThat(task.cancelling()).as("and each request counts").isEqualTo(3);
        lock.release();
        assertCancelled(task);
        assertThat(log).isEmpty();
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void theErrorThatLeavesIsThatOfTheLastRequest() {
        Task<Void> task =
                async(() -> {
                    try {
                        condition.with(condition::await);
                    } catch (CancelledError e) {
                        log.add(e.getMessage());
                        throw e;
                    }
                });
        yieldNow();
        lock.acquire();
        task.cancel("first");
        yieldNow();
        task.cancel("last");
        yieldNow();
        lock.release();
        assertCancelled(task);
        assertThat(log).containsExactly("last");
    }

    @AsyncTest
    void aTaskCancelledAfterTheSignalIsCancelledWhenItHasTheLock() {
        Task<Void> task = waiter("never");
        yieldNow();
        lock.acquire();
        condition.signal();
        yieldNow();
        task.cancel("foo");
        yieldNow();
        assertThat(task.isDone()).isFalse();
        lock.release();
        assertThatThrownBy(() -> await(task)).hasMessageContaining("foo");
        assertThat(log).isEmpty();
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void aTaskCancelledAfterItWasHandedTheLockIsCancelledToo() {
        Task<Void> task = waiter("never");
        yieldNow();
        lock.acquire();
        condition.signal();
        lock.release();
        task.cancel();
        assertCancelled(task);
        assertThat(log).isEmpty();
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void aContestedCancellationLeavesTheLockWithTheWaiterAndThenWithTheRival() {
        Task<Void> task =
                async(
                        "waiter",
                        () -> {
                            lock.acquire();
                            try {
                                condition.await();
                            } finally {
                                log.add(condition.toString().contains("locked by waiter"));
                                lock.release();
                            }
                        });
        yieldNow();
        lock.acquire();
        condition.signal();
        Loop.current().callSoon(task::cancel);
        Task<Void> rival =
                async(() ->
                        lock.with(() -> {
                            log.add("rival");
                        }));
        yieldNow();
        lock.release();
        assertCancelled(task);
        await(rival);
        assertThat(log).contains(true, "rival");
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void awaitingWithoutTheLockIsAnError() {
        assertThatThrownBy(condition::await)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Condition.await() needs the lock")
                .hasMessageContaining("does not hold it: Lock@");
        assertThatThrownBy(() -> condition.awaitUntil(() -> false))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> condition.awaitUntil(() -> true))
                .as("a mistake is told also where it would not show")
                .isInstanceOf(IllegalStateException.class);
    }

    @AsyncTest
    void awaitingWithALockThatSomebodyElseHoldsIsAnErrorToo() {
        Task<Void> holder = async("holder", lock::acquire);
        await(holder);
        assertThatThrownBy(condition::await).hasMessageContaining("locked by holder");
        assertThatThrownBy(condition::signal).hasMessageContaining("locked by holder");
    }

    @AsyncTest
    void awaitUntilLooksAgainAfterEachSignal() {
        Task<Void> task =
                async(() ->
                        condition.with(() -> {
                            condition.awaitUntil(() -> {
                                log.add("looked");
                                return state == 1;
                            });
                        }));
        yieldNow();
        condition.with(() -> condition.signal());
        yieldNow();
        assertThat(log).hasSize(2);
        state = 1;
        yieldNow();
        assertThat(task.isDone()).as("nobody signalled").isFalse();
        condition.with(() -> condition.signal());
        await(task);
        assertThat(log).hasSize(3);
    }

    @AsyncTest
    void awaitUntilDoesNotSuspendWhenThePredicateIsTrue() {
        condition.with(() -> condition.awaitUntil(() -> true));
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void aPredicateThatThrowsLeavesTheLockHeld() {
        lock.acquire();
        assertThatThrownBy(() ->
                        condition.awaitUntil(() -> {
                            throw new IllegalArgumentException("no");
                        }))
                .isInstanceOf(IllegalArgumentException.class);
        lock.release();
    }

    @AsyncTest
    void signalWakesAsManyAsAsked() {
        List<Task<Void>> tasks = List.of(waiter(1), waiter(2), waiter(3));
        yieldNow();
        condition.with(() -> condition.signal(1));
        yieldNow();
        assertThat(log).containsExactly(1);
        condition.with(() -> condition.signal(0));
        yieldNow();
        assertThat(log).containsExactly(1);
        condition.with(() -> {
            condition.signal(1);
            condition.signal(2048);
        });
        tasks.forEach(Async::await);
        assertThat(log).containsExactly(1, 2, 3);
    }

    @AsyncTest
    void signalAllWakesAllAndOnlyThoseWhoWaitNow() {
        List<Task<Void>> tasks = List.of(waiter(1), waiter(2));
        yieldNow();
        condition.with(condition::signalAll);
        Task<Void> late = waiter("late");
        tasks.forEach(Async::await);
        yieldNow();
        assertThat(log).containsExactly(1, 2);
        late.cancel();
        assertCancelled(late);
    }

    @AsyncTest
    void signallingWithoutTheLockIsAnError() {
        assertThatThrownBy(condition::signal)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("needs the lock");
        assertThatThrownBy(condition::signalAll).isInstanceOf(IllegalStateException.class);
        lock.acquire();
        assertThatThrownBy(() -> condition.signal(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("count must be >= 0, was -1");
        lock.release();
    }

    @AsyncTest
    void signallingNobodyIsForgotten() {
        condition.with(() -> condition.signal(3));
        Task<Void> task = waiter("never");
        yieldNow();
        yieldNow();
        assertThat(task.isDone()).isFalse();
        task.cancel();
        assertCancelled(task);
    }

    @AsyncTest
    void severalConditionsMayShareALock() {
        Condition second = Condition.create(lock);
        assertThat(second.lock()).isSameAs(lock);
        Task<Void> onSecond =
                async(() ->
                        second.with(() -> {
                            second.await();
                            log.add("second");
                        }));
        Task<Void> onFirst = waiter("first");
        yieldNow();
        second.with(second::signalAll);
        await(onSecond);
        assertThat(log).containsExactly("second");
        condition.with(condition::signalAll);
        await(onFirst);
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void aTimeLimitOnAWaitLeavesTheLockHeld() {
        Task<Void> task =
                async(() -> {
                    Task<?> self = Task.current();
                    lock.acquire();
                    Loop.current().callLater(Duration.ofMillis(5), self::cancel);
                    try {
                        condition.await();
                    } catch (CancelledError e) {
                        assertThat(self.uncancel()).isZero();
                        lock.release();
                        log.add("timed out");
                    }
                });
        await(task);
        assertThat(log).containsExactly("timed out");
        assertThat(condition.toString()).endsWith("[unlocked]");
    }

    @AsyncTest
    void aSignalThatReachesACancelledTaskGoesToTheNext() {
        Task<Void> first = consumer();
        Task<Void> second = consumer();
        yieldNow();
        lock.acquire();
        state++;
        condition.signal();
        first.cancel(); // signalled, and waits for the lock
        Task<Void> check =
                async(() -> {
                    while (state > 0) {
                        yieldNow();
                    }
                });
        lock.release();
        await(check);
        assertCancelled(first);
        condition.with(() -> {
            state = -1;
            condition.signalAll();
        });
        await(second);
    }

    @AsyncTest
    void aSignalIsPassedOnAlsoWhenTheTaskIsCancelledWithTheLockInItsHand() {
        Task<Void> first = consumer();
        Task<Void> second = consumer();
        yieldNow();
        lock.acquire();
        state++;
        condition.signal();
        lock.release(); // handed to first, which has not run yet
        first.cancel();
        assertCancelled(first);
        while (state > 0) {
            yieldNow();
        }
        condition.with(() -> {
            state = -1;
            condition.signalAll();
        });
        await(second);
    }

    @AsyncTest
    void aTaskCancelledBeforeAnySignalUsesNoneUp() {
        Task<Void> first = waiter("never");
        Task<Void> second = waiter(2);
        yieldNow();
        first.cancel();
        yieldNow();
        assertCancelled(first);
        assertThat(second.isDone()).as("no signal, no wake-up").isFalse();
        condition.with(() -> condition.signal());
        await(second);
    }

    @AsyncTest
    void aPendingRequestIsThrownWithTheLockHeld() {
        Task<Void> task =
                async(() -> {
                    lock.acquire();
                    Task.current().cancel();
                    try {
                        condition.await();
                    } finally {
                        lock.release();
                        log.add("released");
                    }
                });
        assertCancelled(task);
        assertThat(log).containsExactly("released");
    }

    @AsyncTest
    void toStringTellsTheLockAndHowManyWait() {
        assertThat(condition.toString()).matches("Condition@[0-9a-f]+\\[unlocked]");
        Task<Void> t1 = waiter(1);
        Task<Void> t2 = waiter(2);
        yieldNow();
        assertThat(condition.toString()).endsWith("[unlocked, waiters:2]");
        lock.acquire();
        condition.signal();
        assertThat(condition.toString())
                .endsWith("[locked by " + Task.current().name() + ", waiters:1]");
        assertThat(lock.toString()).as("it waits for the lock now").endsWith("waiters:1]");
        condition.signal();
        lock.release();
        await(t1);
        await(t2);
    }
}
