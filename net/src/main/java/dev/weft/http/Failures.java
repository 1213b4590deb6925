package dev.weft.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletionException;

/** What users' code threw, as {@code await} would rethrow it. */
final class Failures {
    private Failures() {}

    /**
     * The failure itself if it is unchecked, else one that has it as its cause.
     *
     * @param message for the latter
     * @param failure what was thrown; an error is thrown on
     */
    static RuntimeException unchecked(String message, Throwable failure) {
        return switch (failure) {
            case RuntimeException e -> e;
            case IOException e -> new UncheckedIOException(message, e);
            case Error e -> throw e;
            default -> new CompletionException(message, failure);
        };
    }
}
