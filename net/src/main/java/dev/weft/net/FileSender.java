package dev.weft.net;

import dev.weft.Promise;
import dev.weft.net.internal.Conduit;
import dev.weft.net.internal.FileQuestion;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultFileRegion;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sends a part of a file: in slices that the kernel sends, or in chunks that are read off the loop.
 * Either is sent before the next begins, so that others have their turn and memory stays as it is.
 *
 * <p>The file belongs to the caller, who may close it as soon as this has ended. So whatever still
 * uses it is awaited, also when the task is cancelled: the event loop, which may hold a slice until
 * the channel is closed, and a thread that reads, which is not interrupted either, as that would
 * close the file.
 */
final class FileSender {
    /** What a fast peer may take at once of the loop's time. */
    private static final int SLICE = 1024 * 1024;

    /** So much that handing it over from thread to thread does not count. */
    private static final int CHUNK = 128 * 1024;

    private final Conduit conduit;
    private final FileChannel file;
    private final long position;
    private final long count;
    private final boolean byKernel;

    private long sent;

    /** A byte may have left. */
    private boolean begun;

    private FileSender(ByteStream stream, FileChannel file, long position, long count) {
        conduit = stream.conduit();
        this.file = file;
        this.position = position;
        this.count = count;
        byKernel = conduit instanceof TcpConduit tcp && tcp.sendsFiles() && isOfTheSystem(file);
    }

    /** Netty's native code looks into the JDK's own class for the descriptor. */
    private static boolean isOfTheSystem(FileChannel file) {
        return file.getClass().getName().equals("sun.nio.ch.FileChannelImpl");
    }

    static long send(ByteStream stream, Path path) {
        Objects.requireNonNull(path, "file must not be null");
        FileChannel file = FileQuestion.open(path);
        try {
            long length = FileQuestion.ask(file::size);
            new FileSender(stream, file, 0, length).send();
            return length;
        } finally {
            FileQuestion.close(file);
        }
    }

    static void send(ByteStream stream, FileChannel file, long position, long count) {
        Objects.requireNonNull(file, "file must not be null");
        requireNotNegative(position, "position");
        requireNotNegative(count, "count");
        long length = FileQuestion.ask(file::size);
        if (count > length - position) {
            throw new EndOfFileException(
                    "cannot send "
                            + count
                            + " bytes of a file from "
                            + position
                            + " on: it has "
                            + length,
                    0,
                    count);
        }
        new FileSender(stream, file, position, count).send();
    }

    private static void requireNotNegative(long value, String name) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " must be >= 0, was " + value);
        }
    }

    private void send() {
        conduit.beginFile();
        boolean complete = false;
        try {
            while (sent < count) {
                if (byKernel) {
                    sendSlice((int) Math.min(SLICE, count - sent));
                } else {
                    sendChunk((int) Math.min(CHUNK, count - sent));
                }
            }
            if (!byKernel) {
                conduit.flush(false);
            }
            complete = true;
        } finally {
            if (!complete && begun) {
                conduit.abort();
            }
            conduit.endFile();
        }
    }

    // ---- by the kernel

    /** Told when Netty is done with it, which leaves the file open. */
    private static final class Slice extends DefaultFileRegion {
        private final Promise<@Nullable Void> released = Promise.create();

        Slice(FileChannel file, long position, long count) {
            super(file, position, count);
        }

        @Override
        protected void deallocate() {
            released.tryComplete(null);
        }
    }

    private void sendSlice(int bytes) {
        Slice slice = new Slice(file, position + sent, bytes);
        begun = true;
        try {
            conduit.putFile(slice, bytes);
            sent += bytes;
        } catch (BrokenConnectionException e) {
            sent += slice.transferred();
            throw explained(e);
        } catch (Throwable e) {
            conduit.abort();
            FileQuestion.awaitSurely(slice.released);
            throw e;
        }
    }

    /** A failure of the file's, which Netty takes for the connection's, and closes that. */
    private RuntimeException explained(BrokenConnectionException failure) {
        if (!file.isOpen()) {
            return new UncheckedIOException(
                    "the file was closed while it was sent on " + conduit,
                    new ClosedChannelException());
        }
        long length = FileQuestion.ask(file::size);
        return length < position + count ? shrunk() : failure;
    }

    private EndOfFileException shrunk() {
        return new EndOfFileException(
                "the file has shrunk while it was sent: "
                        + sent
                        + " of "
                        + count
                        + " bytes have left, and "
                        + conduit
                        + " is aborted",
                sent,
                count);
    }

    // ---- in chunks

    private void sendChunk(int bytes) {
        ByteBuffer chunk = ByteBuffer.allocate(bytes);
        int read = FileQuestion.ask(() -> file.read(chunk, position + sent));
        if (read <= 0) {
            throw shrunk();
        }
        begun = true;
        sent += read;
        conduit.put(Unpooled.wrappedBuffer(chunk.array(), 0, read), read, false);
    }
}
