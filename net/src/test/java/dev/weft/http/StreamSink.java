package dev.weft.http;

import dev.weft.net.ByteStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Writes to a stream, whose back-pressure it passes on, and counts. */
final class StreamSink implements HttpSink {
    private final ByteStream stream;

    /** What was given to it, the last write that waits included. */
    long begun;

    StreamSink(ByteStream stream) {
        this.stream = stream;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        begun += length;
        stream.write(Arrays.copyOfRange(bytes, offset, offset + length));
    }

    @Override
    public void write(ByteBuffer bytes) {
        begun += bytes.remaining();
        stream.write(bytes);
    }
}
