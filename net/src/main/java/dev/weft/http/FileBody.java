package dev.weft.http;

import dev.weft.net.EndOfFileException;
import dev.weft.net.internal.FileQuestion;
import java.net.URLConnection;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A body that is in a file: read off the loop, a chunk at a time, each taken by the sink before the
 * next is read. The file is open only while it is sent, and closed however that ends.
 */
final class FileBody extends HttpBody {
    /** So much that handing it over from thread to thread does not count. */
    private static final int CHUNK = 128 * 1024;

    private final Path file;

    FileBody(String contentType, Path file) {
        super(contentType);
        this.file = file;
    }

    /** What the name suggests; nobody looks at the file. */
    static String typeOf(Path file) {
        Path name = file.getFileName();
        String type = name == null ? null : URLConnection.guessContentTypeFromName(name.toString());
        return type == null ? BYTES : type;
    }

    @Override
    HttpBody typed(String checkedType) {
        return new FileBody(checkedType, file);
    }

    @Override
    public long length() {
        return UNKNOWN;
    }

    @Override
    public boolean isReplayable() {
        return true;
    }

    @Override
    long awaitLength() {
        return FileQuestion.ask(() -> {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                throw new FileSystemException(file.toString(), null, "is no regular file");
            }
            return Files.size(file);
        });
    }

    /** As many bytes as were announced; if none were, as it has when it is opened. */
    @Override
    void write(HttpSink sink, long announced) {
        FileChannel channel = FileQuestion.open(file);
        try {
            long length = announced < 0 ? FileQuestion.ask(channel::size) : announced;
            for (long sent = 0; sent < length; ) {
                ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK, length - sent));
                long from = sent;
                int read = FileQuestion.ask(() -> channel.read(chunk, from));
                if (read <= 0) {
                    throw shrunk(sent, length);
                }
                OwnedSink.write(sink, chunk.array(), 0, read);
                sent += read;
            }
        } finally {
            FileQuestion.close(channel);
        }
    }

    private EndOfFileException shrunk(long sent, long length) {
        return new EndOfFileException(
                "the file %s has shrunk while it was sent: it had %d bytes, %d have left"
                        .formatted(file, length, sent),
                sent,
                length);
    }
}
