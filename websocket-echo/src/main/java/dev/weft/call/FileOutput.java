package dev.weft.call;

import dev.weft.Async;
import dev.weft.http.HttpRequest;
import dev.weft.http.HttpResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Saves the body in a file. Without {@code --continue} the file is replaced once all has come; with
 * it the file grows as the body comes, and what it has is not asked for again.
 */
final class FileOutput {
    private static final Pattern PART = Pattern.compile("bytes (\\d+)-\\d+/.*");
    private static final Pattern ALL = Pattern.compile("bytes \\*/(\\d+)");
    private static final int PARTIAL = 206;
    private static final int NOT_SATISFIABLE = 416;

    private final Path file;
    private final boolean continues;
    private final Progress progress;

    FileOutput(Path file, boolean continues, Progress progress) {
        this.file = file;
        this.continues = continues;
        this.progress = progress;
    }

    /** Asks for the rest alone. */
    HttpRequest prepare(HttpRequest request) {
        long size = continues ? size() : 0;
        return size > 0 ? request.rangeFrom(size) : request;
    }

    private long size() {
        return Async.offload(() -> Files.isRegularFile(file) ? Files.size(file) : 0L);
    }

    /** Whether there is nothing that the file lacks: the server has no more than that. */
    boolean isComplete(HttpResponse response) {
        Matcher all = ALL.matcher(contentRange(response));
        return continues
                && response.status() == NOT_SATISFIABLE
                && all.matches()
                && all.group(1).equals(String.valueOf(size()));
    }

    private static String contentRange(HttpResponse response) {
        String range = response.headers().first("Content-Range");
        return range == null ? "" : range.strip();
    }

    /** Such as {@code /dev/null}, a pipe, or a link: written to, and not replaced. */
    private boolean isSpecial() {
        return Async.offload(() ->
                Files.exists(file, LinkOption.NOFOLLOW_LINKS)
                        && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS));
    }

    /** Suspends until the body has come. */
    void save(HttpResponse response) {
        try {
            if (continues || isSpecial()) {
                append(response);
            } else {
                response.saveTo(file, progress::moved);
            }
        } catch (UncheckedIOException e) {
            // Weft's own are of types of their own, and say what happened.
            throw e.getClass() == UncheckedIOException.class ? explained(e) : e;
        } finally {
            progress.end();
        }
    }

    private CallFailedException explained(UncheckedIOException e) {
        Throwable innermost = e;
        while (innermost.getCause() != null) {
            innermost = innermost.getCause();
        }
        String why =
                switch (innermost) {
                    case NoSuchFileException _ -> "there is no such folder";
                    case AccessDeniedException _ -> "access is denied";
                    default -> String.valueOf(innermost.getMessage());
                };
        return new CallFailedException(
                CallStatus.FAILED, "cannot write " + file + ": " + why, innermost);
    }

    private void append(HttpResponse response) {
        long from = response.status() == PARTIAL ? start(response) : 0;
        String length = response.headers().first("Content-Length");
        long total =
                length != null && length.matches("\\d{1,18}") ? from + Long.parseLong(length) : -1;
        long size = size();
        if (from > size) {
            throw new CallFailedException(
                    CallStatus.BROKEN,
                    "the server sent what follows byte " + from + ", and " + file + " has " + size);
        }
        FileChannel channel =
                Async.offload(() ->
                        FileChannel.open(
                                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE));
        long[] end = {from};
        Async.offload(() -> {
            if (Files.isRegularFile(file)) {
                channel.truncate(from).position(from);
            }
        });
        try (channel) {
            for (byte[] part; (part = response.read()) != null; ) {
                ByteBuffer left = ByteBuffer.wrap(part);
                end[0] += part.length;
                Async.offload(() -> {
                    while (left.hasRemaining()) {
                        channel.write(left);
                    }
                });
                progress.moved(end[0], total);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }

    private long start(HttpResponse response) {
        Matcher part = PART.matcher(contentRange(response));
        if (part.matches() && part.group(1).length() < 19) {
            return Long.parseLong(part.group(1));
        }
        throw new CallFailedException(
                CallStatus.BROKEN,
                "the server sent a part of it, and does not say which: try without --continue");
    }

    /** A line on a terminal that tells how far it is; else nothing. */
    static final class Progress {
        private static final long PAUSE_NANOS = 100_000_000;

        private final PrintWriter err;
        private final boolean shown;
        private final long began = System.nanoTime();
        private long last = began;
        private long first = -1;
        private int width;

        Progress(PrintWriter err, boolean shown) {
            this.err = err;
            this.shown = shown;
        }

        void moved(long bytes, long total) {
            if (first < 0) {
                first = bytes;
            }
            long now = System.nanoTime();
            if (shown && (now - last >= PAUSE_NANOS || bytes == total)) {
                last = now;
                show(bytes, total, (now - began) / 1e9);
            }
        }

        private void show(long bytes, long total, double seconds) {
            String line =
                    total > 0
                            ? "%s of %s, %d %%"
                                    .formatted(size(bytes), size(total), bytes * 100 / total)
                            : size(bytes);
            if (seconds > 0.5) {
                line += ", %s/s".formatted(size((long) ((bytes - first) / seconds)));
            }
            err.print("\r" + line + " ".repeat(Math.max(0, width - line.length())));
            err.flush();
            width = line.length();
        }

        private static String size(long bytes) {
            return bytes < 10_000
                    ? bytes + " B"
                    : bytes < 10_000_000
                            ? "%.1f kB".formatted(bytes / 1e3)
                            : "%.1f MB".formatted(bytes / 1e6);
        }

        void end() {
            if (width > 0) {
                err.println();
                err.flush();
                width = 0;
            }
        }
    }
}
