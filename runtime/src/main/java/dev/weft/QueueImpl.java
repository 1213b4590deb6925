package dev.weft;

import java.util.ArrayDeque;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * A queue whose subclasses know in which order items come out. Owned by its loop.
 *
 * <p>Tasks take and put with their own hands: who has waited is granted one of the items, or a free
 * place, which is then kept for it until it runs (see {@link WaitQueue}). So a cancelled {@code
 * put} has put nothing, a cancelled {@code take} has nothing to give back, and a priority queue
 * gives its best item even to a task that was woken by a lesser one. The invariant is {@link
 * #settle}'s: nobody waits for what is there.
 */
abstract sealed class QueueImpl<T> extends LoopBound implements Queue<T> {
    private final int capacity;
    private final WaitQueue takers = new WaitQueue(this);
    private final WaitQueue putters = new WaitQueue(this);
    private final WaitQueue joiners = new WaitQueue(this);
    private long unfinished;
    private boolean shutDown;

    private QueueImpl(int capacity) {
        this.capacity = Checks.atLeast(capacity, 1, "capacity");
    }

    // ---- the items

    abstract void add(T item);

    /** Removes the next item; there is one. */
    abstract T remove();

    /** How many items there are, those that are kept for somebody included. */
    abstract int stored();

    abstract void clear();

    static final class Fifo<T> extends QueueImpl<T> {
        private final ArrayDeque<T> items = new ArrayDeque<>();

        Fifo(int capacity) {
            super(capacity);
        }

        @Override
        void add(T item) {
            items.addLast(item);
        }

        @Override
        T remove() {
            return items.removeFirst();
        }

        @Override
        int stored() {
            return items.size();
        }

        @Override
        void clear() {
            items.clear();
        }

        @Override
        String kind() {
            return "Queue";
        }
    }

    static final class Lifo<T> extends QueueImpl<T> implements LifoQueue<T> {
        private final ArrayDeque<T> items = new ArrayDeque<>();

        Lifo(int capacity) {
            super(capacity);
        }

        @Override
        void add(T item) {
            items.addLast(item);
        }

        @Override
        T remove() {
            return items.removeLast();
        }

        @Override
        int stored() {
            return items.size();
        }

        @Override
        void clear() {
            items.clear();
        }

        @Override
        String kind() {
            return "LifoQueue";
        }
    }

    static final class Priority<T> extends QueueImpl<T> implements PriorityQueue<T> {
        /** An item and its number, which decides between equals. */
        private record Entry<T>(T item, long number) {}

        private final java.util.PriorityQueue<Entry<T>> items;
        private long added;

        Priority(int capacity, Comparator<? super T> order) {
            super(capacity);
            items =
                    new java.util.PriorityQueue<>(
                            Comparator.<Entry<T>, T>comparing(Entry::item, order)
                                    .thenComparingLong(Entry::number));
        }

        @Override
        void add(T item) {
            items.add(new Entry<>(item, added++));
        }

        @Override
        T remove() {
            return items.remove().item();
        }

        @Override
        int stored() {
            return items.size();
        }

        @Override
        void clear() {
            items.clear();
        }

        @Override
        String kind() {
            return "PriorityQueue";
        }
    }

    // ---- putting and taking

    @Override
    public final void put(T item) {
        Checks.notNull(item, "item");
        Fiber fiber = inTask("put()");
        if (isFull() && !shutDown) {
            try {
                putters.await(fiber);
            } catch (Throwable e) {
                settle(fiber);
                throw e;
            }
        }
        putNow(item, fiber);
    }

    @Override
    public final boolean tryPut(T item) {
        Checks.notNull(item, "item");
        Fiber fiber = onLoop("tryPut()");
        if (isFull() && !shutDown) {
            return false;
        }
        putNow(item, fiber);
        return true;
    }

    private void putNow(T item, Fiber fiber) {
        if (shutDown) {
            throw new QueueShutDownException("cannot put: " + this);
        }
        try {
            add(item);
            unfinished++;
        } finally {
            settle(fiber);
        }
    }

    @Override
    public final T take() {
        Fiber fiber = inTask("take()");
        if (isEmpty() && !shutDown) {
            try {
                takers.await(fiber);
            } catch (Throwable e) {
                settle(fiber);
                throw e;
            }
        }
        return takeNow(fiber);
    }

    @Override
    public final @Nullable T tryTake() {
        Fiber fiber = onLoop("tryTake()");
        return isEmpty() && !shutDown ? null : takeNow(fiber);
    }

    private T takeNow(Fiber fiber) {
        if (isEmpty()) {
            throw new QueueShutDownException("cannot take: " + this);
        }
        try {
            return remove();
        } finally {
            settle(fiber);
        }
    }

    /** Grants the items and places that nobody has to those who wait. */
    private void settle(Fiber here) {
        while (!takers.isEmpty() && !isEmpty()) {
            takers.grantFirst(here);
        }
        while (!putters.isEmpty() && !isFull()) {
            putters.grantFirst(here);
        }
    }

    @Override
    public final int size() {
        return Math.max(stored() - takers.granted(), 0); // below 0 when granted items were dropped
    }

    @Override
    public final boolean isEmpty() {
        return stored() <= takers.granted();
    }

    @Override
    public final boolean isFull() {
        return stored() >= capacity - putters.granted();
    }

    @Override
    public final int capacity() {
        return capacity;
    }

    // ---- joining

    @Override
    public final void join() {
        Fiber fiber = inTask("join()");
        if (unfinished > 0) {
            joiners.await(fiber);
        }
    }

    @Override
    public final void taskDone() {
        Fiber fiber = onLoop("taskDone()");
        if (unfinished == 0) {
            throw new IllegalStateException(
                    "taskDone() was called more often than items were put: " + this);
        }
        done(1, fiber);
    }

    private void done(long items, Fiber here) {
        unfinished -= items;
        if (unfinished == 0) {
            joiners.wakeAll(here);
        }
    }

    // ---- shutting down

    @Override
    public final void shutdown(boolean immediate) {
        Fiber fiber = onLoop("shutdown()");
        shutDown = true;
        if (immediate) {
            long dropped = Math.min(stored(), unfinished);
            clear();
            done(dropped, fiber);
        }
        takers.wakeAll(fiber);
        putters.wakeAll(fiber);
    }

    @Override
    public final boolean isShutDown() {
        return shutDown;
    }

    @Override
    final String state() {
        return "size:"
                + size()
                + (capacity == Integer.MAX_VALUE ? "" : ", capacity:" + capacity)
                + (takers.size() == 0 ? "" : ", takers:" + takers.size())
                + (putters.size() == 0 ? "" : ", putters:" + putters.size())
                + (unfinished == 0 ? "" : ", unfinished:" + unfinished)
                + (shutDown ? ", shut down" : "");
    }
}
