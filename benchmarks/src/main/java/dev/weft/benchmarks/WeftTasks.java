package dev.weft.benchmarks;

import dev.weft.Async;
import dev.weft.Handle;
import dev.weft.Lock;
import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.Promise;
import dev.weft.Queue;
import dev.weft.SchedulerMode;
import dev.weft.Task;
import dev.weft.benchmarks.TaskProgram.Effort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** The figures of Weft's tasks. */
final class WeftTasks {
    private WeftTasks() {}

    static double measure(TaskProgram.Kind kind, Figure figure, Effort effort) throws Exception {
        Loop loop = open(kind);
        return switch (figure) {
            case SUSPENDED -> suspended(loop, effort.tasks());
            case WAKE -> nanos(effort, figure, n -> wake(loop, n));
            case OFFLOAD_MANY -> nanos(effort, figure, n -> loop.run(() -> offloadMany(n)));
            default -> {
                IntConsumer batch = batch(figure);
                yield loop.run(() -> nanos(effort, figure, n -> inTasks(n, batch)));
            }
        };
    }

    private static IntConsumer batch(Figure figure) {
        return switch (figure) {
            case START -> WeftTasks::startAndAwait;
            case START_MANY -> WeftTasks::startMany;
            case SWITCH -> WeftTasks::switchTasks;
            case LOCK -> WeftTasks::handLockOn;
            case QUEUE -> WeftTasks::passItems;
            case TIMER -> WeftTasks::startAndCancelTimers;
            case GATHER -> WeftTasks::gather;
            case GROUP -> WeftTasks::group;
            case OFFLOAD -> WeftTasks::offload;
            case OFFLOAD_THREAD -> {
                ExecutorService pool = Executors.newFixedThreadPool(1);
                yield n -> offload(pool, n);
            }
            case SUSPENDED, SLEEPING, WAKE_ALL, WAKE, OFFLOAD_MANY ->
                    throw new IllegalArgumentException("not measured in tasks: " + figure);
        };
    }

    private static Loop open(TaskProgram.Kind kind) {
        return Loop.open(
                LoopOptions.defaults()
                        .scheduler(
                                kind == TaskProgram.Kind.WEFT
                                        ? SchedulerMode.LOOP
                                        : SchedulerMode.PORTABLE));
    }

    private static double nanos(Effort effort, Figure figure, TaskProgram.Batch batch)
            throws Exception {
        return TaskProgram.nanosPerOperation(effort, figure.clock(), batch);
    }

    /**
     * Runs a batch as tasks of 1,000 operations each: a task that began before the compiler had
     * done its work keeps slower frames for life, and would show that.
     */
    private static void inTasks(int n, IntConsumer batch) {
        for (int i = 0; i < n; i += 1000) {
            Async.await(Async.async(() -> batch.accept(1000)));
        }
    }

    private static void startAndAwait(int n) {
        long sum = 0;
        Integer one = 1;
        for (int i = 0; i < n; i++) {
            sum += Async.await(Async.async(() -> one));
        }
        TaskProgram.sink = sum;
    }

    private static void startMany(int n) {
        long sum = 0;
        Integer one = 1;
        List<Task<Integer>> tasks = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            tasks.add(Async.async(() -> one));
        }
        for (Task<Integer> task : tasks) {
            sum += Async.await(task);
        }
        TaskProgram.sink = sum;
    }

    private static void switchTasks(int n) {
        Task<@Nullable Void> other = Async.async(() -> yieldTimes(n / 2));
        yieldTimes(n / 2);
        Async.await(other);
    }

    private static void yieldTimes(int times) {
        for (int i = 0; i < times; i++) {
            Async.yieldNow();
        }
    }

    /** Two tasks contend for a lock: each release hands it on. */
    private static void handLockOn(int n) {
        Lock lock = Lock.create();
        lock.acquire(); // so that both wait for it
        Task<@Nullable Void> one = Async.async(() -> lockTimes(lock, n / 2));
        Task<@Nullable Void> other = Async.async(() -> lockTimes(lock, n / 2));
        Async.yieldNow();
        lock.release();
        Async.await(one);
        Async.await(other);
    }

    private static void lockTimes(Lock lock, int times) {
        for (int i = 0; i < times; i++) {
            lock.acquire();
            lock.release();
        }
    }

    private static void passItems(int n) {
        Queue<Integer> queue = Queue.bounded(1);
        Integer one = 1;
        Async.async(() -> {
            for (int i = 0; i < n; i++) {
                queue.put(one);
            }
        });
        long sum = 0;
        for (int i = 0; i < n; i++) {
            sum += queue.take();
        }
        TaskProgram.sink = sum;
    }

    /** While a sooner one is pending, so that the loop need not be told of each. */
    private static void startAndCancelTimers(int n) {
        Loop loop = Loop.current();
        Duration later = Duration.ofHours(2);
        Runnable nothing = () -> {};
        Handle sooner = loop.callLater(Duration.ofHours(1), nothing);
        for (int i = 0; i < n; i++) {
            loop.callLater(later, nothing).cancel();
        }
        sooner.cancel();
    }

    private static void gather(int n) {
        Integer one = 1;
        List<Task<Integer>> tasks = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            tasks.add(Async.async(() -> one));
        }
        TaskProgram.sink = Async.gather(tasks).size();
    }

    private static void group(int n) {
        Integer one = 1;
        Async.group(g -> {
            for (int i = 0; i < n; i++) {
                g.async(() -> one);
            }
        });
    }

    private static void offload(int n) {
        Integer one = 1;
        long sum = 0;
        for (int i = 0; i < n; i++) {
            sum += Async.offload(() -> one);
        }
        TaskProgram.sink = sum;
    }

    private static void offload(Executor pool, int n) {
        Integer one = 1;
        long sum = 0;
        for (int i = 0; i < n; i++) {
            sum += Async.offload(pool, () -> one);
        }
        TaskProgram.sink = sum;
    }

    private static void offloadMany(int n) {
        Async.group(g -> {
            for (int i = 0; i < 100; i++) {
                g.async(() -> offload(n / 100));
            }
        });
    }

    /** In a task that goes on: its end would have to end a million others. */
    private static double suspended(Loop loop, int n) throws Exception {
        Promise<Double> bytes = Promise.create();
        loop.submit(() -> {
            bytes.complete(bytesOfSuspended(n));
            Async.await(Promise.create());
        });
        return bytes.get();
    }

    private static double bytesOfSuspended(int n) {
        for (int i = 0; i < 10; i++) { // compiled frames are smaller
            Promise<@Nullable Void> soon = Promise.create();
            suspend(soon, n / 20);
            soon.complete(null);
        }
        Async.sleep(Duration.ofMillis(200));
        long before = TaskProgram.liveHeapBytes();
        suspend(Promise.create(), n);
        return (double) (TaskProgram.liveHeapBytes() - before) / n;
    }

    private static void suspend(Promise<@Nullable Void> what, int n) {
        long[] started = {0};
        for (int i = 0; i < n; i++) {
            Async.async(() -> {
                started[0]++;
                Async.await(what);
            });
        }
        while (started[0] < n) {
            Async.sleep(Duration.ofMillis(10));
        }
    }

    /** A foreign thread completes what a task awaits, and waits for its answer. */
    private static void wake(Loop loop, int n) throws Exception {
        List<Promise<@Nullable Void>> pings = promises(n);
        List<Promise<@Nullable Void>> pongs = promises(n);
        Task<@Nullable Void> task =
                loop.submit(() -> {
                    for (int i = 0; i < n; i++) {
                        Async.await(pings.get(i));
                        pongs.get(i).complete(null);
                    }
                });
        for (int i = 0; i < n; i++) {
            pings.get(i).complete(null);
            pongs.get(i).get();
        }
        task.get();
    }

    private static List<Promise<@Nullable Void>> promises(int n) {
        List<Promise<@Nullable Void>> promises = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            promises.add(Promise.create());
        }
        return promises;
    }

    static Consumer<Sleepers> sleepers(TaskProgram.Kind kind) {
        Loop loop = open(kind);
        return sleepers ->
                loop.submit(() -> {
                    for (int i = 0; i < sleepers.count; i++) {
                        Async.async(() -> {
                            Async.sleep(Duration.ofNanos(sleepers.nanosLeft()));
                            sleepers.awoke();
                        });
                    }
                });
    }
}
