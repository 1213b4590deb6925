package dev.weft.net;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** What {@link ByteStream#lines} iterates with. */
final class Lines implements Iterator<String> {
    private final ByteStream stream;
    private @Nullable String next;

    Lines(ByteStream stream) {
        this.stream = stream;
    }

    @Override
    public boolean hasNext() {
        if (next == null) {
            next = stream.readLine();
        }
        return next != null;
    }

    @Override
    public String next() {
        String line = hasNext() ? next : null;
        if (line == null) {
            throw new NoSuchElementException(stream + " has ended");
        }
        next = null;
        return line;
    }
}
