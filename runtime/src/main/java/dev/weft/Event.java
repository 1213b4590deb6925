package dev.weft;

/**
 * A flag that tasks wait for. Counterpart of {@code asyncio.Event}.
 *
 * <p>Setting it wakes all that wait, and it stays set until {@link #clear}. For a value that is
 * given once use a {@link Promise}.
 *
 * <p>It belongs to the loop that uses it first, and may be created anywhere. Another thread sets it
 * by {@code loop.callSoon(event::set)}.
 *
 * {@snippet file="SyncSnippetsTest.java" region="event"}
 */
public final class Event extends LoopBound {
    private final WaitQueue waiters = new WaitQueue(this);
    private boolean set;

    private Event() {}

    /**
     * Creates an event that is not set.
     *
     * @return a new event
     */
    public static Event create() {
        return new Event();
    }

    /**
     * Sets the flag and wakes all tasks that wait, in the order in which they came; they have their
     * turn even if it is cleared before. Does not suspend; from tasks and callbacks of the loop.
     *
     * @throws IllegalStateException on a thread of no loop; on another loop than the first that
     *     used it
     */
    public void set() {
        Fiber fiber = onLoop("set()");
        set = true;
        waiters.wakeAll(fiber);
    }

    /**
     * Takes the flag down: from now on tasks have to wait again. Does not suspend; from tasks and
     * callbacks of the loop.
     *
     * @throws IllegalStateException as {@link #set} does
     */
    public void clear() {
        onLoop("clear()");
        set = false;
    }

    /**
     * Whether the flag is up.
     *
     * @return true between {@code set} and {@code clear}
     */
    public boolean isSet() {
        return set;
    }

    /**
     * Suspends until the flag is up; returns at once if it is. Counterpart of {@code Event.wait};
     * the {@code wait} of {@link Object} is another thing.
     *
     * <p><b>Cancellation</b>: ends the wait; the event is as it was.
     *
     * @throws IllegalStateException outside a task; on another loop than the first that used it
     */
    public void await() {
        Fiber fiber = inTask("await()");
        if (!set) {
            waiters.await(fiber);
        }
    }

    @Override
    String state() {
        return (set ? "set" : "unset") + waiters(waiters.size());
    }
}
