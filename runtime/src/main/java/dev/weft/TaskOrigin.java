package dev.weft;

import java.lang.StackWalker.StackFrame;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where and when a task was started; kept in debug mode only, since it costs a walk of the stack.
 *
 * @param nanos when, as {@link System#nanoTime} counts
 * @param frame the innermost frame outside of Weft
 */
record TaskOrigin(long nanos, @Nullable StackTraceElement frame) {
    private static final StackWalker WALKER = StackWalker.getInstance();

    /**
     * Weft's classes that stand between a user's call and a task; tests stand in its package too.
     */
    private static final Set<String> OURS =
            Set.of(
                    "Async",
                    "AsCompleted",
                    "Callback",
                    "CallbackWorkers",
                    "Carrier",
                    "DeadlineImpl",
                    "Fiber",
                    "FutureImpl",
                    "Group",
                    "GroupImpl",
                    "Loop",
                    "Poller",
                    "PromiseImpl",
                    "Scope",
                    "ScopeImpl",
                    "TaskImpl",
                    "TaskOrigin",
                    "Turn",
                    "VirtualThreads");

    static TaskOrigin here() {
        return new TaskOrigin(
                System.nanoTime(),
                WALKER.walk(frames ->
                        frames.filter(f -> !isOurs(f.getClassName()))
                                .findFirst()
                                .map(StackFrame::toStackTraceElement)
                                .orElse(null)));
    }

    /** Whether a class is Weft's own machinery. */
    static boolean isOurs(String className) {
        if (!className.startsWith("dev.weft.")) {
            return false;
        }
        String name = className.substring("dev.weft.".length());
        int nested = name.indexOf('$');
        return OURS.contains(nested < 0 ? name : name.substring(0, nested));
    }
}
