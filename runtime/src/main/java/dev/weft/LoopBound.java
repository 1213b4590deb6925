package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * What all synchronisation primitives have in common: each belongs to one loop, the first that uses
 * it. So it needs no thread-safety, but has to notice when somebody else calls.
 *
 * <p>It may be created anywhere. When its loop has closed, the next one may have it.
 */
abstract sealed class LoopBound permits Lock, Event, Condition, Semaphore, Barrier, QueueImpl {
    private static final Object BINDING = new Object();

    /**
     * The owner; null at first. Written under the monitor above, read without it: whoever does not
     * find itself looks again there.
     */
    private @Nullable Scheduler owner;

    /** The fiber that runs the caller: a task's or a callback's of the loop it belongs to. */
    final Fiber onLoop(String method) {
        Fiber fiber = Fiber.current();
        if (fiber == null) {
            throw new IllegalStateException(
                    kind()
                            + "."
                            + method
                            + " must be called on a loop, and this thread has none: hand the call over with"
                            + " loop.callSoon(…) or loop.submit(…)");
        }
        if (fiber.scheduler != owner) {
            bind(fiber.scheduler);
        }
        return fiber;
    }

    /** The fiber that runs the caller, which is a task of the loop it belongs to. */
    final Fiber inTask(String method) {
        Fiber fiber = Fiber.current();
        if (fiber == null || fiber.task == null) {
            TaskImpl.current(kind() + "." + method); // which throws, saying why
            throw new IllegalStateException("a task has no fiber");
        }
        if (fiber.scheduler != owner) {
            bind(fiber.scheduler);
        }
        return fiber;
    }

    private void bind(Scheduler scheduler) {
        synchronized (BINDING) {
            Scheduler other = owner;
            if (other != null && other != scheduler && !other.loop.hasEnded()) {
                throw new IllegalStateException(
                        this
                                + " is bound to a different event loop: it belongs to "
                                + other.loop.name()
                                + ", which used it first, and was called on "
                                + scheduler.loop.name());
            }
            owner = scheduler;
        }
    }

    // ---- describing

    /** What the class is called. */
    String kind() {
        return getClass().getSimpleName();
    }

    /** What {@link #toString} shows. */
    abstract String state();

    static String waiters(int count) {
        return count == 0 ? "" : ", waiters:" + count;
    }

    /** What it is, and its state; a snapshot, from any thread. */
    @Override
    public final String toString() {
        return kind()
                + "@"
                + Integer.toHexString(System.identityHashCode(this))
                + "["
                + state()
                + "]";
    }
}
