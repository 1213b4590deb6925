package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * What a task runs: plain Java that returns a value and may throw anything.
 *
 * @param <T> the type of the value
 */
@FunctionalInterface
public interface Body<T extends @Nullable Object> {
    /**
     * Runs the body.
     *
     * @return its value
     * @throws Exception any failure; it reaches whoever awaits the task
     */
    T run() throws Exception;
}
