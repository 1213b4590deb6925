package dev.weft;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What {@code sleep} awaits. A program may have a million of them, so it does without what other
 * futures have: only its own task ever waits for it, and so is known, and needs no waiter.
 */
final class Sleep extends FutureImpl<@Nullable Void> {
    private final Fiber sleeper;
    private final Alarm alarm;

    private Sleep(Fiber sleeper, long deadline) {
        this.sleeper = sleeper;
        alarm = new Alarm(deadline, this);
    }

    private static final class Alarm extends Timers.Timer {
        private final Sleep sleep;

        Alarm(long deadline, Sleep sleep) {
            super(deadline);
            this.sleep = sleep;
        }

        @Override
        void fire() {
            sleep.elapse();
        }
    }

    /** Suspends the current task until then. */
    static void until(long deadline, TaskImpl<?> task) {
        Sleep sleep = new Sleep(task.fiber, deadline);
        sleep.loop().addTimer(sleep.alarm);
        try {
            task.suspendUntil(sleep, Timers.NONE);
        } finally {
            sleep.loop().removeTimer(sleep.alarm);
        }
        sleep.awaited();
    }

    private Loop loop() {
        return Loop.of(sleeper);
    }

    private void elapse() {
        if (end(encode(null))) {
            sleeper.scheduler.resume(sleeper);
        }
    }

    /** In the canceller's call, which may be deep in recursion: so it is told as any waiter is. */
    @Override
    boolean cancelBecause(Request request) {
        addWaiter(new FiberWaiter(sleeper));
        return end(new Cancelled(request.message));
    }

    @Override
    public boolean cancel() {
        return cancelBecause(new Request(null));
    }

    @Override
    @Nullable ScopeImpl reportTo() {
        return null;
    }

    @Override
    String description() {
        long left = alarm.deadline - loop().nanoTime();
        return "a sleep, " + Duration.ofNanos(Math.max(left, 0)) + " left";
    }
}
