package dev.weft;

import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * A failure that reached nobody: what a loop's exception handler is given. Counterpart of the
 * context of asyncio's {@code call_exception_handler}.
 *
 * @param message what happened, in a sentence
 * @param failure the exception
 * @param task the name of the task or future that failed; null for a callback
 */
public record UnhandledFailure(String message, Throwable failure, @Nullable String task) {
    /** Logs it as an error: what a loop does that was given no handler. */
    void log() {
        LoggerFactory.getLogger(Loop.class).error("{}", message, failure);
    }
}
