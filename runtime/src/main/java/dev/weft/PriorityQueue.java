package dev.weft;

import java.util.Comparator;

/**
 * A {@link Queue} that gives the least item; of equal ones, that which was put first. Counterpart
 * of {@code asyncio.PriorityQueue}.
 *
 * <p>Which item is the least is decided when a task takes it, also when it has waited for one.
 *
 * {@snippet file="SyncSnippetsTest.java" region="priorityQueue"}
 *
 * @param <T> the type of the items
 */
public sealed interface PriorityQueue<T> extends Queue<T> permits QueueImpl.Priority {
    /**
     * Creates a queue without a bound, for items that have an order of their own.
     *
     * @param <T> the type of the items
     * @return an empty queue
     */
    static <T extends Comparable<? super T>> PriorityQueue<T> create() {
        return create(Comparator.naturalOrder());
    }

    /**
     * Creates a queue without a bound.
     *
     * @param order says which of two items is less; what it throws, {@code put} and {@code take}
     *     throw
     * @param <T> the type of the items
     * @return an empty queue
     */
    static <T> PriorityQueue<T> create(Comparator<? super T> order) {
        return bounded(Integer.MAX_VALUE, order);
    }

    /**
     * Creates a queue with a bound, for items that have an order of their own.
     *
     * @param capacity how many items it holds at most, 1 or more
     * @param <T> the type of the items
     * @return an empty queue
     */
    static <T extends Comparable<? super T>> PriorityQueue<T> bounded(int capacity) {
        return bounded(capacity, Comparator.naturalOrder());
    }

    /**
     * Creates a queue with a bound.
     *
     * @param capacity how many items it holds at most, 1 or more
     * @param order says which of two items is less; what it throws, {@code put} and {@code take}
     *     throw
     * @param <T> the type of the items
     * @return an empty queue
     */
    static <T> PriorityQueue<T> bounded(int capacity, Comparator<? super T> order) {
        return new QueueImpl.Priority<>(capacity, Checks.notNull(order, "order"));
    }
}
