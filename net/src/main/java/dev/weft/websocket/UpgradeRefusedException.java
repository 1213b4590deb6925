package dev.weft.websocket;

import java.io.IOException;
import java.io.UncheckedIOException;

/** An HTTP server answered, but did not switch to WebSocket. */
public final class UpgradeRefusedException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    private final int status;

    /**
     * Creates the exception.
     *
     * @param message what was answered
     * @param status the HTTP status
     */
    public UpgradeRefusedException(String message, int status) {
        super(message, new IOException("HTTP status " + status));
        this.status = status;
    }

    /**
     * The HTTP status.
     *
     * @return 101 if the answer was an upgrade, but an invalid one
     */
    public int status() {
        return status;
    }
}
