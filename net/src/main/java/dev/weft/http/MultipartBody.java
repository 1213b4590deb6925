package dev.weft.http;

import dev.weft.http.Multipart.Part;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Several bodies in one (RFC 2046, section 5.1). The boundary between them is random and cannot be
 * guessed, so that no content, whoever made it, has it in it.
 */
final class MultipartBody extends HttpBody {
    /** What is joined in memory at most, if all of it is there anyway. */
    private static final int SMALL = 64 * 1024;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final Multipart multipart;
    private final String boundary;
    private final byte[] separator;
    private final byte[] end;

    MultipartBody(Multipart multipart) {
        this("multipart/form-data", multipart, randomBoundary());
    }

    private MultipartBody(String type, Multipart multipart, String boundary) {
        super(type + "; boundary=" + boundary);
        this.multipart = multipart;
        this.boundary = boundary;
        separator = ascii("--" + boundary + "\r\n");
        end = ascii("--" + boundary + "--\r\n");
    }

    private static String randomBoundary() {
        byte[] random = new byte[16];
        RANDOM.nextBytes(random);
        return "weft-" + HexFormat.of().formatHex(random);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    HttpBody typed(String checkedType) {
        if (Charsets.parameter(checkedType, "boundary") != null) {
            throw new IllegalArgumentException(
                    "type must have no boundary for a multipart body, which adds its own, was "
                            + HeaderSyntax.printable(checkedType));
        }
        return new MultipartBody(checkedType, multipart, boundary);
    }

    /** How long one body is. */
    private interface Measure {
        long of(HttpBody body);
    }

    @Override
    public long length() {
        return length(HttpBody::length);
    }

    @Override
    long awaitLength() {
        return length(HttpBody::awaitLength);
    }

    private long length(Measure measure) {
        long sum = end.length;
        for (Part part : multipart.parts()) {
            long length = measure.of(part.body);
            if (length < 0) {
                return UNKNOWN;
            }
            sum = Math.addExact(sum, separator.length + part.head.length + length + 2);
        }
        return sum;
    }

    @Override
    public boolean isReplayable() {
        return multipart.parts().stream().allMatch(part -> part.body.isReplayable());
    }

    @Override
    byte @Nullable [] small() {
        if (length() < 0 || length() > SMALL) {
            return null;
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream((int) length());
        for (Part part : multipart.parts()) {
            byte[] bytes = part.body.small();
            if (bytes == null) {
                return null;
            }
            all.writeBytes(separator);
            all.writeBytes(part.head);
            all.writeBytes(bytes);
            all.write('\r');
            all.write('\n');
        }
        all.writeBytes(end);
        return all.toByteArray();
    }

    @Override
    void write(HttpSink sink, long length) throws Exception {
        for (Part part : multipart.parts()) {
            sink.write(separator);
            sink.write(part.head);
            part.body.writeTo(sink, part.body.length());
            sink.write("\r\n");
        }
        sink.write(end);
    }
}
