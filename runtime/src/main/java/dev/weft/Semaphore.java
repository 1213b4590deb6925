package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * A number of permits, for tasks of one loop: limits how many do something at once. Counterpart of
 * {@code asyncio.Semaphore}.
 *
 * <p>It is fair: tasks get permits, and go on, in the order in which they asked. A permit belongs
 * to nobody: any task or callback may release, also more often than was acquired; {@link
 * BoundedSemaphore} refuses that.
 *
 * <p>It belongs to the loop that uses it first, and may be created anywhere.
 *
 * {@snippet file="SyncSnippetsTest.java" region="semaphore"}
 */
public sealed class Semaphore extends LoopBound permits BoundedSemaphore {
    private final WaitQueue waiters = new WaitQueue(this);

    /** Those that tasks were granted and have not taken yet included; owned by the loop. */
    private int permits;

    Semaphore(int permits) {
        this.permits = Checks.atLeast(permits, 0, "permits");
    }

    /**
     * Creates a semaphore.
     *
     * @param permits how many permits there are at first, 0 or more
     * @return a new semaphore
     */
    public static Semaphore create(int permits) {
        return new Semaphore(permits);
    }

    /**
     * Takes a permit. Suspends while there is none, or while others that asked before have not gone
     * on yet; returns at once otherwise.
     *
     * <p><b>Cancellation</b>: no permit is taken; one that this task had just been granted goes to
     * the next in line. A request that stands is not thrown where it need not suspend.
     *
     * @throws IllegalStateException outside a task; on another loop than the first that used it
     */
    public void acquire() {
        Fiber fiber = inTask("acquire()");
        if (!isLocked()) {
            permits--;
            return;
        }
        try {
            waiters.await(fiber);
            permits--;
        } finally {
            settle(fiber);
        }
    }

    /**
     * Takes a permit if that needs no waiting. Never suspends; from tasks and callbacks of the
     * loop.
     *
     * @return whether it took one
     * @throws IllegalStateException on a thread of no loop; on another loop than the first that
     *     used it
     */
    public boolean tryAcquire() {
        onLoop("tryAcquire()");
        if (isLocked()) {
            return false;
        }
        permits--;
        return true;
    }

    /**
     * Puts a permit back, for the next in line if there is one. Does not suspend; from tasks and
     * callbacks of the loop.
     *
     * @throws IllegalStateException on a thread of no loop; on another loop than the first that
     *     used it; if there are {@link Integer#MAX_VALUE} permits
     */
    public void release() {
        release(Integer.MAX_VALUE);
    }

    /** Puts a permit back unless that would make more than so many. */
    final void release(int bound) {
        Fiber fiber = onLoop("release()");
        if (availablePermits() >= bound || permits == Integer.MAX_VALUE) {
            throw new IllegalStateException(
                    "cannot release: all permits are there already, so this one was never acquired: "
                            + this);
        }
        permits++;
        settle(fiber);
    }

    /** Grants what there is to those who wait. */
    private void settle(Fiber here) {
        while (availablePermits() > 0 && !waiters.isEmpty()) {
            waiters.grantFirst(here);
        }
    }

    /**
     * Takes a permit, runs a body, puts the permit back. Suspends as {@link #acquire} does.
     *
     * <p><b>Cancellation</b>: while it waits for a permit, the body does not run.
     *
     * @param body what to run
     * @param <T> the type of its result
     * @return its result
     * @throws IllegalStateException as {@link #acquire} does; what the body throws is thrown as
     *     {@link Async#await(Future)} would
     */
    public final <T extends @Nullable Object> T with(Body<T> body) {
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
    public final void with(Action body) {
        with(Async.body(body));
    }

    /**
     * How many permits there are that nobody has taken or was granted.
     *
     * @return the number, 0 or more
     */
    public final int availablePermits() {
        return permits - waiters.granted();
    }

    /**
     * Whether {@link #acquire} would suspend: there is no permit, or somebody is before in line.
     * Counterpart of {@code locked()}.
     *
     * @return false if a permit can be taken at once
     */
    public final boolean isLocked() {
        return permits == 0 || !waiters.isIdle();
    }

    @Override
    String state() {
        return (isLocked() ? "locked" : "unlocked, permits:" + availablePermits())
                + waiters(waiters.size());
    }
}
