package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * What {@link Async#map map} runs for each item: a {@link Body} that is given the item.
 *
 * @param <T> the type of the item
 * @param <R> the type of the value
 */
@FunctionalInterface
public interface ItemBody<T extends @Nullable Object, R extends @Nullable Object> {
    /**
     * Runs the body.
     *
     * @param item the item
     * @return its value
     * @throws Exception any failure; it ends the whole {@code map}
     */
    R run(T item) throws Exception;
}
