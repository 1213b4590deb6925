package dev.weft.http;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * One content coding, undone piece by piece, as the reader asks: whoever wants more calls {@link
 * #next} until it has nothing left, then feeds it. Nothing is inflated that nobody asked for.
 *
 * <p>Netty's decoders are handlers of a channel and push all that a chunk holds before they return:
 * 64 KiB of zeros in gzip are 64 MiB, in brotli as much as the sender likes. They cannot be asked
 * for a piece. What can, its {@code Decompressor}, is marked as unstable, takes a zlib stream with
 * a window below 32 KiB for a raw one, and loses the last piece where junk follows. So the JDK's
 * {@code Inflater}, brotli4j and zstd-jni are used as they are.
 *
 * <p>What follows the end of what was encoded is an error, whatever the coding; nothing at all is
 * an empty body, as servers say {@code Content-Encoding} where there is no content.
 */
sealed interface Coding extends AutoCloseable
        permits GzipCoding, DeflateCoding, BrotliCoding, ZstdCoding {
    /** No piece is larger. */
    int PIECE_BYTES = 64 << 10;

    /**
     * Adds what is to be decoded. Only after {@link #next} had nothing left.
     *
     * @param encoded is taken over, also if this fails
     */
    void feed(ByteBuf encoded) throws IOException;

    /**
     * Decodes the next piece.
     *
     * @return 1 to {@link #PIECE_BYTES} bytes, which the caller releases; null if more is to be fed
     */
    @Nullable ByteBuf next() throws IOException;

    /** Says that nothing follows, after {@link #next} had nothing left. Fails if it should. */
    void end() throws IOException;

    /** Frees everything. May be called twice. */
    @Override
    void close();

    /** How large a piece to make room for, of what may be little. */
    static int room(ByteBuf encoded) {
        return Math.clamp(4L * encoded.readableBytes(), 1 << 10, PIECE_BYTES);
    }

    static IOException truncated() {
        return truncated(null);
    }

    static IOException truncated(@Nullable IOException cause) {
        return new IOException("it ends too early", cause);
    }

    static IOException junk() {
        return new IOException("something follows its end");
    }
}
