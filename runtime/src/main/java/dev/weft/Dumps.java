package dev.weft;

import dev.weft.LoopDump.ScopeDump;
import dev.weft.LoopDump.TaskDump;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Walks a loop's scopes and tasks. On the loop nothing changes meanwhile. From elsewhere, which is
 * for loops that are held, the lists may change under the walk: it reads only references that are
 * never freed, and is bounded.
 */
final class Dumps {
    /** More would take too long, as each stack is taken from a suspended thread. */
    private static final int MAX_STACKS = 1000;

    /** Of scopes within tasks within scopes; beyond that the dump does not descend. */
    private static final int MAX_DEPTH = 200;

    private final @Nullable Fiber running;
    private int stacks;

    /**
     * A generator's body may have a scope that another task has opened there, around which stand
     * scopes of others.
     */
    private final Set<ScopeImpl> seen = new HashSet<>();

    private Dumps(@Nullable Fiber running) {
        this.running = running;
    }

    static LoopDump dump(Loop loop, boolean held) {
        Dumps dumps = new Dumps(held ? loop.scheduler.running() : Fiber.current());
        return new LoopDump(
                loop.toString(), held, top(loop).stream().map(s -> dumps.scope(s, 0)).toList());
    }

    /** The scopes that no task has open: the loop's, and those of generators that wait. */
    private static List<ScopeImpl> top(Loop loop) {
        List<ScopeImpl> scopes = loop.generators.openScopes();
        scopes.addFirst(loop.root());
        return scopes;
    }

    static List<Task<?>> tasks(Loop loop) {
        List<Task<?>> tasks = new ArrayList<>();
        Dumps dumps = new Dumps(null);
        top(loop).forEach(scope -> dumps.collect(scope, tasks, 0));
        return tasks;
    }

    private void collect(ScopeImpl scope, List<Task<?>> into, int depth) {
        seen.add(scope);
        for (TaskImpl<?> task : scope.tasks()) {
            into.add(task);
            if (depth < MAX_DEPTH) {
                opened(task).stream()
                        .filter(s -> !seen.contains(s))
                        .forEach(inner -> collect(inner, into, depth + 1));
            }
        }
    }

    /** The scopes that a task has open, the outermost first. */
    private static List<ScopeImpl> opened(TaskImpl<?> task) {
        List<ScopeImpl> scopes = new ArrayList<>();
        ScopeImpl own = task.scope();
        for (ScopeImpl s = task.fiber.scope; s != null && s != own; s = s.outer()) {
            scopes.addFirst(s);
        }
        return scopes;
    }

    private ScopeDump scope(ScopeImpl scope, int depth) {
        seen.add(scope);
        return new ScopeDump(
                scope.toString(), scope.tasks().stream().map(t -> task(t, depth)).toList());
    }

    private TaskDump task(TaskImpl<?> task, int depth) {
        Thread thread = task.fiber.thread;
        TaskOrigin origin = task.origin();
        List<ScopeDump> scopes =
                depth >= MAX_DEPTH
                        ? List.of()
                        : opened(task).stream()
                                .filter(s -> !seen.contains(s))
                                .map(s -> scope(s, depth + 1))
                                .toList();
        return new TaskDump(
                task.name(),
                task.number(),
                state(task, thread),
                task.awaits(),
                task.cancelling(),
                origin == null ? null : Duration.ofNanos(System.nanoTime() - origin.nanos()),
                origin == null ? null : origin.frame(),
                stack(thread),
                scopes);
    }

    private String state(TaskImpl<?> task, @Nullable Thread thread) {
        if (task.fiber == running) {
            return "running";
        }
        if (task.isAwaiting()) {
            return task.isReady() ? "ready, awaited" : "awaiting";
        }
        if (!task.hasBegun()) {
            return "starting";
        }
        return switch (thread == null ? Thread.State.TERMINATED : thread.getState()) {
            case NEW, RUNNABLE -> "ready";
            case BLOCKED, WAITING, TIMED_WAITING ->
                    task.loop().scheduler() == SchedulerMode.LOOP ? "blocked" : "ready";
            case TERMINATED -> "ended";
        };
    }

    private List<StackTraceElement> stack(@Nullable Thread thread) {
        return thread == null || stacks++ >= MAX_STACKS ? List.of() : clean(thread.getStackTrace());
    }

    /** Leaves out how Weft and the JDK suspend and start a task. */
    static List<StackTraceElement> clean(StackTraceElement[] frames) {
        int from = 0;
        while (from < frames.length && isPlumbing(frames[from])) {
            from++;
        }
        int to = frames.length;
        while (to > from && isPlumbing(frames[to - 1])) {
            to--;
        }
        return List.of(Arrays.copyOfRange(frames, from, to));
    }

    private static boolean isPlumbing(StackTraceElement frame) {
        String name = frame.getClassName();
        return name.startsWith("java.")
                || name.startsWith("jdk.internal.")
                || name.startsWith("dev.weft.") && TaskOrigin.isOurs(name);
    }

    /** Takes it on the loop, or from outside if the loop does not get to it within a second. */
    static <T> T onLoop(Loop loop, Supplier<T> here, Supplier<T> fromOutside) {
        Fiber fiber = Fiber.current();
        if (fiber != null && fiber.scheduler == loop.scheduler) {
            return here.get();
        }
        PromiseImpl<T> taken = new PromiseImpl<>(null);
        if (!loop.isClosed()) {
            loop.post(() -> taken.tryComplete(here.get()));
            try {
                return taken.get(Duration.ofSeconds(1));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (java.util.concurrent.ExecutionException
                    | java.util.concurrent.TimeoutException
                    | IllegalStateException e) { // the last: a callback that may not wait
                return fromOutside.get();
            }
        }
        return fromOutside.get();
    }
}
