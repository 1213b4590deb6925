package dev.weft;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a loop is doing: its scopes and, in them, their tasks, each with what it waits for and
 * where. Made by {@link Loop#dump}; {@code toString} draws the tree. Counterpart of {@code python
 * -m asyncio pstree} and {@code asyncio.capture_call_graph}.
 *
 * {@snippet file="SnippetsTest.java" region="dump"}
 *
 * @param loop the loop, as its {@code toString} says it
 * @param held whether something held the loop, so that the dump was taken from outside while it ran
 *     and may be wrong in places
 * @param scopes the loop's outermost scopes, then those of generators that nobody steps just now
 */
public record LoopDump(String loop, boolean held, List<ScopeDump> scopes) {
    /**
     * A scope and its tasks.
     *
     * @param name what opened it
     * @param tasks the tasks that belong to it and have not ended, the latest first
     */
    public record ScopeDump(String name, List<TaskDump> tasks) {}

    /**
     * A task.
     *
     * @param name its name
     * @param id its thread's id, as thread dumps show it
     * @param state {@code running}, {@code ready}, {@code awaiting}, {@code blocked} (in a JDK
     *     call) or {@code starting}
     * @param awaits what it awaits, or null
     * @param cancelling how many requests to cancel it stand
     * @param age how long ago it was started; null but in debug mode
     * @param startedAt where it was started; null but in debug mode
     * @param stack where it is, Weft's and the JDK's innermost frames left out; empty for tasks
     *     beyond the first 1,000
     * @param scopes the scopes that it has open, the outermost first
     */
    public record TaskDump(
            String name,
            long id,
            String state,
            @Nullable String awaits,
            int cancelling,
            @Nullable Duration age,
            @Nullable StackTraceElement startedAt,
            List<StackTraceElement> stack,
            List<ScopeDump> scopes) {}

    /** The tree, a line for each scope and task, and the innermost frames of each task. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(loop);
        if (held) {
            text.append(" (held: taken from outside, and may be wrong in places)");
        }
        text.append('\n');
        scopes.forEach(scope -> append(text, scope, "  "));
        return text.toString();
    }

    private static final int FRAMES = 4;

    private static void append(StringBuilder text, ScopeDump scope, String indent) {
        text.append(indent).append(scope.name).append('\n');
        for (TaskDump task : scope.tasks) {
            append(text, task, indent + "  ");
        }
    }

    private static void append(StringBuilder text, TaskDump task, String indent) {
        text.append(indent).append(task.name).append(" #").append(task.id).append(": ");
        text.append(task.state);
        if (task.awaits != null) {
            text.append(' ').append(task.awaits);
        }
        if (task.cancelling > 0) {
            text.append(", asked to end");
        }
        if (task.age != null) {
            text.append(", ").append(task.age.toMillis()).append(" ms old");
        }
        if (task.startedAt != null) {
            text.append(", started at ").append(task.startedAt);
        }
        text.append('\n');
        task.stack.stream()
                .limit(FRAMES)
                .forEach(frame -> text.append(indent).append("    at ").append(frame).append('\n'));
        task.scopes.forEach(scope -> append(text, scope, indent + "  "));
    }
}
