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

    /**
     * The fiber that runs next, before anything else of the loop does, as the one that runs has
     * appointed it; it takes the name down. Owned by the loop.
     */
    @Nullable Fiber successor;

    /** Waiters that a stack overflow kept a fiber from telling. Owned by the loop. */
    FutureImpl.@Nullable Waiter untold;

    /** As {@code untold}, for those that wait for a lock, a queue and the like. */
    WaitQueue.@Nullable Node untoldNode;

    /** The interrupt flag of the one that has appointed it. */
    private boolean interruptGoesAlong;

    Scheduler(Loop loop) {
        this.loop = loop;
    }

    /** Creates a fiber that is not started. */
    abstract Fiber fiber(@Nullable String name, Runnable body);

    /** Makes a new fiber ready; from any thread. */
    abstract void start(Fiber fiber);

    /** Suspends the current fiber until it is resumed, or for no reason. */
    abstract void suspend(Fiber current);

    /** Lets {@link #successor} run, until the current fiber is that, or for no reason. */
    abstract void stepAside(Fiber current);

    /** Makes a fiber ready; from any thread. */
    abstract void resume(Fiber fiber);

    /** Makes a fiber ready after a {@link #resume} that a stack overflow may have torn. */
    void resumeAgain(Fiber fiber) {
        resume(fiber);
    }

    /**
     * Lets another fiber go on in place of the current one, until it does the same the other way
     * round: what a generator's consumer and body do. No suspension point, but for what the other
     * does: it runs next, whatever stands in the queue. Both call it, so each waits in here.
     *
     * <h4>Why none of them is lost, and none runs twice</h4>
     *
     * <p>The wake-up is no event but a state, {@code successor == current}, which only the running
     * fiber brings about, and only who is meant ends. From appointment to take-over nothing of the
     * loop runs: the carrier, and in portable mode whoever releases the turn, look at {@code
     * successor} before they look into the queue. In loop mode a waiting fiber has yielded and not
     * parked: its continuation can be run at any time, and stands in no queue, since {@link
     * Carrier#ready} has dropped it. Only while another thread reads its stack it cannot be run;
     * the carrier tries again until it can.
     *
     * <p>A wake-up for another reason (the entry of its start, an old ticket, {@code
     * getStackTrace}, which resubmits) finds that somebody else is meant or nobody, and waits
     * again; in portable mode it passes the turn on. That may be while the other fiber, which works
     * for the waiting one, is suspended in an {@code await} of its own: what ends that does not
     * concern this.
     *
     * <h4>Cancellation</h4>
     *
     * <p>concerns a task, and finds the fiber that works for it in {@link TaskImpl#fiber}. An
     * interrupt flag goes along, as if all were one thread: so a flag that {@code cancel} has set,
     * and the body did not take, is found by whoever takes it back.
     *
     * <h4>Where it cannot stop</h4>
     *
     * <p>A pinned fiber, or one without stack or memory to stop, goes on at once, still the one
     * that runs: it takes the appointment back, and nothing has happened. Once it has stopped there
     * is no way back, as the other one works for it; but then the same calls have had room before,
     * and will again, so it tries on.
     *
     * @throws VirtualMachineError if there is no stack or memory left to stop
     * @throws IllegalStateException if the current fiber is pinned
     */
    final void transfer(Fiber current, Fiber to) {
        appoint(to);
        boolean interrupted = false;
        while (successor != current) {
            VirtualMachineError failure = null;
            try {
                stepAside(current);
            } catch (StackOverflowError | OutOfMemoryError e) {
                failure = e;
            }
            if (successor == to) {
                successor = null;
                restoreInterrupt(interrupted);
                if (failure != null) {
                    throw failure;
                }
                throw pinned();
            }
            interrupted |= Thread.interrupted(); // a set flag would turn the wait into a spin
        }
        successor = null;
        restoreInterrupt(interrupted);
    }

    private static IllegalStateException pinned() {
        return new IllegalStateException(
                "a generator cannot be stepped, nor emit, here: the thread is pinned, below a native frame"
                        + " or a static initialiser, or has too large a stack to be put aside");
    }

    /** As the last act of the current fiber, lets another one go on in its place. */
    final void appoint(Fiber to) {
        interruptGoesAlong = Thread.interrupted();
        successor = to;
    }

    /** As the first act of a fiber that was started by hand, waits until it is appointed. */
    final void awaitAppointment(Fiber current) {
        boolean interrupted = false;
        while (successor != current) {
            stepAside(current);
            interrupted |= Thread.interrupted();
        }
        successor = null;
        restoreInterrupt(interrupted);
    }

    private void restoreInterrupt(boolean ownFlag) {
        if (ownFlag || interruptGoesAlong) {
            interruptGoesAlong = false;
            Thread.currentThread().interrupt();
        }
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
     * A number that changes with each segment of a fiber that was run; a {@link #transfer} goes on
     * with the segment. A snapshot for other threads.
     */
    abstract long segments();

    /** The fiber whose code is running, or null; a snapshot for other threads. */
    abstract @Nullable Fiber running();

    /** Whether a queue entry is somebody's work, as opposed to the event loop's fiber. */
    boolean isWork(RunQueue.Entry entry) {
        return entry instanceof Callback callback ? !callback.isSpent() : ((Fiber) entry).isWork();
    }
}
