package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * A {@link Future} that its holder completes, from any thread, once: how a callback world hands a
 * result to tasks.
 *
 * <p>Each waiting task should have a promise of its own: cancelling a task cancels what it awaits,
 * as in asyncio.
 *
 * {@snippet file="SnippetsTest.java" region="promise"}
 *
 * @param <T> the type of the result
 */
public sealed interface Promise<T extends @Nullable Object> extends Future<T> permits PromiseImpl {
    /**
     * Creates a pending promise. A failure that nobody retrieves goes to the exception handler of
     * the loop that runs the caller, or to the log on a thread of no loop.
     *
     * @param <T> the type of the result
     * @return a new promise
     */
    static <T extends @Nullable Object> Promise<T> create() {
        return new PromiseImpl<>(Fiber.current());
    }

    /**
     * Completes it with a result. Counterpart of {@code set_result}.
     *
     * @param result the result
     * @throws IllegalStateException if it is done already
     */
    void complete(T result);

    /**
     * Completes it with a failure. Counterpart of {@code set_exception}.
     *
     * @param failure what awaiting it throws
     * @throws IllegalStateException if it is done already
     */
    void fail(Throwable failure);

    /**
     * Completes it with a result unless it is done already.
     *
     * @param result the result
     * @return whether this call completed it
     */
    boolean tryComplete(T result);

    /**
     * Completes it with a failure unless it is done already.
     *
     * @param failure what awaiting it throws
     * @return whether this call completed it; if not, the failure is the caller's to handle
     */
    boolean tryFail(Throwable failure);
}
