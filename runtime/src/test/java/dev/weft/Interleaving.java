package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedSet;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * One random interleaving: workers that pause for a random number of turns and are cancelled at
 * random moments. All that is random comes from the seed, and loops are FIFO, so a seed repeats its
 * run. A worker takes its cancellation as a time-out, and goes on; some die of it.
 */
final class Interleaving {
    private static final int MAX_TURNS = 10_000;

    private final RandomGenerator random;
    private final List<Task<Void>> workers = new ArrayList<>();
    private final Map<Task<?>, Ticket> waiting = new HashMap<>();
    private final SequencedSet<Ticket> line = new LinkedHashSet<>();

    /** Goes up whenever a worker has run. */
    private long progress;

    /** Something is wrong: no worker goes on after its cancellation, or none would ever end. */
    private boolean failed;

    /** A worker's place in the line as it should be. */
    private static final class Ticket {
        private boolean cancelled;
    }

    private Interleaving(long seed) {
        random = new Random(seed);
    }

    /** Runs a scenario with many seeds; {@code -Dweft.test.seed} gives the first one. */
    static void explore(Consumer<Interleaving> scenario) {
        String given = System.getProperty("weft.test.seed");
        long first = given != null ? Long.parseLong(given) : System.nanoTime();
        int rounds = Loop.current().scheduler() == SchedulerMode.LOOP ? 200 : 50;
        if (Boolean.getBoolean("weft.long")) {
            rounds *= 100;
        }
        for (long seed = first; seed < first + rounds; seed++) {
            Interleaving run = new Interleaving(seed);
            try {
                scenario.accept(run);
            } catch (Throwable e) {
                run.failed = true;
                String message = "repeat this with -Dweft.test.seed=" + seed;
                // Also at once: workers that can never end may keep the test from saying so.
                System.err.println(message + " " + e);
                throw new AssertionError(message, e);
            }
        }
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    /** Lets others run for some turns, or not. */
    void pause() {
        progress++;
        for (int turns = below(4); turns > 0; turns--) {
            yieldNow();
            progress++;
        }
    }

    /** Starts a worker that does something several times, however often it is cancelled. */
    void worker(int steps, Action step) {
        workers.add(
                async(() -> {
                    for (int i = 0; i < steps; i++) {
                        try {
                            pause();
                            step.run();
                        } catch (CancelledError e) {
                            if (failed || oneIn(10)) {
                                throw e;
                            }
                            while (Task.current().uncancel() > 0) {
                                assertThat(Task.current().cancelling()).isPositive();
                            }
                        }
                    }
                }));
    }

    /** Waits for something that is given in the order in which it was asked for. */
    void inLine(Action acquire) throws Exception {
        Ticket ticket = new Ticket();
        line.add(ticket);
        waiting.put(Task.current(), ticket);
        try {
            acquire.run();
            for (Ticket before : line) {
                if (before == ticket) {
                    break;
                }
                assertThat(before.cancelled).as("who came before was cancelled").isTrue();
            }
        } finally {
            waiting.remove(Task.current());
            line.remove(ticket);
        }
    }

    /** Cancels workers at random for some turns; in each, something must hold. */
    void disturb(Runnable invariant) {
        for (int turns = 20 + below(60); turns > 0; turns--) {
            yieldNow();
            invariant.run();
            for (int n = below(3); n > 0; n--) {
                Task<Void> worker = workers.get(below(workers.size()));
                if (worker.cancel()) {
                    Ticket ticket = waiting.get(worker);
                    if (ticket != null) {
                        ticket.cancelled = true;
                    }
                }
            }
        }
    }

    /** Lets all run until nobody can any more; those who wait then, wait. */
    void settle() {
        long before = -1;
        for (int quiet = 0, turns = 0; quiet < 8; turns++) {
            assertThat(turns).as("turns until it is quiet").isLessThan(MAX_TURNS);
            quiet = progress == before ? quiet + 1 : 0;
            before = progress;
            yieldNow();
        }
    }

    long unfinished() {
        return workers.stream().filter(worker -> !worker.isDone()).count();
    }

    /** Nobody waits for ever; and a worker's failure is the scenario's. */
    void end(Object primitive) {
        for (int turns = 0; unfinished() > 0; turns++) {
            if (turns == MAX_TURNS) {
                long left = unfinished();
                workers.forEach(Future::cancel);
                throw new AssertionError(left + " workers wait for ever for " + primitive);
            }
            yieldNow();
        }
        for (Task<Void> worker : workers) {
            try {
                await(worker);
            } catch (CancellationException e) {
                assertThat(worker.isCancelled()).isTrue();
            }
        }
    }
}
