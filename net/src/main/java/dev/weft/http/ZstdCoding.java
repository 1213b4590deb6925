package dev.weft.http;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * {@code zstd} (RFC 8878): one or more frames in a row, by zstd-jni, which must be there. A frame's
 * window, and so its memory, is 8 MiB at most, as RFC 9659 has it for HTTP.
 */
final class ZstdCoding implements Coding {
    private static final int MAX_WINDOW_LOG = 23;

    private final ByteBufAllocator allocator;
    private final Input input = new Input();
    private final ZstdInputStreamNoFinalizer stream;

    ZstdCoding(ByteBufAllocator allocator) throws IOException {
        this.allocator = allocator;
        stream = new ZstdInputStreamNoFinalizer(input);
        stream.setContinuous(true); // no input does not mean the end
        stream.setLongMax(MAX_WINDOW_LOG);
    }

    @Override
    public void feed(ByteBuf encoded) {
        input.encoded = encoded;
    }

    @Override
    public @Nullable ByteBuf next() throws IOException {
        // The library writes to arrays, so a piece is one.
        ByteBuf piece = allocator.heapBuffer(room(), PIECE_BYTES);
        try {
            piece.writeBytes(stream, piece.writableBytes());
        } catch (Throwable e) {
            piece.release();
            throw e;
        }
        if (piece.isReadable()) {
            return piece;
        }
        piece.release();
        return null;
    }

    private int room() {
        ByteBuf encoded = input.encoded;
        return encoded == null ? PIECE_BYTES : Coding.room(encoded);
    }

    @Override
    public void end() throws IOException {
        stream.setContinuous(false);
        int more;
        try {
            more = stream.read();
        } catch (IOException e) { // a frame has not ended
            throw Coding.truncated(e);
        }
        if (more != -1) {
            throw new AssertionError("there was nothing left, and now there is");
        }
    }

    @Override
    public void close() {
        input.close();
        try {
            stream.close();
        } catch (IOException e) {
            throw new AssertionError("memory cannot fail to close", e);
        }
    }

    /** What has been fed. */
    private static final class Input extends InputStream {
        private @Nullable ByteBuf encoded;

        @Override
        public int read() {
            throw new UnsupportedOperationException("read in chunks");
        }

        @Override
        public int read(byte[] bytes, int offset, int length) {
            ByteBuf from = encoded;
            if (from == null) {
                return -1;
            }
            int read = Math.min(length, from.readableBytes());
            from.readBytes(bytes, offset, read);
            if (!from.isReadable()) {
                close();
            }
            return read;
        }

        @Override
        public int available() {
            return encoded == null ? 0 : encoded.readableBytes();
        }

        @Override
        public void close() {
            if (encoded != null) {
                encoded.release();
                encoded = null;
            }
        }
    }
}
