package dev.weft.benchmarks;

import dev.weft.benchmarks.TaskProgram.Effort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The same figures of the JDK's virtual threads on the JDK's own scheduler. */
final class JdkTasks {
    private JdkTasks() {}

    static double measure(Figure figure, Effort effort) throws Exception {
        return switch (figure) {
            case SUSPENDED -> inThread(() -> bytesOfSuspended(effort.tasks()));
            case WAKE -> nanos(effort, figure, JdkTasks::wake);
            case OFFLOAD_MANY -> {
                ExecutorService pool = Executors.newFixedThreadPool(HandOvers.poolThreads());
                yield nanos(effort, figure, n -> offloadMany(pool, n));
            }
            default -> {
                TaskProgram.Batch batch = batch(figure);
                yield inThread(() -> nanos(effort, figure, n -> inThreads(n, batch)));
            }
        };
    }

    private static TaskProgram.Batch batch(Figure figure) {
        return switch (figure) {
            case START -> JdkTasks::startAndAwait;
            case START_MANY -> JdkTasks::startMany;
            case SWITCH -> JdkTasks::switchThreads;
            case LOCK -> JdkTasks::handLockOn;
            case QUEUE -> JdkTasks::passItems;
            case TIMER -> startAndCancelTimers();
            case GATHER -> gather();
            case GROUP -> JdkTasks::group;
            case OFFLOAD -> offload(HandOvers.poolThreads());
            case OFFLOAD_THREAD -> offload(1);
            case SUSPENDED, SLEEPING, WAKE_ALL, WAKE, OFFLOAD_MANY ->
                    throw new IllegalArgumentException("not measured in threads: " + figure);
        };
    }

    private static double nanos(Effort effort, Figure figure, TaskProgram.Batch batch)
            throws Exception {
        return TaskProgram.nanosPerOperation(effort, figure.clock(), batch);
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

    /** A fair lock: an unfair one would let the thread that released it have it again. */
    @SuppressWarnings("LockNotBeforeTry") // nothing in between can fail
    private static void handLockOn(int n) throws InterruptedException {
        ReentrantLock lock = new ReentrantLock(true);
        lock.lock(); // so that both wait for it
        Thread one = Thread.startVirtualThread(() -> lockTimes(lock, n / 2));
        Thread other = Thread.startVirtualThread(() -> lockTimes(lock, n / 2));
        while (lock.getQueueLength() < 2) {
            Thread.yield();
        }
        lock.unlock();
        one.join();
        other.join();
    }

    @SuppressWarnings("LockNotBeforeTry") // nothing in between can fail
    private static void lockTimes(ReentrantLock lock, int times) {
        for (int i = 0; i < times; i++) {
            lock.lock();
            lock.unlock();
        }
    }

    private static void passItems(int n) throws Exception {
        BlockingQueue<Integer> queue = new ArrayBlockingQueue<>(1);
        Integer one = 1;
        start(() -> {
            for (int i = 0; i < n; i++) {
                queue.put(one);
            }
            return null;
        });
        long sum = 0;
        for (int i = 0; i < n; i++) {
            sum += queue.take();
        }
        TaskProgram.sink = sum;
    }

    /** While a sooner one is pending, so that its thread need not be told of each. */
    private static TaskProgram.Batch startAndCancelTimers() {
        ScheduledThreadPoolExecutor timers = new ScheduledThreadPoolExecutor(1);
        timers.setRemoveOnCancelPolicy(true);
        Runnable nothing = () -> {};
        return n -> {
            ScheduledFuture<?> sooner = timers.schedule(nothing, 1, TimeUnit.HOURS);
            for (int i = 0; i < n; i++) {
                timers.schedule(nothing, 2, TimeUnit.HOURS).cancel(false);
            }
            sooner.cancel(false);
        };
    }

    private static TaskProgram.Batch gather() {
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Integer one = 1;
        return n -> {
            List<CompletableFuture<Integer>> tasks = new ArrayList<>(n);
            for (int i = 0; i < n; i++) {
                tasks.add(CompletableFuture.supplyAsync(() -> one, threads));
            }
            CompletableFuture.allOf(tasks.toArray(CompletableFuture[]::new)).join();
            TaskProgram.sink = tasks.size();
        };
    }

    /** What the JDK has that is no preview: an executor whose end awaits its threads. */
    private static void group(int n) {
        Integer one = 1;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < n; i++) {
                threads.submit(() -> one);
            }
        }
    }

    private static TaskProgram.Batch offload(int poolThreads) {
        ExecutorService pool = Executors.newFixedThreadPool(poolThreads);
        return n -> offload(pool, n);
    }

    private static void offload(ExecutorService pool, int n) throws Exception {
        Integer one = 1;
        long sum = 0;
        for (int i = 0; i < n; i++) {
            sum += pool.submit(() -> one).get();
        }
        TaskProgram.sink = sum;
    }

    private static void offloadMany(ExecutorService pool, int n) {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 100; i++) {
                threads.submit(() -> {
                    offload(pool, n / 100);
                    return null;
                });
            }
        }
    }

    /** A platform thread completes what a virtual one awaits, and waits for its answer. */
    private static void wake(int n) throws Exception {
        List<CompletableFuture<@Nullable Void>> pings = futures(n);
        List<CompletableFuture<@Nullable Void>> pongs = futures(n);
        Thread thread =
                Thread.startVirtualThread(() -> {
                    for (int i = 0; i < n; i++) {
                        pings.get(i).join();
                        pongs.get(i).complete(null);
                    }
                });
        for (int i = 0; i < n; i++) {
            pings.get(i).complete(null);
            pongs.get(i).get();
        }
        thread.join();
    }

    private static List<CompletableFuture<@Nullable Void>> futures(int n) {
        List<CompletableFuture<@Nullable Void>> futures = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            futures.add(new CompletableFuture<>());
        }
        return futures;
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

    static void startSleepers(Sleepers sleepers) {
        for (int i = 0; i < sleepers.count; i++) {
            Thread.startVirtualThread(() -> {
                try {
                    Thread.sleep(Duration.ofNanos(sleepers.nanosLeft()));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                sleepers.awoke();
            });
        }
    }
}
