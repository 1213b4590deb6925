package dev.weft;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The loop's timers: a binary heap by deadline, equal deadlines in the order in which they were
 * added. Cancelling removes at once, in O(log n). From any thread; the lock is held for a few
 * instructions only, and never while a timer fires.
 *
 * <p>Whoever finds it taken spins. A monitor would suspend a task of loop mode instead, and let
 * others run amid {@code callLater}, which is no suspension point.
 *
 * <p>Nothing is called between the first and the last change of the heap: a stack overflow of
 * whoever sleeps or sets a timer deep in recursion must not leave it half changed.
 */
final class Timers {
    /** A timer; in the heap while {@code index >= 0}, which the heap's lock guards. */
    abstract static class Timer {
        final long deadline;

        /**
         * Tells equal deadlines apart; wraps round, which is fine while less than half is in use.
         */
        private int sequence;

        private int index = -1;

        /** A timer for a point of the loop's clock. */
        Timer(long deadline) {
            this.deadline = deadline;
        }

        /**
         * Called once, on the event loop, when the deadline has passed: only enqueues and resumes.
         */
        abstract void fire();
    }

    /** The value of {@link #earliest} when there is no timer. */
    static final long NONE = Long.MAX_VALUE;

    private Timer[] heap = new Timer[16];
    private int size;
    private int added;

    private static final VarHandle LOCKED;

    static {
        try {
            LOCKED = MethodHandles.lookup().findVarHandle(Timers.class, "locked", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The lock: taken by a compare-and-set, given back by an assignment, which needs no stack. */
    @SuppressWarnings("UnusedVariable") // read through its VarHandle
    private volatile boolean locked;

    /** The earliest deadline, or {@link #NONE}; written under the lock. */
    private volatile long earliest = NONE;

    private void lock() {
        while (!LOCKED.compareAndSet(this, false, true)) {
            Thread.onSpinWait();
        }
    }

    /**
     * Adds a timer.
     *
     * @return whether it is now the earliest
     */
    boolean add(Timer timer) {
        lock();
        try {
            if (size == heap.length) {
                heap = Arrays.copyOf(heap, size * 2);
            }
            timer.sequence = added++;
            int i = size++;
            while (i > 0) {
                int parent = (i - 1) >>> 1;
                Timer p = heap[parent];
                if (p.deadline - timer.deadline <= 0) {
                    break; // an equal one was there before
                }
                heap[i] = p;
                p.index = i;
                i = parent;
            }
            heap[i] = timer;
            timer.index = i;
            earliest = heap[0].deadline;
            return heap[0] == timer;
        } finally {
            locked = false;
        }
    }

    /** Removes a timer; false when it fired or was removed before. */
    boolean remove(Timer timer) {
        lock();
        try {
            int i = timer.index;
            if (i < 0) {
                return false;
            }
            removeAt(i);
            earliest = size == 0 ? NONE : heap[0].deadline;
            return true;
        } finally {
            locked = false;
        }
    }

    /** Takes out the earliest timer if it is due at {@code now}. */
    @Nullable Timer pollDue(long now) {
        lock();
        try {
            if (size == 0 || heap[0].deadline - now > 0) {
                return null;
            }
            Timer due = heap[0];
            removeAt(0);
            earliest = size == 0 ? NONE : heap[0].deadline;
            return due;
        } finally {
            locked = false;
        }
    }

    long earliest() {
        return earliest;
    }

    int size() {
        lock();
        try {
            return size;
        } finally {
            locked = false;
        }
    }

    /** Calls nothing: see above. */
    @SuppressWarnings("NullAway") // free places of the heap are null
    private void removeAt(int place) {
        Timer removed = heap[place];
        Timer last = heap[--size];
        heap[size] = null;
        removed.index = -1;
        if (last == removed) {
            return;
        }
        int i = place;
        for (int child; (child = 2 * i + 1) < size; ) {
            Timer c = heap[child];
            if (child + 1 < size) {
                Timer right = heap[child + 1];
                long later = right.deadline - c.deadline;
                if (later < 0 || later == 0 && right.sequence - c.sequence < 0) {
                    c = right;
                    child++;
                }
            }
            long later = c.deadline - last.deadline;
            if (later > 0 || later == 0 && c.sequence - last.sequence > 0) {
                break;
            }
            heap[i] = c;
            c.index = i;
            i = child;
        }
        while (i > 0 && i <= place) { // nothing moved up: it may belong above
            int parent = (i - 1) >>> 1;
            Timer p = heap[parent];
            long later = p.deadline - last.deadline;
            if (later < 0 || later == 0 && p.sequence - last.sequence < 0) {
                break;
            }
            heap[i] = p;
            p.index = i;
            i = parent;
        }
        heap[i] = last;
        last.index = i;
    }
}
