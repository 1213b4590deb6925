package dev.weft.http;

import dev.weft.net.LimitExceededException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** The lines of a body. */
final class BodyLines implements Iterator<String> {
    private static final int LONGEST = 64 * 1024;

    private final HttpResponse response;
    private byte[] part = {};
    private int position;
    private boolean ended;
    private @Nullable String next;

    BodyLines(HttpResponse response) {
        this.response = response;
    }

    @Override
    public boolean hasNext() {
        if (next == null) {
            next = read();
        }
        return next != null;
    }

    @Override
    public String next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the body has ended");
        }
        String line = String.valueOf(next);
        next = null;
        return line;
    }

    private @Nullable String read() {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (!ended) {
            int end = position;
            while (end < part.length && part[end] != '\n') {
                end++;
            }
            line.write(part, position, end - position);
            if (line.size() > LONGEST) {
                response.close();
                throw new LimitExceededException(
                        "a line of the body of "
                                + response.request()
                                + " is longer than "
                                + LONGEST
                                + " bytes",
                        LONGEST);
            }
            if (end < part.length) {
                position = end + 1;
                return text(line.toByteArray());
            }
            byte[] more = response.read();
            ended = more == null;
            part = more == null ? new byte[0] : more;
            position = 0;
        }
        return line.size() == 0 ? null : text(line.toByteArray());
    }

    private static String text(byte[] line) {
        int length = line.length;
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        return new String(line, 0, length, StandardCharsets.UTF_8);
    }
}
