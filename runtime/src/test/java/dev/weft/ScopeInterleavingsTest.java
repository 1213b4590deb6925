package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.group;
import static dev.weft.Async.scope;
import static dev.weft.Async.shield;
import static dev.weft.Async.timeout;
import static dev.weft.Async.waitFor;
import static dev.weft.Async.yieldNow;
import static dev.weft.Interleavings.require;
import static dev.weft.Interleavings.requireEqual;

import dev.weft.Interleavings.Run;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Awaiting, groups, deadlines, shields and scopes in thousands of orders, cancelled at random. What
 * holds in each: whoever was cancelled feels it, nobody else does; the count of requests is that of
 * the calls; nobody outlives a scope; no failure is lost; nobody waits for ever.
 */
@Tag("loop-mode") // here it explores both modes; without the flag it would explore one of them
// again
class ScopeInterleavingsTest {
    private static void requireCount(Run run) {
        Task<?> self = Task.current();
        requireEqual(self.cancelling(), run.requests(self), "count of requests");
    }

    /** What cancels some of the tasks at some time, some of them twice. */
    private static void cancelSome(Run run, List<? extends Task<?>> tasks, int outOf) {
        for (Task<?> task : tasks) {
            if (run.oneIn(outOf)) {
                run.actor(
                        "canceller of " + task.name(),
                        () -> {
                            run.pause();
                            run.cancel(task);
                            if (run.oneIn(4)) {
                                run.pause();
                                run.cancel(task);
                            }
                        });
            }
        }
    }

    /**
     * Runs a part of the current task's body and what follows it, and checks that the task felt a
     * cancellation if and only if it was cancelled.
     *
     * @return the part's failure, or null
     */
    private static Throwable feeling(Run run, Action part) throws Exception {
        boolean felt = false;
        Throwable failure = null;
        try {
            part.run();
        } catch (CancelledError e) {
            felt = true;
        } catch (RuntimeException e) {
            failure = e;
        }
        requireCount(run);
        if (!felt) {
            try {
                yieldNow();
            } catch (CancelledError e) {
                felt = true;
            }
        }
        requireEqual(felt, run.requests(Task.current()) > 0, "felt its cancellation");
        requireCount(run);
        if (felt) {
            requireRest(run);
        }
        return failure;
    }

    /** A cancellation is felt once, unless there was a further one. */
    private static void requireRest(Run run) {
        int before = run.requests(Task.current());
        try {
            yieldNow();
        } catch (CancelledError e) {
            require(run.requests(Task.current()) > before, "felt one cancellation twice");
        }
    }

    // ---- await

    @Test
    void promises() {
        Interleavings.explore("promises", ScopeInterleavingsTest::promises);
    }

    private static void promises(Run run) {
        List<Task<Void>> waiters = new ArrayList<>();
        List<Promise<Integer>> promises = new ArrayList<>();
        int[] hooks = {0};
        for (int i = 0; i < 3; i++) {
            int number = i;
            Promise<Integer> promise = Promise.create();
            promises.add(promise);
            boolean[] cancelledByOther = {false};
            waiters.add(
                    run.actor(
                            "waiter-" + i,
                            () -> awaitPromise(run, promise, number, cancelledByOther)));
            promise.onDone(done -> hooks[0]++);
            run.actor(
                    "completer-" + i,
                    () -> {
                        run.pause();
                        switch (run.random().nextInt(6)) {
                            case 0 -> promise.tryFail(new IllegalStateException("" + number));
                            case 1 -> cancelledByOther[0] = promise.cancel();
                            default -> promise.tryComplete(number);
                        }
                    });
        }
        cancelSome(run, waiters, 2);
        run.atEnd(() -> {
            Async.sleep(Duration.ofNanos(1)); // all callbacks have been called then
            requireEqual(hooks[0], 3, "calls of onDone");
            promises.forEach(ScopeInterleavingsTest::retrieve);
        });
    }

    /** Takes a failure that a canceller has kept from its waiter, so that nobody reports it. */
    private static void retrieve(Future<?> future) {
        if (future.state() == Future.State.FAILED) {
            future.exceptionNow();
        }
    }

    private static void awaitPromise(
            Run run, Promise<Integer> promise, int number, boolean[] cancelledByOther)
            throws Exception {
        Throwable failure =
                feeling(
                        run,
                        () -> {
                            run.pause();
                            requireEqual(await(promise), number, "result");
                        });
        if (failure instanceof CancellationException) {
            require(cancelledByOther[0], "nobody cancelled the promise");
        } else if (failure != null) {
            requireEqual(failure.getMessage(), "" + number, "failure");
        }
    }

    @Test
    void chains() {
        Interleavings.explore("chains", ScopeInterleavingsTest::chains);
    }

    /** Tasks that await each other, of which one may go on in spite of being cancelled. */
    private static void chains(Run run) {
        Promise<Integer> end = Promise.create();
        boolean stubborn = run.oneIn(3);
        boolean[] gaveResult = {false};
        Task<Integer> first =
                async(() -> {
                    try {
                        run.pause();
                        return await(end);
                    } catch (CancelledError e) {
                        if (stubborn) {
                            run.pause();
                            gaveResult[0] = true;
                            return -1;
                        }
                        run.pause();
                        throw e;
                    }
                });
        Task<Integer> second = async(() -> await(first));
        List<Task<Void>> waiters = new ArrayList<>();
        waiters.add(
                run.actor(
                        "last of the chain",
                        () -> {
                            Throwable failure =
                                    feeling(
                                            run,
                                            () -> {
                                                run.pause();
                                                int result = await(second);
                                                require(
                                                        result == 1 || gaveResult[0],
                                                        "result",
                                                        result);
                                            });
                            require(
                                    failure == null || failure instanceof CancellationException,
                                    "failure",
                                    failure);
                        }));
        run.actor(
                "completer",
                () -> {
                    run.pause();
                    run.pause();
                    end.tryComplete(1);
                });
        cancelSome(run, List.of(first, second), 4);
        cancelSome(run, waiters, 2);
        run.atEnd(() -> {
            require(end.isDone(), "the end of the chain");
            for (Task<Integer> task : List.of(first, second)) {
                task.cancel();
                while (!task.isDone()) {
                    run.suspend();
                }
                retrieve(task);
            }
        });
    }

    // ---- groups

    /** What the children of one group have done. */
    private static final class Children {
        final Run run;
        final List<Throwable> failures = new ArrayList<>();
        int alive;
        int budget = 5;

        Children(Run run) {
            this.run = run;
        }

        void start(Group g) {
            budget--;
            if (run.oneIn(5)) {
                async(() -> live(g, false));
            } else {
                g.async(() -> {
                    try {
                        live(g, true);
                    } catch (IllegalStateException e) {
                        failures.add(e);
                        throw e;
                    }
                });
            }
        }

        private void live(Group g, boolean critical) {
            alive++;
            try {
                run.pause();
                if (budget > 0 && run.oneIn(2)) {
                    start(g);
                }
                if (run.oneIn(12)) {
                    g.cancel();
                }
                failSometimes(critical, 4);
                run.pause();
            } finally {
                cleanUp(critical);
            }
        }

        /** What this throws comes out instead of what the child has thrown before. */
        private void cleanUp(boolean critical) {
            try {
                if (run.oneIn(2)) {
                    run.pause();
                }
                failSometimes(critical, 12);
            } finally {
                alive--;
            }
        }

        private void failSometimes(boolean critical, int outOf) {
            if (critical && run.oneIn(outOf)) {
                throw new IllegalStateException("child");
            }
        }
    }

    @Test
    void groups() {
        Interleavings.explore("groups", run -> groups(run, 1));
    }

    @Test
    void nestedGroups() {
        Interleavings.explore("nested groups", run -> groups(run, 2));
    }

    private static void groups(Run run, int depth) {
        Task<Void> parent =
                run.actor(
                        "parent",
                        () -> {
                            Throwable failure = feeling(run, () -> oneGroup(run, depth));
                            require(
                                    failure == null || failure.getMessage().equals("child"),
                                    "failure",
                                    failure);
                        });
        cancelSome(run, List.of(parent), 2);
    }

    private static void oneGroup(Run run, int depth) {
        Children children = new Children(run);
        Throwable[] inner = new Throwable[1];
        boolean[] begun = {false};
        try {
            group(g -> {
                begun[0] = true;
                for (int i = 0; i < 2; i++) {
                    children.start(g);
                }
                run.pause();
                if (depth > 1) {
                    try {
                        oneGroup(run, depth - 1);
                    } catch (RuntimeException e) {
                        if (run.random().nextBoolean()) {
                            inner[0] = e;
                            throw e;
                        }
                    }
                }
                run.pause();
            });
            require(children.failures.isEmpty() && inner[0] == null, "a failure was lost");
        } catch (CancelledError e) {
            require(children.failures.isEmpty() && inner[0] == null, "it was not the failure");
            throw e;
        } catch (RuntimeException e) {
            requireThrown(e, children.failures, inner[0]);
            throw e;
        } finally {
            requireEqual(children.alive, 0, "children alive after the group");
        }
    }

    private static void requireThrown(Throwable thrown, List<Throwable> failures, Throwable body) {
        List<Throwable> expected = new ArrayList<>(failures);
        if (body != null) {
            expected.add(body);
        }
        List<Throwable> all = new ArrayList<>(List.of(thrown.getSuppressed()));
        all.add(thrown);
        require(expected.contains(thrown), "failure of nobody", thrown);
        // An inner group's failure has that group's others as suppressed.
        require(expected.containsAll(all) || body != null, "failures of nobody", all);
        require(all.containsAll(expected), "lost failures", expected);
        if (body == null) {
            require(thrown == failures.getFirst(), "it was not the first", thrown);
        }
    }

    // ---- deadlines

    @Test
    void deadlines() {
        Interleavings.explore("deadlines", ScopeInterleavingsTest::deadlines);
    }

    private static void deadlines(Run run) {
        List<Deadline> open = new ArrayList<>();
        Task<Void> task =
                run.actor(
                        "task",
                        () -> {
                            Throwable failure = feeling(run, () -> level(run, open, 3));
                            require(failure == null, "failure", failure);
                            require(open.isEmpty(), "open deadlines");
                        });
        run.actor(
                "mover",
                () -> {
                    for (int i = 0; i < 2; i++) {
                        run.suspend();
                        if (!open.isEmpty()) {
                            move(run, open.get(run.random().nextInt(open.size())));
                        }
                    }
                });
        cancelSome(run, List.of(task), 3);
    }

    private static void move(Run run, Deadline deadline) {
        boolean late = deadline.isExpired();
        try {
            switch (run.random().nextInt(4)) {
                case 0 -> deadline.disable();
                case 1 -> deadline.reschedule(Duration.ZERO);
                default -> deadline.reschedule(run.someTime());
            }
            require(!late, "a deadline moved that has passed");
        } catch (IllegalStateException e) {
            require(late, "a deadline did not move that has not passed");
        }
    }

    private static void level(Run run, List<Deadline> open, int depth) {
        Deadline[] mine = new Deadline[1];
        try {
            timeout(
                    run.oneIn(8) ? Duration.ZERO : run.someTime(),
                    deadline -> {
                        mine[0] = deadline;
                        open.add(deadline);
                        try {
                            work(run, open);
                            if (depth > 1) {
                                level(run, open, depth - 1);
                            }
                            work(run, open);
                        } catch (CancelledError e) {
                            cleanUpAfter(run, e);
                        } finally {
                            open.removeLast();
                        }
                    });
            require(!mine[0].isExpired(), "a passed deadline that said nothing");
        } catch (DeadlineExceededException e) {
            require(mine[0].isExpired(), "a deadline that has not passed");
        } catch (CancelledError e) {
            require(
                    run.requests(Task.current()) > 0 || open.stream().anyMatch(Deadline::isExpired),
                    "cancelled by nobody: the deadline took its own request for another's");
            throw e;
        }
    }

    private static void cleanUpAfter(Run run, CancelledError e) {
        try {
            run.pause();
        } catch (CancelledError another) {
            e.addSuppressed(another); // a request that came during the clean-up
        }
        throw e;
    }

    /** Suspends; that must not end normally where somebody has asked for an end. */
    private static void work(Run run, List<Deadline> open) {
        run.suspend();
        require(open.stream().noneMatch(Deadline::isExpired), "a passed deadline was not felt");
        require(run.requests(Task.current()) == 0, "a cancellation was not felt");
    }

    @Test
    void waitingWithALimit() {
        Interleavings.explore("waitFor", ScopeInterleavingsTest::waitingWithALimit);
    }

    private static void waitingWithALimit(Run run) {
        boolean stubborn = run.oneIn(3);
        boolean[] ran = {false, false};
        Task<Integer> inner =
                async(() -> {
                    try {
                        run.pause();
                        ran[0] = true;
                        run.pause();
                        return 1;
                    } catch (CancelledError e) {
                        run.pause();
                        if (stubborn) {
                            return 2;
                        }
                        throw e;
                    } finally {
                        ran[1] = true;
                    }
                });
        Task<Void> waiter =
                run.actor(
                        "waiter",
                        () -> {
                            Throwable failure =
                                    feeling(
                                            run,
                                            () -> {
                                                run.pause();
                                                int result =
                                                        waitFor(
                                                                inner,
                                                                run.oneIn(4)
                                                                        ? Duration.ZERO
                                                                        : run.someTime());
                                                requireEqual(inner.resultNow(), result, "result");
                                            });
                            require(
                                    failure == null
                                            || failure instanceof DeadlineExceededException
                                            || failure instanceof CancellationException,
                                    "failure",
                                    failure);
                            if (failure instanceof DeadlineExceededException) {
                                require(inner.isDone(), "the task goes on after its limit");
                            }
                        });
        cancelSome(run, List.of(inner), 6);
        cancelSome(run, List.of(waiter), 3);
    }

    @Test
    void groupsUnderDeadlines() {
        Interleavings.explore(
                "groups under deadlines", ScopeInterleavingsTest::groupsUnderDeadlines);
    }

    private static void groupsUnderDeadlines(Run run) {
        Task<Void> task =
                run.actor(
                        "task",
                        () ->
                                feeling(
                                        run,
                                        () -> {
                                            Deadline[] deadline = new Deadline[2];
                                            try {
                                                timeout(
                                                        run.someTime(),
                                                        outer -> {
                                                            deadline[0] = outer;
                                                            groupUnderDeadline(run, deadline);
                                                            run.suspend();
                                                            require(!outer.isExpired(), "not felt");
                                                        });
                                            } catch (DeadlineExceededException e) {
                                                require(deadline[0].isExpired(), "outer");
                                            }
                                        }));
        cancelSome(run, List.of(task), 3);
    }

    private static void groupUnderDeadline(Run run, Deadline[] deadline) {
        try {
            timeout(
                    run.someTime(),
                    inner -> {
                        deadline[1] = inner;
                        oneGroup(run, 1);
                        run.suspend();
                        require(!inner.isExpired(), "the inner deadline was not felt");
                    });
        } catch (DeadlineExceededException e) {
            require(deadline[1].isExpired(), "inner");
        } catch (IllegalStateException e) {
            requireEqual(e.getMessage(), "child", "failure");
        }
    }

    // ---- clean-ups of cancelled tasks

    @Test
    void cleanUps() {
        Interleavings.explore("clean-ups", ScopeInterleavingsTest::cleanUps);
    }

    /** After a request was delivered, groups and deadlines of the clean-up keep to their own. */
    private static void cleanUps(Run run) {
        boolean[] cleanedUp = {false};
        run.actor(
                "cleaner",
                () -> {
                    Task.current().cancel();
                    try {
                        run.suspend();
                    } catch (CancelledError e) {
                        cleanUp(run);
                        run.suspend();
                    }
                    requireEqual(Task.current().cancelling(), 1, "count of requests");
                    cleanedUp[0] = true;
                });
        run.atEnd(() -> require(cleanedUp[0], "the clean-up was disturbed"));
    }

    private static void cleanUp(Run run) {
        try {
            timeout(
                    run.someTime(),
                    deadline -> {
                        try {
                            oneGroup(run, 1);
                        } catch (IllegalStateException e) {
                            requireEqual(e.getMessage(), "child", "failure");
                        }
                        run.suspend();
                        Task<Integer> stubborn = async(() -> stubborn(run));
                        run.pause();
                        await(stubborn);
                    });
        } catch (DeadlineExceededException e) {
            require(e.limit() != null, "limit");
        }
    }

    private static int stubborn(Run run) {
        try {
            Async.sleep(run.someTime());
            return 1;
        } catch (CancelledError e) {
            run.pause();
            return 2;
        }
    }

    // ---- shields

    @Test
    void shields() {
        Interleavings.explore("shields", ScopeInterleavingsTest::shields);
    }

    private static void shields(Run run) {
        run.expectUnhandled();
        Shields shields = new Shields(run);
        Task<Void> owner =
                run.actor(
                        "owner of a scope",
                        () -> {
                            Throwable failure = feeling(run, shields::inScope);
                            require(failure == null, "failure", failure);
                        });
        cancelSome(run, List.of(owner), 3);
        run.atEnd(shields::check);
    }

    /** Callers of shield in a scope that ends at some time. */
    private static final class Shields {
        final Run run;
        final Map<Throwable, Integer> failures = new IdentityHashMap<>();
        int calls;
        int finished;
        boolean ending;

        Shields(Run run) {
            this.run = run;
        }

        void inScope() {
            try {
                scope(s -> {
                    List<Task<Void>> callers = new ArrayList<>();
                    for (int i = 0; i < 2; i++) {
                        callers.add(s.async(this::caller));
                    }
                    cancelSome(run, callers, 2);
                    try {
                        run.pause();
                        run.pause();
                    } finally {
                        ending = true;
                    }
                    return null;
                });
            } finally {
                requireEqual(finished, calls, "finished bodies");
            }
        }

        void caller() {
            try {
                run.pause();
                call();
            } catch (CancelledError e) {
                require(ending || run.requests(Task.current()) > 0, "cancelled by nobody");
                if (run.oneIn(3)) {
                    call();
                }
                throw e;
            }
        }

        void call() {
            calls++;
            try {
                requireEqual(shield(this::body), 7, "result");
            } catch (IllegalStateException e) {
                failures.merge(e, 1, Integer::sum);
            }
        }

        int body() {
            run.pause();
            run.pause();
            finished++;
            if (run.oneIn(3)) {
                IllegalStateException failure = new IllegalStateException("shielded");
                failures.put(failure, 0);
                throw failure;
            }
            return 7;
        }

        void check() {
            for (UnhandledFailure unhandled : run.unhandled) {
                requireEqual(unhandled.failure().getMessage(), "shielded", "failure");
                failures.merge(unhandled.failure(), 1, Integer::sum);
            }
            failures.forEach(
                    (failure, times) -> requireEqual(times, 1, "how often a failure was told"));
        }
    }

    // ---- scopes

    @Test
    void scopes() {
        Interleavings.explore("scopes", ScopeInterleavingsTest::scopes);
    }

    private static void scopes(Run run) {
        int[] alive = {0};
        Task<Void> owner =
                run.actor(
                        "owner",
                        () -> {
                            Throwable failure =
                                    feeling(run, () -> oneScope(run, alive, run.oneIn(3)));
                            require(
                                    failure == null || failure.getMessage().equals("body"),
                                    "failure",
                                    failure);
                        });
        cancelSome(run, List.of(owner), 2);
    }

    private static void oneScope(Run run, int[] alive, boolean fails) {
        int[] budget = {5};
        Handle[] callback = new Handle[1];
        try {
            scope(s -> {
                callback[0] = Loop.current().callSoon(() -> startOne(run, s, alive, budget));
                startOne(run, s, alive, budget);
                startOne(run, s, alive, budget);
                run.pause();
                if (fails) {
                    throw new IllegalStateException("body");
                }
                return null;
            });
            require(!fails, "the body's failure was lost");
        } finally {
            callback[0].cancel(); // it comes too late to start a task
            requireEqual(alive[0], 0, "tasks alive after the scope");
        }
    }

    private static void startOne(Run run, Scope s, int[] alive, int[] budget) {
        budget[0]--;
        Action body =
                () -> {
                    alive[0]++;
                    try {
                        run.suspend();
                        if (budget[0] > 0 && run.oneIn(2)) {
                            startOne(run, s, alive, budget);
                        }
                        run.suspend();
                    } catch (CancelledError e) {
                        if (budget[0] > 0 && run.oneIn(2)) {
                            startOne(run, s, alive, budget); // while the scope ends
                        }
                        cleanUpAfter(run, e);
                    } finally {
                        alive[0]--;
                    }
                };
        if (run.random().nextBoolean()) {
            s.async(body);
        } else {
            async(body);
        }
    }
}
