package dev.weft.http;

import dev.weft.net.BusyException;
import dev.weft.net.LimitExceededException;
import dev.weft.net.StreamClosedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A response: its status and headers, which have come, and its body, which comes as it is read.
 *
 * <p>Read the body to its end, or close the response, best with {@code try}: until then it may hold
 * a connection. One that is forgotten is closed, and reported to the loop's exception handler, when
 * it has become unreachable. Where the body has come completely, which with a small one it has most
 * often, there is nothing to close and nothing to forget.
 *
 * <p>The methods that read are for one task at a time, and what one has taken is gone for the
 * others. They suspend while nothing has come, at most for {@link HttpOptions#readIdleTimeout}, and
 * {@link HttpOptions#timeout} altogether. <b>Cancellation</b> of {@link #read()} and of what is
 * built on it loses what had been put together; then close the response.
 *
 * <p>A body that was compressed for the transport is what it was before, unless the client's
 * options say otherwise ({@link HttpOptions#decompress}).
 */
public final class HttpResponse implements AutoCloseable {
    private static final int SHOWN = 4000;

    private final Call call;
    private final Exchange exchange;
    private final ResponseHead head;
    private final HttpRequest request;
    private final long began;
    private @Nullable Forgotten watch;
    private @Nullable ContentDecoder decoder;
    private boolean decoderChosen;

    /** The decoder knows that nothing follows. */
    private boolean told;

    private long received;
    private boolean ended;
    private boolean closed;
    private boolean reading;

    /** What a read failed with, and those after it do. */
    private @Nullable UncheckedIOException failure;

    /** What the last view shows. */
    private @Nullable ByteBuf viewed;

    HttpResponse(Call call, Exchange exchange, ResponseHead head, HttpRequest request) {
        this.call = call;
        this.exchange = exchange;
        this.head = head;
        this.request = request;
        began = call.isHeard() ? call.now() : 0;
        watch = exchange.watch() ? Forgotten.watch(this, exchange, call.loop()) : null;
    }

    /**
     * A response that sent the call elsewhere.
     *
     * @param status such as 302
     * @param url what had been asked
     */
    public record Hop(int status, URI url) {}

    /** Is told how a download goes. */
    @FunctionalInterface
    public interface Progress {
        /**
         * Some of the body has been written.
         *
         * @param bytes how much of it so far
         * @param total how much it is; -1 if nobody knows
         */
        void moved(long bytes, long total);
    }

    // ---- the head

    /**
     * The status code.
     *
     * @return 200 to 999
     */
    public int status() {
        return head.status();
    }

    /**
     * What the server says beside the status.
     *
     * @return such as {@code Not Found}; empty with HTTP/2
     */
    public String reason() {
        return head.reason();
    }

    /**
     * Whether the status is 2xx.
     *
     * @return whether it is
     */
    public boolean isSuccess() {
        return head.status() / 100 == 2;
    }

    /**
     * What was spoken.
     *
     * @return the version
     */
    public HttpVersion version() {
        return head.version();
    }

    /**
     * The headers.
     *
     * @return as they were sent
     */
    public HttpHeaders headers() {
        return head.headers();
    }

    /**
     * What this is the response to.
     *
     * @return the last request, after redirects
     */
    public HttpRequest request() {
        return request;
    }

    /**
     * Where this comes from.
     *
     * @return the last URL, after redirects
     */
    public URI url() {
        return request.url();
    }

    /**
     * The redirects that led here.
     *
     * @return the first one first; mostly none
     */
    public List<Hop> history() {
        return call.history();
    }

    /**
     * How often a request was sent, or was tried to be, with redirects.
     *
     * @return 1 or more
     */
    public int attempts() {
        return call.attempts();
    }

    /**
     * Checks that the status is 2xx. Counterpart of {@code raise_for_status}.
     *
     * <p><b>Suspends</b> to read how the body begins if it is not; the response is closed then.
     *
     * @return this
     * @throws HttpStatusException if the status is another one
     */
    public HttpResponse requireSuccess() {
        if (isSuccess()) {
            return this;
        }
        String body = beginning();
        close();
        throw new HttpStatusException(
                request
                        + " was answered "
                        + head.status()
                        + (head.reason().isEmpty() ? "" : " " + head.reason()),
                head.status(),
                head.headers(),
                body);
    }

    private String beginning() {
        byte[] bytes = {};
        try {
            while (bytes.length < SHOWN) {
                byte[] part = read();
                if (part == null) {
                    break;
                }
                int length = bytes.length;
                bytes = Arrays.copyOf(bytes, length + part.length);
                System.arraycopy(part, 0, bytes, length, part.length);
            }
        } catch (UncheckedIOException e) {
            // What has come has to do: the status is what matters.
        }
        String text = Charsets.decode(bytes, head.headers().first("content-type"));
        return text.length() > SHOWN ? text.substring(0, SHOWN) : text;
    }

    // ---- the body

    /**
     * Reads what has come: the next part, of a size that the network chose.
     *
     * <p><b>Suspends</b> until something has come. <b>Cancellation</b>: nothing was read.
     *
     * @return 1 byte or more; null at the end
     * @throws dev.weft.net.StreamClosedException if the response was closed
     * @throws dev.weft.net.BusyException if another task is reading
     */
    public byte @Nullable [] read() {
        ByteBuf part = next();
        return part == null ? null : bytesOf(part);
    }

    /**
     * As {@link #read()}, without copying: the fastest way to look at a body.
     *
     * <p><b>Suspends</b> until something has come. <b>Cancellation</b>: nothing was read.
     *
     * @return a read-only view of 1 byte or more, valid until the next call of a method that reads,
     *     or the closing of this response; null at the end
     * @throws dev.weft.net.StreamClosedException if the response was closed
     * @throws dev.weft.net.BusyException if another task is reading
     */
    public @Nullable ByteBuffer readView() {
        ByteBuf part = next();
        viewed = part;
        return part == null ? null : part.nioBuffer().asReadOnlyBuffer();
    }

    private void dropView() {
        ByteBuf v = viewed;
        if (v != null) {
            viewed = null;
            v.release();
        }
    }

    /** Its bytes, without a copy where they are an array already; releases it. */
    private static byte[] bytesOf(ByteBuf part) {
        byte[] bytes =
                part.hasArray()
                                && !part.isReadOnly()
                                && part.arrayOffset() == 0
                                && part.readerIndex() == 0
                                && part.array().length == part.readableBytes()
                        ? part.array()
                        : ByteBufUtil.getBytes(part);
        part.release();
        return bytes;
    }

    /** The next part, decoded; null at the end. */
    @Nullable ByteBuf next() {
        if (reading) {
            throw new BusyException("cannot read: another task is reading the body of " + request);
        }
        if (failure != null) {
            throw failure;
        }
        if (closed) {
            throw new StreamClosedException(
                    "cannot read: the response to " + request + " is closed");
        }
        if (ended) {
            return null;
        }
        dropView();
        reading = true;
        try {
            ContentDecoder d = decoder();
            ByteBuf part = d == null ? received() : decoded(d);
            if (part == null) {
                ended();
            }
            return part;
        } catch (UncheckedIOException e) {
            failure = e;
            close();
            throw e;
        } finally {
            reading = false;
        }
    }

    /** Who forgets a response with a decoder leaks memory, even if all has come. */
    private void watch(ContentDecoder opened) {
        Forgotten watching = watch;
        if (watching == null) {
            watching = watch = Forgotten.watch(this, exchange, call.loop());
        }
        watching.closes(opened);
    }

    private @Nullable ContentDecoder decoder() {
        if (!decoderChosen) {
            decoderChosen = true;
            if (call.options().decompress() && !request.method().equals("HEAD")) {
                ContentDecoder opened =
                        ContentDecoder.of(
                                head.headers().all("content-encoding"),
                                call.options().maxInflatedBytes(),
                                exchange.connection().channel().alloc());
                decoder = opened;
                if (opened != null) {
                    watch(opened);
                }
            }
        }
        return decoder;
    }

    private @Nullable ByteBuf received() {
        ByteBuf part = call.take(exchange);
        if (part != null) {
            received += part.readableBytes();
        }
        return part;
    }

    private @Nullable ByteBuf decoded(ContentDecoder d) {
        for (; ; ) {
            ByteBuf part = d.next();
            if (part != null || told) {
                return part;
            }
            ByteBuf more = received();
            if (more == null) {
                told = true;
                d.end();
            } else {
                d.feed(more);
            }
        }
    }

    private void ended() {
        ended = true;
        release();
        call.tell(r -> new HttpEvent.Completed(r, received, call.since(began)));
    }

    private void release() {
        if (decoder != null) {
            decoder.close();
        }
        if (watch != null) {
            watch.settle();
        }
        exchange.cancel();
        call.stopSending();
    }

    /**
     * Reads the body, up to {@link HttpOptions#maxBodyBytes}.
     *
     * @return all of it; empty if there is none
     * @throws LimitExceededException if it is longer: then the response is closed
     */
    public byte[] bytes() {
        return bytes(call.options().maxBodyBytes());
    }

    /**
     * Reads the body.
     *
     * @param maxBytes how long it may be, 0 or more
     * @return all of it; empty if there is none
     * @throws LimitExceededException if it is longer: then the response is closed
     */
    public byte[] bytes(int maxBytes) {
        if (maxBytes < 0) {
            throw new IllegalArgumentException("maxBytes must be >= 0, was " + maxBytes);
        }
        byte[] all = read();
        if (all == null) {
            return new byte[0];
        }
        int length = all.length;
        requireAtMost(maxBytes, length);
        for (ByteBuf part; (part = next()) != null; ) {
            int n = part.readableBytes();
            if (n > maxBytes - length) {
                part.release();
                requireAtMost(maxBytes, (long) length + n);
            }
            if (length + n > all.length) {
                all = Arrays.copyOf(all, capacity(length, n, maxBytes));
            }
            part.readBytes(all, length, n);
            part.release();
            length += n;
        }
        return length == all.length ? all : Arrays.copyOf(all, length);
    }

    /** As announced, if that is no lie, else twice as much as before. */
    private int capacity(int length, int more, int maxBytes) {
        long announced = decoder == null ? contentLength() : -1;
        long wanted = Math.max(length + (long) more, 2L * length);
        if (announced >= length + (long) more && announced <= 8L * 1024 * 1024) {
            wanted = announced;
        }
        return (int) Math.min(wanted, maxBytes);
    }

    private void requireAtMost(int maxBytes, long length) {
        if (length > maxBytes) {
            close();
            throw new LimitExceededException(
                    "the body of "
                            + request
                            + " is longer than "
                            + maxBytes
                            + " bytes: read it in parts, or set HttpOptions.maxBodyBytes",
                    maxBytes);
        }
    }

    /** As announced; -1 if it is not. */
    private long contentLength() {
        String value = head.headers().first("content-length");
        try {
            return value == null ? -1 : Long.parseLong(value.strip());
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /**
     * Reads the body as text, up to {@link HttpOptions#maxBodyBytes}: in the character set that its
     * Content-Type names, or a byte order mark, else in UTF-8. What is no such text is replaced by
     * U+FFFD.
     *
     * @return all of it; empty if there is none
     * @throws LimitExceededException if it is longer: then the response is closed
     */
    public String text() {
        return text(call.options().maxBodyBytes());
    }

    /**
     * As {@link #text()}, with a limit of its own.
     *
     * @param maxBytes how long it may be, in bytes, 0 or more
     * @return all of it; empty if there is none
     * @throws LimitExceededException if it is longer: then the response is closed
     */
    public String text(int maxBytes) {
        return Charsets.decode(bytes(maxBytes), head.headers().first("content-type"));
    }

    /**
     * Reads the body as JSON, up to {@link HttpOptions#maxBodyBytes}. Needs Jackson on the class
     * path.
     *
     * @param type what to make of it
     * @param <T> what to make of it
     * @return the value; null for JSON's {@code null}
     * @throws HttpProtocolException if it is no JSON, or none of that type
     * @throws LimitExceededException if it is longer: then the response is closed
     */
    public <T> @Nullable T json(Class<T> type) {
        Objects.requireNonNull(type, "type must not be null");
        return Json.read(bytes(), type);
    }

    /**
     * The lines of the body, as they come: of UTF-8, which end in {@code \n} or {@code \r\n}, or
     * with the body; each up to 64 KiB. Can be iterated over once.
     *
     * {@snippet file="HttpClientTest.java" region="lines"}
     *
     * @return the lines that are still to come
     */
    public Iterable<String> lines() {
        return () -> new BodyLines(this);
    }

    /**
     * The body as the JDK's stream, for code that wants one; each read suspends the task. Closing
     * it closes the response.
     *
     * @return a view
     */
    public InputStream inputStream() {
        return new BodyInput(this);
    }

    /**
     * Writes the body to a file, as it comes. It is written beside it under another name, and takes
     * the file's place when it is complete; so there is never half a file, and an old one stays if
     * this fails.
     *
     * <p><b>Cancellation</b>: nothing is left of it; the response is closed.
     *
     * @param file the file, which is replaced
     * @return how many bytes were written
     * @throws UncheckedIOException if the file cannot be written, or is a device, a folder or the
     *     like; the response is closed
     */
    public long saveTo(Path file) {
        return saveTo(file, (bytes, total) -> {});
    }

    /**
     * As {@link #saveTo(Path)}, telling how it goes.
     *
     * @param file the file, which is replaced
     * @param progress called in this task after each write
     * @return how many bytes were written
     */
    public long saveTo(Path file, Progress progress) {
        Objects.requireNonNull(file, "file must not be null");
        Objects.requireNonNull(progress, "progress must not be null");
        try (this) {
            long total = decoder() == null ? contentLength() : -1;
            return Download.save(this, file, total, progress);
        }
    }

    /**
     * The headers behind the body (RFC 9110, section 6.5).
     *
     * @return mostly none
     * @throws IllegalStateException if the body has not been read to its end
     */
    public HttpHeaders trailers() {
        if (!ended) {
            throw new IllegalStateException(
                    "trailers come after the body: read that first, of " + request);
        }
        return exchange.trailers();
    }

    /**
     * Drops what has not been read. A connection of HTTP/1.1 on which there is more to come is
     * closed; of HTTP/2 the stream is reset. Does not suspend; may be called again.
     */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            dropView();
            if (!ended) {
                release();
            }
        }
    }

    /** {@return such as {@code 200 GET https://example.org/}} */
    @Override
    public String toString() {
        return head.status() + " " + request;
    }
}
