package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * A mutual exclusion lock for tasks of one loop: what keeps others out while its holder suspends.
 * Counterpart of {@code asyncio.Lock}.
 *
 * <p>Between two suspension points nothing else of the loop runs, so code that does not suspend
 * needs no lock. It is fair: tasks get it in the order in which they asked, and releasing it hands
 * it to the next in line, so that nobody barges in. It is held by a task and not reentrant.
 *
 * <p>{@link #with(Body)} acquires and releases around a body. Where a lambda is in the way (it has
 * to change local variables, or to throw checked exceptions), use {@code acquire(); try { … }
 * finally { release(); }}.
 *
 * <p>It belongs to the loop that uses it first, and may be created anywhere. For several loops or
 * other threads use those of {@code java.util.concurrent}.
 *
 * {@snippet file="SyncSnippetsTest.java" region="lock"}
 */
public final class Lock extends LoopBound {
    private final WaitQueue waiters = new WaitQueue(this);

    /** The holder; owned by the loop, read as a snapshot from any thread. Null: nobody waits. */
    private @Nullable TaskImpl<?> owner;

    private Lock() {}

    /**
     * Creates a lock that nobody holds.
     *
     * @return a new lock
     */
    public static Lock create() {
        return new Lock();
    }

    /**
     * Acquires the lock. Suspends while another task holds it or was before in line; returns at
     * once otherwise.
     *
     * <p><b>Cancellation</b>: the lock is not acquired; if it had just been handed to this task,
     * the next in line gets it. A request that stands is not thrown where it need not suspend.
     *
     * @throws IllegalStateException outside a task; if the current task holds the lock already; on
     *     another loop than the first that used it
     */
    public void acquire() {
        Fiber fiber = inTask("acquire()");
        if (owner == null) {
            owner = fiber.task;
        } else {
            waitFor(fiber);
        }
    }

    private void waitFor(Fiber fiber) {
        TaskImpl<?> task = fiber.task;
        if (owner == task) {
            throw new IllegalStateException(
                    this
                            + " is held by the very task that wants to acquire it, which would wait for itself"
                            + " for ever: a lock is not reentrant");
        }
        try {
            waiters.await(fiber);
        } catch (Throwable e) {
            if (owner == task) {
                handOn(fiber);
            }
            throw e;
        }
    }

    /**
     * Acquires the lock if that needs no waiting. Never suspends.
     *
     * @return whether the current task has it now; false also if it had it before
     * @throws IllegalStateException outside a task; on another loop than the first that used it
     */
    public boolean tryAcquire() {
        Fiber fiber = inTask("tryAcquire()");
        if (owner != null) {
            return false;
        }
        owner = fiber.task;
        return true;
    }

    /**
     * Releases the lock, and hands it to the next in line. Does not suspend: that one runs when its
     * turn has come.
     *
     * @throws IllegalStateException if the current task does not hold the lock; outside a task
     */
    public void release() {
        Fiber fiber = inTask("release()");
        requireHeld(fiber, "Lock.release()");
        handOn(fiber);
    }

    /**
     * Acquires the lock, runs a body, releases the lock. Suspends as {@link #acquire} does.
     *
     * <p><b>Cancellation</b>: while it waits for the lock, the body does not run.
     *
     * @param body what to run
     * @param <T> the type of its result
     * @return its result
     * @throws IllegalStateException as {@link #acquire} does; what the body throws is thrown as
     *     {@link Async#await(Future)} would
     */
    public <T extends @Nullable Object> T with(Body<T> body) {
        Checks.notNull(body, "body");
        acquire();
        try {
            return body.run();
        } catch (Exception e) {
            throw TaskImpl.thrown(e);
        } finally {
            release();
        }
    }

    /**
     * As {@link #with(Body)}, for a body without a result.
     *
     * @param body what to run
     */
    public void with(Action body) {
        with(Async.body(body));
    }

    /**
     * Whether a task holds the lock.
     *
     * @return true from {@code acquire} until {@code release} with nobody in line
     */
    public boolean isLocked() {
        return owner != null;
    }

    // ---- also for Condition

    /** Throws unless the task that runs in the fiber holds the lock. */
    void requireHeld(Fiber fiber, String method) {
        TaskImpl<?> task = fiber.task;
        if (task == null || owner != task) {
            throw new IllegalStateException(
                    method
                            + " needs the lock, and "
                            + (task == null ? "a callback" : task.name())
                            + " does not hold it: "
                            + this);
        }
    }

    /** Hands the lock to the next in line, or frees it. */
    void handOn(Fiber here) {
        TaskImpl<?> next = waiters.firstTask();
        waiters.grantFirst(here);
        owner = next;
    }

    /** Lets the task at the head of another line wait for this lock, which is held, instead. */
    void enqueueFirst(WaitQueue line) {
        line.moveFirst(waiters);
    }

    /**
     * Acquires the lock for the task in the fiber, however often that is cancelled meanwhile.
     *
     * @return the last cancellation, or null
     */
    @Nullable CancelledError reacquire(Fiber fiber) {
        TaskImpl<?> task = fiber.task;
        CancelledError cancelled = null;
        while (owner != task) {
            if (owner == null) {
                owner = task;
            } else {
                try {
                    waiters.await(fiber);
                } catch (CancelledError e) {
                    cancelled = e; // if it was handed the lock all the same, it keeps it
                }
            }
        }
        return cancelled;
    }

    /** Who holds it, for people. */
    String holder() {
        TaskImpl<?> holder = owner;
        return holder == null
                ? "unlocked"
                : "locked by " + holder.name() + (holder.isDone() ? ", which has ended" : "");
    }

    @Override
    String state() {
        return holder() + waiters(waiters.size());
    }
}
