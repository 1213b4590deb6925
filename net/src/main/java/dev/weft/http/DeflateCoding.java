package dev.weft.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * {@code deflate}: a zlib stream (RFC 1950), as RFC 9110, section 8.4.1.2, has it, or a raw one
 * (RFC 1951), as some servers have it. The first two bytes tell.
 */
final class DeflateCoding implements Coding {
    private final ByteBufAllocator allocator;
    private @Nullable ByteBuf in;
    private @Nullable Inflation inflation;

    DeflateCoding(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    @Override
    public void feed(ByteBuf encoded) {
        ByteBuf first = in;
        if (first == null) {
            in = encoded;
        } else { // a single byte, which told nothing
            in = allocator.compositeBuffer(2).addComponents(true, first, encoded);
        }
    }

    @Override
    public @Nullable ByteBuf next() throws IOException {
        ByteBuf encoded = in;
        if (encoded == null) {
            return null;
        }
        Inflation started = inflation;
        if (started == null) {
            if (encoded.readableBytes() < 2) {
                return null;
            }
            started = inflation = new Inflation(!isZlib(encoded), allocator);
        }
        while (started.canGoOn(encoded)) {
            ByteBuf piece = started.next(encoded);
            if (piece != null) {
                return piece;
            }
        }
        if (encoded.isReadable()) {
            throw Coding.junk();
        }
        encoded.release();
        in = null;
        return null;
    }

    /**
     * RFC 1950, section 2.2. A raw stream would begin so only with a block that is stored, not the
     * last, and padded with bits other than zero.
     */
    private static boolean isZlib(ByteBuf encoded) {
        int head = encoded.getUnsignedShort(encoded.readerIndex());
        return (head >> 8 & 0x0f) == 8 && head >> 12 <= 7 && head % 31 == 0;
    }

    @Override
    public void end() throws IOException {
        Inflation started = inflation;
        if (started == null ? in != null : !started.isFinished()) {
            throw Coding.truncated();
        }
    }

    @Override
    public void close() {
        if (in != null) {
            in.release();
            in = null;
        }
        if (inflation != null) {
            inflation.close();
        }
    }
}
