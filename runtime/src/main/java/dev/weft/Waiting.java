package dev.weft;

import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.SequencedSet;

/** What stands behind {@link Async#awaitAll} and its like. */
final class Waiting {
    private Waiting() {}

    /** Without a limit. */
    static <F extends Future<?>> Waited<F> await(
            String verb, Collection<? extends F> futures, Several.Until until) {
        return await(verb, futures, until, Timers.NONE);
    }

    static <F extends Future<?>> Waited<F> await(
            String verb, Collection<? extends F> futures, Several.Until until, Duration timeout) {
        long nanos = Checks.nanos(timeout, "timeout");
        TaskImpl<?> task = TaskImpl.current(verb);
        return await(verb, futures, until, task.loop().nanoTime() + nanos);
    }

    private static <F extends Future<?>> Waited<F> await(
            String verb, Collection<? extends F> futures, Several.Until until, long deadline) {
        SequencedSet<F> all = new LinkedHashSet<>(Checks.notNull(futures, "futures"));
        if (all.isEmpty()) {
            throw new IllegalArgumentException(
                    "futures must not be empty: " + verb + " would wait for nothing");
        }
        Several.watching(verb, Several.of(all), until).await(deadline);
        SequencedSet<F> done = new LinkedHashSet<>();
        SequencedSet<F> pending = new LinkedHashSet<>();
        for (F future : all) {
            (future.isDone() ? done : pending).add(future);
        }
        return new Waited<>(
                Collections.unmodifiableSequencedSet(done),
                Collections.unmodifiableSequencedSet(pending));
    }
}
