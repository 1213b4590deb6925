package dev.weft.benchmarks;

import dev.weft.benchmarks.TaskProgram.Effort;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The same figures of the JDK's virtual threads on the JDK's own scheduler. */
final class JdkTasks {
    private JdkTasks() {}

    static double measure(Figure figure, Effort effort) throws Exception {
        return switch (figure) {
            case START -> inThread(() -> nanos(effort, n -> inThreads(n, JdkTasks::startAndAwait)));
            case START_MANY ->
                    inThread(() -> nanos(effort, n -> inThreads(n, JdkTasks::startMany)));
            case SWITCH ->
                    inThread(() -> nanos(effort, n -> inThreads(n, JdkTasks::switchThreads)));
            case SUSPENDED -> inThread(() -> bytesOfSuspended(effort.suspended()));
            case WAKE -> throw new IllegalArgumentException("not measured of the JDK: " + figure);
        };
    }

    private static double nanos(Effort effort, TaskProgram.Batch batch) throws Exception {
        return TaskProgram.nanosPerOperation(effort, CpuClock.open(), batch);
    }

    private static double inThread(Callable<Double> body) throws Exception {
        return start(body).get();
    }

    private static <T extends @Nullable Object> FutureTask<T> start(Callable<T> body) {
        FutureTask<T> task = new FutureTask<>(body);
        Thread.startVirtualThread(task);
        return task;
    }

    /** As for Weft's tasks. */
    private static void inThreads(int n, TaskProgram.Batch batch) throws Exception {
        for (int i = 0; i < n; i += 1000) {
            start(
                            () -> {
                                batch.run(1000);
                                return null;
                            })
                    .get();
        }
    }

    private static void startAndAwait(int n) throws Exception {
        long sum = 0;
        Integer one = 1;
        for (int i = 0; i < n; i++) {
            sum += start(() -> one).get();
        }
        TaskProgram.sink = sum;
    }

    private static void startMany(int n) throws Exception {
        long sum = 0;
        Integer one = 1;
        List<FutureTask<Integer>> tasks = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            tasks.add(start(() -> one));
        }
        for (FutureTask<Integer> task : tasks) {
            sum += task.get();
        }
        TaskProgram.sink = sum;
    }

    private static void switchThreads(int n) throws InterruptedException {
        Thread other = Thread.startVirtualThread(() -> yieldTimes(n / 2));
        yieldTimes(n / 2);
        other.join();
    }

    private static void yieldTimes(int times) {
        for (int i = 0; i < times; i++) {
            Thread.yield();
        }
    }

    private static double bytesOfSuspended(int n) throws InterruptedException {
        for (int i = 0; i < 10; i++) { // compiled frames are smaller
            CountDownLatch soon = new CountDownLatch(1);
            suspend(soon, new ArrayList<>(), n / 20);
            soon.countDown();
        }
        Thread.sleep(200);
        long before = TaskProgram.liveHeapBytes();
        List<Thread> threads = new ArrayList<>(n); // else nothing holds them
        suspend(new CountDownLatch(1), threads, n);
        double bytes = (double) (TaskProgram.liveHeapBytes() - before) / n;
        TaskProgram.sink = threads.size();
        return bytes;
    }

    private static void suspend(CountDownLatch what, List<Thread> threads, int n)
            throws InterruptedException {
        AtomicInteger started = new AtomicInteger();
        for (int i = 0; i < n; i++) {
            threads.add(
                    Thread.startVirtualThread(() -> {
                        started.incrementAndGet();
                        try {
                            what.await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    }));
        }
        while (started.get() < n) {
            Thread.sleep(10);
        }
        Thread.sleep(100);
    }
}
