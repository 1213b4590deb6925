package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * What {@code sleep} awaits besides time: to be disturbed. A program may have a million sleepers,
 * so they share {@link #UNDISTURBED}, which is never done; one that is asked to end gets its own,
 * which is cancelled then as any other future is.
 */
final class Sleep extends FutureImpl<@Nullable Void> {
    static final Sleep UNDISTURBED = new Sleep();

    private Sleep() {}

    /** That of a task that is about to be disturbed. */
    static Sleep of(Fiber sleeper) {
        Sleep sleep = new Sleep();
        sleep.addWaiter(new FiberWaiter(sleeper));
        return sleep;
    }

    @Override
    boolean cancelBecause(Request request) {
        return end(new Cancelled(request.message));
    }

    @Override
    public boolean cancel() {
        return cancelBecause(new Request(null));
    }

    @Override
    @Nullable ScopeImpl reportTo() {
        return null;
    }

    @Override
    String description() {
        return "a sleep";
    }

    @Override
    public String toString() {
        return description();
    }
}
