package dev.weft;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a task has only once it has been asked to end, or if it is shielded from that: most are not,
 * and a program may have a million. See {@link TaskImpl} for what it means. Owned by the loop.
 */
final class Cancellation {
    /** The last request's; null if it had none. */
    @Nullable String message;

    /** The request that came last, and whether it is being passed on right now. */
    FutureImpl.@Nullable Request latest;

    boolean passingOn;

    /** The request has come round to this task: it awaits itself, in a circle. */
    boolean circular;

    /** The requests that stand: calls of {@code cancel} less calls of {@code uncancel}. */
    int requests;

    /** How many of them are pending. */
    int undelivered;

    /** How often {@link CancelledError} was thrown. */
    int deliveries;

    /** What is awaited was cancelled for a request, and will tell. */
    boolean forwarded;

    boolean interruptSent;
    boolean interruptQueued;

    /** The task's scope, which ends, has cancelled it. */
    boolean toldToEnd;

    /** Where it stands until it has ended, if it is shielded. */
    @Nullable Set<TaskImpl<?>> shielded;
}
