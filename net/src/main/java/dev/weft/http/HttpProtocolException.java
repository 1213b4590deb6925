package dev.weft.http;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * The peer broke HTTP: a malformed head, lengths that contradict each other, a bad chunk, a body
 * that cannot be decoded, a frame out of place. The connection is closed, as nobody can tell what
 * else comes on it; with HTTP/2 only the call's stream, where that alone is broken.
 */
public final class HttpProtocolException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what the peer did, and where
     * @param cause what noticed it
     */
    public HttpProtocolException(String message, IOException cause) {
        super(message, cause);
    }

    /** One that this side noticed itself. */
    HttpProtocolException(String message) {
        this(message, new IOException("broken HTTP"));
    }
}
