package dev.weft.benchmarks;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tasks that sleep until one deadline: how much memory each takes, and how much of a core's time it
 * takes to wake them all and let them end. The same for each kind that lives in a JVM.
 */
final class Sleepers {
    private static final long SETTLE_NANOS = 20_000_000L;

    /** What a task may need until it sleeps: a guess is no greater, whatever is slow but once. */
    private static final long MOST_NANOS = 40_000;

    /** The tasks of a round of warm-up, as a share of all. */
    private static final int SHARE = 20;

    /** How many tasks. */
    final int count;

    private final long deadline;
    private final LongSupplier clock;
    private final AtomicInteger asleep = new AtomicInteger();
    private final AtomicInteger awake = new AtomicInteger();
    private final CountDownLatch all = new CountDownLatch(1);
    private volatile long end;

    /**
     * What it costs.
     *
     * @param bytes the live heap, per task
     * @param wakeNanos the processor's time from when all slept until all had run, per task
     */
    record Cost(double bytes, double wakeNanos) {}

    private Sleepers(int count, long limit, LongSupplier clock) {
        this.count = count;
        this.deadline = System.nanoTime() + limit;
        this.clock = clock;
    }

    /** How long a task that begins now is to sleep. */
    long nanosLeft() {
        asleep.incrementAndGet();
        return Math.max(1, deadline - System.nanoTime());
    }

    /** A task has slept. */
    void awoke() {
        if (awake.incrementAndGet() == count) {
            end = clock.getAsLong();
            all.countDown();
        }
    }

    /**
     * Measures.
     *
     * @param start starts as many tasks as {@link #count} says, each of which sleeps for {@link
     *     #nanosLeft} and then calls {@link #awoke}; returns before or after they sleep
     */
    static Cost measure(TaskProgram.Effort effort, Consumer<Sleepers> start)
            throws InterruptedException {
        LongSupplier clock = CpuClock.open();
        int count = effort.tasks();
        long took = 0;
        for (int i = 0; i < effort.repeats(); i++) {
            Sleepers few = new Sleepers(count / SHARE, effort.repeatNanos() * 3, clock);
            long begun = System.nanoTime();
            few.fallAsleep(start);
            TaskProgram.liveHeapBytes();
            took = System.nanoTime() - begun - SETTLE_NANOS;
            few.all.await();
        }
        // A guess at how long it takes until all sleep; where it was too short, they are woken and
        // it is doubled.
        for (long limit = 10 * SETTLE_NANOS + Math.min(took * SHARE * 2, count * MOST_NANOS);
                ;
                limit *= 2) {
            Cost cost = new Sleepers(count, limit, clock).cost(start);
            if (cost != null) {
                return cost;
            }
        }
    }

    private @Nullable Cost cost(Consumer<Sleepers> start) throws InterruptedException {
        long before = TaskProgram.liveHeapBytes();
        fallAsleep(start);
        double bytes = (double) (TaskProgram.liveHeapBytes() - before) / count;
        long begin = clock.getAsLong();
        boolean inTime = awake.get() == 0 && System.nanoTime() < deadline;
        all.await();
        return inTime ? new Cost(bytes, (double) (end - begin) / count) : null;
    }

    private void fallAsleep(Consumer<Sleepers> start) throws InterruptedException {
        start.accept(this);
        while (asleep.get() < count) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
        TimeUnit.NANOSECONDS.sleep(
                SETTLE_NANOS); // the last has counted itself, and is about to sleep
    }
}
