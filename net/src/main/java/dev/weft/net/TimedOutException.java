package dev.weft.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;

/**
 * A limit that is an option of a connection ran out: connecting, a handshake, an idle peer,
 * closing. A limit of the caller's own ({@code timeout}) throws something else.
 */
public final class TimedOutException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    private final Duration limit;

    /**
     * Creates the exception.
     *
     * @param message what took too long
     * @param limit how long it might have taken
     */
    public TimedOutException(String message, Duration limit) {
        super(message, new IOException("the limit of " + limit.toMillis() + " ms ran out"));
        this.limit = limit;
    }

    /**
     * The limit that ran out.
     *
     * @return the option's value
     */
    public Duration limit() {
        return limit;
    }
}
