package dev.weft.net;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Received bytes, looked at where the network put them: the way to read, and to send on, without
 * copying.
 *
 * <p>It is read-only, and valid until the stream it came from is read from again or closed; any use
 * after that throws {@link IllegalStateException}. What has to live longer is copied out ({@link
 * #toByteArray}) or written ({@link ByteStream#write(ByteView)}, which keeps the bytes until they
 * are sent).
 *
 * <p>Only for tasks of the stream's loop. No method suspends.
 */
public final class ByteView {
    private final int offset;
    private final int length;
    private @Nullable ByteBuf buffer;
    private boolean lent;

    ByteView(ByteBuf buffer) {
        this.buffer = buffer;
        offset = buffer.readerIndex();
        length = buffer.readableBytes();
    }

    private ByteBuf buffer() {
        ByteBuf b = buffer;
        if (b == null) {
            throw new IllegalStateException(
                    "this ByteView is no longer valid: its stream was read from again or closed;"
                            + " copy what has to live longer, with toByteArray()");
        }
        return b;
    }

    /**
     * How many bytes there are.
     *
     * @return 1 or more
     */
    public int length() {
        buffer();
        return length;
    }

    /**
     * One byte.
     *
     * @param index its place, from 0
     * @return the byte
     * @throws IndexOutOfBoundsException if there is none
     */
    public byte get(int index) {
        return buffer().getByte(offset + Objects.checkIndex(index, length));
    }

    /**
     * Looks for a byte.
     *
     * @param value the byte
     * @return the first place where it is, or -1
     */
    public int indexOf(byte value) {
        int found = buffer().indexOf(offset, offset + length, value);
        return found < 0 ? -1 : found - offset;
    }

    /**
     * Copies all bytes.
     *
     * @return a new array
     */
    public byte[] toByteArray() {
        byte[] bytes = new byte[length];
        buffer().getBytes(offset, bytes);
        return bytes;
    }

    /**
     * Copies all bytes into a buffer, at its position, which is moved.
     *
     * @param target where to; it must have room for {@link #length} bytes
     */
    public void copyTo(ByteBuffer target) {
        if (target.remaining() < length) {
            throw new IllegalArgumentException(
                    "target must have room for " + length + " bytes, has " + target.remaining());
        }
        ByteBuffer part = target.slice(target.position(), length);
        buffer().getBytes(offset, part);
        target.position(target.position() + length);
    }

    /**
     * The bytes as text. A character that is cut by the view's end is malformed: text that comes in
     * pieces needs a decoder.
     *
     * @param charset how the text is encoded
     * @return the text; malformed bytes are replaced
     */
    public String toString(Charset charset) {
        return buffer().toString(offset, length, charset);
    }

    /** The bytes as UTF-8 text; of a view that is no longer valid, a word on that. */
    @Override
    public String toString() {
        return buffer == null ? "ByteView[no longer valid]" : toString(StandardCharsets.UTF_8);
    }

    /** The bytes, to be written and then released by Netty. */
    ByteBuf lend() {
        ByteBuf b = buffer();
        if (lent) {
            // Writing moves the buffer's own index.
            return b.slice(offset, length).retain();
        }
        lent = true;
        return b.retain();
    }

    /** Ends its validity; the buffer is the caller's to release. */
    @Nullable ByteBuf take() {
        ByteBuf b = buffer;
        buffer = null;
        return b;
    }

    void release() {
        ByteBuf b = take();
        if (b != null) {
            b.release();
        }
    }
}
