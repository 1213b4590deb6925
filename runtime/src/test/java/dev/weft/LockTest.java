package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

class LockTest {
    private final Lock lock = Lock.create();
    private final List<Object> log = new ArrayList<>();

    private Task<Void> locker(Object name) {
        return async(() -> {
            lock.acquire();
            log.add(name);
        });
    }

    private Task<Void> passer(Object name) {
        return async(() -> {
            lock.acquire();
            log.add(name);
            lock.release();
        });
    }

    private static void assertCancelled(Task<?> task) {
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
    }

    @AsyncTest
    void aFreeLockIsAcquiredWithoutSuspending() {
        async(() -> log.add("other"));
        lock.acquire();
        assertThat(log).isEmpty();
        assertThat(lock.isLocked()).isTrue();
        lock.release();
        assertThat(lock.isLocked()).isFalse();
        yieldNow();
    }

    @AsyncTest
    void acquiringAFreeLockThrowsNoPendingRequestAsInAsyncio() {
        Task<Void> task =
                async(() -> {
                    Task.current().cancel();
                    lock.acquire();
                    log.add("acquired");
                    lock.release();
                    yieldNow();
                    log.add("never");
                });
        assertCancelled(task);
        assertThat(log).containsExactly("acquired");
    }

    @AsyncTest
    void acquiringAHeldLockThrowsAPendingRequestAtOnceAndLeavesNoWaiter() {
        lock.acquire();
        Task<Void> task =
                async(() -> {
                    Task.current().cancel();
                    lock.acquire();
                });
        assertCancelled(task);
        assertThat(lock.toString()).doesNotContain("waiters");
        lock.release();
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void waitersGetItOneAfterTheOtherInTheOrderInWhichTheyCame() {
        lock.acquire();
        Task<Void> t1 = passer(1);
        Task<Void> t2 = passer(2);
        yieldNow();
        assertThat(log).isEmpty();
        Task<Void> t3 = passer(3);
        lock.release();
        yieldNow();
        assertThat(log).containsExactly(1);
        for (Task<Void> t : List.of(t1, t2, t3)) {
            await(t);
        }
        assertThat(log).containsExactly(1, 2, 3);
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void onlyOneWaiterGoesOnForEachRelease() {
        Task<Void> t1 =
                async(() -> {
                    lock.acquire();
                    log.add(1);
                    yieldNow();
                    yieldNow();
                    lock.release();
                });
        Task<Void> t2 = passer(2);
        yieldNow();
        yieldNow();
        assertThat(log).containsExactly(1);
        await(t1);
        await(t2);
        assertThat(log).containsExactly(1, 2);
    }

    @AsyncTest
    void whoReleasesAndAcquiresAgainGoesToTheEndOfTheLine() {
        lock.acquire();
        Task<Void> other = passer("other");
        yieldNow();
        lock.release();
        assertThat(lock.tryAcquire()).as("it is handed on already").isFalse();
        lock.acquire();
        log.add("again");
        lock.release();
        await(other);
        assertThat(log).containsExactly("other", "again");
    }

    @AsyncTest
    void aCancelledWaiterLeavesTheLine() {
        lock.acquire();
        Task<Void> waiter = locker("never");
        Loop.current().callSoon(waiter::cancel);
        assertCancelled(waiter);
        assertThat(lock.toString()).doesNotContain("waiters");
        lock.release();
        assertThat(lock.isLocked()).isFalse();
        assertThat(log).isEmpty();
    }

    @AsyncTest
    void cancellingTheFirstTheMiddleAndTheLastOfTheLineKeepsTheOthersInOrder() {
        lock.acquire();
        List<Task<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            tasks.add(passer(i));
        }
        yieldNow();
        for (int i : List.of(3, 0, 6, 4)) {
            tasks.get(i).cancel();
        }
        assertThat(lock.toString()).endsWith("waiters:3]");
        lock.release();
        for (int i : List.of(1, 2, 5)) {
            await(tasks.get(i));
        }
        assertThat(log).containsExactly(1, 2, 5);
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void aWaiterCancelledBeforeTheReleaseDoesNotGetIt() {
        Promise<Void> blocker = Promise.create();
        Task<Void> a = async(() -> lock.with(() -> await(blocker)));
        yieldNow();
        Task<Void> b = passer("b");
        Task<Void> c = passer("c");
        yieldNow();
        blocker.complete(null);
        b.cancel();
        await(c);
        assertThat(a.isDone()).isTrue();
        assertCancelled(b);
        assertThat(log).containsExactly("c");
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void aWaiterCancelledAfterItWasHandedTheLockPassesItOn() {
        lock.acquire();
        Task<Void> b = locker("never");
        Task<Void> c = passer("c");
        yieldNow();
        lock.release(); // hands it to b ...
        b.cancel(); // ... which has not run yet
        await(c);
        assertCancelled(b);
        assertThat(log).containsExactly("c");
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void theLastWaiterCancelledAfterItWasHandedTheLockFreesIt() {
        lock.acquire();
        Task<Void> b = locker("never");
        yieldNow();
        lock.release();
        b.cancel();
        assertCancelled(b);
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void aRowOfHandedAndCancelledWaitersPassesTheLockDownTheLine() {
        lock.acquire();
        List<Task<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            tasks.add(passer(i));
        }
        yieldNow();
        lock.release();
        tasks.get(0).cancel();
        yieldNow(); // 0 has passed it on to 1
        tasks.get(1).cancel();
        tasks.get(1).cancel(); // twice is no more than once
        await(tasks.get(4));
        assertThat(log).containsExactly(2, 3, 4);
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void cancelAndReleaseInOneCallbackLetOnlyOneWaiterIn() {
        Event released = Event.create();
        Task<Void> holder =
                async(() -> {
                    lock.acquire();
                    released.await();
                    lock.release();
                });
        yieldNow();
        Task<Void> t1 = locker(1);
        Task<Void> t2 = locker(2);
        Task<Void> t3 = locker(3);
        yieldNow();
        Loop.current()
                .callSoon(() -> {
                    t1.cancel();
                    released.set();
                });
        assertCancelled(t1);
        await(holder);
        await(t2);
        yieldNow();
        assertThat(log).containsExactly(2);
        t3.cancel();
        assertCancelled(t3);
    }

    @AsyncTest
    void aRequestTakenBackAfterTheHandOverIsForgottenAndTheLockKept() {
        lock.acquire();
        Task<Void> b = passer("b");
        yieldNow();
        lock.release();
        b.cancel();
        b.uncancel();
        await(b);
        assertThat(log).containsExactly("b");
    }

    @AsyncTest
    void aRequestTakenBackTooLateStillEndsTheWaitAsInAsyncio() {
        lock.acquire();
        Task<Void> b = passer("never");
        yieldNow();
        b.cancel();
        b.uncancel();
        assertCancelled(b);
        lock.release();
        assertThat(lock.isLocked()).isFalse();
        assertThat(log).isEmpty();
    }

    @AsyncTest
    void aWaiterThatCatchesItsCancellationDoesNotHoldTheLock() {
        lock.acquire();
        Task<Void> b =
                async(() -> {
                    try {
                        lock.acquire();
                    } catch (CancelledError e) {
                        log.add(lock.tryAcquire());
                    }
                });
        yieldNow();
        b.cancel();
        await(b);
        assertThat(log).containsExactly(false);
    }

    @AsyncTest
    void releasingALockThatNobodyHoldsIsAnError() {
        assertThatThrownBy(lock::release)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("does not hold it")
                .hasMessageContaining("unlocked");
    }

    @AsyncTest
    void releasingAnotherTasksLockIsAnErrorThatNamesTheHolder() {
        Task<Void> holder = async("the holder", lock::acquire);
        await(holder);
        assertThatThrownBy(lock::release)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("locked by the holder, which has ended");
        assertThat(lock.isLocked()).isTrue();
    }

    @AsyncTest
    void acquiringItTwiceIsAnErrorAndNoDeadlock() {
        lock.acquire();
        assertThatThrownBy(lock::acquire)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("not reentrant");
        assertThat(lock.tryAcquire()).isFalse();
        lock.release();
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void tryAcquireNeverWaits() {
        assertThat(lock.tryAcquire()).isTrue();
        Task<Boolean> other = async(lock::tryAcquire);
        assertThat(await(other)).isFalse();
        lock.release();
        Task<Boolean> third = async(lock::tryAcquire);
        assertThat(await(third)).isTrue();
    }

    @AsyncTest
    void withReturnsTheResultAndReleases() {
        String result =
                lock.with(() -> {
                    assertThat(lock.isLocked()).isTrue();
                    return "result";
                });
        assertThat(result).isEqualTo("result");
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void withReleasesWhenTheBodyFails() {
        assertThatThrownBy(() ->
                        lock.with(() -> {
                            throw new IOException("no");
                        }))
                .isInstanceOf(UncheckedIOException.class);
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void withDoesNotRunTheBodyOfACancelledWaiter() {
        lock.acquire();
        Task<Boolean> task = async(() -> lock.with(() -> log.add("never")));
        yieldNow();
        task.cancel();
        assertCancelled(task);
        lock.release();
        assertThat(log).isEmpty();
    }

    @AsyncTest
    void itKeepsOthersOutWhileItsHolderSuspends() {
        int[] inside = {0};
        List<Task<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            tasks.add(
                    async(() ->
                            lock.with(() -> {
                                assertThat(++inside[0]).isEqualTo(1);
                                yieldNow();
                                inside[0]--;
                            })));
        }
        tasks.forEach(Async::await);
    }

    @AsyncTest
    void toStringTellsTheHolderAndHowManyWait() {
        assertThat(lock.toString()).matches("Lock@[0-9a-f]+\\[unlocked]");
        Event done = Event.create();
        Task<Void> holder = async("holder", () -> lock.with(done::await));
        Task<Void> b = passer("b");
        Task<Void> c = passer("c");
        yieldNow();
        assertThat(lock.toString()).endsWith("[locked by holder, waiters:2]");
        done.set();
        await(holder);
        await(b);
        await(c);
    }

    @AsyncTest
    void aTaskThatWaitsForItIsDescribedSo() {
        lock.acquire();
        Task<Void> waiter = passer("w");
        yieldNow();
        assertThat(((TaskImpl<?>) waiter).situation())
                .contains(" awaiting Lock@")
                .contains("waiters:1");
        lock.release();
        await(waiter);
    }

    @AsyncTest
    void manyWaitersAreServedAndCancelledInGoodTime() {
        lock.acquire();
        List<Task<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            tasks.add(passer(i));
        }
        yieldNow();
        for (int i = tasks.size() - 1; i >= 0; i--) {
            if (i % 10 != 0) {
                tasks.get(i).cancel(); // from any place in the line, without a walk along it
            }
        }
        lock.release();
        await(tasks.get(19_990));
        assertThat(log).hasSize(2_000);
    }
}
