package dev.weft.net;

import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.CountDownLatch;

/**
 * A file that is not the operating system's, as long as is asked; a read beyond its free beginning
 * waits for a latch.
 */
final class GatedFile extends FileChannel {
    final CountDownLatch reading = new CountDownLatch(1);
    final CountDownLatch gate = new CountDownLatch(1);
    volatile boolean interrupted;

    private final long size;
    private final long free;

    GatedFile(long size) {
        this(size, 0);
    }

    GatedFile(long size, long free) {
        this.size = size;
        this.free = free;
    }

    @Override
    public int read(ByteBuffer target, long from) {
        if (from >= free) {
            awaitGate();
        }
        int n = (int) Math.min(target.remaining(), size - from);
        target.put(new byte[n]);
        return n;
    }

    private void awaitGate() {
        reading.countDown();
        try {
            gate.await();
        } catch (InterruptedException e) {
            interrupted = true;
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    protected void implCloseChannel() {}

    @Override
    public int read(ByteBuffer target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int write(ByteBuffer source) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int write(ByteBuffer source, long to) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long position() {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileChannel position(long to) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileChannel truncate(long to) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void force(boolean metaData) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferTo(long from, long count, WritableByteChannel target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long to, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long from, long length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock lock(long from, long length, boolean shared) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock tryLock(long from, long length, boolean shared) {
        throw new UnsupportedOperationException();
    }
}
