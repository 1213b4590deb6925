package dev.weft;

import static dev.weft.Interleavings.require;
import static dev.weft.Interleavings.requireEqual;

import dev.weft.Interleavings.Run;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Locks and their relatives in thousands of orders, their waiters cancelled, timed out and served
 * at random: no permit and no wake-up is lost, nobody overtakes, nobody waits for ever.
 */
@Tag("loop-mode") // here it explores both modes; without the flag it would explore one of them
// again
class LockInterleavingsTest {
    /** After everything that a run does by itself. */
    private static final Duration LATE = Duration.ofMillis(1);

    @Test
    void locks() {
        Interleavings.explore("locks", LockInterleavingsTest::locks);
    }

    private static void locks(Run run) {
        Lock lock = Lock.create();
        Waiters waiters = new Waiters(run, 1, 1);
        int[] inside = {0};
        for (int i = 0; i < 4; i++) {
            waiters.actor(
                    3,
                    () -> {
                        if (run.oneIn(6)) {
                            if (!lock.tryAcquire()) {
                                return;
                            }
                        } else {
                            waiters.inLine(lock::acquire);
                        }
                        try {
                            requireEqual(++inside[0], 1, "holders");
                            run.pause();
                        } finally {
                            inside[0]--;
                            lock.release();
                        }
                    });
        }
        waiters.cancelSome(4);
        run.atEnd(() -> {
            require(!lock.isLocked(), "nobody holds the lock, which is locked");
            require(!lock.toString().contains("waiters"), "nobody waits", lock);
        });
    }

    @Test
    void semaphores() {
        Interleavings.explore("semaphores", LockInterleavingsTest::semaphores);
    }

    private static void semaphores(Run run) {
        int permits = 1 + run.random().nextInt(2);
        BoundedSemaphore semaphore = BoundedSemaphore.create(permits);
        Waiters waiters = new Waiters(run, permits, 1);
        int[] inside = {0};
        for (int i = 0; i < 5; i++) {
            waiters.actor(
                    2,
                    () -> {
                        waiters.inLine(semaphore::acquire);
                        try {
                            require(++inside[0] <= permits, "holders", inside[0], permits);
                            run.pause();
                        } finally {
                            inside[0]--;
                            semaphore.release();
                        }
                    });
        }
        waiters.cancelSome(4);
        run.atEnd(() -> {
            requireEqual(semaphore.availablePermits(), permits, "permits");
            require(!semaphore.isLocked(), "it is locked", semaphore);
        });
    }

    @Test
    void events() {
        Interleavings.explore("events", LockInterleavingsTest::events);
    }

    private static void events(Run run) {
        Event event = Event.create();
        Waiters waiters = new Waiters(run, Integer.MAX_VALUE, Integer.MAX_VALUE);
        Set<Object> waiting = new HashSet<>();
        for (int i = 0; i < 4; i++) {
            waiters.actor(
                    2,
                    () -> {
                        Object self = new Object();
                        waiting.add(self);
                        try {
                            waiters.inLine(event::await);
                        } finally {
                            waiting.remove(self);
                        }
                    });
        }
        waiters.cancelSome(3);
        run.actor(
                "setter",
                () -> {
                    for (int i = 0; i < 3; i++) {
                        run.suspend();
                        Set<Object> before = new HashSet<>(waiting);
                        event.set();
                        if (run.random().nextBoolean()) {
                            event.clear();
                        }
                        Async.sleep(Duration.ofNanos(1)); // whoever was woken has run by then
                        before.retainAll(waiting);
                        require(before.isEmpty(), "was woken and still waits", before);
                        event.clear();
                    }
                    Async.sleep(LATE);
                    event.set();
                });
        run.atEnd(() -> require(event.isSet() && waiting.isEmpty(), "waiters", waiting));
    }

    /** What the actors of a condition share. */
    private static final class Tokens {
        int tokens;
        int consumers;
        boolean stop;
    }

    @Test
    void conditions() {
        Interleavings.explore("conditions", LockInterleavingsTest::conditions);
    }

    private static void conditions(Run run) {
        Condition condition = Condition.create();
        Tokens shared = new Tokens();
        Waiters waiters = new Waiters(run, Integer.MAX_VALUE, Integer.MAX_VALUE);
        for (int i = 0; i < 3; i++) {
            waiters.actor(2, () -> condition.with(() -> consume(run, waiters, condition, shared)));
            waiters.actor(
                    2,
                    () ->
                            condition.with(() -> {
                                shared.tokens++;
                                condition.signal(); // one for each: a lost one shows
                                run.pause();
                            }));
        }
        waiters.cancelSome(5);
        run.actor(
                "stopper",
                () -> {
                    Async.sleep(LATE);
                    require(
                            shared.tokens <= 0 || shared.consumers == 0,
                            "a token lies there, and somebody waits for it",
                            condition);
                    shared.stop = true;
                    condition.with(condition::signalAll);
                });
        run.atEnd(() -> require(!condition.lock().isLocked(), "it is locked", condition));
    }

    private static void consume(Run run, Waiters waiters, Condition condition, Tokens shared)
            throws Exception {
        shared.consumers++;
        try {
            waiters.inLine(() -> condition.awaitUntil(() -> shared.tokens > 0 || shared.stop));
            shared.tokens -= shared.stop ? 0 : 1;
        } finally {
            shared.consumers--;
            require(condition.lock().isLocked(), "it has the lock, whatever happened");
            require(!condition.lock().tryAcquire(), "it has the lock, whatever happened");
        }
        run.pause();
    }

    @Test
    void barriers() {
        Interleavings.explore("barriers", LockInterleavingsTest::barriers);
    }

    private static void barriers(Run run) {
        int parties = 2 + run.random().nextInt(2);
        Barrier barrier = Barrier.create(parties);
        Waiters waiters = new Waiters(run, Integer.MAX_VALUE, Integer.MAX_VALUE);
        Set<Integer> numbers = new HashSet<>();
        boolean[] stop = {false};
        boolean[] reset = {false};
        int[] inside = {0};
        for (int i = 0; i < 5; i++) {
            waiters.actor(
                    2,
                    () -> {
                        try {
                            waiters.inLine(() -> arrive(barrier, inside, numbers));
                        } catch (BrokenBarrierException e) {
                            require(stop[0] || reset[0], "broken by nobody", barrier);
                        }
                    });
        }
        waiters.cancelSome(3);
        run.actor(
                "resetter",
                () -> {
                    if (run.oneIn(3)) {
                        run.suspend();
                        reset[0] = true;
                        barrier.reset();
                    }
                });
        run.actor(
                "stopper",
                () -> {
                    Async.sleep(LATE);
                    require(barrier.waiting() < parties, "all are there, and wait", barrier);
                    requireEqual(inside[0], barrier.waiting(), "those who wait");
                    stop[0] = true;
                    barrier.abort();
                });
        run.atEnd(() -> {
            barrier.reset();
            requireEqual(barrier.waiting(), 0, "waiters");
        });
    }

    private static void arrive(Barrier barrier, int[] inside, Set<Integer> numbers) {
        int parties = barrier.parties();
        inside[0]++;
        try {
            int number = barrier.await();
            if (number == parties - 1) {
                require(inside[0] >= parties, "too few arrived", inside[0]);
                numbers.clear(); // the last to arrive is the first to go on
            }
            require(number >= 0 && number < parties, "number", number);
            require(numbers.add(number), "a number for two", number);
        } finally {
            inside[0]--;
        }
    }

    /** Actors that wait in line, are cancelled and timed out, and go on. */
    static final class Waiters {
        private final Run run;
        private final int served;
        private final int mayBarge;
        private final List<Task<Void>> actors = new ArrayList<>();
        private final List<Place> line = new ArrayList<>();

        /** A place in the line as it should be. */
        private static final class Place {
            final Task<?> task = Task.current();
            final int requests;
            Deadline deadline;

            Place(Run run) {
                requests = run.requests(task);
            }

            boolean isGivenUp(Run run) {
                return run.requests(task) > requests || deadline != null && deadline.isExpired();
            }
        }

        /**
         * For something that is given first come, first served.
         *
         * @param served when one is served, fewer than so many others may seem to wait: they were
         *     served too, and have not run since
         * @param mayBarge the same for one who need not wait
         */
        Waiters(Run run, int served, int mayBarge) {
            this.run = run;
            this.served = served;
            this.mayBarge = mayBarge;
        }

        /** Starts an actor that does something several times, however often it is cancelled. */
        void actor(int times, Action step) {
            actors.add(
                    run.actor(
                            "waiter-" + actors.size(),
                            () -> {
                                for (int i = 0; i < times; i++) {
                                    once(step);
                                }
                            }));
        }

        private void once(Action step) throws Exception {
            try {
                run.pause();
                step.run();
            } catch (DeadlineExceededException e) {
                require(e.limit() != null, "its own deadline");
            } catch (CancelledError e) {
                if (run.oneIn(6)) {
                    throw e;
                }
                for (int left = 1; left > 0; ) {
                    left = Task.current().uncancel();
                }
            }
        }

        /** Waits in line, perhaps for a limited time. */
        void inLine(Action wait) throws Exception {
            Place place = new Place(run);
            line.add(place);
            Scheduler scheduler = Loop.current().scheduler;
            long segments = scheduler.segments();
            try {
                if (run.oneIn(3)) {
                    Async.timeout(
                            run.someTime(),
                            deadline -> {
                                place.deadline = deadline;
                                wait.run();
                            });
                } else {
                    wait.run();
                }
                int before = 0;
                for (Place other : line.subList(0, line.indexOf(place))) {
                    before += other.isGivenUp(run) ? 0 : 1;
                }
                boolean atOnce = scheduler.segments() == segments;
                require(before < (atOnce ? mayBarge : served), "overtook so many in line", before);
            } finally {
                line.remove(place);
            }
        }

        /** Starts an actor that cancels some of the others. */
        void cancelSome(int times) {
            run.actor(
                    "canceller",
                    () -> {
                        for (int i = 0; i < times; i++) {
                            run.suspend();
                            run.cancel(actors.get(run.random().nextInt(actors.size())));
                        }
                    });
        }
    }
}
