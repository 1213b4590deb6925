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
 */
final class Timers {
    /** A timer; in the heap while {@code index >= 0}, which the heap's lock guards. */
    abstract static class Timer {
        final long deadline;
        private long sequence;
        private int index = -1;

        /** A timer for a point of the loop's clock. */
        Timer(long deadline) {
            this.deadline = deadline;
        }

        /**
         * Called once, on the event loop, when the deadline has passed: only enqueues and resumes.
         */
        abstract void fire();

        private boolean before(Timer other) {
            long d = deadline - other.deadline;
            return d < 0 || d == 0 && sequence < other.sequence;
        }
    }

    /** The value of {@link #earliest} when there is no timer. */
    static final long NONE = Long.MAX_VALUE;

    private Timer[] heap = new Timer[16];
    private int size;
    private long added;

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
            siftUp(size++, timer);
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

    @SuppressWarnings("NullAway") // free places of the heap are null
    private void removeAt(int i) {
        Timer removed = heap[i];
        Timer last = heap[--size];
        heap[size] = null;
        removed.index = -1;
        if (last != removed) {
            siftDown(i, last);
            if (heap[i] == last) {
                siftUp(i, last);
            }
        }
    }

    private void siftUp(int i, Timer timer) {
        while (i > 0) {
            int parent = (i - 1) >>> 1;
            Timer p = heap[parent];
            if (!timer.before(p)) {
                break;
            }
            place(i, p);
            i = parent;
        }
        place(i, timer);
    }

    private void siftDown(int i, Timer timer) {
        for (int child; (child = 2 * i + 1) < size; ) {
            if (child + 1 < size && heap[child + 1].before(heap[child])) {
                child++;
            }
            if (!heap[child].before(timer)) {
                break;
            }
            place(i, heap[child]);
            i = child;
        }
        place(i, timer);
    }

    private void place(int i, Timer timer) {
        heap[i] = timer;
        timer.index = i;
    }
}
