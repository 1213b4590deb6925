package dev.weft.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * What lies between two channels in memory, in one direction: the counterpart of an operating
 * system's socket buffers. It holds bytes, not messages: whoever reads finds them together, however
 * they were written. Owned by the event loop.
 */
final class MemoryPipe implements WritableByteChannel {
    /** What fits. Far less than in most systems, so that a writer soon notices a slow reader. */
    static final int CAPACITY = 64 * 1024;

    /** Copied into, so that none of it has to be released, whoever forgets the other end. */
    private final ByteBuf bytes = Unpooled.buffer(0, CAPACITY);

    /** The writer will write no more. */
    private boolean ended;

    /** The writer has gone, and not in order. */
    private boolean reset;

    /** The reader has gone. */
    private boolean abandoned;

    // ---- the writer's

    /** Takes what fits; fewer bytes than there are mean that it is full. */
    int write(ByteBuf source) {
        int n = Math.min(source.readableBytes(), room());
        if (bytes.maxWritableBytes() < n) {
            bytes.discardReadBytes();
        }
        bytes.writeBytes(source, n);
        return n;
    }

    private int room() {
        return CAPACITY - bytes.readableBytes();
    }

    /** For files. */
    @Override
    public int write(ByteBuffer source) {
        ByteBuf part = Unpooled.wrappedBuffer(source);
        int n = write(part);
        source.position(source.position() + n);
        return n;
    }

    boolean isAbandoned() {
        return abandoned;
    }

    void end() {
        ended = true;
    }

    void reset() {
        reset = true;
    }

    // ---- the reader's

    boolean isEmpty() {
        return !bytes.isReadable();
    }

    /** Gives what the buffer has room for. */
    int read(ByteBuf target) {
        int n = Math.min(bytes.readableBytes(), target.writableBytes());
        target.writeBytes(bytes, n);
        if (!bytes.isReadable()) {
            bytes.clear();
        }
        return n;
    }

    /** Nothing follows what is in it. */
    boolean hasEnded() {
        return ended;
    }

    /** A failure follows what is in it. */
    boolean isReset() {
        return reset;
    }

    /** Nobody reads any more: what is in it is dropped. */
    void abandon() {
        abandoned = true;
        bytes.clear();
    }

    @Override
    public boolean isOpen() {
        return !abandoned;
    }

    /** The two ends say so in their own words. */
    @Override
    public void close() {}
}
