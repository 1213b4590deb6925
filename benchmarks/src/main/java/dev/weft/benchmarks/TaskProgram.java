package dev.weft.benchmarks;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * A process that measures figures of one kind of task and prints them. A fresh one for each figure,
 * but for a smoke run, lest the profile that the compiler has of one be that of another.
 */
public final class TaskProgram {
    private TaskProgram() {}

    /** Whose tasks they are. */
    enum Kind {
        WEFT("Weft, loop"),
        WEFT_PORTABLE("Weft, portable"),
        JDK("JDK threads"),
        KOTLIN("Kotlin"),
        /** No tasks, only functions that are handed over. */
        EXECUTORS("JDK executors"),
        /** The same. */
        NETTY("Netty loop");

        final String title;

        Kind(String title) {
            this.title = title;
        }

        boolean has(Figure figure) {
            return figure.isOffload() || this != EXECUTORS && this != NETTY;
        }
    }

    /**
     * How long to measure.
     *
     * @param warmUpNanos how long to warm up
     * @param repeatNanos how long a repeat lasts
     * @param repeats how many repeats to take the median of
     * @param tasks how many tasks to suspend
     */
    record Effort(long warmUpNanos, long repeatNanos, int repeats, int tasks) {
        static final Effort FULL = new Effort(1_000_000_000L, 100_000_000L, 7, 1_000_000);
        static final Effort QUICK = new Effort(20_000_000L, 10_000_000L, 3, 10_000);
    }

    /** Does the operation a number of times, a multiple of 1,000. */
    @FunctionalInterface
    interface Batch {
        void run(int operations) throws Exception;
    }

    private static final long CHEAP_TO_COLLECT = 256L << 20;

    /** Keeps results alive for the compiler. */
    @SuppressWarnings("UnusedVariable")
    static volatile long sink;

    /** Nanoseconds per operation: the median of repeats, after warm-up. */
    static double nanosPerOperation(Effort effort, LongSupplier clock, Batch batch)
            throws Exception {
        int operations = 1000;
        double[] repeats = new double[effort.repeats];
        long warm = clock.getAsLong() + effort.warmUpNanos;
        for (int i = 0; i < repeats.length; ) {
            long start = clock.getAsLong();
            batch.run(operations);
            double each = (double) Math.max(1, clock.getAsLong() - start) / operations;
            if (start - warm >= 0) {
                repeats[i++] = each;
            }
            operations = 1000 * (int) Math.clamp(effort.repeatNanos / each / 1000, 1, 1000);
        }
        return Stats.median(repeats);
    }

    /**
     * The heap in use, once nothing but live objects is in it. A second collection finds what the
     * first has set free; among a million tasks there is nothing of that, and it takes seconds.
     */
    static long liveHeapBytes() {
        Runtime runtime = Runtime.getRuntime();
        long used = Long.MAX_VALUE;
        for (int i = 0; i < 2 && (i == 0 || used < CHEAP_TO_COLLECT); i++) {
            System.gc();
            used = Math.min(used, runtime.totalMemory() - runtime.freeMemory());
        }
        return used;
    }

    /** Measures; arguments: kind, {@code full} or {@code quick}, figures. Prints a line of each. */
    public static void main(String[] args) {
        int status = 0;
        try {
            Kind kind = Kind.valueOf(args[0].toUpperCase(Locale.ROOT));
            Effort effort = args[1].equals("quick") ? Effort.QUICK : Effort.FULL;
            for (int i = 2; i < args.length; i++) {
                measure(kind, Figure.valueOf(args[i].toUpperCase(Locale.ROOT)), effort);
            }
        } catch (Throwable e) {
            System.out.println("error " + e);
            status = 1;
        }
        Runtime.getRuntime().halt(status); // a million tasks need not be ended one by one
    }

    private static void measure(Kind kind, Figure figure, Effort effort) throws Exception {
        if (figure == Figure.SLEEPING) {
            Sleepers.Cost cost = Sleepers.measure(effort, sleepers(kind));
            print(Figure.SLEEPING, cost.bytes());
            print(Figure.WAKE_ALL, cost.wakeNanos());
            return;
        }
        print(
                figure,
                switch (kind) {
                    case WEFT, WEFT_PORTABLE -> WeftTasks.measure(kind, figure, effort);
                    case JDK -> JdkTasks.measure(figure, effort);
                    case KOTLIN -> KotlinFigures.measure(figure, effort);
                    case EXECUTORS, NETTY -> HandOvers.measure(kind, figure, effort);
                });
    }

    private static Consumer<Sleepers> sleepers(Kind kind) {
        return switch (kind) {
            case WEFT, WEFT_PORTABLE -> WeftTasks.sleepers(kind);
            case JDK -> JdkTasks::startSleepers;
            case KOTLIN -> KotlinFigures::startSleepers;
            case EXECUTORS, NETTY -> throw new IllegalArgumentException("no tasks: " + kind);
        };
    }

    private static void print(Figure figure, double value) {
        System.out.println(figure.name().toLowerCase(Locale.ROOT) + " " + value);
    }
}
