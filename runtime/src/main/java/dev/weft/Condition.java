package dev.weft;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets tasks that hold a {@link Lock} wait for news from others that hold it. Counterpart of {@code
 * asyncio.Condition}, with the words of {@code java.util.concurrent}, since {@code wait} and {@code
 * notify} are {@link Object}'s: do not call those.
 *
 * <p>Signalled tasks get the lock one after the other, in the order in which they waited. A signal
 * only says that it is worth looking: check what you wait for again, or use {@link #awaitUntil}.
 * Where a single task waits for a single thing, an {@link Event} or a {@link Queue} is simpler.
 *
 * {@snippet file="SyncSnippetsTest.java" region="condition"}
 */
public final class Condition extends LoopBound {
    private final WaitQueue waiters = new WaitQueue(this);
    private final Lock lock;

    private Condition(Lock lock) {
        this.lock = lock;
    }

    /**
     * Creates a condition with a lock of its own.
     *
     * @return a new condition
     */
    public static Condition create() {
        return new Condition(Lock.create());
    }

    /**
     * Creates a condition on a lock; a lock may have several.
     *
     * @param lock what to hold when waiting and signalling
     * @return a new condition
     */
    public static Condition create(Lock lock) {
        return new Condition(Checks.notNull(lock, "lock"));
    }

    /**
     * The lock.
     *
     * @return the one that was given, or its own
     */
    public Lock lock() {
        return lock;
    }

    /**
     * Acquires the lock, runs a body, releases the lock: {@link Lock#with(Body)} on {@link
     * #lock()}.
     *
     * @param body what to run
     * @param <T> the type of its result
     * @return its result
     */
    public <T extends @Nullable Object> T with(Body<T> body) {
        return lock.with(body);
    }

    /**
     * As {@link #with(Body)}, for a body without a result.
     *
     * @param body what to run
     */
    public void with(Action body) {
        lock.with(body);
    }

    /**
     * Releases the lock and suspends until it is signalled, then until it has the lock again.
     *
     * <p><b>Cancellation</b>: the lock is acquired again before {@link CancelledError} is thrown,
     * however often the task is cancelled meanwhile. If it had been signalled, the signal goes to
     * the next that waits.
     *
     * @throws IllegalStateException if the current task does not hold the lock; outside a task; on
     *     another loop than the first that used it
     */
    public void await() {
        Fiber fiber = inTask("await()");
        lock.requireHeld(fiber, "Condition.await()");
        WaitQueue.Node node = waiters.place(fiber);
        try {
            lock.handOn(fiber);
            node.await(); // a signal moves it to the lock's line, so it comes back with the lock
        } catch (Throwable e) {
            CancelledError again = lock.reacquire(fiber);
            if (!node.belongsTo(waiters)) {
                lock.enqueueFirst(waiters);
            }
            if (again != null) {
                throw again;
            }
            throw e;
        }
    }

    /**
     * Suspends until a predicate is true: awaits signals until then. Counterpart of {@code
     * wait_for}.
     *
     * <p><b>Cancellation</b>: as for {@link #await}.
     *
     * @param predicate what to wait for; called with the lock held, at once and after each signal
     * @throws IllegalStateException as {@link #await} does
     */
    public void awaitUntil(BooleanSupplier predicate) {
        Checks.notNull(predicate, "predicate");
        lock.requireHeld(inTask("awaitUntil()"), "Condition.awaitUntil()");
        while (!predicate.getAsBoolean()) {
            await();
        }
    }

    /**
     * Wakes the task that has waited longest, if there is one: it goes on when it has got the lock.
     * Does not suspend, and does not release the lock. Counterpart of {@code notify}.
     *
     * @throws IllegalStateException if the current task does not hold the lock; outside a task; on
     *     another loop than the first that used it
     */
    public void signal() {
        signal(1);
    }

    /**
     * As {@link #signal()}, for several tasks.
     *
     * @param count how many, 0 or more; all if fewer wait
     * @throws IllegalStateException as {@link #signal()} does
     */
    public void signal(int count) {
        Checks.atLeast(count, 0, "count");
        lock.requireHeld(inTask("signal()"), "Condition.signal()");
        for (int i = 0; i < count && !waiters.isEmpty(); i++) {
            lock.enqueueFirst(waiters);
        }
    }

    /**
     * As {@link #signal()}, for all tasks that wait now. Counterpart of {@code notify_all}.
     *
     * @throws IllegalStateException as {@link #signal()} does
     */
    public void signalAll() {
        lock.requireHeld(inTask("signalAll()"), "Condition.signalAll()");
        while (!waiters.isEmpty()) {
            lock.enqueueFirst(waiters);
        }
    }

    @Override
    String state() {
        return lock.holder() + waiters(waiters.size());
    }
}
