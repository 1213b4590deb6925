package dev.weft;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A scope whose end cancels its tasks and awaits them. Its list of tasks is what holds running
 * tasks strongly. Owned by the loop, but for the failures.
 */
final class ScopeImpl implements Scope {
    private static final Logger LOG = LoggerFactory.getLogger(ScopeImpl.class);
    private static final long HELD_UP_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Loop loop;
    private final String name;

    private @Nullable TaskImpl<?> first;
    private int size;
    private boolean ending;
    private boolean ended;
    private @Nullable PromiseImpl<@Nullable Void> empty;

    /**
     * Failures that nobody has retrieved yet; null once the scope has reported them. From any
     * thread.
     */
    private volatile @Nullable Set<Failure> failures = ConcurrentHashMap.newKeySet(0);

    ScopeImpl(Loop loop, String name) {
        this.loop = loop;
        this.name = name;
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public <T extends @Nullable Object> Task<T> async(dev.weft.Body<T> body) {
        Checks.notNull(body, "body");
        Fiber fiber = Fiber.current();
        if (fiber == null || fiber.scheduler != loop.scheduler) {
            throw new IllegalStateException(
                    "scope.async starts tasks on loop "
                            + loop.name()
                            + " and must be called there: use loop.submit(…) from elsewhere");
        }
        return start(null, body);
    }

    /** Starts a task; on the loop. */
    <T extends @Nullable Object> TaskImpl<T> start(
            @Nullable String taskName, dev.weft.Body<T> body) {
        if (ended) {
            throw new IllegalStateException("cannot start a task: " + name + " has ended");
        }
        TaskImpl<T> task = new TaskImpl<>(this, taskName, body);
        enter(task);
        task.start();
        if (ending) {
            task.toldToEnd = true;
            task.cancel(name + " is ending");
        }
        return task;
    }

    boolean isEnding() {
        return ending;
    }

    /** Lists a task; false when the scope has ended and the task must not run. */
    boolean enter(TaskImpl<?> task) {
        if (ended) {
            return false;
        }
        if (!task.listed) {
            task.listed = true;
            TaskImpl<?> head = first;
            task.next = head;
            if (head != null) {
                head.previous = task;
            }
            first = task;
            size++;
            loop.tasks++;
        }
        return true;
    }

    /** A task has ended. */
    void leave(TaskImpl<?> task) {
        if (!task.listed) {
            return;
        }
        task.listed = false;
        TaskImpl<?> before = task.previous;
        TaskImpl<?> after = task.next;
        task.previous = null;
        task.next = null;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after != null) {
            after.previous = before;
        }
        loop.tasks--;
        if (--size == 0) {
            PromiseImpl<@Nullable Void> waiting = empty;
            if (waiting != null) {
                empty = null;
                waiting.tryComplete(null);
            }
        }
    }

    /**
     * Runs a body with this scope as the current task's innermost, then ends it. A failure of the
     * body is thrown once all tasks have ended.
     */
    <T extends @Nullable Object> T run(TaskImpl<?> task, dev.weft.Body<T> body) throws Exception {
        ScopeImpl outer = task.fiber.scope;
        task.fiber.scope = this;
        try {
            T result;
            try {
                result = body.run();
            } catch (Throwable e) {
                try {
                    end();
                } catch (CancelledError cancelled) {
                    if (e != cancelled) {
                        e.addSuppressed(cancelled);
                    }
                }
                throw e;
            }
            end();
            return result;
        } finally {
            task.fiber.scope = outer;
        }
    }

    /**
     * Cancels all tasks and suspends until they have ended. Being cancelled meanwhile does not
     * shorten that: {@link CancelledError} is thrown when they have.
     */
    void end() {
        ending = true;
        CancelledError cancelled = null;
        // Cancelling may run another library's code, and so may suspend this task: those that end
        // meanwhile leave the list, and with it goes the way on from there.
        for (TaskImpl<?> t = first; t != null; ) {
            if (t.toldToEnd) {
                t = t.next;
            } else {
                t.toldToEnd = true;
                t.cancel(name + " is ending");
                t = t.listed ? t.next : first;
            }
        }
        TaskImpl<?> task = TaskImpl.current("the end of a scope");
        for (TaskImpl<?> t = first; t != null; ) {
            TaskImpl<?> next = t.next;
            t.endIfNotStarted();
            t = next;
        }
        long reports = loop.clock().isVirtual() ? 1 : Long.MAX_VALUE; // else the clock would race
        while (size > 0) {
            PromiseImpl<@Nullable Void> waiting = new PromiseImpl<>(null);
            empty = waiting;
            try {
                long deadline = loop.nanoTime() + HELD_UP_NANOS;
                waiting.suspend(task, task.fiber, reports > 0 ? deadline : Timers.NONE);
            } catch (CancelledError e) {
                cancelled = e;
            }
            if (size > 0 && !waiting.isDone()) {
                reports--;
                LOG.warn(
                        "{} waits for tasks that were cancelled and have not ended: {}",
                        name,
                        situations());
            }
        }
        ended = true;
        reportFailures();
        if (cancelled != null) {
            throw cancelled;
        }
    }

    private List<String> situations() {
        List<String> situations = new ArrayList<>();
        for (TaskImpl<?> t = first; t != null && situations.size() < 20; t = t.next) {
            situations.add(t.situation());
        }
        if (size > situations.size()) {
            situations.add("and " + (size - situations.size()) + " more");
        }
        return situations;
    }

    // ---- failures

    /** False when it is too late, and the failure is to be reported now. */
    boolean addFailure(Failure failure) {
        Set<Failure> set = failures;
        if (set == null) {
            return false;
        }
        set.add(failure);
        // The scope may have reported in between.
        return failures != null || !set.remove(failure);
    }

    void removeFailure(Failure failure) {
        Set<Failure> set = failures;
        if (set != null) {
            set.remove(failure);
        }
    }

    private void reportFailures() {
        Set<Failure> set = failures;
        failures = null;
        if (set != null) {
            set.forEach(Failure::report);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
