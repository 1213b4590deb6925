package dev.weft.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Keeps what a body writes. */
final class CollectingSink implements HttpSink {
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();

    @Override
    public void write(byte[] bytes, int offset, int length) {
        written.write(bytes, offset, length);
    }

    @Override
    public void write(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        written.writeBytes(copy);
    }

    byte[] bytes() {
        return written.toByteArray();
    }

    /** What a body writes when it is sent. */
    static byte[] bytesOf(HttpBody body) throws Exception {
        CollectingSink sink = new CollectingSink();
        body.writeTo(sink, body.awaitLength());
        return sink.bytes();
    }

    static String textOf(HttpBody body) throws Exception {
        return new String(bytesOf(body), StandardCharsets.UTF_8);
    }
}
