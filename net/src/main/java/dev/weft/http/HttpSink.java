package dev.weft.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Where a {@link BodyWriter} writes the body of a request to.
 *
 * <p>All methods <b>suspend</b> while the peer takes nothing and enough is waiting to be sent, and
 * that is the back-pressure. What is given to them is copied, so that it may be reused at once.
 * <b>Cancellation</b>: some of the bytes may have been sent; the request is broken.
 */
public interface HttpSink {
    /**
     * Writes bytes.
     *
     * @param bytes what to write
     */
    default void write(byte[] bytes) {
        write(bytes, 0, bytes.length);
    }

    /**
     * Writes a part of an array.
     *
     * @param bytes holds what to write
     * @param offset where it begins, 0 or more
     * @param length how many bytes it has, 0 or more
     */
    void write(byte[] bytes, int offset, int length);

    /**
     * Writes the remaining bytes of a buffer, and moves its position to its limit.
     *
     * @param bytes what to write
     */
    void write(ByteBuffer bytes);

    /**
     * Writes text in UTF-8.
     *
     * @param text what to write
     */
    default void write(String text) {
        write(text.getBytes(StandardCharsets.UTF_8));
    }
}
