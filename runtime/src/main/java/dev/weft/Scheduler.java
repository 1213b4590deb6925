package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * Decides which fiber of a loop runs: at most one at a time, first ready first served.
 *
 * <p>{@link Carrier} is loop mode, {@link Turn} is portable mode. Readiness has the semantics of a
 * permit, as {@link java.util.concurrent.locks.LockSupport} has: {@link #resume} before {@link
 * #suspend} makes the latter return at once, and {@code suspend} may return for no reason, so it is
 * always called in a loop on its condition.
 */
abstract sealed class Scheduler permits Carrier, Turn {
    final Loop loop;
    final RunQueue queue = new RunQueue();
    final CallbackWorkers callbacks = new CallbackWorkers(this);

    Scheduler(Loop loop) {
        this.loop = loop;
    }

    /** Creates a fiber that is not started. */
    abstract Fiber fiber(@Nullable String name, Runnable body);

    /** Makes a new fiber ready; from any thread. */
    abstract void start(Fiber fiber);

    /** Suspends the current fiber until it is resumed, or for no reason. */
    abstract void suspend(Fiber current);

    /** Makes a fiber ready; from any thread. */
    abstract void resume(Fiber fiber);

    /** Makes a fiber ready after a {@link #resume} that a stack overflow may have torn. */
    void resumeAgain(Fiber fiber) {
        resume(fiber);
    }

    /** Puts the current fiber at the queue's tail. */
    abstract void yield(Fiber current);

    /** Makes a callback ready; from any thread. False when the scheduler is closed. */
    abstract boolean enqueue(Callback callback);

    /** Called when a fiber's queue entry has come to the head. */
    abstract void resumeFromQueue(Fiber fiber);

    /** Called when a callback's queue entry has come to the head. */
    abstract void runFromQueue(Callback callback);

    /** Interrupts a fiber if it is parked in a JDK call; called on the loop. Whether it did. */
    abstract boolean interruptIfBlocked(Fiber fiber);

    /**
     * A number that changes with each segment of a fiber that was run; a snapshot for other
     * threads.
     */
    abstract long segments();

    /** The fiber whose code is running, or null; a snapshot for other threads. */
    abstract @Nullable Fiber running();

    /** Whether a queue entry is somebody's work, as opposed to the event loop's fiber. */
    boolean isWork(RunQueue.Entry entry) {
        return entry instanceof Callback callback ? !callback.isSpent() : ((Fiber) entry).isWork();
    }
}
