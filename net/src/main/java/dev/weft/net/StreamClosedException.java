package dev.weft.net;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * A connection was used after it had been closed properly: most often by this side, perhaps while
 * another task was using it.
 */
public final class StreamClosedException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what cannot be done, and with which connection
     */
    public StreamClosedException(String message) {
        super(message, new IOException("closed"));
    }
}
