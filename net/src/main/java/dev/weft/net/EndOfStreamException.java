package dev.weft.net;

import java.io.EOFException;
import java.io.UncheckedIOException;

/**
 * The peer ended its side before all bytes came that were asked for. Counterpart of asyncio's
 * {@code IncompleteReadError}.
 */
public final class EndOfStreamException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    /** What {@link #expected} says where nobody knew how many bytes would come. */
    public static final int UNKNOWN = -1;

    private final byte[] partial;
    private final int expected;

    /**
     * Creates the exception.
     *
     * @param message what ended, and where
     * @param partial the bytes that did come
     * @param expected how many were asked for, or {@link #UNKNOWN}
     */
    public EndOfStreamException(String message, byte[] partial, int expected) {
        super(message, new EOFException("end of stream"));
        this.partial = partial.clone();
        this.expected = expected;
    }

    /**
     * The bytes that came before the end; they have been taken out of the stream.
     *
     * @return a copy
     */
    public byte[] partial() {
        return partial.clone();
    }

    /**
     * How many bytes were asked for.
     *
     * @return the count, or {@link #UNKNOWN} if it was up to a separator
     */
    public int expected() {
        return expected;
    }
}
