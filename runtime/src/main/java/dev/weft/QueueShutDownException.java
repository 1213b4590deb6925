package dev.weft;

/**
 * Thrown by a {@link Queue} that was shut down: it takes no more items, or has none left to give.
 * Counterpart of {@code asyncio.QueueShutDown}.
 */
public final class QueueShutDownException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    QueueShutDownException(String message) {
        super(message);
    }
}
