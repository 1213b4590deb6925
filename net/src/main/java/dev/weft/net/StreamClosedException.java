package dev.weft.net;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * A connection was used after this side had closed it, or was closed by this side while it was
 * being used.
 */
public final class StreamClosedException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what cannot be done, and with which connection
     */
    public StreamClosedException(String message) {
        super(message, new IOException("closed by this side"));
    }
}
