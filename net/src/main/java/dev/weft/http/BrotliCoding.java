package dev.weft.http;

import com.aayushatharva.brotli4j.decoder.DecoderJNI;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * {@code br} (RFC 7932), by brotli4j, which must be there. Brotli has no checksum: not all that was
 * changed on the way is found. Its window, and so its memory, is 16 MiB at most.
 */
final class BrotliCoding implements Coding {
    private static final int INPUT_BYTES = 8 << 10;

    private final ByteBufAllocator allocator;
    private final DecoderJNI.Wrapper decoder;
    private @Nullable ByteBuf in;
    private boolean started;
    private boolean closed;

    BrotliCoding(ByteBufAllocator allocator) throws IOException {
        this.allocator = allocator;
        decoder = new DecoderJNI.Wrapper(INPUT_BYTES);
    }

    @Override
    public void feed(ByteBuf encoded) {
        in = encoded;
        started = true;
    }

    @Override
    public @Nullable ByteBuf next() throws IOException {
        while (true) {
            switch (decoder.getStatus()) {
                case OK -> decoder.push(0);
                case NEEDS_MORE_OUTPUT -> {
                    return pull();
                }
                case NEEDS_MORE_INPUT -> {
                    if (decoder.hasOutput()) {
                        return pull();
                    }
                    if (!push()) {
                        return null;
                    }
                }
                case DONE -> {
                    if (in != null) {
                        throw Coding.junk();
                    }
                    return null;
                }
                case ERROR -> throw new IOException("corrupt, or something follows its end");
            }
        }
    }

    private ByteBuf pull() {
        // A view of the decoder's own memory, good until it is called again.
        ByteBuffer view = decoder.pull(PIECE_BYTES);
        return allocator.buffer(view.remaining()).writeBytes(view);
    }

    /** Hands on some of the input; false if there is none. */
    private boolean push() {
        ByteBuf encoded = in;
        if (encoded == null) {
            return false;
        }
        ByteBuffer to = decoder.getInputBuffer().clear();
        int bytes = Math.min(to.remaining(), encoded.readableBytes());
        encoded.readBytes(to.limit(bytes));
        if (!encoded.isReadable()) {
            encoded.release();
            in = null;
        }
        decoder.push(bytes);
        return true;
    }

    @Override
    public void end() throws IOException {
        if (started && decoder.getStatus() != DecoderJNI.Status.DONE) {
            throw Coding.truncated();
        }
    }

    @Override
    public void close() {
        if (in != null) {
            in.release();
            in = null;
        }
        if (!closed) {
            closed = true;
            decoder.destroy();
        }
    }
}
