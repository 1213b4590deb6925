package dev.weft.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** {@code gzip} and {@code x-gzip}: one or more members in a row (RFC 1952). */
final class GzipCoding implements Coding {
    private static final int TRAILER_BYTES = 8;

    /** Where in a member. */
    private enum State {
        HEADER,
        BODY,
        TRAILER,

        /** Before the first member, or after one. */
        BETWEEN
    }

    private final CRC32 crc = new CRC32();
    private final Inflation inflation;
    private @Nullable ByteBuf in;
    private State state = State.BETWEEN;
    private GzipHeader header = new GzipHeader();

    /** The checksum and the length, and how many bytes of them have come. */
    private long trailer;

    private int trailerBytes;

    GzipCoding(ByteBufAllocator allocator) {
        inflation = new Inflation(true, allocator);
    }

    @Override
    public void feed(ByteBuf encoded) {
        in = encoded;
    }

    @Override
    public @Nullable ByteBuf next() throws IOException {
        ByteBuf encoded = in;
        if (encoded == null) {
            return null;
        }
        while (encoded.isReadable() || inflation.canGoOn(encoded)) {
            switch (state) {
                case BETWEEN -> begin();
                case HEADER -> {
                    if (header.read(encoded)) {
                        state = State.BODY;
                    }
                }
                case BODY -> {
                    ByteBuf piece = body(encoded);
                    if (piece != null) {
                        return piece;
                    }
                }
                case TRAILER -> readTrailer(encoded);
            }
        }
        encoded.release();
        in = null;
        return null;
    }

    private void begin() {
        header = new GzipHeader();
        crc.reset();
        inflation.reset();
        trailer = 0;
        trailerBytes = 0;
        state = State.HEADER;
    }

    private @Nullable ByteBuf body(ByteBuf encoded) throws IOException {
        ByteBuf piece = inflation.next(encoded);
        if (piece != null) {
            crc.update(piece.nioBuffer());
        }
        if (inflation.isFinished()) {
            state = State.TRAILER;
        }
        return piece;
    }

    private void readTrailer(ByteBuf encoded) throws IOException {
        while (trailerBytes < TRAILER_BYTES && encoded.isReadable()) {
            trailer |= (long) encoded.readUnsignedByte() << 8 * trailerBytes++;
        }
        if (trailerBytes == TRAILER_BYTES) {
            if ((int) trailer != (int) crc.getValue()) {
                throw new IOException("corrupt: the checksum does not match");
            }
            if ((int) (trailer >>> 32) != inflation.total()) {
                throw new IOException("corrupt: the length does not match");
            }
            state = State.BETWEEN;
        }
    }

    @Override
    public void end() throws IOException {
        if (state != State.BETWEEN) {
            throw Coding.truncated();
        }
    }

    @Override
    public void close() {
        if (in != null) {
            in.release();
            in = null;
        }
        inflation.close();
    }
}
