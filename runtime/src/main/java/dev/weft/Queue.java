package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * Hands items from tasks that put to tasks that take, in the order in which they were put.
 * Counterpart of {@code asyncio.Queue}; {@link PriorityQueue} and {@link LifoQueue} give the items
 * in another order.
 *
 * <p>{@link #take} suspends while there is nothing, and {@link #put} while a {@link #bounded} queue
 * is full, so that producers are no faster than consumers. Both sides are fair: an item is kept for
 * the task that has waited longest, and counts as gone from then on; so is a free place.
 *
 * <p>It belongs to the loop that uses it first, and may be created anywhere. Another thread puts by
 * {@code loop.callSoon(() -> queue.tryPut(item))} or {@code loop.submit(() -> queue.put(item))}.
 *
 * {@snippet file="SyncSnippetsTest.java" region="queue"}
 *
 * @param <T> the type of the items
 */
public sealed interface Queue<T> permits QueueImpl, PriorityQueue, LifoQueue {
    /**
     * Creates a queue without a bound.
     *
     * @param <T> the type of the items
     * @return an empty queue
     */
    static <T> Queue<T> create() {
        return bounded(Integer.MAX_VALUE);
    }

    /**
     * Creates a queue with a bound. Counterpart of {@code Queue(maxsize)}.
     *
     * @param capacity how many items it holds at most, 1 or more
     * @param <T> the type of the items
     * @return an empty queue
     */
    static <T> Queue<T> bounded(int capacity) {
        return new QueueImpl.Fifo<>(capacity);
    }

    /**
     * Puts an item. Suspends while the queue is full; returns at once otherwise.
     *
     * <p><b>Cancellation</b>: nothing was put. A request that stands is not thrown where it need
     * not suspend.
     *
     * @param item the item; not null
     * @throws QueueShutDownException if the queue was shut down, before or meanwhile
     * @throws IllegalStateException outside a task; on another loop than the first that used it
     */
    void put(T item);

    /**
     * Takes the next item. Suspends while there is none; returns at once otherwise. Counterpart of
     * {@code get}.
     *
     * <p><b>Cancellation</b>: nothing was taken; an item that was kept for this task goes to the
     * next that waits. A request that stands is not thrown where it need not suspend.
     *
     * @return the item
     * @throws QueueShutDownException if the queue was shut down, before or meanwhile, and is empty
     * @throws IllegalStateException outside a task; on another loop than the first that used it
     */
    T take();

    /**
     * Puts an item if that needs no waiting. Never suspends; from tasks and callbacks of the loop.
     * Counterpart of {@code put_nowait}.
     *
     * @param item the item; not null
     * @return false if the queue is full, and nothing happened
     * @throws QueueShutDownException if the queue was shut down
     * @throws IllegalStateException on a thread of no loop; on another loop than the first that
     *     used it
     */
    boolean tryPut(T item);

    /**
     * Takes the next item if that needs no waiting. Never suspends; from tasks and callbacks of the
     * loop. Counterpart of {@code get_nowait}.
     *
     * @return the item, or null if there is none
     * @throws QueueShutDownException if the queue was shut down and is empty
     * @throws IllegalStateException on a thread of no loop; on another loop than the first that
     *     used it
     */
    @Nullable T tryTake();

    /**
     * How many items can be taken now: those that are kept for a waiting task are not counted.
     *
     * @return the number, 0 or more
     */
    int size();

    /**
     * Whether {@link #take} would suspend.
     *
     * @return true if there is no item to be taken
     */
    boolean isEmpty();

    /**
     * Whether {@link #put} would suspend.
     *
     * @return true if each place has an item or is kept for a waiting task
     */
    boolean isFull();

    /**
     * How many items the queue holds at most. Counterpart of {@code maxsize}.
     *
     * @return the bound, or {@link Integer#MAX_VALUE} if there is none
     */
    int capacity();

    /**
     * Suspends until each item that was put has been {@linkplain #taskDone done}.
     *
     * <p><b>Cancellation</b>: ends the wait; the queue is as it was.
     *
     * @throws IllegalStateException outside a task; on another loop than the first that used it
     */
    void join();

    /**
     * Says that an item that was taken is done; {@link #join} waits for that. Does not suspend;
     * from tasks and callbacks of the loop. Needed only where somebody joins.
     *
     * @throws IllegalStateException if it was called more often than items were put; on a thread of
     *     no loop; on another loop than the first that used it
     */
    void taskDone();

    /**
     * Shuts the queue down: nothing can be put any more, what is in it can still be taken. Tasks
     * that wait to put, or to take from the empty queue, get {@link QueueShutDownException}. Does
     * not suspend; from tasks and callbacks of the loop.
     *
     * @throws IllegalStateException on a thread of no loop; on another loop than the first that
     *     used it
     */
    default void shutdown() {
        shutdown(false);
    }

    /**
     * As {@link #shutdown()}, and may drop the items: then nothing can be taken either, and each
     * item dropped counts as {@linkplain #taskDone done}.
     *
     * @param immediate whether to drop the items
     * @throws IllegalStateException as {@link #shutdown()} does
     */
    void shutdown(boolean immediate);

    /**
     * Whether {@link #shutdown()} was called.
     *
     * @return true from then on
     */
    boolean isShutDown();
}
