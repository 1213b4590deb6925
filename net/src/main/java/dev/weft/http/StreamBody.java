package dev.weft.http;

import java.util.Objects;

/** A body that user code writes. */
final class StreamBody extends HttpBody {
    private final long length;
    private final BodyWriter writer;

    StreamBody(String contentType, long length, BodyWriter writer) {
        super(contentType);
        this.length = length;
        this.writer = Objects.requireNonNull(writer, "writer must not be null");
    }

    @Override
    HttpBody typed(String checkedType) {
        return new StreamBody(checkedType, length, writer);
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public boolean isReplayable() {
        return false;
    }

    @Override
    void write(HttpSink sink, long announced) throws Exception {
        writer.write(sink);
    }
}
