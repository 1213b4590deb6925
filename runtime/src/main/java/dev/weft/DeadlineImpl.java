package dev.weft;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A deadline and its rules, those of asyncio 3.13: when it passes, the task is cancelled, and the
 * exit takes that request back. If it was the only new one since the entry, the {@link
 * CancelledError} that came of it becomes a {@link DeadlineExceededException}; if others came too,
 * they are somebody else's, and it is thrown on. So nested deadlines each know their own.
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

    /** How many requests stood when the body began. */
    private final int cancelling;

    private State state = State.RUNNING;
    private boolean expired;
    private @Nullable Duration limit;
    private @Nullable Alarm alarm;

    private DeadlineImpl(TaskImpl<?> task) {
        this.task = task;
        loop = task.loop();
        cancelling = task.cancelling();
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

    private <T extends @Nullable Object> T run(Deadline.Body<T> body) {
        try {
            T result = body.run(this);
            leave();
            return result;
        } catch (CancelledError e) {
            if (leave()) {
                throw (DeadlineExceededException) exceeded().initCause(e);
            }
            throw e;
        } catch (Throwable e) {
            if (leave()) {
                e.addSuppressed(exceeded());
            }
            throw FutureImpl.unchecked(e);
        }
    }

    /** Ends it; whether the deadline, and nobody else, has cancelled the body. */
    private boolean leave() {
        cancelAlarm();
        state = State.ENDED;
        return expired && task.uncancel() <= cancelling;
    }

    private DeadlineExceededException exceeded() {
        Duration given = limit;
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
            expired = true;
            Duration given = limit;
            task.cancel(
                    given != null ? "not done within " + given : "not done before its deadline");
        }
    }

    private void set(long deadline) {
        cancelAlarm();
        alarm = new Alarm(deadline);
        loop.addTimer(alarm);
    }

    private void cancelAlarm() {
        Alarm old = alarm;
        if (old != null) {
            alarm = null;
            loop.removeTimer(old);
        }
    }

    private void requireRunning() {
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
    }

    @Override
    public @Nullable Duration when() {
        Alarm set = alarm;
        return set == null ? null : Duration.ofNanos(set.deadline);
    }

    @Override
    public boolean isExpired() {
        return expired;
    }

    @Override
    public String toString() {
        Duration when = when();
        return "Deadline["
                + state.name().toLowerCase(java.util.Locale.ROOT)
                + (when == null ? "" : ", at " + when)
                + "]";
    }
}
