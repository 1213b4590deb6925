package dev.weft;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The deadline of a {@link Async#timeout(Duration, Deadline.Body) timeout}, which its body may move
 * or switch off. Counterpart of {@code asyncio.Timeout}. Used on its loop.
 *
 * {@snippet file="SnippetsTest.java" region="deadline"}
 */
public sealed interface Deadline permits DeadlineImpl {
    /**
     * What runs under a deadline.
     *
     * @param <T> the type of its result
     */
    @FunctionalInterface
    interface Body<T extends @Nullable Object> {
        /**
         * Runs the body.
         *
         * @param deadline the deadline, for moving it
         * @return its value
         * @throws Exception any failure
         */
        T run(Deadline deadline) throws Exception;
    }

    /** What runs under a deadline, without a result. */
    @FunctionalInterface
    interface Action {
        /**
         * Runs the body.
         *
         * @param deadline the deadline, for moving it
         * @throws Exception any failure
         */
        void run(Deadline deadline) throws Exception;
    }

    /**
     * Moves the deadline to a time from now.
     *
     * @param fromNow the time from now, 0 or more
     * @throws IllegalStateException if the deadline has passed, or the body has ended; on a thread
     *     that is not the loop's
     */
    void reschedule(Duration fromNow);

    /**
     * Moves the deadline to a point of the loop's clock; one in the past is passed at once.
     *
     * @param when the point, as {@link Loop#time} counts
     * @throws IllegalStateException if the deadline has passed, or the body has ended; on a thread
     *     that is not the loop's
     */
    void rescheduleAt(Duration when);

    /**
     * Switches the deadline off; {@link #reschedule} switches it on again.
     *
     * @throws IllegalStateException if the deadline has passed, or the body has ended; on a thread
     *     that is not the loop's
     */
    void disable();

    /**
     * When the deadline is.
     *
     * @return the point of the loop's clock, or null when it is switched off
     */
    @Nullable Duration when();

    /**
     * Whether the deadline has passed while the body ran, and so cancelled it.
     *
     * @return true from that moment on
     */
    boolean isExpired();
}
