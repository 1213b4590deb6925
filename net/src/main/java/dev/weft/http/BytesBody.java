package dev.weft.http;

import org.jspecify.annotations.Nullable;

/** A body that is at hand. */
final class BytesBody extends HttpBody {
    static final HttpBody NONE = new BytesBody(null, new byte[0]);

    private final byte[] bytes;

    BytesBody(@Nullable String contentType, byte[] bytes) {
        super(contentType);
        this.bytes = bytes;
    }

    @Override
    HttpBody typed(String checkedType) {
        return new BytesBody(checkedType, bytes);
    }

    @Override
    public long length() {
        return bytes.length;
    }

    @Override
    public boolean isReplayable() {
        return true;
    }

    @Override
    byte[] small() {
        return bytes;
    }

    @Override
    void write(HttpSink sink, long length) {
        OwnedSink.write(sink, bytes, 0, bytes.length);
    }
}
