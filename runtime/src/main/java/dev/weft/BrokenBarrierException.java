package dev.weft;

/**
 * Thrown at a {@link Barrier} that was aborted, or reset while tasks waited. Counterpart of {@code
 * asyncio.BrokenBarrierError}; unchecked, unlike the one of {@code java.util.concurrent}.
 */
public final class BrokenBarrierException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    BrokenBarrierException(String message) {
        super(message);
    }
}
