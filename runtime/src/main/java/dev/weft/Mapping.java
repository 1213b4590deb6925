package dev.weft;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * One call of {@link Async#map}: a few tasks in a scope of their own that draw the items one after
 * the other. Owned by the loop.
 *
 * <p>A failure is kept here, and ends the body of the scope, which then does what a scope does:
 * cancels the tasks that are left and waits for them.
 */
final class Mapping<T extends @Nullable Object, R extends @Nullable Object> {
    private final Object[] items;
    private final @Nullable Object[] results;
    private final ItemBody<? super T, ? extends R> body;
    private final List<Throwable> failures = new ArrayList<>(0);
    private final List<FutureImpl<?>> tasks = new ArrayList<>();
    private @Nullable Several over;
    private int drawn;
    private int done;
    private boolean ending;

    @SuppressWarnings("NullAway") // items may be null where T may be
    private Mapping(Collection<? extends T> items, ItemBody<? super T, ? extends R> body) {
        this.items = items.toArray();
        this.body = body;
        results = new Object[this.items.length];
    }

    static <T extends @Nullable Object, R extends @Nullable Object> List<R> map(
            Collection<? extends T> items, int limit, ItemBody<? super T, ? extends R> body) {
        Checks.notNull(items, "items");
        Checks.atLeast(limit, 1, "limit");
        Checks.notNull(body, "body");
        Mapping<T, R> mapping = new Mapping<>(items, body);
        return mapping.items.length == 0 ? List.of() : mapping.run(limit);
    }

    private List<R> run(int limit) {
        try {
            Async.scope(scope -> {
                for (int i = Math.min(limit, items.length); i > 0; i--) {
                    tasks.add((FutureImpl<?>) scope.async(this::drawItems));
                }
                Several all =
                        Several.watching(
                                "map", Several.of(tasks), Several.Until.FIRST_WITHOUT_RESULT);
                over = all;
                try {
                    all.await(Timers.NONE);
                } finally {
                    ending = true;
                }
                return null;
            });
        } catch (CancelledError e) {
            failures.forEach(this::report);
            throw e;
        }
        throwFailures();
        return results();
    }

    private void drawItems() throws InterruptedException {
        while (drawn < items.length && !ending) {
            int i = drawn++;
            try {
                results[i] = body.run(item(i));
                done++;
            } catch (CancelledError e) {
                throw e;
            } catch (InterruptedException e) {
                if (Task.current().cancelling() > 0) {
                    throw e; // how a JDK call says that the task is being cancelled
                }
                fail(e);
            } catch (Throwable e) {
                fail(e);
            }
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"})
    private T item(int i) {
        return (T) items[i];
    }

    private void fail(Throwable failure) {
        failures.add(failure);
        ending = true;
        Several all = over;
        if (all != null) {
            all.tryComplete(null);
        }
    }

    private void throwFailures() {
        if (failures.isEmpty()) {
            if (done < items.length) {
                throw new CancellationException("a task of map was cancelled by somebody else");
            }
            return;
        }
        Throwable first = failures.getFirst();
        Throwable thrown = first instanceof Error ? first : FutureImpl.unchecked(first);
        for (Throwable other : failures.subList(1, failures.size())) {
            if (other != thrown) {
                thrown.addSuppressed(other);
            }
        }
        throw FutureImpl.unchecked(thrown);
    }

    /** The caller is being cancelled, so there is nobody to throw it to. */
    private void report(Throwable failure) {
        Loop.current()
                .report(
                        new UnhandledFailure(
                                "an item of map failed while that was being cancelled",
                                failure,
                                Task.current().name()));
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // each is an R
    private List<R> results() {
        return Collections.unmodifiableList(Arrays.asList((R[]) results));
    }
}
