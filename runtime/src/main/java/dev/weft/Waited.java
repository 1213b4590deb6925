package dev.weft;

import java.util.SequencedSet;

/**
 * What {@link Async#awaitAll awaitAll}, {@link Async#awaitFirst awaitFirst} and {@link
 * Async#awaitFirstFailure awaitFirstFailure} found when they returned: a snapshot. Each future that
 * was given stands in one of the two sets, once, in the order given; the sets cannot be modified.
 * Counterpart of the pair that {@code asyncio.wait} returns.
 *
 * @param done those that had a result, had failed or had been cancelled
 * @param pending the others; they go on
 * @param <F> the type of the futures
 */
public record Waited<F extends Future<?>>(SequencedSet<F> done, SequencedSet<F> pending) {}
