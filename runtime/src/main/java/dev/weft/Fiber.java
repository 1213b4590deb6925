package dev.weft;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One virtual thread of a loop: a task's, a callback worker's or the event loop's. It is its
 * thread's entry in the run queue and, in loop mode, its thread's scheduler.
 *
 * <p>Kept apart from the task, since any virtual thread that is started <em>inside</em> a task
 * inherits this executor for all its life: it must keep neither the task nor its result reachable.
 */
final class Fiber extends RunQueue.Entry implements Executor {
    final Scheduler scheduler;

    /**
     * What runs here; null for the event loop and callback workers, and once the task has ended.
     * Owned by the loop.
     */
    @Nullable TaskImpl<?> task;

    /** The scope in which {@code async} starts tasks; null on the event loop. Owned by the loop. */
    @Nullable ScopeImpl scope;

    /**
     * What the task-locals are set to here; null where none is set, and once the task has ended.
     * Owned by the loop.
     */
    @Nullable Locals locals;

    /** Set before the fiber starts; null again when it has ended. */
    volatile @Nullable Thread thread;

    /** Loop mode: the thread's own continuation, the first Runnable that its executor is handed. */
    volatile @Nullable Runnable continuation;

    /**
     * Portable mode: whether this fiber holds the turn. Written by whoever grants it, read by the
     * fiber.
     */
    volatile boolean granted;

    /** Loop mode: its entry stands for an unpark that is still to be done. Owned by the carrier. */
    boolean toUnpark;

    private static final byte NEW = 0;
    private static final byte STARTED = 1;
    private static final byte ENDED = 2;

    /** One byte more would take eight. Owned by the scheduler's consumer, or the turn's holder. */
    private byte stage = NEW;

    private static final VarHandle THREAD;
    private static final VarHandle CONTINUATION;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            THREAD = lookup.findVarHandle(Fiber.class, "thread", Thread.class);
            CONTINUATION = lookup.findVarHandle(Fiber.class, "continuation", Runnable.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    Fiber(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    /** Sets the thread; the queue publishes it, so there is no need of a full fence. */
    void thread(Thread t) {
        THREAD.setRelease(this, t);
    }

    /**
     * Lets go of the thread, which has ended, and with it of the task: threads that were started by
     * it still have this fiber as their executor.
     */
    void forget() {
        CONTINUATION.setRelease(this, (Runnable) Fiber::ended);
        THREAD.setRelease(this, null);
    }

    /** Whether the thread was started; meaningless for tasks in loop mode. */
    boolean isStarted() {
        return stage != NEW;
    }

    void setStarted() {
        stage = STARTED;
    }

    /** Portable mode: no turn may be granted any more. */
    boolean hasEnded() {
        return stage == ENDED;
    }

    void setEnded() {
        stage = ENDED;
    }

    /** Whether a task or a callback runs here, as opposed to the event loop. */
    boolean isWork() {
        return task != null || scope != null;
    }

    private static void ended() {}

    Thread thread() {
        Thread t = thread;
        if (t == null) {
            throw new IllegalStateException("the fiber has no thread");
        }
        return t;
    }

    /**
     * Loop mode only: what the JDK calls when this fiber's thread, or one started by it, is ready
     * to run.
     */
    @Override
    public void execute(Runnable runnable) {
        Runnable own = continuation;
        if (own == null) {
            own = runnable;
            CONTINUATION.setRelease(this, own); // the push that follows publishes it
        }
        if (own == runnable) {
            ((Carrier) scheduler).ready(this);
        } else {
            VirtualThreads.defaultScheduler().execute(runnable);
        }
    }

    @Override
    void run() {
        scheduler.resumeFromQueue(this);
    }

    /** The fiber that runs the caller, which is in a task. */
    static Fiber currentOf(TaskImpl<?> task) {
        Fiber fiber = current();
        return fiber != null ? fiber : task.fiber;
    }

    /**
     * The fiber that runs the caller, or null on a thread of no loop.
     *
     * <p>In loop mode the carrier knows, at the cost of two loads. In portable mode a scoped value
     * does; the check of the thread keeps threads out that inherited the binding ({@code
     * StructuredTaskScope}).
     */
    static @Nullable Fiber current() {
        if (VirtualThreads.currentCarrier() instanceof Carrier.CarrierThread carrier) {
            Fiber fiber = carrier.current();
            return fiber != null && fiber.thread == Thread.currentThread() ? fiber : null;
        }
        if (!Turn.used) {
            return null;
        }
        Fiber fiber = Turn.CURRENT.isBound() ? Turn.CURRENT.get() : null;
        return fiber != null && fiber.thread == Thread.currentThread() ? fiber : null;
    }
}
