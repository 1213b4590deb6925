package dev.weft.http;

import java.nio.ByteBuffer;

/** Lets through as many bytes as were announced, and tells when they are more or less. */
final class CountedSink implements OwnedSink {
    private final HttpSink sink;
    private final long length;
    private long written;

    CountedSink(HttpSink sink, long length) {
        this.sink = sink;
        this.length = length;
    }

    @Override
    public void write(byte[] bytes, int offset, int count) {
        add(count);
        sink.write(bytes, offset, count);
    }

    @Override
    public void write(ByteBuffer bytes) {
        add(bytes.remaining());
        sink.write(bytes);
    }

    @Override
    public void writeOwned(byte[] bytes, int offset, int count) {
        add(count);
        OwnedSink.write(sink, bytes, offset, count);
    }

    private void add(int count) {
        if (count > length - written) {
            throw new IllegalStateException(
                    "the body must have the %d bytes that were announced, but more were written: %d"
                            .formatted(length, written + count));
        }
        written += count;
    }

    void requireComplete() {
        if (written < length) {
            throw new IllegalStateException(
                    "the body must have the %d bytes that were announced, but its writer ended after %d"
                            .formatted(length, written));
        }
    }
}
