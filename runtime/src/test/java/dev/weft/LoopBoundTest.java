package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which thread, task and loop may use a synchronisation primitive. */
class LoopBoundTest {
    private final Lock lock = Lock.create();
    private final Event event = Event.create();
    private final Condition condition = Condition.create();
    private final Semaphore semaphore = Semaphore.create(1);
    private final Barrier barrier = Barrier.create(1);
    private final Queue<Integer> queue = Queue.create();

    private List<Action> suspending() {
        return List.of(
                lock::acquire,
                () -> lock.with(() -> {}),
                event::await,
                () -> condition.with(() -> {}),
                semaphore::acquire,
                () -> semaphore.with(() -> {}),
                barrier::await,
                () -> queue.put(1),
                queue::take,
                queue::join);
    }

    private List<Action> others() {
        return List.of(
                event::set,
                event::clear,
                semaphore::tryAcquire,
                semaphore::release,
                barrier::abort,
                barrier::reset,
                () -> queue.tryPut(1),
                queue::tryTake,
                () -> queue.shutdown(false));
    }

    @Test
    void aThreadOfNoLoopIsRefusedWithAWordOnWhatToDo() {
        List<Action> all = new ArrayList<>(suspending());
        all.addAll(others());
        for (Action action : all) {
            assertThatThrownBy(action::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("loop.submit(…)");
        }
        assertThat(queue.size()).isZero();
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest
    void aForeignThreadIsRefusedWhileALoopUsesIt() throws InterruptedException {
        queue.put(1);
        List<Throwable> failures = new ArrayList<>();
        Thread thread =
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                queue.tryPut(2);
                            } catch (IllegalStateException e) {
                                failures.add(e);
                            }
                        });
        thread.join();
        assertThat(failures).hasSize(1);
        assertThat(queue.size()).isEqualTo(1);
    }

    @AsyncTest
    void aCallbackMayDoWhatDoesNotSuspend() {
        Promise<Void> done = Promise.create();
        Loop.current()
                .callSoon(() -> {
                    try {
                        for (Action action : others()) {
                            action.run();
                        }
                        done.complete(null);
                    } catch (Throwable e) {
                        done.fail(e);
                    }
                });
        await(done);
    }

    @AsyncTest
    void aCallbackMayNotSuspend() {
        Promise<Void> done = Promise.create();
        Loop.current()
                .callSoon(() -> {
                    try {
                        for (Action action : suspending()) {
                            assertThatThrownBy(action::run)
                                    .isInstanceOf(IllegalStateException.class)
                                    .hasMessageContaining("needs a task, and this is a callback");
                        }
                        assertThatThrownBy(lock::tryAcquire)
                                .hasMessageContaining("Lock.tryAcquire() needs a task");
                        assertThatThrownBy(lock::release).hasMessageContaining("needs a task");
                        done.complete(null);
                    } catch (Throwable e) {
                        done.fail(e);
                    }
                });
        await(done);
    }

    @AsyncTest
    void callbacksWakeTasks() {
        Task<Integer> taker =
                async(() -> {
                    event.await();
                    semaphore.acquire();
                    semaphore.acquire();
                    return queue.take();
                });
        yieldNow();
        Loop loop = Loop.current();
        loop.callSoon(event::set);
        loop.callSoon(semaphore::release);
        loop.callSoon(() -> queue.tryPut(42));
        assertThat(await(taker)).isEqualTo(42);
    }

    @AsyncTest
    void anotherLoopIsToldWhoseItIs() {
        lock.acquire();
        queue.tryPut(1);
        List<Throwable> failures = new ArrayList<>();
        Task<Void> wrong =
                async(() -> {
                    try (Loop other = Loop.open(LoopOptions.defaults().name("other"))) {
                        Task<Void> task =
                                other.submit(() -> {
                                    for (Action action :
                                            List.<Action>of(lock::acquire, () -> queue.tryPut(2))) {
                                        try {
                                            action.run();
                                        } catch (IllegalStateException e) {
                                            failures.add(e);
                                        }
                                    }
                                });
                        await(task);
                    }
                });
        await(wrong);
        assertThat(failures)
                .hasSize(2)
                .allSatisfy(e ->
                        assertThat(e)
                                .hasMessageContaining("is bound to a different event loop")
                                .hasMessageContaining(Loop.current().name())
                                .hasMessageContaining("other"));
        assertThat(queue.size()).isEqualTo(1);
        lock.release();
    }

    @AsyncTest
    void aConditionOnAnotherLoopsLockIsRefused() {
        lock.acquire();
        Condition onIt = Condition.create(lock);
        try (Loop other = Loop.open()) {
            Task<Void> task = other.submit(onIt::await);
            assertThatThrownBy(() -> await(task))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("does not hold it");
            Task<Void> acquire = other.submit(() -> onIt.with(() -> {}));
            assertThatThrownBy(() -> await(acquire))
                    .hasMessageContaining("is bound to a different event loop");
        }
    }

    @Test
    void oneAfterTheOtherTwoLoopsMayUseIt() {
        for (int i = 0; i < 2; i++) {
            Async.run(() -> {
                Task<Void> waiter = async(() -> lock.with(Async::yieldNow));
                Task<Void> other = async(() -> lock.with(Async::yieldNow));
                await(waiter);
                await(other);
                queue.put(1);
            });
        }
        assertThat(queue.size()).isEqualTo(2);
    }

    @Test
    void thoseWhoWaitWhenTheLoopClosesAreCancelledAndLeaveTheLine() {
        Async.run(() -> {
            lock.acquire();
            async(lock::acquire);
            async(queue::take);
            async(event::await);
            yieldNow();
        });
        assertThat(lock.toString()).doesNotContain("waiters");
        assertThat(queue.toString()).doesNotContain("takers");
        assertThat(event.toString()).doesNotContain("waiters");
    }

    @AsyncTest
    void askingForItsStateIsFreeForAll() throws InterruptedException {
        lock.acquire();
        List<String> seen = new ArrayList<>();
        Thread thread =
                Thread.ofPlatform()
                        .start(() ->
                                seen.add(
                                        lock
                                                + " "
                                                + lock.isLocked()
                                                + queue
                                                + event
                                                + barrier
                                                + semaphore
                                                + condition));
        thread.join();
        assertThat(seen.getFirst()).contains("locked by");
        lock.release();
    }

    /** Deep in recursion, whoever is handed something must not be forgotten. */
    @AsyncTest
    void aStackOverflowAmidHandingOnLosesNobody() {
        List<Task<Integer>> takers = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            takers.add(async(queue::take));
        }
        yieldNow();
        int[] put = {0};
        Task<Void> deep = async(() -> recurse(put, Integer.MAX_VALUE));
        assertThatThrownBy(() -> await(deep)).isInstanceOf(StackOverflowError.class);
        assertThatCode(
                        () -> {
                            while (put[0] < 2000) {
                                queue.put(put[0]++);
                            }
                        })
                .doesNotThrowAnyException();
        queue.shutdown();
        int served = 0;
        for (Task<Integer> taker : takers) {
            try {
                await(taker);
                served++;
            } catch (QueueShutDownException e) {
                assertThat(e).isNotNull();
            }
        }
        // A put that overflowed may have been counted and not done, or done and not counted.
        assertThat(served).isBetween(1900, 2000);
        assertThat(queue.toString()).doesNotContain("takers");
    }

    private void recurse(int[] put, int depth) {
        try {
            if (depth > 0) {
                recurse(put, depth - 1);
            }
        } finally {
            if (put[0] < 1000) {
                queue.tryPut(put[0]++);
            }
        }
    }
}
