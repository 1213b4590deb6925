package dev.weft.benchmarks;

import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * A process that measures one figure of one kind of task and prints it. A fresh one for each
 * figure, lest the profile that the compiler has of one be that of another.
 */
public final class TaskProgram {
    private TaskProgram() {}

    /** Whose tasks they are. */
    enum Kind {
        WEFT("Weft, loop"),
        WEFT_PORTABLE("Weft, portable"),
        JDK("JDK threads");

        final String title;

        Kind(String title) {
            this.title = title;
        }
    }

    /**
     * How long to measure.
     *
     * @param warmUpNanos how long to warm up
     * @param repeatNanos how long a repeat lasts
     * @param repeats how many repeats to take the median of
     * @param suspended how many tasks to suspend
     */
    record Effort(long warmUpNanos, long repeatNanos, int repeats, int suspended) {
        static final Effort FULL = new Effort(1_500_000_000L, 100_000_000L, 11, 1_000_000);
        static final Effort QUICK = new Effort(50_000_000L, 10_000_000L, 3, 10_000);
    }

    /** Does the operation a number of times, a multiple of 1,000. */
    @FunctionalInterface
    interface Batch {
        void run(int operations) throws Exception;
    }

    /** Keeps results alive for the compiler. */
    @SuppressWarnings("UnusedVariable")
    static volatile long sink;

    /**
     * Nanoseconds per operation: the median of repeats, after warm-up. What is all work is timed by
     * the core's clock, so that others on the core do not count; what waits, by the wall's.
     */
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

    /** The heap in use, once nothing but live objects is in it. */
    static long liveHeapBytes() {
        Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 2; i++) {
            System.gc();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }

    /** Measures; arguments: kind, figure, and {@code quick} for a smoke run. */
    public static void main(String[] args) {
        int status = 0;
        try {
            System.out.println(
                    measure(
                            Kind.valueOf(args[0].toUpperCase(Locale.ROOT)),
                            Figure.valueOf(args[1].toUpperCase(Locale.ROOT)),
                            args.length > 2 ? Effort.QUICK : Effort.FULL));
        } catch (Throwable e) {
            System.out.println("error " + e);
            status = 1;
        }
        Runtime.getRuntime().halt(status); // a million tasks need not be ended one by one
    }

    private static double measure(Kind kind, Figure figure, Effort effort) throws Exception {
        return switch (kind) {
            case WEFT, WEFT_PORTABLE -> WeftTasks.measure(kind, figure, effort);
            case JDK -> JdkTasks.measure(figure, effort);
        };
    }
}
