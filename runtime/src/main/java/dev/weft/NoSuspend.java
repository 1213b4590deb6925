package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * A body that must not suspend, while it runs: whether it did, the number of segments tells; this
 * remembers where. A loop needs only one, since nobody else runs before it has suspended.
 */
final class NoSuspend {
    private final @Nullable TaskImpl<?> task;
    private final @Nullable NoSuspend outer;
    private @Nullable Throwable where;
    private boolean ended;

    private NoSuspend(@Nullable TaskImpl<?> task, @Nullable NoSuspend outer) {
        this.task = task;
        this.outer = outer;
    }

    static <T extends @Nullable Object> T run(Body<T> body) {
        Checks.notNull(body, "body");
        Fiber fiber = Fiber.current();
        if (fiber == null) {
            throw new IllegalStateException(
                    "noSuspend needs a task or a callback, and this thread runs none: there is nothing that"
                            + " could suspend");
        }
        Loop loop = Loop.of(fiber);
        NoSuspend watched = new NoSuspend(fiber.task, loop.noSuspend);
        loop.noSuspend = watched;
        long segment = loop.scheduler.segments();
        try {
            T result = body.run();
            watched.end(loop, segment, null);
            return result;
        } catch (Exception | Error thrown) {
            TaskImpl<?> task = watched.task;
            Throwable e = task == null ? thrown : task.meaning(thrown);
            if (!watched.ended) {
                watched.end(loop, segment, e);
            }
            throw FutureImpl.unchecked(e);
        }
    }

    /** A task is about to suspend. */
    void suspends(TaskImpl<?> current) {
        for (NoSuspend n = this; n != null; n = n.outer) {
            if (n.task == current && n.where == null) {
                n.where = new Throwable("here it suspended");
            }
        }
    }

    private void end(Loop loop, long segment, @Nullable Throwable failure) {
        ended = true;
        if (loop.noSuspend == this) { // else somebody has begun meanwhile, who puts it right
            NoSuspend next = outer;
            while (next != null && next.ended) {
                next = next.outer;
            }
            loop.noSuspend = next;
        }
        if (loop.scheduler.segments() == segment) {
            return;
        }
        IllegalStateException suspended =
                new IllegalStateException(
                        "the body of noSuspend suspended"
                                + (where != null
                                        ? ", see the cause"
                                        : ": in loop mode a JDK call that blocks does so, too"),
                        where);
        if (failure instanceof CancelledError) {
            failure.addSuppressed(suspended); // the task has to end all the same
            return;
        }
        if (failure != null) {
            suspended.addSuppressed(failure);
        }
        throw suspended;
    }
}
