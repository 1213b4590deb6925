package dev.weft;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A deadline and its rules, those of asyncio 3.13: when it passes, the task is cancelled, and the
 * exit takes that request back. If it was the only new one since the entry, the {@link
 * CancelledError} that came of it becomes a {@link DeadlineExceededException}; if others came too,
 * they are somebody else's, and it is thrown on. So nested deadlines each know their own. (asyncio
 * takes a request that stood at the entry and was not delivered yet for an old one, and so may lose
 * it.)
 *
 * <p>All fields are owned by the loop.
 */
final class DeadlineImpl implements Deadline {
    private enum State {
        RUNNING,
        EXPIRED,
        ENDED
    }

    private final TaskImpl<?> task;
    private final Loop loop;

    /** The task's requests that were no news when the body began. */
    private final int settled;

    private State state = State.RUNNING;
    private int stamp;
    private @Nullable Duration limit;

    /** The deadline on the loop's clock, or null when it is switched off. */
    private @Nullable Duration when;

    private @Nullable Alarm alarm;

    private DeadlineImpl(TaskImpl<?> task) {
        this.task = task;
        loop = task.loop();
        settled = task.settled();
    }

    /**
     * A timer that has been replaced may still be on its way through the queue: it does nothing.
     */
    private final class Alarm extends Timers.Timer {
        Alarm(long deadline) {
            super(deadline);
        }

        @Override
        void fire() {
            loop.post(() -> {
                if (alarm == this) {
                    expire();
                }
            });
        }
    }

    /** Runs a body with a limit from now, or without one if that is null. */
    static <T extends @Nullable Object> T within(Duration limit, Deadline.Body<T> body) {
        Checks.notNull(body, "body");
        long nanos = Checks.nanos(limit, "limit");
        DeadlineImpl deadline = new DeadlineImpl(TaskImpl.current("timeout"));
        deadline.limit = limit;
        deadline.set(deadline.loop.nanoTime() + nanos);
        return deadline.run(body);
    }

    static <T extends @Nullable Object> T at(Duration when, Deadline.Body<T> body) {
        Checks.notNull(body, "body");
        Checks.notNull(when, "when");
        DeadlineImpl deadline = new DeadlineImpl(TaskImpl.current("timeoutAt"));
        deadline.set(deadline.loop.nanosOf(when));
        return deadline.run(body);
    }

    static <T extends @Nullable Object> T waitFor(Future<T> future, Duration limit) {
        Checks.notNull(future, "future");
        boolean now = Checks.nanos(limit, "limit") == 0;
        TaskImpl<?> task = TaskImpl.current("waitFor");
        if (future.isDone()) {
            return Async.await(future);
        }
        if (!now) {
            return within(limit, deadline -> Async.await(future));
        }
        future.cancel(); // before anything runs: a task that has not begun never does
        try {
            return Async.await(future);
        } catch (CancellationException e) {
            if (future.isCancelled()) {
                throw (DeadlineExceededException) exceeded(task, limit).initCause(e);
            }
            throw e;
        }
    }

    private <T extends @Nullable Object> T run(Deadline.Body<T> body) {
        T result;
        try {
            result = body.run(this);
        } catch (Throwable e) {
            throw FutureImpl.unchecked(ended(task.meaning(e)));
        }
        leave();
        return result;
    }

    /** What is thrown for what the body has thrown. */
    private Throwable ended(Throwable thrown) {
        if (leave()) {
            if (thrown instanceof CancelledError) {
                return exceeded().initCause(thrown);
            }
            thrown.addSuppressed(exceeded());
        }
        return thrown;
    }

    /** Ends it; whether the deadline, and nobody else, has cancelled the body. */
    private boolean leave() {
        cancelAlarm();
        if (state == State.EXPIRED) {
            return task.takeBack(stamp, settled);
        }
        state = State.ENDED;
        return false;
    }

    private DeadlineExceededException exceeded() {
        return exceeded(task, limit);
    }

    static DeadlineExceededException exceeded(TaskImpl<?> task, @Nullable Duration given) {
        return new DeadlineExceededException(
                task.name()
                        + (given != null
                                ? " was not done within " + given
                                : " was not done before its deadline"),
                given);
    }

    private void expire() {
        alarm = null;
        if (state == State.RUNNING) {
            state = State.EXPIRED;
            Duration given = limit;
            stamp =
                    task.cancelForOwnEnd(
                            given != null
                                    ? "not done within " + given
                                    : "not done before its deadline");
        }
    }

    /** Sets the alarm; one that is due already is ahead of what becomes ready from now on. */
    private void set(long deadline) {
        cancelAlarm();
        Alarm next = new Alarm(deadline);
        alarm = next;
        when = Duration.ofNanos(deadline);
        if (deadline - loop.nanoTime() > 0) {
            loop.addTimer(next);
        } else {
            next.fire();
        }
    }

    private void cancelAlarm() {
        Alarm old = alarm;
        if (old != null) {
            alarm = null;
            loop.removeTimer(old);
        }
    }

    private void requireRunning() {
        task.requireHere("moving a deadline");
        if (state != State.RUNNING) {
            throw new IllegalStateException(
                    "cannot move the deadline: "
                            + (state == State.EXPIRED ? "it has passed" : "its body has ended"));
        }
    }

    @Override
    public void reschedule(Duration fromNow) {
        long nanos = Checks.nanos(fromNow, "fromNow");
        requireRunning();
        limit = null;
        set(loop.nanoTime() + nanos);
    }

    @Override
    public void rescheduleAt(Duration when) {
        Checks.notNull(when, "when");
        requireRunning();
        limit = null;
        set(loop.nanosOf(when));
    }

    @Override
    public void disable() {
        requireRunning();
        cancelAlarm();
        when = null;
    }

    @Override
    public @Nullable Duration when() {
        return when;
    }

    @Override
    public boolean isExpired() {
        return state == State.EXPIRED;
    }

    @Override
    public String toString() {
        return "Deadline["
                + state.name().toLowerCase(Locale.ROOT)
                + (state != State.RUNNING ? "" : when == null ? ", off" : ", at " + when)
                + "]";
    }
}
