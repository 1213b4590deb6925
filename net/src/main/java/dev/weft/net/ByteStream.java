package dev.weft.net;

import dev.weft.net.internal.Conduit;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A connection that carries bytes in both directions. {@link Tcp#connect} opens one, {@link
 * Tcp#listen} hands one to each handler. Counterpart of asyncio's {@code StreamReader} and {@code
 * StreamWriter} in one.
 *
 * <p>Reading is driven by demand: what nobody reads stays with the peer, but for some 64 KiB.
 * Writing suspends while more than 64 KiB wait to be sent, until that is down to 16 KiB.
 *
 * <p>One task may read while another writes; two that read, or two that write, at the same time are
 * an error ({@link BusyException}). All methods are for tasks, and do not block threads; those that
 * suspend say so. {@link #close} it when done, best with {@code try}: a server's streams are closed
 * when their handler returns.
 *
 * <p>Failures of any method: {@link StreamClosedException} when this side has closed the stream,
 * {@link BrokenConnectionException} when the peer or the network has.
 */
public final class ByteStream implements AutoCloseable {
    private static final byte[] NOTHING = {};
    private static final int FIRST_PART = 8 * 1024;

    private final Conduit conduit;
    private final TcpOptions options;

    // Owned by the tasks of the loop; released by dropped().

    /** What was taken from the conduit and not yet read. */
    private @Nullable ByteBuf rest;

    private @Nullable ByteView view;

    ByteStream(Conduit conduit, TcpOptions options) {
        this.conduit = conduit;
        this.options = options;
    }

    // ---- reading

    /**
     * Reads what has come: the next chunk, of a size that the network chose.
     *
     * <p><b>Suspends</b> until something has come. <b>Cancellation</b>: nothing was read.
     *
     * @return 1 byte or more; null when the peer has ended its output and all is read
     * @throws BusyException if another task is reading
     */
    public byte @Nullable [] read() {
        ByteBuf buffer = next();
        if (buffer == null) {
            return null;
        }
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.getBytes(buffer.readerIndex(), bytes);
        buffer.release();
        return bytes;
    }

    /**
     * As {@link #read}, without copying: the fastest way to look at bytes, or to send them on with
     * {@link #write(ByteView)}.
     *
     * <p><b>Suspends</b> until something has come. <b>Cancellation</b>: nothing was read.
     *
     * @return a view of 1 byte or more, valid until the next call of a method that reads, or the
     *     closing of this stream; null when the peer has ended its output and all is read
     * @throws BusyException if another task is reading
     */
    public @Nullable ByteView readView() {
        ByteBuf buffer = next();
        if (buffer == null) {
            return null;
        }
        ByteView v = new ByteView(buffer);
        view = v;
        return v;
    }

    /**
     * Reads a given number of bytes. Counterpart of asyncio's {@code readexactly}.
     *
     * <p><b>Suspends</b> until they have come. <b>Cancellation</b>: nothing was read; what had come
     * stays for the next reader.
     *
     * @param count how many, 0 or more
     * @return as many bytes
     * @throws EndOfStreamException if the peer ends its output before; it holds what did come
     * @throws BusyException if another task is reading
     */
    public byte[] readExactly(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("count must be >= 0, was " + count);
        }
        if (count == 0) {
            return NOTHING;
        }
        // Grows as bytes come: the count may be a peer's lie.
        byte[] bytes = new byte[Math.min(count, FIRST_PART)];
        int filled = 0;
        try {
            while (filled < count) {
                ByteBuf buffer = next();
                if (buffer == null) {
                    byte[] partial = Arrays.copyOf(bytes, filled);
                    filled = 0;
                    throw new EndOfStreamException(
                            this + " ended after " + partial.length + " of " + count + " bytes",
                            partial,
                            count);
                }
                int n = Math.min(count - filled, buffer.readableBytes());
                if (filled + n > bytes.length) {
                    int wanted = (int) Math.min(count, Math.max(bytes.length * 2L, filled + n));
                    bytes = Arrays.copyOf(bytes, wanted);
                }
                buffer.readBytes(bytes, filled, n);
                filled += n;
                putBack(buffer);
            }
            return bytes;
        } catch (Throwable e) {
            if (filled > 0 && conduit.isOpen()) {
                // The wait was for more than was there, so nothing comes before these.
                rest = Unpooled.wrappedBuffer(bytes, 0, filled);
            }
            throw e;
        }
    }

    private @Nullable ByteBuf next() {
        ByteBuf buffer = rest;
        if (buffer != null) {
            dropView();
            rest = null;
            return buffer;
        }
        ByteView v = view;
        view = null;
        return (ByteBuf) conduit.take(v == null ? null : v.take());
    }

    private void putBack(ByteBuf buffer) {
        if (buffer.isReadable()) {
            rest = buffer;
        } else {
            buffer.release();
        }
    }

    private void dropView() {
        ByteView v = view;
        if (v != null) {
            view = null;
            v.release();
        }
    }

    /** Nobody reads any more. */
    void dropped() {
        dropView();
        ByteBuf r = rest;
        if (r != null) {
            rest = null;
            r.release();
        }
    }

    // ---- writing

    /**
     * Writes bytes. They are copied: the array may be reused at once.
     *
     * <p><b>Suspends</b> while more than 64 KiB wait to be sent. <b>Cancellation</b>: all bytes
     * have been accepted, and will be sent.
     *
     * @param bytes what to write
     * @throws BusyException if another task is writing
     */
    public void write(byte[] bytes) {
        Objects.requireNonNull(bytes, "bytes must not be null");
        writeOwned(bytes.clone());
    }

    /**
     * Writes the remaining bytes of a buffer, and moves its position to its limit. They are copied:
     * the buffer may be reused at once.
     *
     * <p><b>Suspends</b> and <b>Cancellation</b> as {@link #write(byte[])}.
     *
     * @param bytes what to write
     * @throws BusyException if another task is writing
     */
    public void write(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        writeOwned(copy);
    }

    /**
     * Writes text in UTF-8.
     *
     * <p><b>Suspends</b> and <b>Cancellation</b> as {@link #write(byte[])}.
     *
     * @param text what to write
     * @throws BusyException if another task is writing
     */
    public void write(String text) {
        writeOwned(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Sends on what was read, from this stream or another, without copying. The bytes are kept
     * until they are sent, however soon the view becomes invalid.
     *
     * <p><b>Suspends</b> and <b>Cancellation</b> as {@link #write(byte[])}.
     *
     * @param bytes what to write
     * @throws BusyException if another task is writing
     * @throws IllegalStateException if the view is no longer valid
     */
    public void write(ByteView bytes) {
        int length = bytes.length();
        conduit.put(bytes.lend(), length, true);
    }

    private void writeOwned(byte[] bytes) {
        conduit.put(Unpooled.wrappedBuffer(bytes), bytes.length, true);
    }

    /**
     * Waits until everything written has been handed to the operating system. Seldom needed: what
     * was written is sent at once, without it.
     *
     * <p><b>Suspends</b> until then. <b>Cancellation</b>: ends the wait alone.
     *
     * @throws BusyException if another task is writing
     */
    public void flush() {
        conduit.flush(true);
    }

    /**
     * Tells the peer that no more comes, once all that was written has been sent; reading goes on.
     * Idempotent. Counterpart of {@code write_eof}.
     *
     * <p><b>Suspends</b> until then. <b>Cancellation</b>: ends the wait alone.
     *
     * @throws BusyException if another task is writing
     */
    public void shutdownOutput() {
        conduit.endOutput();
    }

    // ---- closing

    /**
     * Sends what was written, then closes. Tasks that read or write get {@link
     * StreamClosedException}. Idempotent.
     *
     * <p><b>Suspends</b> until it is closed, at most {@link TcpOptions#closeTimeout}.
     * <b>Cancellation</b>: it is closed at once, and what was not sent is lost.
     *
     * @throws TimedOutException if not all could be sent in that time; it is closed all the same
     * @throws BrokenConnectionException if the connection broke before all was sent
     */
    @Override
    public void close() {
        conduit.close(options.closeTimeout());
    }

    /**
     * Closes at once and drops what was not sent; the peer sees a reset connection. Idempotent, and
     * does not suspend.
     */
    public void abort() {
        conduit.abort();
    }

    /**
     * Whether neither this side has closed it nor the connection is known to be broken.
     *
     * @return true from the start
     */
    public boolean isOpen() {
        return conduit.isOpen();
    }

    /**
     * This side's address.
     *
     * @return an {@code InetSocketAddress} for TCP
     */
    public SocketAddress localAddress() {
        return conduit.localAddress();
    }

    /**
     * The peer's address.
     *
     * @return an {@code InetSocketAddress} for TCP
     */
    public SocketAddress remoteAddress() {
        return conduit.remoteAddress();
    }

    @Override
    public String toString() {
        return conduit.toString();
    }
}
