package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The examples in the Javadoc of locks and queues: compiled and run. */
class SyncSnippetsTest {
    private int balance = 100;

    @AsyncTest
    void lock() {
        // @start region="lock"
        Lock lock = Lock.create();
        Action withdrawal =
                () ->
                        lock.with(() -> {
                            int before = balance;
                            sleep(Duration.ofMillis(1)); // others run, but not within this lock
                            balance = before - 10;
                        });
        Task<Void> first = async(withdrawal);
        Task<Void> second = async(withdrawal);
        // @end
        await(first);
        await(second);
        assertThat(balance).isEqualTo(80);
    }

    @AsyncTest
    void event() {
        List<String> log = new ArrayList<>();
        // @start region="event"
        Event started = Event.create();
        Task<Void> waiter =
                async(() -> {
                    started.await();
                    log.add("it has started");
                });
        Loop.current().callLater(Duration.ofMillis(5), started::set);
        await(waiter);
        // @end
        assertThat(log).containsExactly("it has started");
    }

    @AsyncTest
    void condition() {
        // @start region="condition"
        Condition changed = Condition.create();
        ArrayDeque<String> orders = new ArrayDeque<>();
        Task<String> cook =
                async(() ->
                        changed.with(() -> {
                            changed.awaitUntil(() -> !orders.isEmpty());
                            return orders.remove();
                        }));
        changed.with(() -> {
            orders.add("soup");
            changed.signal();
        });
        String order = await(cook);
        // @end
        assertThat(order).isEqualTo("soup");
    }

    @AsyncTest
    void semaphore() {
        int[] now = {0};
        int[] most = {0};
        Action download =
                () -> {
                    most[0] = Math.max(most[0], ++now[0]);
                    yieldNow();
                    now[0]--;
                };
        // @start region="semaphore"
        Semaphore slots = Semaphore.create(3);
        List<Task<Void>> downloads = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            downloads.add(async(() -> slots.with(download))); // at most three at once
        }
        downloads.forEach(Async::await);
        // @end
        assertThat(most[0]).isEqualTo(3);
    }

    @AsyncTest
    void boundedSemaphore() {
        List<String> log = new ArrayList<>();
        // @start region="boundedSemaphore"
        BoundedSemaphore slots = BoundedSemaphore.create(1);
        slots.acquire();
        slots.release();
        try {
            slots.release();
        } catch (IllegalStateException e) {
            log.add("released more often than acquired");
        }
        // @end
        assertThat(log).hasSize(1);
    }

    @AsyncTest
    void barrier() {
        List<String> log = new ArrayList<>();
        // @start region="barrier"
        Barrier barrier = Barrier.create(3);
        Action worker =
                () -> {
                    log.add("ready");
                    int number = barrier.await();
                    log.add("worker " + number + " goes");
                };
        List<Task<Void>> workers = List.of(async(worker), async(worker), async(worker));
        workers.forEach(Async::await);
        // @end
        assertThat(log.subList(0, 3)).containsOnly("ready");
        assertThat(log).contains("worker 0 goes", "worker 1 goes", "worker 2 goes");
    }

    @AsyncTest
    void queue() {
        List<String> done = new ArrayList<>();
        // @start region="queue"
        Queue<String> queue = Queue.bounded(10);
        Task<Void> worker =
                async(() -> {
                    for (; ; ) {
                        String item = queue.take();
                        done.add(item);
                        queue.taskDone();
                    }
                });
        for (String item : List.of("a", "b", "c")) {
            queue.put(item);
        }
        queue.join(); // until each item is done
        worker.cancel();
        // @end
        assertThat(done).containsExactly("a", "b", "c");
    }

    @AsyncTest
    void lifoQueue() {
        // @start region="lifoQueue"
        LifoQueue<String> recent = LifoQueue.create();
        recent.put("first");
        recent.put("last");
        String item = recent.take();
        // @end
        assertThat(item).isEqualTo("last");
    }

    @AsyncTest
    void priorityQueue() {
        // @start region="priorityQueue"
        record Job(int priority, String name) {}
        PriorityQueue<Job> jobs = PriorityQueue.create(Comparator.comparing(Job::priority));
        jobs.put(new Job(2, "sweep"));
        jobs.put(new Job(1, "put out the fire"));
        Job job = jobs.take();
        // @end
        assertThat(job.name()).isEqualTo("put out the fire");
    }
}
