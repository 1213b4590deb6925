package dev.weft;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * A group and the rules of its end, which are those of asyncio 3.13.
 *
 * <p>The group cancels its parent, the task that runs the body, when a child fails while the body
 * still runs. That request is the group's own, and its exit takes it back ({@code uncancel}). If it
 * was the only new one, the {@link CancelledError} that came of it goes no further. If others came,
 * the parent is being cancelled from outside as well: then {@code CancelledError} is thrown on, or,
 * where a failure takes precedence, they are delivered again by the parent's next suspension point.
 * The count is the same as if the group had not been. (asyncio takes a request that was delivered
 * before the group began for a new one, so that a group in the clean-up of a cancelled task
 * disturbs the rest of that.)
 *
 * <p>All fields are owned by the loop.
 */
final class GroupImpl extends ScopeImpl implements Group {
    private final TaskImpl<?> parent;

    /** The parent's requests that were no news when the group began. */
    private final int settled;

    private final List<Throwable> failures = new ArrayList<>(0);

    /** All tasks are being cancelled. */
    private boolean aborting;

    /** The body has ended. */
    private boolean exiting;

    /** The parent was cancelled by this group, which has to take that back. */
    private boolean parentCancelled;

    private int stamp;

    GroupImpl(TaskImpl<?> parent, @Nullable ScopeImpl outer) {
        super(parent.loop(), "a group of " + parent.name(), outer);
        this.parent = parent;
        settled = parent.settled();
    }

    @Override
    public <T extends @Nullable Object> Task<T> async(dev.weft.Body<T> body) {
        return child(null, body);
    }

    @Override
    public <T extends @Nullable Object> Task<T> async(String name, dev.weft.Body<T> body) {
        return child(Checks.notNull(name, "name"), body);
    }

    private <T extends @Nullable Object> Task<T> child(
            @Nullable String name, dev.weft.Body<T> body) {
        Checks.notNull(body, "body");
        requireHere("group.async");
        TaskImpl<T> task = new TaskImpl<>(this, name, body);
        task.critical = true;
        start(task);
        return task;
    }

    @Override
    public void cancel() {
        requireHere("group.cancel");
        abort("the group was cancelled");
    }

    @Override
    void failed(TaskImpl<?> task, Throwable failure) {
        if (task.critical) {
            task.exceptionNow(); // the group has it now, so nobody else need report it
            addFailure(failure);
            abort("another task of its group has failed");
        }
    }

    private void addFailure(Throwable failure) {
        for (Throwable known : failures) {
            // Whoever awaited a child in the body has thrown its failure once more.
            if (known == failure || isWrapped(known, failure)) {
                return;
            }
        }
        failures.add(failure);
    }

    /** Whether {@code await} has made the second of the first, a checked exception. */
    private static boolean isWrapped(Throwable checked, Throwable failure) {
        return failure.getCause() == checked
                && !(checked instanceof RuntimeException || checked instanceof Error)
                && (failure.getClass() == UncheckedIOException.class
                        || failure.getClass() == CompletionException.class);
    }

    private void abort(String why) {
        if (aborting) {
            return;
        }
        aborting = true;
        if (!exiting) {
            parentCancelled = true;
            stamp = parent.cancelForOwnEnd(why);
        }
        cancelAll();
    }

    @SuppressWarnings("NullAway") // null where the body was cut short
    <T extends @Nullable Object> T runBody(Group.Body<T> body) {
        Fiber fiber = Fiber.currentOf(parent);
        ScopeImpl around = fiber.scope;
        fiber.scope = this;
        T result = null;
        CancelledError cancelled = null;
        try {
            try {
                result = body.run(this);
            } catch (Throwable thrown) {
                Throwable e = parent.meaning(thrown);
                if (e instanceof CancelledError cancellation) {
                    cancelled = cancellation;
                } else {
                    addFailure(e);
                }
            }
            exiting = true;
            CancelledError meanwhile = awaitChildren(cancelled != null || !failures.isEmpty());
            cancelled = meanwhile != null ? meanwhile : cancelled;
        } finally {
            fiber.scope = around;
        }
        close();
        conclude(cancelled);
        return result;
    }

    /** Awaits all tasks; returns the parent's cancellation, if there was one meanwhile. */
    private @Nullable CancelledError awaitChildren(boolean failed) {
        CancelledError cancelled = null;
        if (failed && !aborting) {
            aborting = true;
            cancelAll();
        }
        while (!isEmpty()) {
            try {
                awaitAll(parent);
            } catch (CancelledError e) {
                cancelled = e;
                if (!aborting) {
                    aborting = true;
                    cancelAll();
                }
            }
        }
        return cancelled;
    }

    /** Throws what there is to throw, and leaves the parent's count of requests as it was. */
    private void conclude(@Nullable CancelledError cancelled) {
        boolean propagate = cancelled != null;
        if (parentCancelled && parent.takeBack(stamp, settled)) {
            propagate = false;
        }
        if (failures.isEmpty()) {
            if (propagate) {
                throw cancelled;
            }
            return;
        }
        parent.deliverAgain(settled);
        Throwable first = failures.getFirst();
        for (Throwable other : failures.subList(1, failures.size())) {
            first.addSuppressed(other);
        }
        throw FutureImpl.unchecked(first);
    }
}
