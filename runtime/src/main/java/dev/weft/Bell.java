package dev.weft;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How the tasks of one loop wait for what any thread may bring. Who brings something puts it down,
 * then rings; who waits hangs the bell up, looks once more, and only then suspends: one of them
 * sees the other.
 */
final class Bell {
    private final String what;

    /** Hung up by those who wait, who share it; rung once. */
    private volatile @Nullable Ring ring;

    /** A bell for a verb, which is named where it needs a task and in dumps. */
    Bell(String what) {
        this.what = what;
    }

    /** What the tasks suspend on. Cancelling one of them wakes the others for no reason. */
    static final class Ring extends PromiseImpl<@Nullable Void> {
        private final String what;

        Ring(String what) {
            super(null);
            this.what = what;
        }

        @Override
        String description() {
            return what;
        }
    }

    /** Wakes who waits; from any thread. Does no harm if done twice, as after a stack overflow. */
    void ring() {
        Ring hung = ring;
        if (hung != null) {
            hung.end(FutureImpl.encode(null));
        }
    }

    /**
     * Suspends the current task until something is there, or the deadline has passed; not at all if
     * something is there already.
     *
     * @return whether something is there
     */
    boolean await(BooleanSupplier isThere, long deadline) {
        while (!isThere.getAsBoolean()) {
            if (deadline != Timers.NONE && Loop.current().nanoTime() - deadline >= 0) {
                return false;
            }
            TaskImpl<?> task = TaskImpl.current(what);
            Ring hung = ring;
            if (hung == null || hung.isDone()) {
                hung = new Ring(what);
                ring = hung;
            }
            if (!isThere.getAsBoolean()) {
                hung.suspend(task, task.fiber, deadline);
            }
        }
        return true;
    }
}
