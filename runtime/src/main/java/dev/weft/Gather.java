package dev.weft;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What stands behind {@link Async#gather} and {@link Async#gatherOutcomes}. */
final class Gather {
    private Gather() {}

    @SuppressWarnings("unchecked") // whoever calls has futures of T
    static <T extends @Nullable Object> List<T> results(FutureImpl<?>[] futures) {
        if (futures.length == 0) {
            return List.of();
        }
        Several several = Several.cancelling("gather", futures, Several.Until.FIRST_WITHOUT_RESULT);
        several.await(Timers.NONE);
        FutureImpl<?> unsuccessful = several.awaited();
        if (unsuccessful != null) {
            var _ = unsuccessful.awaited(); // throws
        }
        List<T> results = new ArrayList<>(futures.length);
        for (FutureImpl<?> future : futures) {
            results.add((T) future.awaited());
        }
        return Collections.unmodifiableList(results);
    }

    @SuppressWarnings("unchecked") // whoever calls has futures of T
    static <T extends @Nullable Object> List<Outcome<T>> outcomes(FutureImpl<?>[] futures) {
        if (futures.length == 0) {
            return List.of();
        }
        Several several = Several.cancelling("gatherOutcomes", futures, Several.Until.ALL_DONE);
        several.await(Timers.NONE);
        var _ = several.awaited();
        List<Outcome<T>> outcomes = new ArrayList<>(futures.length);
        for (FutureImpl<?> future : futures) {
            outcomes.add((Outcome<T>) future.outcome());
        }
        return Collections.unmodifiableList(outcomes);
    }
}
