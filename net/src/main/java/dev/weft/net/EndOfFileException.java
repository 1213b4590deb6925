package dev.weft.net;

import java.io.EOFException;
import java.io.UncheckedIOException;

/** A file that was to be sent has ended before as many bytes as were asked for. */
public final class EndOfFileException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    private final long sent;
    private final long expected;

    /**
     * Creates the exception.
     *
     * @param message what happened
     * @param sent how many bytes were sent at least
     * @param expected how many were asked for
     */
    public EndOfFileException(String message, long sent, long expected) {
        super(message, new EOFException("the file has ended"));
        this.sent = sent;
        this.expected = expected;
    }

    /**
     * How many bytes of the file were handed to the operating system, at least.
     *
     * @return 0 if the stream is as before; else it was aborted, and the peer may have got less
     */
    public long sent() {
        return sent;
    }

    /**
     * How many bytes were asked for.
     *
     * @return more than there were
     */
    public long expected() {
        return expected;
    }
}
