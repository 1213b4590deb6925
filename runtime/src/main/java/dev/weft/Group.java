package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * Tasks that succeed or fail together: a scope whose end awaits its tasks, and where the first
 * failure cancels the others. Opened by {@link Async#group}. Counterpart of {@code
 * asyncio.TaskGroup}.
 *
 * <p>{@link #async} starts a child whose failure is the group's. A task that plain {@link
 * Async#async} starts inside the group's body belongs to the group too, is awaited at its end and
 * cancelled with it, but its own failure goes to whoever awaits it and cancels nobody.
 *
 * {@snippet file="SnippetsTest.java" region="group"}
 */
public sealed interface Group extends Scope permits GroupImpl {
    /**
     * What a group runs.
     *
     * @param <T> the type of its result
     */
    @FunctionalInterface
    interface Body<T extends @Nullable Object> {
        /**
         * Runs the body.
         *
         * @param group the group that is open while it runs
         * @return its value
         * @throws Exception any failure
         */
        T run(Group group) throws Exception;
    }

    /** What a group runs, without a result. */
    @FunctionalInterface
    interface Action {
        /**
         * Runs the body.
         *
         * @param group the group that is open while it runs
         * @throws Exception any failure
         */
        void run(Group group) throws Exception;
    }

    /**
     * Starts a child: its failure cancels the group. Does not suspend. Counterpart of {@code
     * TaskGroup.create_task}. Children may start children, also while the group is ending; once it
     * is being cancelled, a new child is cancelled before it begins.
     *
     * @param body what the child runs
     * @param <T> the type of its result
     * @return the child
     * @throws IllegalStateException if the group has ended, or the caller is not on its loop
     */
    @Override
    <T extends @Nullable Object> Task<T> async(dev.weft.Body<T> body);

    /**
     * As {@link #async(dev.weft.Body)}, for a body without a result.
     *
     * @param body what the child runs
     * @return the child
     */
    @Override
    default Task<@Nullable Void> async(dev.weft.Action body) {
        return async(Async.body(body));
    }

    /**
     * As {@link #async(dev.weft.Body)}, with a name for dumps and reports.
     *
     * @param name the child's name, and its thread's
     * @param body what the child runs
     * @param <T> the type of its result
     * @return the child
     */
    <T extends @Nullable Object> Task<T> async(String name, dev.weft.Body<T> body);

    /**
     * Ends the group early and quietly: cancels its tasks and the rest of its body. {@code group}
     * then returns without an error, with null if the body was cut short, unless something fails on
     * the way out. Does nothing when the group is being cancelled already or has ended.
     */
    void cancel();
}
