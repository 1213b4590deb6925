package dev.weft.http;

import java.io.InputStream;
import java.util.Objects;

/** A body as the JDK's stream. */
final class BodyInput extends InputStream {
    private final HttpResponse response;
    private byte[] part = {};
    private int position;
    private boolean ended;

    BodyInput(HttpResponse response) {
        this.response = response;
    }

    /** Whether there is a byte. */
    private boolean fill() {
        while (position == part.length && !ended) {
            byte[] more = response.read();
            ended = more == null;
            part = more == null ? new byte[0] : more;
            position = 0;
        }
        return !ended;
    }

    @Override
    public int read() {
        return fill() ? part[position++] & 0xff : -1;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int n = Math.min(length, part.length - position);
        System.arraycopy(part, position, bytes, offset, n);
        position += n;
        return n;
    }

    @Override
    public int available() {
        return part.length - position;
    }

    @Override
    public void close() {
        response.close();
    }
}
