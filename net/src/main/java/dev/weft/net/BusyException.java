package dev.weft.net;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Two tasks used one side of a stream at the same time: one reads (or writes) while another waits
 * to do so, and their bytes would be mixed. Guard it with a lock, or let one task read for all.
 */
public final class BusyException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what cannot be done, and with which connection
     */
    public BusyException(String message) {
        super(message, new IOException("in use by another task"));
    }
}
