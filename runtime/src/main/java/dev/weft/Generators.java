package dev.weft;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A loop's generators that have begun and not ended, in the order in which they began. Owned by the
 * loop.
 *
 * <p>Those that nobody can step any more are found by looking at two whenever one begins, so that
 * they cannot pile up. A {@link java.lang.ref.Cleaner} would tell at once, but registering with it
 * takes a lock, for which a task might have to wait: stepping a generator must not suspend.
 */
final class Generators {
    private static final int LOOKED_AT = 2;

    /** Of a list that may change under whoever reads it from outside. */
    private static final int MAX_SHOWN = 100_000;

    private final Loop loop;
    private @Nullable FiberCoroutine first;
    private @Nullable FiberCoroutine last;

    /** Where to look next, or null for the first. */
    private @Nullable FiberCoroutine cursor;

    private boolean closing;

    Generators(Loop loop) {
        this.loop = loop;
    }

    void lookForAbandoned() {
        for (int i = 0; i < LOOKED_AT && !closing; i++) {
            look();
        }
    }

    void add(FiberCoroutine generator) {
        FiberCoroutine before = last;
        generator.listed = true;
        generator.previous = before;
        if (before == null) {
            first = generator;
        } else {
            before.next = generator;
        }
        last = generator;
    }

    void remove(FiberCoroutine generator) {
        if (!generator.listed) {
            return;
        }
        generator.listed = false;
        FiberCoroutine before = generator.previous;
        FiberCoroutine after = generator.next;
        generator.previous = null;
        generator.next = null;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.previous = before;
        }
        if (cursor == generator) {
            cursor = after;
        }
    }

    private void look() {
        FiberCoroutine generator = cursor != null ? cursor : first;
        if (generator == null) {
            return;
        }
        cursor = generator.next;
        if (generator.isAbandoned()) {
            generator.found = true;
            TaskImpl<Boolean> task =
                    loop.root()
                            .start(
                                    "the closing of an abandoned generator",
                                    generator::closeAndReport);
            task.fiber.locals = null;
        }
    }

    /** The scopes that are open in bodies which nobody steps; a snapshot from any thread. */
    List<ScopeImpl> openScopes() {
        List<ScopeImpl> scopes = new ArrayList<>();
        FiberCoroutine generator = first;
        for (int i = 0; generator != null && i < MAX_SHOWN; i++, generator = generator.next) {
            ScopeImpl scope = generator.openScope();
            for (; scope != null && !generator.isLent(scope); scope = scope.outer()) {
                scopes.add(scope);
            }
        }
        return scopes;
    }

    /** Closes all that are left, one after another; in a task, when no other task is left. */
    void close() {
        closing = true;
        for (FiberCoroutine generator; (generator = first) != null; ) {
            remove(generator);
            generator.closeAndReport();
        }
    }
}
