package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * A body that runs on a loop, and the future of its result. Counterpart of {@code asyncio.Task}.
 *
 * <p>{@link Async#async async} starts one. A task lives on one loop for all its life and ends
 * before its scope does.
 *
 * {@snippet file="CoreSnippetsTest.java" region="async"}
 *
 * @param <T> the type of the result
 */
public sealed interface Task<T extends @Nullable Object> extends Future<T> permits TaskImpl {
    /**
     * The task that runs the caller.
     *
     * @return the current task
     * @throws IllegalStateException outside a task
     */
    static Task<?> current() {
        return TaskImpl.current("Task.current()");
    }

    /**
     * The task's name: for people, in dumps and reports.
     *
     * @return the name given, or one made from a number
     */
    String name();

    /**
     * The loop on which the task lives.
     *
     * @return the loop
     */
    Loop loop();

    /** As {@link #cancel(String)} without a message. */
    @Override
    boolean cancel();

    /**
     * Asks the task to end: {@link CancelledError} is thrown at its next suspension point, or at
     * the present one if it is suspended. What it awaits is cancelled first, as in asyncio. A task
     * that has not started never runs. The body may clean up, and may even go on: then the request
     * was in vain. Each call counts, see {@link #cancelling}. From any thread.
     *
     * <p>In loop mode a task that is parked in a JDK call is interrupted. In portable mode such a
     * task holds the loop's turn, and the request waits.
     *
     * {@snippet file="CoreSnippetsTest.java" region="cancel"}
     *
     * @param message becomes the error's message; may be null
     * @return false when the task is done already, and nothing happens
     */
    boolean cancel(@Nullable String message);

    /**
     * Takes one request for cancellation back. At zero, a request that was not yet delivered is
     * forgotten, unless what the task awaits was cancelled for it already. For code that asked for
     * the cancellation itself, such as a time-out. Only on the task's loop.
     *
     * {@snippet file="CoreSnippetsTest.java" region="uncancel"}
     *
     * @return how many requests remain
     * @throws IllegalStateException elsewhere, while the task has not ended
     */
    int uncancel();

    /**
     * How many requests for cancellation stand: calls of {@code cancel} less calls of {@code
     * uncancel}.
     *
     * @return the count, 0 or more
     */
    int cancelling();

    /** Whether the task has ended by cancellation; a mere request does not count. */
    @Override
    boolean isCancelled();
}
