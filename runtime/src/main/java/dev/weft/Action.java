package dev.weft;

/** What a task runs when it has no value to give: a {@link Body} without a result. */
@FunctionalInterface
public interface Action {
    /**
     * Runs the action.
     *
     * @throws Exception any failure; it reaches whoever awaits the task
     */
    void run() throws Exception;
}
