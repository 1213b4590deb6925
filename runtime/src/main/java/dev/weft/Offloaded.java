package dev.weft;

import java.io.InterruptedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A body that an executor runs while a task waits for it: the future that the task awaits and the
 * {@code Runnable} that the executor is handed, in one object.
 *
 * <h2>Who may interrupt whom, and when</h2>
 *
 * {@code stage} goes from null (waiting for a thread) to the thread that runs the body, to {@code
 * ENDED}. Who wants to interrupt puts {@code INTERRUPTING} in the thread's place meanwhile, and the
 * thread does not get past the end of the body until its name is back. So an interrupt hits this
 * body or nobody; if the body did not take it, the thread clears it before it goes on to other
 * work. A cancelled body that waits for a thread goes from null to {@code REMOVED}.
 *
 * <p>Being cancelled, the future is done when the body has ended, or when the grace has run out:
 * then {@code stage} is still a thread, and the body is abandoned. The grace is real time, whatever
 * the loop's clock shows, as the body runs in real time.
 */
final class Offloaded<T extends @Nullable Object> extends PromiseImpl<T> implements Runnable {
    private static final Object INTERRUPTING = new Object();
    private static final Object ENDED = new Object();
    private static final Object REMOVED = new Object();
    private static final VarHandle STAGE;

    static {
        try {
            STAGE = MethodHandles.lookup().findVarHandle(Offloaded.class, "stage", Object.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The thread that counts the graces of cancelled bodies; it ends when there are none. */
    private static final class Graces {
        static final ScheduledThreadPoolExecutor TIMER =
                new ScheduledThreadPoolExecutor(
                        1,
                        Thread.ofPlatform()
                                .daemon()
                                .inheritInheritableThreadLocals(false)
                                .name("weft-offload-grace")
                                .factory());

        static {
            TIMER.setKeepAliveTime(1, TimeUnit.SECONDS);
            TIMER.allowCoreThreadTimeOut(true);
            TIMER.setRemoveOnCancelPolicy(true);
        }
    }

    private final TaskImpl<?> caller;
    private final Executor executor;
    private @Nullable Body<T> body;
    private volatile @Nullable Object stage;

    /** Written by the loop while {@code stage} is {@code INTERRUPTING}, which publishes it. */
    private boolean cancelled;

    private volatile java.util.concurrent.@Nullable Future<?> grace;

    Offloaded(TaskImpl<?> caller, Executor executor, Body<T> body) {
        super(null);
        this.caller = caller;
        this.executor = executor;
        this.body = body;
    }

    // ---- on the executor

    @Override
    public void run() {
        Thread self = Thread.currentThread();
        if (!STAGE.compareAndSet(this, null, self)) {
            return; // removed, or the executor runs it twice
        }
        Body<T> b = body;
        body = null;
        Object outcome = null;
        Throwable failure = null;
        try {
            outcome = Objects.requireNonNull(b).run();
        } catch (Throwable e) {
            failure = e;
        }
        while (!STAGE.compareAndSet(this, self, ENDED)) {
            Thread.yield(); // it is just being interrupted
        }
        Object end =
                cancelled
                        ? afterCancellation(failure)
                        : failure != null ? Failure.of(failure) : encode(outcome);
        if (self instanceof OffloadPool.Worker worker) {
            worker.ending(this);
        }
        finish(end);
    }

    private Cancelled afterCancellation(@Nullable Throwable failure) {
        Thread.interrupted(); // ours: what the thread does next must not find it
        java.util.concurrent.Future<?> timer = grace;
        if (timer != null) {
            timer.cancel(false);
        }
        if (failure != null && !isFromInterrupt(failure)) {
            reportFailure(failure);
        }
        return new Cancelled(null);
    }

    /** Resumes the caller, then lets go of the loop's clock. */
    private void finish(Object outcome) {
        if (end(outcome)) {
            caller.loop().offloadEnded();
        }
    }

    private static boolean isFromInterrupt(Throwable failure) {
        Throwable e = failure;
        for (int depth = 0; e != null && depth < 20; depth++) {
            if (e instanceof InterruptedException
                    || e instanceof ClosedByInterruptException
                    || e instanceof CancellationException
                    || e instanceof InterruptedIOException
                            && !(e instanceof SocketTimeoutException)) {
                return true;
            }
            e = e.getCause();
        }
        return false;
    }

    // ---- on the loop

    /**
     * Takes it back before any thread has begun with it; whether that came in time. The caller does
     * not wait for it.
     */
    boolean withdraw() {
        if (!STAGE.compareAndSet(this, null, REMOVED)) {
            return false;
        }
        body = null;
        if (executor instanceof OffloadPool pool) {
            pool.remove(this);
        }
        finish(new Cancelled(null));
        return true;
    }

    /** The pool has closed with it in the queue; only another loop's task can still wait for it. */
    void drop(RejectedExecutionException why) {
        if (STAGE.compareAndSet(this, null, REMOVED)) {
            body = null;
            finish(Failure.of(why));
        }
    }

    /** Called by the caller's task when that is cancelled. */
    @Override
    boolean cancelBecause(Request request) {
        for (; ; ) {
            Object s = stage;
            if (s == null) {
                if (withdraw()) {
                    return true;
                }
            } else if (!(s instanceof Thread thread) || isDone()) {
                return false;
            } else if (STAGE.compareAndSet(this, thread, INTERRUPTING)) {
                boolean first = !cancelled;
                cancelled = true;
                interrupt(thread);
                if (first) {
                    startGrace();
                }
                return true;
            }
        }
    }

    private void interrupt(Thread thread) {
        try {
            thread.interrupt();
        } catch (Throwable e) {
            // An override of it may throw: whoever cancels may have more to cancel.
            reportFailure(e);
        } finally {
            stage = thread;
        }
    }

    private void startGrace() {
        long nanos = caller.loop().offloadGraceNanos();
        if (nanos == 0) {
            expire();
            return;
        }
        try {
            grace = Graces.TIMER.schedule(this::expire, nanos, TimeUnit.NANOSECONDS);
        } catch (Throwable e) {
            expire(); // no memory for the timer's thread: better no grace than no end
        }
    }

    private void expire() {
        finish(new Cancelled(null));
    }

    /** Whether the body goes on and nobody waits for it any more. */
    boolean isAbandoned() {
        Object s = stage;
        return isDone() && (s instanceof Thread || s == INTERRUPTING);
    }

    /** The caller goes away without the outcome, which must not be lost if it is a failure. */
    void forsake() {
        if (!isDone()) {
            cancel(); // the wait itself has failed, for want of memory or stack
        }
        if (isDone() && stage instanceof Thread thread) {
            reportRunning(thread);
        } else if (state() == State.FAILED) {
            reportFailure(exceptionNow());
        }
    }

    private void reportRunning(Thread thread) {
        StackTraceElement[] frames = thread.getStackTrace();
        if (stage != thread) {
            return; // it has ended after all
        }
        String what =
                "the body that "
                        + caller.name()
                        + " offloaded still runs in "
                        + thread.getName()
                        + ", although it was cancelled and interrupted";
        Throwable where = new IllegalStateException("where " + thread + " is");
        where.setStackTrace(frames);
        caller.loop().report(new UnhandledFailure(what, where, caller.name()));
    }

    /** Reports what happened after the caller had been cancelled. */
    void reportFailure(Throwable failure) {
        caller.loop()
                .report(
                        new UnhandledFailure(
                                "what "
                                        + caller.name()
                                        + " offloaded failed when that was cancelled",
                                failure,
                                caller.name()));
    }

    @Override
    String description() {
        Object s = stage;
        return "an offloaded body"
                + (s instanceof Thread thread
                        ? " in " + thread.getName()
                        : s == null ? " that waits for a thread" : "");
    }
}
