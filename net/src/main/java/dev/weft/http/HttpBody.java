package dev.weft.http;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request: what is sent, and its media type. Immutable, and can be used for several
 * requests, but for streams, whose writer says so.
 *
 * {@snippet file="HttpBodyTest.java" region="bodies"}
 */
public abstract sealed class HttpBody permits BytesBody, FileBody, StreamBody, MultipartBody {
    /** What {@link #length} says when only sending it will tell. */
    static final long UNKNOWN = -1;

    static final String BYTES = "application/octet-stream";

    private final @Nullable String contentType;

    HttpBody(@Nullable String contentType) {
        this.contentType = contentType;
    }

    /**
     * No body.
     *
     * @return the same for each request
     */
    public static HttpBody none() {
        return BytesBody.NONE;
    }

    /**
     * Bytes, as {@code application/octet-stream}. They are not copied: the array must not be
     * changed as long as a request with this body may be sent.
     *
     * @param bytes what to send
     * @return a body
     */
    public static HttpBody of(byte[] bytes) {
        return new BytesBody(BYTES, Objects.requireNonNull(bytes, "bytes must not be null"));
    }

    /**
     * The remaining bytes of a buffer, as {@code application/octet-stream}. They are copied; its
     * position stays where it is.
     *
     * @param bytes what to send
     * @return a body
     */
    public static HttpBody of(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(bytes.position(), copy);
        return new BytesBody(BYTES, copy);
    }

    /**
     * Text in UTF-8, as {@code text/plain; charset=utf-8}.
     *
     * @param text what to send
     * @return a body
     */
    public static HttpBody text(String text) {
        return text(text, StandardCharsets.UTF_8);
    }

    /**
     * Text, as {@code text/plain} with its charset.
     *
     * @param text what to send; characters that the charset lacks are replaced
     * @param charset the encoding
     * @return a body
     */
    public static HttpBody text(String text, Charset charset) {
        Objects.requireNonNull(text, "text must not be null");
        return new BytesBody(
                "text/plain; charset=" + Charsets.name(charset), text.getBytes(charset));
    }

    /**
     * A value as JSON, as {@code application/json}: records, beans, collections, maps and so on, as
     * Jackson has it. A {@code String} becomes a string of JSON; JSON that one has as text is
     * {@code text(json).type("application/json")}.
     *
     * <p>Needs Jackson 3 ({@code tools.jackson.core:jackson-databind}) on the class path.
     *
     * @param value what to send; it is written at once
     * @return a body
     * @throws IllegalStateException if Jackson is missing
     * @throws RuntimeException if Jackson cannot write it: its {@code JacksonException}
     */
    public static HttpBody json(@Nullable Object value) {
        return new BytesBody("application/json", Json.write(value));
    }

    /**
     * Fields of an HTML form, as {@code application/x-www-form-urlencoded}.
     *
     * @param namesAndValues a name, its value, the next name, its value...
     * @return a body
     * @throws IllegalArgumentException if a value is missing
     */
    public static HttpBody form(String... namesAndValues) {
        if (namesAndValues.length % 2 != 0) {
            throw new IllegalArgumentException(
                    "namesAndValues must be pairs: the last name has no value");
        }
        StringBuilder form = new StringBuilder();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            appendField(form, namesAndValues[i], namesAndValues[i + 1]);
        }
        return form(form);
    }

    /**
     * Fields of an HTML form, as {@code application/x-www-form-urlencoded}.
     *
     * @param fields names and values, in the map's order
     * @return a body
     */
    public static HttpBody form(Map<String, String> fields) {
        StringBuilder form = new StringBuilder();
        fields.forEach((name, value) -> appendField(form, name, value));
        return form(form);
    }

    private static void appendField(StringBuilder form, String name, String value) {
        Objects.requireNonNull(name, "name must not be null");
        Objects.requireNonNull(value, "value must not be null");
        if (!form.isEmpty()) {
            form.append('&');
        }
        Percent.appendForm(form, name);
        form.append('=');
        Percent.appendForm(form, value);
    }

    private static HttpBody form(StringBuilder form) {
        return new BytesBody(
                "application/x-www-form-urlencoded",
                form.toString().getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * Fields and files of an HTML form, as {@code multipart/form-data}.
     *
     * @param multipart the parts
     * @return a body
     */
    public static HttpBody multipart(Multipart multipart) {
        return new MultipartBody(Objects.requireNonNull(multipart, "multipart must not be null"));
    }

    /**
     * A file, with the media type that its name suggests, else {@code application/octet-stream}. It
     * is read while it is sent, off the loop, and at flat memory; until then nobody looks at it.
     *
     * <p>The request fails if it cannot be read; if it is no regular file; or if it shrinks while
     * it is sent, with {@link dev.weft.net.EndOfFileException}. What is added to it meanwhile is
     * not sent.
     *
     * @param file what to send
     * @return a body
     */
    public static HttpBody file(Path file) {
        Objects.requireNonNull(file, "file must not be null");
        return new FileBody(FileBody.typeOf(file), file);
    }

    /**
     * What is written while it is sent, as {@code application/octet-stream}, of a length that
     * nobody knows. It is not sent anew when a connection breaks or a server redirects, since
     * nobody knows whether it can be written twice.
     *
     * {@snippet file="HttpBodyTest.java" region="stream"}
     *
     * @param writer writes it, in the task that sends the request
     * @return a body
     */
    public static HttpBody stream(BodyWriter writer) {
        return new StreamBody(BYTES, UNKNOWN, writer);
    }

    /**
     * What is written while it is sent, as {@code application/octet-stream}, of a known length. The
     * request fails if the writer writes more or less.
     *
     * @param bytes how many bytes it will write, 0 or more
     * @param writer writes it, in the task that sends the request
     * @return a body
     */
    public static HttpBody stream(long bytes, BodyWriter writer) {
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes must be >= 0, was " + bytes);
        }
        return new StreamBody(BYTES, bytes, writer);
    }

    /**
     * Its media type.
     *
     * @return the value for {@code Content-Type}; null for {@link #none()}
     */
    public final @Nullable String contentType() {
        return contentType;
    }

    /**
     * Sets the media type.
     *
     * @param contentType the value for {@code Content-Type}
     * @return the changed copy
     * @throws IllegalArgumentException as {@link HttpHeaders#set}
     */
    public final HttpBody type(String contentType) {
        return typed(HeaderSyntax.requireValue("Content-Type", contentType));
    }

    abstract HttpBody typed(String checkedType);

    /**
     * How many bytes it has.
     *
     * @return 0 or more; -1 if that is not known before it is sent, as of a file, or of a stream
     *     without a given length
     */
    public abstract long length();

    /**
     * Whether it can be sent again.
     *
     * @return false for streams
     */
    public abstract boolean isReplayable();

    /**
     * All of it if it is at hand, for which neither of the next two is needed; not to be changed.
     */
    byte @Nullable [] small() {
        return null;
    }

    /**
     * How many bytes {@link #writeTo} will write, asked before the head is sent. Suspends where it
     * has to look at a file, and fails if that cannot be.
     *
     * @return -1 if nobody knows
     */
    long awaitLength() {
        return length();
    }

    /**
     * Writes it, in the task that sends the request: as many bytes as were announced, or it fails.
     *
     * @param length what {@link #awaitLength} said
     */
    final void writeTo(HttpSink sink, long length) throws Exception {
        if (length < 0) {
            write(sink, length);
            return;
        }
        CountedSink counted = new CountedSink(sink, length);
        write(counted, length);
        counted.requireComplete();
    }

    /** As {@link #writeTo}, which sees to it that the length is kept. */
    abstract void write(HttpSink sink, long length) throws Exception;
}
