package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * Thrown in a task that is being cancelled, at its next suspension point.
 *
 * <p>It is an {@link Error}, so that {@code catch (Exception e)} does not swallow it. Clean up in
 * {@code finally}; a task that catches it and returns normally is not cancelled. It always means
 * that <em>you</em> are being cancelled: awaiting somebody else's cancelled future throws {@link
 * java.util.concurrent.CancellationException} instead. Counterpart of {@code
 * asyncio.CancelledError}, which is a {@code BaseException} for the same reason.
 */
public final class CancelledError extends Error {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the error.
     *
     * @param message what {@link Task#cancel(String)} was given, or null
     */
    public CancelledError(@Nullable String message) {
        super(message);
    }
}
