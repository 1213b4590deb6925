package dev.weft.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/** The JDK's inflater over buffers of Netty's: what gzip and deflate have in common. */
final class Inflation implements AutoCloseable {
    private final Inflater inflater;
    private final ByteBufAllocator allocator;

    /** The last piece was full: more may come without more input. */
    private boolean pending;

    private boolean closed;

    /**
     * Starts.
     *
     * @param raw whether there is neither head nor checksum of zlib's
     */
    Inflation(boolean raw, ByteBufAllocator allocator) {
        inflater = new Inflater(raw);
        this.allocator = allocator;
    }

    /** Whether {@link #next} may give something. */
    boolean canGoOn(ByteBuf in) {
        return !inflater.finished() && (pending || in.isReadable());
    }

    /** Inflates a piece; null if that took more input than there is. */
    @Nullable ByteBuf next(ByteBuf in) throws IOException {
        ByteBuf piece = allocator.buffer(Coding.room(in), Coding.PIECE_BYTES);
        try {
            // Asked anew each time, so that it never holds on to memory that has been freed.
            inflater.setInput(in.nioBuffer());
            int before = inflater.getRemaining();
            int room = piece.writableBytes();
            int bytes = inflater.inflate(piece.nioBuffer(piece.writerIndex(), room));
            in.skipBytes(before - inflater.getRemaining());
            piece.writerIndex(piece.writerIndex() + bytes);
            pending = bytes == room;
            if (inflater.needsDictionary()) {
                throw new IOException("it needs a dictionary");
            }
        } catch (DataFormatException e) {
            piece.release();
            throw new IOException("corrupt: " + e.getMessage(), e);
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

    boolean isFinished() {
        return inflater.finished();
    }

    /** Bytes so far, modulo 2^32. */
    int total() {
        return (int) inflater.getBytesWritten();
    }

    void reset() {
        inflater.reset();
        pending = false;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            inflater.end();
        }
    }
}
