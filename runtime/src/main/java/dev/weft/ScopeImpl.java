package dev.weft;

import java.util.ArrayList;
import java.util.LinkedHashSet;
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
sealed class ScopeImpl implements Scope permits GroupImpl {
    private static final Logger LOG = LoggerFactory.getLogger(ScopeImpl.class);
    private static final long HELD_UP_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Loop loop;
    private final String name;

    /** The scope around this one in the task that opened it, or null where none opened it. */
    private final @Nullable ScopeImpl outer;

    private @Nullable TaskImpl<?> first;
    private int size;
    private boolean ending;
    private boolean ended;
    private @Nullable PromiseImpl<@Nullable Void> empty;

    /** The fiber that starts a task just now; or has, and the start was torn. */
    private @Nullable Fiber starter;

    /** On the scope of a run: the shielded tasks of all scopes in it, which its end cancels. */
    private @Nullable Set<TaskImpl<?>> shielded;

    /**
     * Failures that nobody has retrieved yet; null once the scope has reported them. From any
     * thread.
     */
    private volatile @Nullable Set<Failure> failures = ConcurrentHashMap.newKeySet(0);

    /** The scope of a run, or a loop's: nothing around it ends it. */
    ScopeImpl(Loop loop, String name) {
        this(loop, name, null);
    }

    ScopeImpl(Loop loop, String name, @Nullable ScopeImpl outer) {
        this.loop = loop;
        this.name = name;
        this.outer = outer;
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public <T extends @Nullable Object> Task<T> async(dev.weft.Body<T> body) {
        Checks.notNull(body, "body");
        requireHere("scope.async");
        return start(null, body);
    }

    void requireHere(String what) {
        Fiber fiber = Fiber.current();
        if (fiber == null || fiber.scheduler != loop.scheduler) {
            throw new IllegalStateException(
                    what
                            + " starts tasks on loop "
                            + loop.name()
                            + " and must be called there: use loop.submit(…) from elsewhere");
        }
    }

    /** Starts a task; on the loop. */
    <T extends @Nullable Object> TaskImpl<T> start(
            @Nullable String taskName, dev.weft.Body<T> body) {
        TaskImpl<T> task = new TaskImpl<>(this, taskName, body);
        start(task);
        return task;
    }

    /** Starts a new task; on the loop. */
    final void start(TaskImpl<?> task) {
        if (ended) {
            throw new IllegalStateException("cannot start a task: " + name + " has ended");
        }
        Fiber before = starter;
        enter(task);
        starter = Fiber.current();
        task.start();
        starter = before;
        if (ending && !task.isShielded()) {
            task.tellToEnd();
            task.cancel(name + " is ending");
        }
    }

    /** Starts a task that this scope awaits and does not cancel; only the end of the run does. */
    final <T extends @Nullable Object> TaskImpl<T> startShielded(dev.weft.Body<T> body) {
        ScopeImpl run = this;
        for (ScopeImpl around; (around = run.outer) != null; ) {
            run = around;
        }
        Set<TaskImpl<?>> tasks = run.shielded;
        if (tasks == null) {
            run.shielded = tasks = new LinkedHashSet<>();
        }
        TaskImpl<T> task = new TaskImpl<>(this, null, body);
        task.shieldIn(tasks);
        start(task);
        if (run.ending) {
            task.cancel(run.name + " is ending");
        }
        return task;
    }

    /** Whether a task that starts now must be told to end before it has begun. */
    final boolean isEnding() {
        return ending;
    }

    /** A child has failed; before it leaves. Nothing happens: whoever awaits it is told. */
    void failed(TaskImpl<?> task, Throwable failure) {}

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
        size--;
        endNotStartedBy(task.fiber);
        if (size == 0) {
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
        // A generator's body may be here, which another task may step to its end.
        Fiber fiber = task.fiber;
        ScopeImpl around = fiber.scope;
        fiber.scope = this;
        try {
            T result;
            try {
                result = body.run();
            } catch (Throwable thrown) {
                TaskImpl<?> ends = beginToEnd();
                Throwable e = ends.meaning(thrown);
                endAfter(ends, e);
                if (e instanceof CancelledError cancelled) {
                    throw cancelled;
                }
                throw thrown;
            }
            end();
            return result;
        } finally {
            fiber.scope = around;
        }
    }

    private void endAfter(TaskImpl<?> task, Throwable failure) {
        int settled = task.settled();
        try {
            end();
        } catch (CancelledError e) {
            if (!(failure instanceof CancelledError)) {
                task.deliverAgain(settled); // the failure is thrown, and the request is not lost
            }
        }
    }

    /**
     * Cancels all tasks and suspends until they have ended. Being cancelled meanwhile does not
     * shorten that: {@link CancelledError} is thrown when they have.
     */
    void end() {
        TaskImpl<?> task = beginToEnd();
        CancelledError cancelled = null;
        while (size > 0) {
            try {
                awaitAll(task);
            } catch (CancelledError e) {
                cancelled = e;
            }
        }
        close();
        if (cancelled != null) {
            throw cancelled;
        }
    }

    /**
     * Cancels all tasks, for the current task to await them. Where that is a callback, which may
     * have stepped a generator's body to here, it throws: they end unawaited, but do not stay.
     */
    private TaskImpl<?> beginToEnd() {
        cancelAll();
        return TaskImpl.current("the end of a scope");
    }

    /** Cancels all tasks, and those that will be started yet; on the loop. */
    final void cancelAll() {
        ending = true;
        PromiseImpl<@Nullable Void> waiting = empty;
        if (waiting != null) {
            waiting.tryComplete(null); // whoever waits has to report from now on
        }
        // Cancelling may run another library's code, and so may suspend this task: those that end
        // meanwhile leave the list, and with it goes the way on from there.
        for (TaskImpl<?> t = first; t != null; ) {
            if (t.isToldToEnd() || t.isShielded() && outer != null) {
                t = t.next;
            } else {
                t.tellToEnd();
                t.cancel(name + " is ending");
                t = t.listed ? t.next : first;
            }
        }
        Set<TaskImpl<?>> tasks = shielded;
        if (tasks != null) {
            for (TaskImpl<?> t : List.copyOf(tasks)) {
                if (!t.isToldToEnd()) { // above, as one of its own
                    t.tellToEnd();
                    t.cancel(name + " is ending");
                }
            }
        }
        endNotStarted();
    }

    private void endNotStarted() {
        for (TaskImpl<?> t = first; t != null; ) {
            TaskImpl<?> next = t.next;
            t.endIfNotStarted();
            t = next;
        }
    }

    /** Ends tasks whose start was torn, when the fiber that tried does something else. */
    private void endNotStartedBy(Fiber fiber) {
        if (starter == fiber) {
            starter = null;
            endNotStarted();
        }
    }

    /** Whether no task is left. */
    final boolean isEmpty() {
        return size == 0;
    }

    /**
     * Suspends until no task is left, or (with {@link CancelledError}) the current task is
     * cancelled. Reports the tasks it waits for every ten seconds, once they were told to end.
     */
    final void awaitAll(TaskImpl<?> task) {
        // A virtual clock would race on, from report to report.
        long reports = loop.clock().isVirtual() ? 1 : Long.MAX_VALUE;
        endNotStartedBy(Fiber.currentOf(task));
        while (size > 0) {
            PromiseImpl<@Nullable Void> waiting = new PromiseImpl<>(null);
            empty = waiting;
            boolean watched = ending && reports > 0;
            waiting.suspend(
                    task,
                    Fiber.currentOf(task),
                    watched ? loop.nanoTime() + HELD_UP_NANOS : Timers.NONE);
            if (size > 0 && !waiting.isDone()) {
                reports--;
                LOG.warn(
                        "{} waits for tasks that were cancelled and have not ended: {}",
                        name,
                        situations());
            }
        }
    }

    /** No task can be started any more; failures that nobody has retrieved are reported. */
    final void close() {
        ended = true;
        reportFailures();
    }

    /** The tasks that have not ended, the latest first. */
    final List<TaskImpl<?>> tasks() {
        List<TaskImpl<?>> tasks = new ArrayList<>(size);
        int bound = size + 1000; // for whoever looks from outside while the list changes
        for (TaskImpl<?> t = first; t != null && tasks.size() < bound; t = t.next) {
            tasks.add(t);
        }
        return tasks;
    }

    final @Nullable ScopeImpl outer() {
        return outer;
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
