package dev.weft.benchmarks;

import java.util.function.LongSupplier;

/** What {@code tasks} measures. */
enum Figure {
    START("start a task and await it", Measure.WORK),
    START_MANY("start 1,000 tasks, then await them: each", Measure.WORK),
    SWITCH("switch between two ready tasks", Measure.WORK),
    LOCK("hand a lock on", Measure.WORK),
    QUEUE("pass an item through a queue of one", Measure.WORK),
    TIMER("start a timer and cancel it", Measure.WORK),
    GATHER("gather 1,000 tasks: each", Measure.WORK),
    GROUP("a group of 1,000 tasks: each", Measure.WORK),
    SUSPENDED("a suspended task", Measure.BYTES),
    SLEEPING("a sleeping task", Measure.BYTES),

    /** Measured on the tasks of {@link #SLEEPING}, in the same process. */
    WAKE_ALL("wake a million sleeping tasks: each", Measure.WORK),
    WAKE("wake a task from a foreign thread, and back", Measure.CROSSING),
    OFFLOAD("offload, one at a time", Measure.CROSSING),
    OFFLOAD_MANY("offload, 100 in flight: each", Measure.CROSSING),
    OFFLOAD_THREAD("offload to a pool of one thread", Measure.CROSSING);

    /** How it is measured. */
    enum Measure {
        /** All work: the process's time on one core, so that others on that core do not count. */
        WORK("ns"),
        /** Crosses threads: the wall's time, on all cores. */
        CROSSING("ns"),
        /** Memory. */
        BYTES("bytes");

        final String unit;

        Measure(String unit) {
            this.unit = unit;
        }
    }

    final String title;
    final Measure measure;

    Figure(String title, Measure measure) {
        this.title = title;
        this.measure = measure;
    }

    boolean isOffload() {
        return switch (this) {
            case OFFLOAD, OFFLOAD_MANY, OFFLOAD_THREAD -> true;
            default -> false;
        };
    }

    /** Of a million tasks, in a process that needs the memory for them. */
    boolean isOfMany() {
        return switch (this) {
            case SUSPENDED, SLEEPING, WAKE_ALL -> true;
            default -> false;
        };
    }

    LongSupplier clock() {
        return measure == Measure.WORK ? CpuClock.open() : System::nanoTime;
    }
}
