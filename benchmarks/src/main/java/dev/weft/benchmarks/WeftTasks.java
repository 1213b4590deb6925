package dev.weft.benchmarks;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.Promise;
import dev.weft.SchedulerMode;
import dev.weft.Task;
import dev.weft.benchmarks.TaskProgram.Effort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** The figures of Weft's tasks. */
final class WeftTasks {
    private WeftTasks() {}

    static double measure(TaskProgram.Kind kind, Figure figure, Effort effort) throws Exception {
        SchedulerMode mode =
                kind == TaskProgram.Kind.WEFT ? SchedulerMode.LOOP : SchedulerMode.PORTABLE;
        Loop loop = Loop.open(LoopOptions.defaults().scheduler(mode));
        return switch (figure) {
            case START -> loop.run(() -> nanos(effort, n -> inTasks(n, WeftTasks::startAndAwait)));
            case START_MANY -> loop.run(() -> nanos(effort, n -> inTasks(n, WeftTasks::startMany)));
            case SWITCH -> loop.run(() -> nanos(effort, n -> inTasks(n, WeftTasks::switchTasks)));
            case SUSPENDED -> suspended(loop, effort.suspended());
            case WAKE ->
                    TaskProgram.nanosPerOperation(effort, System::nanoTime, n -> wake(loop, n));
        };
    }

    private static double nanos(Effort effort, TaskProgram.Batch batch) throws Exception {
        return TaskProgram.nanosPerOperation(effort, CpuClock.open(), batch);
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
}
