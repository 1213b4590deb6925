package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * How a future has ended, as a value: what {@link Async#gatherOutcomes gatherOutcomes} returns for
 * each. Counterpart of the mixed list of {@code asyncio.gather(return_exceptions=True)}.
 *
 * {@snippet file="AggregationSnippetsTest.java" region="gatherOutcomes"}
 *
 * @param <T> the type of the result
 */
public sealed interface Outcome<T extends @Nullable Object> {
    /**
     * It gave a result.
     *
     * @param value the result
     * @param <T> the type of the result
     */
    record Succeeded<T extends @Nullable Object>(T value) implements Outcome<T> {}

    /**
     * It failed.
     *
     * @param failure what the body threw or the promise was failed with, the same object
     * @param <T> the type of the result
     */
    record Failed<T extends @Nullable Object>(Throwable failure) implements Outcome<T> {}

    /**
     * It was cancelled.
     *
     * @param message what {@link Task#cancel(String)} was given, or null
     * @param <T> the type of the result
     */
    record Cancelled<T extends @Nullable Object>(@Nullable String message) implements Outcome<T> {}
}
