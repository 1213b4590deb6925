package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * What a task's lifetime is tied to: every task belongs to a scope and never outlives it.
 *
 * <p>{@link Async#run} is a scope, and so are a connection and a request, which {@code
 * dev.weft.net} opens; {@link Async#scope} opens one anywhere. {@link Async#async} starts tasks in
 * the innermost scope that is open in the current task, else in the scope the task itself belongs
 * to. To start one in a scope that lives longer, name it: {@code scope.async(body)}.
 *
 * <p>When the body of such a scope ends, its tasks are cancelled, then awaited, however long that
 * takes: every ten seconds the log names those that hold it up.
 */
public sealed interface Scope permits Group, ScopeImpl {
    /**
     * What {@link Async#scope} runs.
     *
     * @param <T> the type of the value
     */
    @FunctionalInterface
    interface Body<T extends @Nullable Object> {
        /**
         * Runs the body.
         *
         * @param scope the scope that is open while it runs
         * @return its value
         * @throws Exception any failure
         */
        T run(Scope scope) throws Exception;
    }

    /**
     * Starts a task in this scope. Does not suspend: the task is made ready, at the tail of the
     * loop's queue.
     *
     * @param body what the task runs
     * @param <T> the type of its result
     * @return the task
     * @throws IllegalStateException if the scope has ended, or on a thread that is not the loop's
     */
    <T extends @Nullable Object> Task<T> async(dev.weft.Body<T> body);

    /**
     * As {@link #async(dev.weft.Body)}, for a body without a result.
     *
     * @param body what the task runs
     * @return the task
     */
    default Task<@Nullable Void> async(Action body) {
        return async(Async.body(body));
    }

    /**
     * The loop on which the scope's tasks run.
     *
     * @return the loop
     */
    Loop loop();
}
