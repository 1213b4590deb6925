package dev.weft;

import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Random interleavings of tasks that acquire, release, put and take while they are cancelled: no
 * permit and no item is lost, nobody overtakes, nobody waits for ever.
 */
class SyncInterleavingTest {
    /** What a scenario counts. */
    private static final class Counts {
        int inside;
        int tokens;
        int consumers;
        int takers;
        int putters;
        boolean stop;
    }

    @AsyncTest
    void lock() {
        Interleaving.explore(run -> {
            Lock lock = Lock.create();
            Counts counts = new Counts();
            for (int i = 0; i < 6; i++) {
                run.worker(
                        6,
                        () -> {
                            run.inLine(lock::acquire);
                            try {
                                assertThat(++counts.inside).isEqualTo(1);
                                run.pause();
                            } finally {
                                counts.inside--;
                                lock.release();
                            }
                        });
            }
            run.disturb(() -> {});
            run.end(lock);
            assertThat(lock.toString()).endsWith("[unlocked]");
        });
    }

    @AsyncTest
    void semaphore() {
        Interleaving.explore(run -> {
            int permits = 1 + run.below(3);
            BoundedSemaphore semaphore = BoundedSemaphore.create(permits);
            Counts counts = new Counts();
            for (int i = 0; i < 7; i++) {
                run.worker(
                        6,
                        () -> {
                            run.inLine(semaphore::acquire);
                            try {
                                assertThat(++counts.inside).isLessThanOrEqualTo(permits);
                                run.pause();
                            } finally {
                                counts.inside--;
                                if (run.oneIn(3)) {
                                    Loop.current().callSoon(semaphore::release);
                                } else {
                                    semaphore.release();
                                }
                            }
                        });
            }
            run.disturb(() -> {});
            run.end(semaphore);
            yieldNow(); // the last release may be a callback's
            assertThat(semaphore.availablePermits()).isEqualTo(permits);
            assertThat(semaphore.toString()).doesNotContain("waiters");
        });
    }

    @AsyncTest
    void event() {
        Interleaving.explore(run -> {
            Event event = Event.create();
            Set<Object> waiting = new HashSet<>();
            for (int i = 0; i < 6; i++) {
                run.worker(
                        5,
                        () -> {
                            Object self = new Object();
                            waiting.add(self);
                            try {
                                event.await();
                            } finally {
                                waiting.remove(self);
                            }
                        });
            }
            run.worker(
                    20,
                    () -> {
                        Set<Object> before = new HashSet<>(waiting);
                        event.set();
                        if (run.oneIn(2)) {
                            event.clear();
                        }
                        yieldNow();
                        before.retainAll(waiting);
                        assertThat(before).as("was woken and has not gone on").isEmpty();
                        event.clear();
                    });
            run.disturb(() -> {});
            run.settle();
            event.set();
            run.end(event);
            assertThat(event.toString()).endsWith("[set]");
        });
    }

    @AsyncTest
    void condition() {
        Interleaving.explore(run -> {
            Condition condition = Condition.create();
            Counts counts = new Counts();
            for (int i = 0; i < 5; i++) {
                run.worker(
                        5,
                        () ->
                                condition.with(() -> {
                                    counts.consumers++;
                                    try {
                                        condition.awaitUntil(
                                                () -> counts.tokens > 0 || counts.stop);
                                        counts.tokens--;
                                    } finally {
                                        counts.consumers--;
                                        assertThat(condition.lock().tryAcquire())
                                                .as("it has the lock, whatever happened")
                                                .isFalse();
                                    }
                                    run.pause();
                                }));
            }
            for (int i = 0; i < 3; i++) {
                run.worker(
                        6,
                        () ->
                                condition.with(() -> {
                                    counts.tokens++;
                                    condition.signal(); // one for each: a lost one shows
                                    run.pause();
                                }));
            }
            Runnable noTokenLiesThereInVain =
                    () ->
                            assertThat(
                                            counts.tokens > 0
                                                    && !condition.lock().isLocked()
                                                    && condition.toString().contains("waiters"))
                                    .as("a token lies there and somebody waits: " + condition)
                                    .isFalse();
            run.disturb(noTokenLiesThereInVain);
            run.settle();
            noTokenLiesThereInVain.run();
            counts.stop = true;
            run.worker(1, () -> condition.with(condition::signalAll));
            run.end(condition);
            assertThat(condition.toString()).endsWith("[unlocked]");
        });
    }

    @AsyncTest
    void barrier() {
        Interleaving.explore(run -> {
            int parties = 2 + run.below(3);
            Barrier barrier = Barrier.create(parties);
            Counts counts = new Counts();
            Set<Integer> round = new HashSet<>();
            for (int i = 0; i < 7; i++) {
                run.worker(
                        6,
                        () -> {
                            if (counts.stop) {
                                return;
                            }
                            try {
                                int number = barrier.await();
                                if (number == parties - 1) {
                                    round.clear(); // the last to arrive is the first to go on
                                }
                                assertThat(round.add(number)).as("numbers are unique").isTrue();
                            } catch (BrokenBarrierException e) {
                                if (barrier.isBroken()) {
                                    run.pause();
                                    barrier.reset();
                                }
                            }
                        });
            }
            run.worker(
                    4,
                    () -> {
                        if (run.oneIn(2)) {
                            barrier.abort();
                        } else {
                            barrier.reset();
                        }
                    });
            run.disturb(() -> {});
            run.settle();
            assertThat(barrier.isBroken() ? 0 : run.unfinished())
                    .as("all who are left wait, and are too few: " + barrier)
                    .isEqualTo(barrier.waiting())
                    .isLessThan(parties);
            counts.stop = true;
            barrier.abort();
            run.end(barrier);
            barrier.reset();
            assertThat(barrier.toString()).endsWith("[filling, waiters:0/" + parties + "]");
        });
    }

    @AsyncTest
    void queue() {
        Interleaving.explore(run -> {
            int capacity = 1 + run.below(3);
            List<Integer> model = new ArrayList<>();
            queue(run, Queue.bounded(capacity), model::add, model::removeFirst, model::size);
        });
    }

    @AsyncTest
    void lifoQueue() {
        Interleaving.explore(run -> {
            int capacity = 1 + run.below(3);
            List<Integer> model = new ArrayList<>();
            queue(run, LifoQueue.bounded(capacity), model::add, model::removeLast, model::size);
        });
    }

    @AsyncTest
    void priorityQueue() {
        Interleaving.explore(run -> {
            int capacity = 1 + run.below(3);
            TreeSet<Integer> model = new TreeSet<>();
            queue(run, PriorityQueue.bounded(capacity), model::add, model::pollFirst, model::size);
        });
    }

    private interface Adder {
        boolean add(Integer item);
    }

    private static void queue(
            Interleaving run,
            Queue<Integer> queue,
            Adder modelAdd,
            Supplier<Integer> modelTake,
            Supplier<Integer> modelSize) {
        Counts counts = new Counts();
        Set<Integer> used = new HashSet<>();
        for (int i = 0; i < 4; i++) {
            run.worker(
                    6,
                    () -> {
                        int item = run.below(1_000_000);
                        if (!used.add(item) || counts.stop) {
                            return;
                        }
                        counts.putters++;
                        try {
                            if (!run.oneIn(5)) {
                                queue.put(item);
                                modelAdd.add(item);
                            } else if (queue.tryPut(item)) {
                                modelAdd.add(item);
                            }
                        } catch (QueueShutDownException e) {
                            assertThat(counts.stop).isTrue();
                        } finally {
                            counts.putters--;
                        }
                        assertThat(modelSize.get()).isLessThanOrEqualTo(queue.capacity());
                    });
            run.worker(
                    6,
                    () -> {
                        counts.takers++;
                        try {
                            Integer item = run.oneIn(5) ? queue.tryTake() : queue.take();
                            if (item != null) {
                                assertThat(item).isEqualTo(modelTake.get());
                                queue.taskDone();
                            }
                        } catch (QueueShutDownException e) {
                            assertThat(counts.stop).isTrue();
                        } finally {
                            counts.takers--;
                        }
                    });
        }
        Runnable nobodyWaitsInVain =
                () -> {
                    String state = queue.toString();
                    assertThat(state.contains("takers") && !queue.isEmpty())
                            .as("somebody waits for what is there: " + state)
                            .isFalse();
                    assertThat(state.contains("putters") && !queue.isFull())
                            .as("somebody waits for a place that is free: " + state)
                            .isFalse();
                };
        run.disturb(nobodyWaitsInVain);
        run.settle();
        nobodyWaitsInVain.run();
        assertThat(queue.size()).isEqualTo(modelSize.get());
        assertThat(counts.takers > 0 && !queue.isEmpty()).as("waits for what is there").isFalse();
        assertThat(counts.putters > 0 && !queue.isFull()).as("waits for what is free").isFalse();
        counts.stop = true;
        queue.shutdown();
        run.end(queue);
        for (Integer item; !queue.isEmpty() && (item = queue.tryTake()) != null; ) {
            assertThat(item).isEqualTo(modelTake.get());
            queue.taskDone();
        }
        assertThat(modelSize.get()).isZero();
        queue.join();
        assertThat(queue.toString()).contains("size:0").doesNotContainPattern("takers|putters");
    }
}
