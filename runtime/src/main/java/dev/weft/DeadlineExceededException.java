package dev.weft;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Something took longer than its {@code timeout} allows. Counterpart of the {@code TimeoutError} of
 * {@code asyncio.timeout}; not a cancellation. (A limit that is an option of a connection throws an
 * I/O exception of its own.)
 */
public final class DeadlineExceededException extends RuntimeException {
    private static final long serialVersionUID = 1;

    @SuppressWarnings("serial") // Duration is serializable
    private final @Nullable Duration limit;

    /**
     * With a message and the limit.
     *
     * @param message what took too long
     * @param limit the time that was allowed, or null if a point in time was
     */
    public DeadlineExceededException(String message, @Nullable Duration limit) {
        super(message);
        this.limit = limit;
    }

    /**
     * The time that was allowed.
     *
     * @return the limit as it was given, or null if a point in time was given, or another one since
     */
    public @Nullable Duration limit() {
        return limit;
    }
}
