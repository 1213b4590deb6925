package dev.weft;

/**
 * A {@link Queue} that gives the item that was put last. Counterpart of {@code asyncio.LifoQueue}.
 *
 * {@snippet file="SyncSnippetsTest.java" region="lifoQueue"}
 *
 * @param <T> the type of the items
 */
public sealed interface LifoQueue<T> extends Queue<T> permits QueueImpl.Lifo {
    /**
     * Creates a queue without a bound.
     *
     * @param <T> the type of the items
     * @return an empty queue
     */
    static <T> LifoQueue<T> create() {
        return bounded(Integer.MAX_VALUE);
    }

    /**
     * Creates a queue with a bound.
     *
     * @param capacity how many items it holds at most, 1 or more
     * @param <T> the type of the items
     * @return an empty queue
     */
    static <T> LifoQueue<T> bounded(int capacity) {
        return new QueueImpl.Lifo<>(capacity);
    }
}
