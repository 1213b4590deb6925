package dev.weft.net;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.net.internal.Conduit;
import dev.weft.net.internal.StreamAccess;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A connection that carries bytes in both directions. {@link Tcp#connect} opens one, {@link
 * Tcp#listen} hands one to each handler. Counterpart of asyncio's {@code StreamReader} and {@code
 * StreamWriter} in one.
 *
 * <p>Reading is driven by demand: what nobody reads stays with the peer, but for some 192 KiB.
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
    private static final byte[] LINE_FEED = {'\n'};

    static {
        StreamAccess.set(new StreamHandover());
    }

    private final Conduit conduit;
    private final TcpOptions options;

    // Owned by the tasks of the loop; released by dropped().

    /** What was taken from the conduit and not yet read. */
    private @Nullable ByteBuf rest;

    private @Nullable ByteView view;

    /** A task waits for more than is in {@code rest}, which nobody else may take. */
    private boolean gathering;

    /** Set before tasks see this object, as the next is. */
    private @Nullable ProxyHeader proxyHeader;

    private @Nullable SocketAddress transportAddress;

    /** The host that was connected to, for its certificate. */
    private @Nullable String dialled;

    ByteStream(Conduit conduit, TcpOptions options) {
        this.conduit = conduit;
        this.options = options;
    }

    Conduit conduit() {
        return conduit;
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
     * As {@link #read()}, but no more than so many bytes; what came besides stays for the next
     * reader. Counterpart of asyncio's {@code read(n)}.
     *
     * <p><b>Suspends</b> until something has come. <b>Cancellation</b>: nothing was read.
     *
     * @param max how many at most, 1 or more
     * @return 1 byte to {@code max}; null when the peer has ended its output and all is read
     * @throws BusyException if another task is reading
     */
    public byte @Nullable [] read(int max) {
        requirePositive(max, "max");
        ByteBuf buffer = next();
        return buffer == null ? null : part(buffer, Math.min(max, buffer.readableBytes()));
    }

    /**
     * As {@link #read()}, without copying: the fastest way to look at bytes, or to send them on
     * with {@link #write(ByteView)}.
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
            if (filled > 0 && !conduit.isClosed()) {
                // The wait was for more than was there, so nothing comes before these.
                rest = Unpooled.wrappedBuffer(bytes, 0, filled);
            }
            throw e;
        }
    }

    /**
     * Reads up to a separator. Counterpart of asyncio's {@code readuntil}.
     *
     * <p><b>Suspends</b> until it has come. <b>Cancellation</b>: nothing was read; what had come
     * stays for the next reader.
     *
     * @param maxBytes how many bytes to accept at most, with the separator; 1 or more
     * @param separators what to look for; of several the one that ends first counts
     * @return the bytes, the separator included
     * @throws LimitExceededException if so many bytes came without it; they stay to be read
     * @throws EndOfStreamException if the peer ends its output before; it holds what did come
     * @throws BusyException if another task is reading
     */
    public byte[] readUntil(int maxBytes, byte[]... separators) {
        requirePositive(maxBytes, "maxBytes");
        requireSeparators(separators);
        int end = gatherUntil(maxBytes, separators);
        if (end < 0) {
            byte[] partial = takeRest();
            throw new EndOfStreamException(
                    this + " ended after " + partial.length + " bytes, before a separator",
                    partial,
                    EndOfStreamException.UNKNOWN);
        }
        return takeRest(end);
    }

    /**
     * As {@link #readUntil(int, byte[]...)}, with text as separators (in UTF-8) and {@link
     * TcpOptions#maxLineBytes} as the limit.
     *
     * @param separators what to look for, such as {@code "\r\n"}
     * @return the bytes, the separator included
     */
    public byte[] readUntil(String... separators) {
        byte[][] bytes = new byte[separators.length][];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = separators[i].getBytes(StandardCharsets.UTF_8);
        }
        return readUntil(options.maxLineBytes(), bytes);
    }

    /**
     * Reads a line of UTF-8, which ends in {@code \n} or {@code \r\n}, or with the stream. Bytes
     * that are no UTF-8 are replaced by U+FFFD.
     *
     * <p><b>Suspends</b> until it has come. <b>Cancellation</b>: nothing was read; what had come
     * stays for the next reader.
     *
     * @return the line without its end; null when the peer has ended its output and all is read
     * @throws LimitExceededException if more than {@link TcpOptions#maxLineBytes} came without a
     *     line's end; they stay to be read
     * @throws BusyException if another task is reading
     */
    public @Nullable String readLine() {
        int end = gatherUntil(options.maxLineBytes(), LINE_FEED);
        byte[] line = end < 0 ? takeRest() : takeRest(end);
        int length = line.length;
        if (length == 0) {
            return null;
        }
        if (line[length - 1] == '\n') {
            length--;
            if (length > 0 && line[length - 1] == '\r') {
                length--;
            }
        }
        return new String(line, 0, length, StandardCharsets.UTF_8);
    }

    /**
     * The lines that are still to come: {@link #readLine} in a loop. Counterpart of {@code async
     * for line in reader}.
     *
     * {@snippet file="ByteStreamReadTest.java" region="lines"}
     *
     * @return can be iterated over as often as one likes; each goes on where the stream stands
     */
    public Iterable<String> lines() {
        return () -> new Lines(this);
    }

    /**
     * Reads until the peer ends its output. Counterpart of asyncio's {@code read(-1)}.
     *
     * <p><b>Suspends</b> until then. <b>Cancellation</b>: nothing was read; what had come stays for
     * the next reader.
     *
     * @param maxBytes how many bytes to accept at most; 1 or more
     * @return all bytes; none if there were none
     * @throws LimitExceededException if more came; they stay to be read
     * @throws BusyException if another task is reading
     */
    public byte[] readAll(int maxBytes) {
        requirePositive(maxBytes, "maxBytes");
        beginGathering();
        do {
            ByteBuf r = rest;
            if (r != null && r.readableBytes() > maxBytes) {
                throw new LimitExceededException(
                        this + " has sent more than " + maxBytes + " bytes", maxBytes);
            }
        } while (gatherMore());
        return takeRest();
    }

    private static void requirePositive(int value, String name) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be >= 1, was " + value);
        }
    }

    private static void requireSeparators(byte[]... separators) {
        if (separators.length == 0) {
            throw new IllegalArgumentException("separators must not be empty");
        }
        for (byte[] separator : separators) {
            if (separator.length == 0) {
                throw new IllegalArgumentException("a separator must not be empty");
            }
        }
    }

    /**
     * Gathers in {@code rest} until a separator is in it. What was looked through is not looked
     * through again.
     *
     * @return where the first one ends; -1 when the stream ends without
     */
    private int gatherUntil(int maxBytes, byte[]... separators) {
        beginGathering();
        int overlap = 0;
        for (byte[] separator : separators) {
            overlap = Math.max(overlap, separator.length - 1);
        }
        int from = 0;
        do {
            ByteBuf r = rest;
            int length = r == null ? 0 : r.readableBytes();
            int end = r == null ? -1 : Separators.endOfFirst(r, from, separators);
            if (end > maxBytes || end < 0 && length >= maxBytes) {
                throw new LimitExceededException(
                        this + " has sent " + maxBytes + " bytes without a separator", maxBytes);
            }
            if (end > 0) {
                return end;
            }
            from = Math.max(0, length - overlap);
        } while (gatherMore());
        return -1;
    }

    private void beginGathering() {
        requireNobodyGathers();
        dropView();
    }

    private void requireNobodyGathers() {
        if (gathering) {
            throw new BusyException("cannot read: another task is reading from " + this);
        }
    }

    /** Waits for more, and adds it to {@code rest}; false at the end. */
    private boolean gatherMore() {
        ByteBuf chunk;
        gathering = true;
        try {
            chunk = (ByteBuf) conduit.take();
        } finally {
            gathering = false;
        }
        if (chunk == null) {
            return false;
        }
        ByteBuf r = rest;
        rest = r == null ? chunk : joined(r, chunk);
        return true;
    }

    /** Into the first one while there is room, so that a peer's single bytes cost a byte each. */
    private static ByteBuf joined(ByteBuf first, ByteBuf second) {
        ByteBuf both = first;
        if (first.isReadOnly() || second.readableBytes() > first.writableBytes()) {
            long wanted = 2L * (first.readableBytes() + (long) second.readableBytes());
            both = Unpooled.buffer((int) Math.min(wanted, Integer.MAX_VALUE - 8));
            both.writeBytes(first);
            first.release();
        }
        both.writeBytes(second);
        second.release();
        return both;
    }

    private byte[] takeRest() {
        ByteBuf r = rest;
        return r == null ? NOTHING : takeRest(r.readableBytes());
    }

    private byte[] takeRest(int count) {
        ByteBuf r = Objects.requireNonNull(rest);
        rest = null;
        return part(r, count);
    }

    private byte[] part(ByteBuf buffer, int count) {
        byte[] bytes = new byte[count];
        buffer.readBytes(bytes);
        putBack(buffer);
        return bytes;
    }

    /** As {@link #read(int)}, into an array; -1 at the end. */
    int read(byte[] bytes, int offset, int length) {
        ByteBuf buffer = next();
        if (buffer == null) {
            return -1;
        }
        int n = Math.min(length, buffer.readableBytes());
        buffer.readBytes(bytes, offset, n);
        putBack(buffer);
        return n;
    }

    /** How many bytes can be read without waiting, at least. */
    int available() {
        ByteBuf r = rest;
        return r != null ? r.readableBytes() : conduit.isReady() ? 1 : 0;
    }

    /**
     * This stream's input as the JDK's, for code that wants one; each read suspends the task.
     * Closing it closes this stream. Its failures are those of this stream's methods. What the JDK
     * makes of several reads, such as {@code readNBytes}, loses what it has when it is cancelled.
     *
     * @return a view
     */
    public InputStream inputStream() {
        return new Streams.Input(this);
    }

    /**
     * This stream's output as the JDK's, for code that wants one; each write suspends the task as
     * {@link #write(byte[])} does. Closing it closes this stream. Its failures are those of this
     * stream's methods.
     *
     * @return a view
     */
    public OutputStream outputStream() {
        return new Streams.Output(this);
    }

    private @Nullable ByteBuf next() {
        requireNobodyGathers();
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
     * @throws BrokenConnectionException if the connection is broken, also while this waits; how
     *     much the peer got is unknown then
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
     * Writes the remaining bytes of several buffers in this order, and moves each position to its
     * limit: together, with no other task's in between. They are copied. Counterpart of {@code
     * writelines}.
     *
     * <p><b>Suspends</b> and <b>Cancellation</b> as {@link #write(byte[])}.
     *
     * @param parts what to write
     * @throws BusyException if another task is writing
     */
    public void write(ByteBuffer... parts) {
        long sum = 0;
        for (ByteBuffer part : parts) {
            sum += part.remaining();
        }
        if (sum > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    "parts must have less than 2 GiB together, had " + sum + " bytes");
        }
        byte[] copy = new byte[(int) sum];
        int filled = 0;
        for (ByteBuffer part : parts) {
            int n = part.remaining();
            part.get(copy, filled, n);
            filled += n;
        }
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

    /** Writes bytes that nobody changes any more. */
    void writeOwned(byte[] bytes) {
        conduit.put(Unpooled.wrappedBuffer(bytes), bytes.length, true);
    }

    /**
     * Sends a whole file, as long as it is when this is called. Otherwise as {@link
     * #sendFile(FileChannel, long, long)}.
     *
     * @param file a regular file
     * @return its length
     * @throws UncheckedIOException if it cannot be opened or read
     */
    public long sendFile(Path file) {
        return FileSender.send(this, file);
    }

    /**
     * Sends a part of a file. Counterpart of asyncio's {@code loop.sendfile} and of {@link
     * FileChannel#transferTo}.
     *
     * <p>The kernel sends the file by itself (sendfile), without a copy in this program, for TCP
     * and Unix sockets on epoll, kqueue and NIO. With TLS, on io_uring, and for files that are not
     * of the operating system, it is read in chunks of 128 KiB off the loop. Either way little
     * memory is needed, however long the file is, and tasks of other connections go on in between.
     * When the kernel sends, it is the loop that waits for a disk: for files on a slow one, read
     * them with {@code offload} and {@link #write(byte[]) write} them.
     *
     * <p>The file stays open, and its position where it is: several tasks may send the same one.
     * What was written before is sent before. No other task may write meanwhile.
     *
     * {@snippet file="SendFileTest.java" region="sendFile"}
     *
     * <p><b>Suspends</b> until all bytes have been handed to the operating system.
     * <b>Cancellation</b>: as long as no byte was sent, nothing has happened. After that the stream
     * is aborted, as the peer could not tell a part of the file from the whole; so it is when
     * sending fails half-way, for whatever reason. How much the peer has got is not known. Whoever
     * wants to stop in between sends part after part. In either case the file is not used any more
     * when this method ends.
     *
     * @param file the file, open for reading
     * @param position where to begin, 0 or more
     * @param count how many bytes, 0 or more
     * @throws EndOfFileException if the file is shorter; if it turns out half-way, as the file has
     *     shrunk, the stream is aborted
     * @throws UncheckedIOException if the file cannot be read, or is closed
     * @throws TimedOutException if the peer takes nothing for {@link TcpOptions#writeIdleTimeout};
     *     the stream is aborted
     * @throws BusyException if another task is writing
     */
    public void sendFile(FileChannel file, long position, long count) {
        FileSender.send(this, file, position, count);
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
     * Idempotent: a second call returns at once, as does one after the output has ended with the
     * peer's (TLS 1.2). Counterpart of {@code write_eof}.
     *
     * <p><b>Suspends</b> until then. <b>Cancellation</b>: ends the wait alone.
     *
     * @throws BusyException if another task is writing
     */
    public void shutdownOutput() {
        conduit.endOutput();
    }

    /**
     * Carries what each of two streams receives to the other, without copying, until both have
     * ended; the end of one's input ends the other's output. For proxies. Closes neither.
     *
     * {@snippet file="ByteStreamPipeTest.java" region="pipe"}
     *
     * <p><b>Suspends</b> until both have ended, or one has failed. <b>Cancellation</b>: what was
     * read has been accepted by the other stream, and will be sent.
     *
     * @param one a stream
     * @param other another one
     * @throws BrokenConnectionException if one of them breaks, at once; the other is not told
     * @throws BusyException if another task is reading or writing
     */
    public static void pipe(ByteStream one, ByteStream other) {
        Objects.requireNonNull(one, "one must not be null");
        Objects.requireNonNull(other, "other must not be null");
        Async.group(g -> {
            g.async(() -> other.copyTo(one));
            one.copyTo(other);
        });
    }

    private void copyTo(ByteStream sink) {
        for (ByteView v; (v = readView()) != null; ) {
            sink.write(v);
        }
        sink.shutdownOutput();
    }

    // ---- TLS

    /**
     * Goes over to TLS as the client. The certificate must have the name of the host that was
     * connected to, or {@link ClientTls#serverName}. Counterpart of {@code start_tls}.
     *
     * <p>What was written before is sent as it is. What has come and was not read is taken for the
     * beginning of the peer's TLS.
     *
     * {@snippet file="TlsUpgradeTest.java" region="client"}
     *
     * <p><b>Suspends</b> until the handshake is done, and, the first time that the options are
     * used, while files are read. <b>Cancellation</b>: once the handshake has begun, the stream is
     * closed.
     *
     * @param tls the options
     * @return what was agreed on
     * @throws TlsException if the two sides do not agree; the stream is closed
     * @throws TimedOutException if it took longer than {@link ClientTls#handshakeTimeout}; the
     *     stream is closed
     * @throws BusyException if another task is reading or writing
     * @throws IllegalStateException if the stream has TLS already, or no name is known that the
     *     certificate should have
     */
    public TlsSession upgradeToTls(ClientTls tls) {
        return secure(() -> TlsUpgrade.of(tls, dialled));
    }

    /**
     * As {@link #upgradeToTls(ClientTls)}, with another name.
     *
     * @param tls the options
     * @param host the name that the certificate must have, unless {@link ClientTls#serverName} says
     *     another
     * @return what was agreed on
     */
    public TlsSession upgradeToTls(ClientTls tls, String host) {
        Objects.requireNonNull(host, "host must not be null");
        return secure(() -> TlsUpgrade.of(tls, host));
    }

    /**
     * Goes over to TLS as the server. Otherwise as {@link #upgradeToTls(ClientTls)}.
     *
     * {@snippet file="TlsUpgradeTest.java" region="server"}
     *
     * @param tls the options
     * @return what was agreed on
     */
    public TlsSession upgradeToTls(ServerTls tls) {
        return secure(() -> TlsUpgrade.of(tls));
    }

    private TlsSession secure(Supplier<TlsUpgrade> options) {
        if (!(conduit instanceof TcpConduit tcp)) {
            throw new IllegalStateException("cannot upgrade to TLS: " + this + " is no socket");
        }
        beginGathering();
        gathering = true;
        try {
            TlsUpgrade upgrade = options.get();
            tcp.beginTls(rest);
            rest = null;
            return tcp.secure(upgrade);
        } finally {
            gathering = false;
        }
    }

    /**
     * What the TLS handshake has come to.
     *
     * @return null if this stream has no TLS
     */
    public @Nullable TlsSession tls() {
        return conduit instanceof TcpConduit tcp ? tcp.session() : null;
    }

    /** Puts a handler in the place of this, and gives up the channel. */
    Channel detach(ChannelHandler handler) {
        if (!(conduit instanceof TcpConduit tcp)) {
            throw new IllegalArgumentException("stream must be a socket's, was " + this);
        }
        if (Loop.current() != conduit.net().loop()) {
            throw new IllegalStateException(
                    "stream must be of this task's loop, was of "
                            + conduit.net().loop().name()
                            + ": "
                            + this);
        }
        beginGathering();
        gathering = true;
        try {
            tcp.beginDetaching(rest);
            rest = null;
            return tcp.detach(handler);
        } finally {
            gathering = false;
        }
    }

    /** As {@link StreamAccess#handOver}. */
    void handOver(StreamAccess.Heir heir) {
        if (!(conduit instanceof TcpConduit tcp)) {
            throw new IllegalStateException("cannot hand over: " + this + " is no socket");
        }
        beginGathering();
        tcp.handOver(rest, heir);
        rest = null;
    }

    /** Tells which host was connected to. */
    void dialled(String host) {
        dialled = host;
    }

    // ---- closing

    /**
     * Sends what was written, then closes. Tasks that read or write get {@link
     * StreamClosedException}. Idempotent.
     *
     * <p><b>Suspends</b> until it is closed, at most {@link TcpOptions#closeTimeout}; TLS's own
     * {@link ClientTls#closeTimeout} comes to that, once for the last word and once for the peer's.
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
     * The peer's address; that of the client, where a trusted proxy in front tells it ({@link
     * TcpOptions#proxyProtocol}).
     *
     * @return an {@code InetSocketAddress} for TCP
     */
    public SocketAddress remoteAddress() {
        return conduit.remoteAddress();
    }

    /**
     * The address that the connection itself comes from: a proxy's, where {@link #remoteAddress} is
     * that of the proxy's client.
     *
     * @return an {@code InetSocketAddress} for TCP
     */
    public SocketAddress transportAddress() {
        SocketAddress address = transportAddress;
        return address != null ? address : conduit.remoteAddress();
    }

    /**
     * The header by which a trusted proxy began the connection: see {@link
     * TcpOptions#proxyProtocol}.
     *
     * @return null if there was none
     */
    public @Nullable ProxyHeader proxyHeader() {
        return proxyHeader;
    }

    void arrivedThrough(ProxyHeader header, SocketAddress proxy) {
        proxyHeader = header;
        transportAddress = proxy;
    }

    @Override
    public String toString() {
        return conduit.toString();
    }
}
