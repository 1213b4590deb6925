package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Body;
import dev.weft.CancelledError;
import dev.weft.Promise;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something short that is done with a file, off the loop. Whoever asks is told only when it has
 * ended, even if cancelled meanwhile: the file is not in use any more then. What runs is not
 * interrupted, as the JDK would close the file.
 *
 * <p>Owned by the tasks of a loop.
 */
public final class FileQuestion<T> {
    private final Body<T> body;
    private final Promise<@Nullable Void> ended = Promise.create();

    private boolean begun;
    private boolean abandoned;
    private @Nullable T answer;
    private @Nullable RuntimeException failure;

    private FileQuestion(Body<T> body) {
        this.body = body;
    }

    /** Suspends until it has ended. */
    public static <T> T ask(Body<T> body) {
        return new FileQuestion<>(body).ask();
    }

    /** Opens a regular file to read. Suspends until it is open; cancelled, it is closed again. */
    public static FileChannel open(Path path) {
        FileQuestion<FileChannel> opening = new FileQuestion<>(() -> openNow(path));
        try {
            return opening.ask();
        } catch (CancelledError e) {
            FileChannel opened = opening.answer;
            if (opened != null) {
                close(opened);
            }
            throw e;
        }
    }

    private static FileChannel openNow(Path path) throws IOException {
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            // A directory can be opened, and opening a pipe takes as long as nobody writes to it.
            throw new FileSystemException(path.toString(), null, "is no regular file");
        }
        return FileChannel.open(path, StandardOpenOption.READ);
    }

    /** Closes it, in the same kind of exception as the others. */
    public static void close(FileChannel file) {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private T ask() {
        try {
            Async.shield(this::run);
        } catch (CancelledError e) {
            abandoned = true;
            if (begun) {
                awaitSurely(ended);
            }
            throw e;
        }
        if (failure != null) {
            throw failure;
        }
        return Objects.requireNonNull(answer);
    }

    /**
     * Waits for what will come soon, however often the task is cancelled meanwhile: a second time,
     * too, somebody may close the file in the end.
     */
    public static void awaitSurely(Promise<@Nullable Void> end) {
        CancelledError cancelled = null;
        while (!end.isDone()) {
            try {
                Async.shield(end);
            } catch (CancelledError e) {
                cancelled = e;
            }
        }
        if (cancelled != null) {
            throw cancelled;
        }
    }

    /** In a task of its own, which only the end of {@code run} cancels. */
    private void run() {
        if (abandoned) {
            return;
        }
        begun = true;
        try {
            answer = Async.offload(body);
        } catch (RuntimeException e) {
            failure = e; // nobody may be there any more to whom it could be thrown
        } finally {
            ended.tryComplete(null);
        }
    }
}
