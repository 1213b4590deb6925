package dev.weft;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Portable mode: ordinary virtual threads that take turns.
 *
 * <p>The queue holds what is ready, in the order in which it became so: the ticket is drawn by
 * whoever makes a fiber ready, not by the fiber's thread when the JDK gets round to it. {@code
 * held} says that somebody holds the turn, or is handing it on. Who raises it is the queue's only
 * consumer until it grants the turn to an entry, whose fiber takes both over; who finds the queue
 * empty lowers it, and then looks once more, since a producer that pushed in between found it up
 * and went away. (The producer: push, then read held. The releaser: lower held, then look into the
 * queue. Dekker's pattern: one of them sees the other.)
 *
 * <p>A ticket may come up for a fiber that no longer waits for it: it was resumed while it ran.
 * Then {@code granted} is set while it waits for something else, and its {@link #suspend} returns
 * for no reason; or it has ended, and the turn goes on. It cannot be granted while the fiber runs,
 * for a running fiber holds the turn.
 *
 * <p>A stack overflow half-way through handing on would lose the turn, and with it the loop. So
 * whoever may be deep in recursion first makes sure that there is room ({@link StackRoom}).
 */
final class Turn extends Scheduler {
    /** The current thread's fiber. */
    static final ScopedValue<Fiber> CURRENT = ScopedValue.newInstance();

    /** Whether there ever was a portable loop in this JVM: if not, nobody needs to look. */
    static volatile boolean used;

    private final AtomicBoolean held = new AtomicBoolean();

    /** Who holds the turn; a snapshot for the watch. */
    private volatile @Nullable Fiber holder;

    private long segments;

    private volatile boolean closed;

    @SuppressWarnings("StaticAssignmentInConstructor") // it only ever becomes true
    Turn(Loop loop) {
        super(loop);
        used = true;
    }

    @Override
    Fiber fiber(@Nullable String name, Runnable body) {
        Fiber fiber = new Fiber(this);
        Thread.Builder builder = Thread.ofVirtual().inheritInheritableThreadLocals(false);
        if (name != null) {
            builder = builder.name(name);
        }
        fiber.thread(
                builder.unstarted(
                        () -> ScopedValue.where(CURRENT, fiber).run(() -> live(fiber, body))));
        return fiber;
    }

    /** The event loop's fiber, where it has no thread of its own: neither task nor callback. */
    Fiber pollerFiber(String name, Runnable body) {
        Fiber fiber = new Fiber(this);
        fiber.thread(
                Thread.ofVirtual()
                        .inheritInheritableThreadLocals(false)
                        .name(name)
                        .unstarted(() -> live(fiber, body)));
        return fiber;
    }

    private void live(Fiber fiber, Runnable body) {
        try {
            awaitGrant(fiber); // a generator's is started without the turn
            body.run();
        } finally {
            fiber.setEnded();
            fiber.thread = null;
            release();
        }
    }

    @Override
    void start(Fiber fiber) {
        push(fiber);
    }

    @Override
    void suspend(Fiber fiber) {
        StackRoom.ensure();
        fiber.granted = false;
        release();
        awaitGrant(fiber);
    }

    private void awaitGrant(Fiber fiber) {
        boolean interrupted = false;
        while (!fiber.granted) {
            try {
                LockSupport.park(this);
            } catch (StackOverflowError e) {
                Thread.onSpinWait(); // the turn is gone already: there is no way back to the caller
            }
            interrupted |= Thread.interrupted(); // a set flag would turn the park into a spin
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    void stepAside(Fiber fiber) {
        suspend(fiber);
    }

    @Override
    void resume(Fiber fiber) {
        push(fiber);
    }

    @Override
    void yield(Fiber fiber) {
        push(fiber);
        suspend(fiber);
    }

    @Override
    boolean enqueue(Callback callback) {
        push(callback);
        return !closed;
    }

    private void push(RunQueue.Entry entry) {
        if (!held.get()) {
            StackRoom.ensure();
        }
        if (queue.push(entry) && held.compareAndSet(false, true)) {
            grant();
        }
    }

    /** Gives the turn back, and on to the next. */
    private void release() {
        holder = null;
        Fiber next = successor;
        if (next == null || !accepts(next)) {
            grant();
        }
    }

    /** Gives the turn to the queue's head; called by whoever has raised {@code held}. */
    private void grant() {
        for (; ; ) {
            RunQueue.Entry entry = queue.poll();
            if (entry != null) {
                // What becomes of it may run at once in another thread: nothing here may be
                // touched after a true.
                if (accepts(entry)) {
                    return;
                }
            } else {
                held.set(false);
                if (queue.isEmpty() || !held.compareAndSet(false, true)) {
                    return;
                }
            }
        }
    }

    private boolean accepts(RunQueue.Entry entry) {
        if (entry instanceof Fiber fiber) {
            return accepts(fiber);
        }
        Callback callback = (Callback) entry;
        if (closed) {
            callback.loop.dropped(callback);
            return false;
        }
        if (callback.isSpent()) {
            return false;
        }
        try {
            CallbackWorkers.Worker worker = callbacks.assign(callback);
            return accepts(worker.fiber);
        } catch (OutOfMemoryError e) {
            callback.loop.outOfMemory(e);
            return false; // the turn must go on
        }
    }

    private boolean accepts(Fiber fiber) {
        if (fiber.hasEnded()) {
            return false;
        }
        Thread thread = fiber.thread();
        holder = fiber;
        if (fiber != successor) {
            segments++;
        }
        if (fiber.isStarted()) {
            // From here on it may run, even to its end, without being unparked: it may just have
            // been about to park.
            fiber.granted = true;
            LockSupport.unpark(thread);
            return true;
        }
        fiber.granted = true;
        fiber.setStarted();
        try {
            thread.start();
            return true;
        } catch (OutOfMemoryError e) {
            fiber.setEnded();
            TaskImpl<?> task = fiber.task;
            if (task != null) {
                task.couldNotStart(e);
            }
            return false;
        }
    }

    /**
     * Lets the callback workers end and drops callbacks from then on, at the queue's end; the latch
     * tells when.
     */
    CountDownLatch closeWhenGranted() {
        CountDownLatch done = new CountDownLatch(1);
        Fiber closer =
                fiber(
                        null,
                        () -> {
                            closed = true;
                            for (CallbackWorkers.Worker worker : callbacks.close()) {
                                push(worker.fiber);
                            }
                            done.countDown();
                        });
        start(closer);
        return done;
    }

    @Override
    void resumeFromQueue(Fiber fiber) {
        throw new IllegalStateException("portable mode grants turns");
    }

    @Override
    void runFromQueue(Callback callback) {
        throw new IllegalStateException("portable mode grants turns");
    }

    @Override
    boolean interruptIfBlocked(Fiber fiber) {
        return false; // a task in a blocking call holds the turn; the request waits for its next
        // suspension point, as in Python
    }

    @Override
    long segments() {
        return segments;
    }

    @Override
    @Nullable Fiber running() {
        return holder;
    }
}
