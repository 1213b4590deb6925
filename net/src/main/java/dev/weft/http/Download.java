package dev.weft.http;

import dev.weft.Async;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/** Writes a body to a file, in large pieces, off the loop. */
final class Download {
    private static final int PIECE = 256 * 1024;

    private final HttpResponse response;
    private final Path file;
    private final Path partial;
    private final long total;
    private final HttpResponse.Progress progress;
    private long written;

    private Download(HttpResponse response, Path file, long total, HttpResponse.Progress progress) {
        this.response = response;
        this.file = file;
        this.total = total;
        this.progress = progress;
        String name =
                "."
                        + file.getFileName()
                        + "."
                        + Long.toHexString(ThreadLocalRandom.current().nextLong())
                        + ".part";
        partial = file.resolveSibling(name);
    }

    static long save(HttpResponse response, Path file, long total, HttpResponse.Progress progress) {
        Download download = new Download(response, file, total, progress);
        download.run();
        return download.written;
    }

    private void run() {
        Async.offload(() -> {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                throw new FileSystemException(
                        file.toString(), null, "is no regular file, and cannot be replaced");
            }
        });
        FileChannel channel =
                Async.offload(() ->
                        FileChannel.open(
                                partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        boolean complete = false;
        try {
            try (channel) {
                copyTo(channel);
            }
            Async.offload(() -> {
                Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
            });
            complete = true;
        } catch (IOException e) {
            throw Failures.unchecked("cannot write " + file, e);
        } finally {
            if (!complete) {
                remove();
            }
        }
    }

    private void remove() {
        try {
            Files.deleteIfExists(partial);
        } catch (IOException e) {
            // What has failed before is what is told.
        }
    }

    private void copyTo(FileChannel channel) {
        ByteBuffer piece = ByteBuffer.allocate(PIECE);
        for (ByteBuf part; (part = response.next()) != null; ) {
            try {
                while (part.isReadable()) {
                    int n = Math.min(part.readableBytes(), piece.remaining());
                    piece.limit(piece.position() + n);
                    part.readBytes(piece);
                    piece.limit(PIECE);
                    if (!piece.hasRemaining()) {
                        write(channel, piece);
                    }
                }
            } finally {
                part.release();
            }
        }
        if (piece.position() > 0) {
            write(channel, piece);
        }
    }

    private void write(FileChannel channel, ByteBuffer piece) {
        int length = piece.flip().remaining();
        Async.offload(() -> {
            while (piece.hasRemaining()) {
                channel.write(piece);
            }
        });
        piece.clear();
        written += length;
        progress.moved(written, total);
    }
}
