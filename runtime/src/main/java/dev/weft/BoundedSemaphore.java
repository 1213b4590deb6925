package dev.weft;

/**
 * A {@link Semaphore} that never has more permits than at first: releasing more often than was
 * acquired is an error. Counterpart of {@code asyncio.BoundedSemaphore}.
 *
 * {@snippet file="SyncSnippetsTest.java" region="boundedSemaphore"}
 */
public final class BoundedSemaphore extends Semaphore {
    private final int bound;

    private BoundedSemaphore(int permits) {
        super(permits);
        bound = permits;
    }

    /**
     * Creates a semaphore.
     *
     * @param permits how many permits there are at first and at most, 0 or more
     * @return a new semaphore
     */
    public static BoundedSemaphore create(int permits) {
        return new BoundedSemaphore(permits);
    }

    /**
     * As {@link Semaphore#release}, within the bound.
     *
     * @throws IllegalStateException if all permits are there already; on a thread of no loop; on
     *     another loop than the first that used it
     */
    @Override
    public void release() {
        release(bound);
    }
}
