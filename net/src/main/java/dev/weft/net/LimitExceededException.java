package dev.weft.net;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * The peer has sent more than was to be accepted at once. Nothing was taken out of the stream: it
 * can be read with a higher limit, or in parts. Counterpart of asyncio's {@code LimitOverrunError}.
 */
public final class LimitExceededException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    private final int maxBytes;

    /**
     * Creates the exception.
     *
     * @param message what was too long, and where
     * @param maxBytes the limit
     */
    public LimitExceededException(String message, int maxBytes) {
        super(message, new IOException("limit exceeded"));
        this.maxBytes = maxBytes;
    }

    /**
     * The limit.
     *
     * @return as it was given
     */
    public int maxBytes() {
        return maxBytes;
    }
}
