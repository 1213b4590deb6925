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

class SemaphoreTest {
    private final List<Object> log = new ArrayList<>();

    private Task<Void> taker(Semaphore semaphore, Object name) {
        return async(() -> {
            semaphore.acquire();
            log.add(name);
        });
    }

    private static void assertCancelled(Task<?> task) {
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
    }

    @Test
    void oneWithoutPermitsIsLocked() {
        assertThat(Semaphore.create(0).isLocked()).isTrue();
        assertThat(Semaphore.create(1).isLocked()).isFalse();
    }

    @Test
    void aNegativeNumberOfPermitsIsRefused() {
        assertThatThrownBy(() -> Semaphore.create(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("permits must be >= 0, was -1");
        assertThatThrownBy(() -> BoundedSemaphore.create(-1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @AsyncTest
    void permitsAreTakenWithoutSuspendingWhileThereAreSome() {
        Semaphore semaphore = Semaphore.create(3);
        semaphore.acquire();
        semaphore.acquire();
        assertThat(semaphore.isLocked()).isFalse();
        Task<Void> t1 = taker(semaphore, 1);
        Task<Void> t2 = taker(semaphore, 2);
        Task<Void> t3 = taker(semaphore, 3);
        yieldNow();
        assertThat(log).containsExactly(1);
        assertThat(t1.isDone()).isTrue();
        assertThat(semaphore.isLocked()).isTrue();
        assertThat(semaphore.toString()).endsWith("[locked, waiters:2]");
        Task<Void> t4 = taker(semaphore, 4);
        semaphore.release();
        semaphore.release();
        assertThat(semaphore.availablePermits()).isZero();
        yieldNow();
        assertThat(log).containsExactly(1, 2, 3);
        assertThat(semaphore.isLocked()).isTrue();
        semaphore.release();
        for (Task<Void> t : List.of(t2, t3, t4)) {
            await(t);
        }
        assertThat(semaphore.availablePermits()).isZero();
    }

    @AsyncTest
    void aCancelledWaiterTakesNothing() {
        Semaphore semaphore = Semaphore.create(1);
        semaphore.acquire();
        Task<Void> task = taker(semaphore, "never");
        Loop.current().callSoon(task::cancel);
        assertCancelled(task);
        assertThat(semaphore.toString()).endsWith("[locked]");
        semaphore.release();
        assertThat(semaphore.availablePermits()).isEqualTo(1);
    }

    @AsyncTest
    void acquiringAFreeOneThrowsNoPendingRequestAsInAsyncio() {
        Semaphore semaphore = Semaphore.create(1);
        Task<Void> task =
                async(() -> {
                    Task.current().cancel();
                    semaphore.acquire();
                    log.add("acquired");
                    semaphore.acquire();
                    log.add("never");
                });
        assertCancelled(task);
        assertThat(log).containsExactly("acquired");
        assertThat(semaphore.toString()).endsWith("[locked]");
    }

    @AsyncTest
    void aReleaseReachesTheFirstWhoWasNotCancelled() {
        Semaphore semaphore = Semaphore.create(0);
        List<Task<Void>> tasks = new ArrayList<>();
        for (int i = 1; i <= 4; i++) {
            tasks.add(taker(semaphore, i));
        }
        yieldNow();
        tasks.get(0).cancel();
        tasks.get(1).cancel();
        semaphore.release();
        yieldNow();
        yieldNow();
        assertThat(log).containsExactly(3);
        tasks.get(3).cancel();
        assertCancelled(tasks.get(3));
        assertThat(semaphore.availablePermits()).isZero();
    }

    @AsyncTest
    void aWaiterCancelledAfterItWasGrantedAPermitPassesItOn() {
        Semaphore semaphore = Semaphore.create(0);
        Task<Void> t1 = taker(semaphore, "never");
        Task<Void> t2 = taker(semaphore, 2);
        yieldNow();
        semaphore.release();
        t1.cancel();
        await(t2);
        assertCancelled(t1);
        assertThat(semaphore.isLocked()).isTrue();
        assertThat(semaphore.availablePermits()).isZero();
    }

    @AsyncTest
    void theLastWaiterCancelledAfterItWasGrantedAPermitLeavesItThere() {
        Semaphore semaphore = Semaphore.create(0);
        Task<Void> t1 = taker(semaphore, "never");
        yieldNow();
        semaphore.release();
        t1.cancel();
        assertThat(semaphore.tryAcquire()).as("still kept for it").isFalse();
        assertCancelled(t1);
        assertThat(semaphore.tryAcquire()).isTrue();
    }

    @AsyncTest
    void cancellingTheNextWhileReleasingHangsNobody() {
        Semaphore semaphore = Semaphore.create(1);
        List<Task<Void>> second = new ArrayList<>();
        Task<Void> first =
                async(() -> {
                    semaphore.with(Async::yieldNow);
                    second.getFirst().cancel();
                });
        second.add(
                async(() ->
                        semaphore.with(() -> {
                            log.add("never");
                        })));
        await(first);
        assertCancelled(second.getFirst());
        semaphore.acquire();
        assertThat(log).isEmpty();
    }

    @AsyncTest
    void releasingWithoutWaitersKeepsThePermit() {
        Semaphore semaphore = Semaphore.create(1);
        semaphore.acquire();
        assertThat(semaphore.isLocked()).isTrue();
        semaphore.release();
        assertThat(semaphore.isLocked()).isFalse();
        semaphore.release();
        assertThat(semaphore.availablePermits()).as("it is not bounded").isEqualTo(2);
    }

    @AsyncTest
    void aBoundedOneRefusesAReleaseTooMany() {
        BoundedSemaphore semaphore = BoundedSemaphore.create(1);
        assertThatThrownBy(semaphore::release)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("all permits are there already");
        semaphore.acquire();
        semaphore.release();
        assertThatThrownBy(semaphore::release).isInstanceOf(IllegalStateException.class);
        assertThat(semaphore.availablePermits()).isEqualTo(1);
    }

    @AsyncTest
    void aBoundedOneCountsAPermitThatIsGrantedAsGone() {
        BoundedSemaphore semaphore = BoundedSemaphore.create(1);
        semaphore.acquire();
        Task<Void> next = async(semaphore::acquire);
        yieldNow();
        semaphore.release(); // granted, not taken yet
        semaphore.release(); // so this is not one too many: nobody knows who releases for whom
        await(next);
        assertThat(semaphore.availablePermits()).isEqualTo(1);
        assertThatThrownBy(semaphore::release).isInstanceOf(IllegalStateException.class);
    }

    @AsyncTest
    void permitsGoRoundInOrder() {
        Semaphore semaphore = Semaphore.create(1);
        List<Task<Void>> tasks = new ArrayList<>();
        for (String name : List.of("c1", "c2", "c3")) {
            tasks.add(
                    async(() -> {
                        for (int round = 1; round <= 2; round++) {
                            semaphore.acquire();
                            log.add(name + "_" + round);
                            yieldNow();
                            semaphore.release();
                        }
                    }));
        }
        tasks.forEach(Async::await);
        assertThat(log).containsExactly("c1_1", "c2_1", "c3_1", "c1_2", "c2_2", "c3_2");
    }

    @AsyncTest
    void whoReleasesAndAcquiresAgainComesAfterThoseWhoWait() {
        Semaphore semaphore = Semaphore.create(1);
        Task<Void> t1 = taker(semaphore, 1);
        Task<Void> t2 =
                async(() -> {
                    semaphore.acquire();
                    log.add(2);
                    semaphore.release();
                    semaphore.acquire();
                    log.add(4);
                });
        Task<Void> t3 = taker(semaphore, 3);
        yieldNow();
        semaphore.release();
        semaphore.release();
        for (Task<Void> t : List.of(t1, t2, t3)) {
            await(t);
        }
        assertThat(log).containsExactly(1, 2, 3, 4);
    }

    @AsyncTest
    void aCancelledWaiterIsSkipped() {
        Semaphore semaphore = Semaphore.create(0);
        Task<Void> t1 = taker(semaphore, 1);
        Task<Void> t2 = taker(semaphore, 2);
        Task<Void> t3 = taker(semaphore, 3);
        yieldNow();
        t1.cancel();
        yieldNow();
        semaphore.release();
        semaphore.release();
        await(t2);
        await(t3);
        assertThat(log).containsExactly(2, 3);
    }

    @AsyncTest
    void whoAsksLaterGoesOnLaterThoughThereArePermitsForAll() {
        Semaphore semaphore = Semaphore.create(0);
        List<Task<Void>> fourth = new ArrayList<>();
        Task<Void> t1 =
                async(() -> {
                    semaphore.acquire();
                    fourth.add(
                            async(() -> {
                                log.add(4);
                            }));
                    log.add(1);
                });
        Task<Void> t2 =
                async(() -> {
                    semaphore.release();
                    semaphore.release();
                    semaphore.release();
                    assertThat(semaphore.availablePermits()).isEqualTo(2);
                    assertThat(semaphore.isLocked()).as("t1 has not gone on yet").isTrue();
                    assertThat(semaphore.tryAcquire()).isFalse();
                    semaphore.acquire();
                    log.add(2);
                });
        Task<Void> t3 = taker(semaphore, 3);
        for (Task<Void> t : List.of(t1, t2, t3)) {
            await(t);
        }
        yieldNow();
        assertThat(log).containsExactly(1, 2, 3, 4);
        assertThat(semaphore.availablePermits()).isZero();
    }

    @AsyncTest
    void withPutsThePermitBackWhenTheBodyFails() {
        Semaphore semaphore = Semaphore.create(1);
        assertThatThrownBy(() ->
                        semaphore.with(() -> {
                            throw new IllegalArgumentException("no");
                        }))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(semaphore.with(semaphore::availablePermits)).isZero();
        assertThat(semaphore.availablePermits()).isEqualTo(1);
    }

    @AsyncTest
    void toStringTellsPermitsAndHowManyWait() {
        Semaphore semaphore = Semaphore.create(1);
        assertThat(semaphore.toString()).matches("Semaphore@[0-9a-f]+\\[unlocked, permits:1]");
        semaphore.acquire();
        assertThat(semaphore.toString()).endsWith("[locked]");
        Task<Void> t1 = taker(semaphore, 1);
        Task<Void> t2 = taker(semaphore, 2);
        yieldNow();
        assertThat(semaphore.toString()).endsWith("[locked, waiters:2]");
        semaphore.release();
        semaphore.release();
        await(t1);
        await(t2);
        assertThat(BoundedSemaphore.create(2).toString()).startsWith("BoundedSemaphore@");
    }
}
