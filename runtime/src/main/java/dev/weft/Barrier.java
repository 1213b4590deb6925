package dev.weft;

import java.util.Locale;

/**
 * Where a fixed number of tasks wait for each other: the last to arrive lets all go on. Counterpart
 * of {@code asyncio.Barrier}.
 *
 * <p>It can be used again: when all have left, the next round may come. Tasks that arrive before
 * that wait until it is so. A task that is cancelled while it waits counts no more; the others go
 * on waiting. {@link #abort} makes the barrier fail for all.
 *
 * <p>It belongs to the loop that uses it first, and may be created anywhere.
 *
 * {@snippet file="SyncSnippetsTest.java" region="barrier"}
 */
public final class Barrier extends LoopBound {
    private enum State {
        /** Waiting for tasks to arrive. */
        FILLING,
        /** All had arrived, and are leaving. */
        DRAINING,
        /** It was reset, and those who waited are leaving with an error. */
        RESETTING,
        BROKEN
    }

    private final int parties;

    /** Those who have arrived, but for the last. */
    private final WaitQueue arrived = new WaitQueue(this);

    /** Those who came while others were still leaving. */
    private final WaitQueue outside = new WaitQueue(this);

    private State state = State.FILLING;

    /** How many have arrived and not left yet; owned by the loop, as is all here. */
    private int count;

    private Barrier(int parties) {
        this.parties = parties;
    }

    /**
     * Creates a barrier.
     *
     * @param parties how many tasks have to arrive, 1 or more
     * @return a new barrier
     */
    public static Barrier create(int parties) {
        return new Barrier(Checks.atLeast(parties, 1, "parties"));
    }

    /**
     * Suspends until as many tasks as the barrier has parties have called this. The last to arrive
     * does not suspend.
     *
     * <p><b>Cancellation</b>: before all have arrived, as if this task had not; afterwards the
     * others have gone on, and only this one's return is lost.
     *
     * @return a number for each task of the round: 0 for the first that arrived, up to {@code
     *     parties - 1} for the last
     * @throws BrokenBarrierException if the barrier was aborted, before or meanwhile, or reset
     *     meanwhile
     * @throws IllegalStateException outside a task; on another loop than the first that used it
     */
    public int await() {
        Fiber fiber = inTask("await()");
        while (state == State.DRAINING || state == State.RESETTING) {
            outside.await(fiber);
        }
        if (state == State.BROKEN) {
            throw new BrokenBarrierException(this + " was aborted");
        }
        count++;
        try {
            return count == parties ? trip(fiber) : arrive(fiber);
        } finally {
            count--;
            if (count == 0 && state != State.BROKEN) {
                state = State.FILLING;
                outside.wakeAll(fiber);
            }
        }
    }

    /** Lets all go who have arrived. */
    private int trip(Fiber here) {
        state = State.DRAINING;
        for (int number = 0; !arrived.isEmpty(); number++) {
            arrived.grantFirst(number, here);
        }
        return parties - 1;
    }

    private int arrive(Fiber fiber) {
        Object number = arrived.await(fiber);
        if (state != State.DRAINING) {
            throw new BrokenBarrierException(
                    this + " was " + (state == State.BROKEN ? "aborted" : "reset"));
        }
        return (Integer) number;
    }

    /**
     * Breaks the barrier: tasks that wait, and those that come later, get {@link
     * BrokenBarrierException}, until it is {@link #reset}. Does not suspend; from tasks and
     * callbacks of the loop.
     *
     * @throws IllegalStateException on a thread of no loop; on another loop than the first that
     *     used it
     */
    public void abort() {
        Fiber fiber = onLoop("abort()");
        state = State.BROKEN;
        arrived.wakeAll(fiber);
        outside.wakeAll(fiber);
    }

    /**
     * Makes the barrier empty and whole again: tasks that have arrived and not left yet get {@link
     * BrokenBarrierException}, those that wait for the next round stay. Does not suspend; from
     * tasks and callbacks of the loop.
     *
     * @throws IllegalStateException as {@link #abort} does
     */
    public void reset() {
        Fiber fiber = onLoop("reset()");
        state = count > 0 ? State.RESETTING : State.FILLING;
        arrived.wakeAll(fiber);
    }

    /**
     * How many tasks have to arrive.
     *
     * @return the number, 1 or more
     */
    public int parties() {
        return parties;
    }

    /**
     * How many tasks have arrived and wait for the others. Counterpart of {@code n_waiting}.
     *
     * @return the number, less than {@link #parties}
     */
    public int waiting() {
        return state == State.FILLING ? count : 0;
    }

    /**
     * Whether the barrier was aborted, and not reset since.
     *
     * @return true if {@link #await} would fail at once
     */
    public boolean isBroken() {
        return state == State.BROKEN;
    }

    @Override
    String state() {
        State s = state;
        return s.name().toLowerCase(Locale.ROOT)
                + (s == State.BROKEN ? "" : ", waiters:" + waiting() + "/" + parties);
    }
}
