package dev.weft;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Explores what may happen: runs a scenario thousands of times, each time with another seed, which
 * decides in which order ready tasks run and what the scenario's {@link Run#random} says. All runs
 * of a mode share one loop on a virtual clock, so that a run costs some tens of microseconds, and a
 * seed gives the same run whatever came before it.
 *
 * <p>A scenario starts actors, which are tasks, and leaves checks for when all of them have ended.
 * A run fails when an actor or a check fails, when a failure reached nobody, when a task is left,
 * and when somebody waits for ever: all is idle, and virtual time has passed every timer. The
 * failure names scenario, mode and seed; {@code -Dweft.seed=N} runs that seed alone.
 */
final class Interleavings {
    /** What is run again and again. */
    @FunctionalInterface
    interface Scenario {
        /** Starts the actors of one run. */
        void begin(Run run) throws Exception;
    }

    private static final boolean LONG = Boolean.getBoolean("weft.long");

    /**
     * How many runs a scenario gets in loop mode; portable mode, where a switch costs more, a
     * tenth.
     */
    static final int RUNS = LONG ? 500_000 : 10_000;

    /** Beyond every timer of a scenario, in virtual time. */
    private static final long FOR_EVER_DAYS = 365;

    /** How long a run may take in real time, on a machine that has other things to do. */
    private static final int PATIENCE_SECONDS = 30;

    private final String name;
    private final Scenario scenario;
    private final SchedulerMode mode;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile long seed;

    private Interleavings(String name, Scenario scenario, SchedulerMode mode) {
        this.name = name;
        this.scenario = scenario;
        this.mode = mode;
    }

    /** Runs a scenario as often as is usual, in each mode that there is. */
    static void explore(String name, Scenario scenario) {
        for (SchedulerMode mode : List.of(SchedulerMode.LOOP, SchedulerMode.PORTABLE)) {
            if (mode.unavailableBecause() == null) {
                Long only = Long.getLong("weft.seed");
                long first = only != null ? only : 1;
                long last = only != null ? only : mode == SchedulerMode.LOOP ? RUNS : RUNS / 10;
                explore(name, scenario, mode, first, last);
            }
        }
    }

    /** Runs a scenario in one mode with the seeds from the first to the last. */
    static void explore(String name, Scenario scenario, SchedulerMode mode, long first, long last) {
        new Interleavings(name, scenario, mode).run(first, last);
    }

    private void run(long first, long last) {
        seed = first;
        Thread.ofPlatform()
                .daemon()
                .name("explore-" + name.replace(' ', '-'))
                .start(() -> open(first, last));
        try {
            awaitProgress();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failure.compareAndSet(null, e);
        }
        Throwable e = failure.get();
        if (e != null) {
            throw new AssertionError(
                    "scenario '%s' failed in mode %s with seed %d (-Dweft.seed=%d runs it alone): %s"
                            .formatted(name, mode, seed, seed, e),
                    e);
        }
    }

    private void awaitProgress() throws InterruptedException {
        long seen = seed;
        for (int waited = 0; !ended.await(1, TimeUnit.SECONDS); waited++) {
            if (failure.get() != null) {
                // What hangs after a failure hangs because of it.
                boolean _ = ended.await(2, TimeUnit.SECONDS);
                return;
            }
            if (seed != seen) {
                seen = seed;
                waited = 0;
            } else if (waited >= PATIENCE_SECONDS) {
                failure.compareAndSet(null, new AssertionError("it does not come to rest"));
            }
        }
    }

    private void open(long first, long last) {
        LoopOptions options =
                LoopOptions.defaults()
                        .name("explore")
                        .scheduler(mode)
                        .clock(LoopClock.virtual())
                        .seed(first);
        try (Loop loop = Loop.open(options)) {
            loop.run(() -> {
                for (long s = first; s <= last && failure.get() == null; s++) {
                    seed = s;
                    once(loop);
                }
            });
        } catch (Throwable e) {
            failure.compareAndSet(null, e);
        } finally {
            ended.countDown();
        }
    }

    private void once(Loop loop) {
        Async.sleep(Duration.ofNanos(1)); // all is idle then, and so each run begins alike
        loop.scheduler.queue.reshuffle(seed);
        Run run = new Run(seed);
        loop.onUnhandled(run.unhandled::add);
        Async.scope(scope -> {
            try {
                run.scope = scope;
                Task<Void> beginning = run.actor("beginning", () -> scenario.begin(run));
                run.awaitActors();
                beginning.resultNow();
                run.check();
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
            }
            return null;
        });
        int left = loop.statistics().tasks() - 1;
        if (left != 0 || Task.current().cancelling() != 0) {
            failure.compareAndSet(null, new AssertionError(left + " tasks are left"));
        }
        if (!run.unhandled.isEmpty() && !run.expectsUnhandled) {
            UnhandledFailure first = run.unhandled.getFirst();
            failure.compareAndSet(null, new AssertionError(first.message(), first.failure()));
        }
    }

    /** A function that may throw. */
    @FunctionalInterface
    interface Check {
        /** Throws if something is not as it has to be. */
        void run() throws Exception;
    }

    /** One run of a scenario. Used by its actors, which run one at a time. */
    static final class Run {
        private final Random random;
        private final List<TaskImpl<?>> actors = new ArrayList<>();
        private final Map<Task<?>, Integer> requests = new HashMap<>();
        private final List<Check> checks = new ArrayList<>();
        private Scope scope;
        private boolean expectsUnhandled;

        /** What reached nobody. */
        final List<UnhandledFailure> unhandled = new ArrayList<>();

        private Run(long seed) {
            random = new Random(seed * 0x9E3779B97F4A7C15L);
        }

        /** The run's source of chance. */
        Random random() {
            return random;
        }

        /** Whether something happens that happens once in {@code n} times. */
        boolean oneIn(int n) {
            return random.nextInt(n) == 0;
        }

        /** Starts an actor. It may be cancelled; if it fails, so does the run. */
        Task<Void> actor(String actorName, Action body) {
            ScopeImpl owner = (ScopeImpl) scope;
            TaskImpl<Void> task = owner.start(actorName, Async.body(body));
            actors.add(task);
            return task;
        }

        /** Calls a function when all actors have ended. */
        void atEnd(Check check) {
            checks.add(check);
        }

        /** Lets failures reach nobody, which the scenario checks itself. */
        void expectUnhandled() {
            expectsUnhandled = true;
        }

        /** Suspends for no time, or for a few nanoseconds, or goes on. */
        void pause() {
            switch (random.nextInt(4)) {
                case 0 -> {}
                case 1 -> Async.yieldNow();
                default -> Async.sleep(someTime());
            }
        }

        /** Suspends in any case. */
        void suspend() {
            if (random.nextBoolean()) {
                Async.yieldNow();
            } else {
                Async.sleep(someTime());
            }
        }

        /** A time so short that others end in the middle of it, at it and after it. */
        Duration someTime() {
            return Duration.ofNanos(1 + random.nextInt(6));
        }

        /** Cancels a task, and counts that if it was not too late. */
        boolean cancel(Task<?> task) {
            boolean asked = task.cancel("by an actor");
            if (asked) {
                requests.merge(task, 1, Integer::sum);
            }
            return asked;
        }

        /** How often a task was cancelled by {@link #cancel}. */
        int requests(Task<?> task) {
            return requests.getOrDefault(task, 0);
        }

        private void awaitActors() throws Exception {
            for (int i = 0; i < actors.size(); i++) { // actors start actors
                TaskImpl<?> actor = actors.get(i);
                try {
                    actor.get(FOR_EVER_DAYS, TimeUnit.DAYS);
                } catch (TimeoutException e) {
                    throw new AssertionError("waiting for ever: " + waiting());
                } catch (CancellationException e) {
                    continue; // which is an end too
                } catch (ExecutionException e) {
                    throw new AssertionError(actor.name() + " failed: " + e.getCause(), e);
                }
            }
        }

        private List<String> waiting() {
            return actors.stream().filter(a -> !a.isDone()).map(TaskImpl::situation).toList();
        }

        private void check() throws Exception {
            for (Check check : checks) {
                check.run();
            }
        }
    }

    /** Fails unless something holds. */
    static void require(boolean holds, String what, Object... values) {
        if (!holds) {
            throw new AssertionError(what + " " + Arrays.toString(values));
        }
    }

    /** Fails unless two values are equal. */
    static void requireEqual(Object actual, Object expected, String what) {
        require(Objects.equals(actual, expected), what + ": expected, was", expected, actual);
    }
}
