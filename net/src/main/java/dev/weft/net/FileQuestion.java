package dev.weft.net;

import dev.weft.Async;
import dev.weft.Body;
import dev.weft.CancelledError;
import dev.weft.Promise;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something short that is done with a file, off the loop. Whoever asks is told only when it has
 * ended, even if cancelled meanwhile: the file is not in use any more then. What runs is not
 * interrupted, as the JDK would close the file.
 *
 * <p>Owned by the tasks of a loop.
 */
final class FileQuestion<T> {
    private final Body<T> body;
    private final Promise<@Nullable Void> ended = Promise.create();

    private boolean begun;
    private boolean abandoned;
    private @Nullable T answer;
    private @Nullable RuntimeException failure;

    FileQuestion(Body<T> body) {
        this.body = body;
    }

    static <T> T ask(Body<T> body) {
        return new FileQuestion<>(body).ask();
    }

    /** Suspends until it has ended. */
    T ask() {
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
    static void awaitSurely(Promise<@Nullable Void> end) {
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

    /** What came out of it, also if the task was cancelled; null if nothing did. */
    @Nullable T answer() {
        return answer;
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
