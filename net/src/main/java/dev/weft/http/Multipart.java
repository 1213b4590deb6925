package dev.weft.http;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Fields and files of an HTML form (RFC 7578), for {@link HttpBody#multipart}. Immutable: each
 * method that adds a part returns a changed copy.
 *
 * {@snippet file="MultipartTest.java" region="multipart"}
 *
 * <p>Names are sent in UTF-8; a quote or a line's end in them is percent-encoded, as browsers do.
 */
public final class Multipart {
    private static final Multipart EMPTY = new Multipart(List.of());

    private final List<Part> parts;

    private Multipart(List<Part> parts) {
        this.parts = parts;
    }

    /** The part's headers, up to and with the empty line, and what it holds. */
    static final class Part {
        final byte[] head;
        final HttpBody body;

        Part(byte[] head, HttpBody body) {
            this.head = head;
            this.body = body;
        }
    }

    /**
     * No parts.
     *
     * @return parts to start from
     */
    public static Multipart of() {
        return EMPTY;
    }

    /**
     * Adds a field with a text, in UTF-8.
     *
     * @param name the field's name
     * @param value its value, as it is
     * @return the changed copy
     */
    public Multipart field(String name, String value) {
        Objects.requireNonNull(value, "value must not be null");
        return with(name, null, null, HttpBody.of(value.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Adds a file, under its own name, with the media type that the name suggests. It is read while
     * it is sent, as {@link HttpBody#file} has it.
     *
     * @param name the field's name
     * @param file what to send
     * @return the changed copy
     */
    public Multipart file(String name, Path file) {
        HttpBody body = HttpBody.file(file);
        Path fileName = file.getFileName();
        if (fileName == null) {
            throw new IllegalArgumentException("file must have a name, was " + file);
        }
        return with(name, fileName.toString(), body.contentType(), body);
    }

    /**
     * Adds a file that is at hand. It is not copied: the array must not be changed as long as it
     * may be sent.
     *
     * @param name the field's name
     * @param fileName what the file is called
     * @param contentType its media type, such as {@code image/png}
     * @param bytes what is in it
     * @return the changed copy
     */
    public Multipart file(String name, String fileName, String contentType, byte[] bytes) {
        return file(name, fileName, HttpBody.of(bytes).type(contentType));
    }

    /**
     * Adds a file whose content is any body, such as a stream.
     *
     * @param name the field's name
     * @param fileName what the file is called
     * @param body what is in it, and its media type
     * @return the changed copy
     */
    public Multipart file(String name, String fileName, HttpBody body) {
        Objects.requireNonNull(fileName, "fileName must not be null");
        Objects.requireNonNull(body, "body must not be null");
        return with(name, fileName, body.contentType(), body);
    }

    /**
     * Adds a field that holds any body, such as JSON.
     *
     * @param name the field's name
     * @param body what is in it, and its media type
     * @return the changed copy
     */
    public Multipart part(String name, HttpBody body) {
        Objects.requireNonNull(body, "body must not be null");
        return with(name, null, body.contentType(), body);
    }

    private Multipart with(
            String name, @Nullable String fileName, @Nullable String type, HttpBody body) {
        Objects.requireNonNull(name, "name must not be null");
        StringBuilder head = new StringBuilder("Content-Disposition: form-data; name=\"");
        appendEscaped(head, name);
        if (fileName != null) {
            appendEscaped(head.append("\"; filename=\""), fileName);
        }
        head.append("\"\r\n");
        if (type != null) {
            head.append("Content-Type: ").append(type).append("\r\n");
        }
        byte[] bytes = head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
        List<Part> more = new ArrayList<>(parts);
        more.add(new Part(bytes, body));
        return new Multipart(List.copyOf(more));
    }

    /** WHATWG HTML, multipart form data; so no name can end the header. */
    private static void appendEscaped(StringBuilder to, String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            switch (c) {
                case '"' -> to.append("%22");
                case '\r' -> to.append("%0D");
                case '\n' -> to.append("%0A");
                default -> to.append(c);
            }
        }
    }

    List<Part> parts() {
        return parts;
    }
}
