package dev.weft;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The loop's callback thread, and those that take over when it is blocked in a callback. Everything
 * here is owned by the scheduler's consumer: the carrier, or the holder of the turn.
 */
final class CallbackWorkers {
    private static final int MAX_IDLE = 4;

    private final Scheduler scheduler;
    private final ArrayDeque<Worker> idle = new ArrayDeque<>(MAX_IDLE);
    private boolean closed;

    CallbackWorkers(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    /** A virtual thread that runs one callback at a time and waits in between. */
    final class Worker implements Runnable {
        final Fiber fiber = scheduler.fiber(null, this);
        private @Nullable Callback callback;
        private boolean leave;

        @Override
        public void run() {
            while (!leave) {
                Callback c = callback;
                if (c != null) {
                    callback = null;
                    fiber.scope = c.scope;
                    fiber.locals = c.locals;
                    c.call();
                    fiber.scope = null;
                    fiber.locals = null;
                    FutureImpl.tellUntold(fiber.scheduler);
                    // The flag of whoever interrupted the callback must not leak into the next one.
                    Thread.interrupted();
                    if (closed || idle.size() >= MAX_IDLE) {
                        break;
                    }
                    idle.addFirst(this);
                }
                while (callback == null && !leave) {
                    scheduler.suspend(fiber);
                    // Somebody may keep the thread and interrupt it when its callback has long
                    // ended: a set flag would turn the park into a spin that holds the loop.
                    Thread.interrupted();
                }
            }
            fiber.setEnded();
        }
    }

    /** The worker that runs the callback as soon as its fiber is resumed (or started). */
    Worker assign(Callback callback) {
        Worker worker = idle.pollFirst();
        if (worker == null) {
            worker = new Worker();
        }
        worker.callback = callback;
        return worker;
    }

    /** Lets all idle workers end; called by the consumer, which then resumes each. */
    Iterable<Worker> close() {
        closed = true;
        ArrayDeque<Worker> leaving = new ArrayDeque<>(idle);
        idle.clear();
        leaving.forEach(w -> w.leave = true);
        return leaving;
    }
}
