package dev.weft.http;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Async;
import dev.weft.CancelledError;
import dev.weft.Loop;
import dev.weft.SchedulerMode;
import dev.weft.Task;
import dev.weft.net.ConnectFailedException;
import dev.weft.net.StreamClosedException;
import dev.weft.net.TimedOutException;
import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Seeded runs of calls that acquire, hold, give back, break, time out and are cancelled at any
 * moment, against a pool whose connections are made up: the limits hold at each moment, nobody
 * overtakes, nobody waits while there is room, and in the end the counts are right. {@code
 * -Dweft.seed=N} runs one seed alone.
 */
class PoolInterleavingsTest {
    private static final int RUNS = Boolean.getBoolean("weft.long") ? 200_000 : 10_000;
    private static final Duration FOR_EVER = Duration.ofDays(1);

    @AsyncTest(virtual = true)
    void oneCallAtATimeOnAConnection() {
        explore(HttpVersion.HTTP_1_1, false);
    }

    @AsyncTest(virtual = true)
    void manyCallsOnAConnection() {
        explore(HttpVersion.HTTP_2, false);
    }

    @AsyncTest(virtual = true)
    void theServerChoosesAndTheClientCloses() {
        explore(null, true);
    }

    private static void explore(@Nullable HttpVersion version, boolean closing) {
        Long only = Long.getLong("weft.seed");
        int runs = Loop.current().scheduler() == SchedulerMode.LOOP ? RUNS : RUNS / 10;
        long first = only == null ? 1 : only;
        long last = only == null ? runs : only;
        for (long seed = first; seed <= last; seed++) {
            try {
                new Run(seed, version, closing).run();
            } catch (Throwable e) {
                throw new AssertionError("failed with -Dweft.seed=" + seed + ": " + e, e);
            }
        }
    }

    /** A connection that is none. */
    private static final class Fake implements Pool.Carrier {
        private final Run run;
        private final Pool.Place place;
        private final HttpVersion version;
        private boolean open = true;

        /** Calls that are under way, and how many there may be. */
        private int carried;

        private int most = 1;

        Fake(Run run, Pool.Place place, HttpVersion version) {
            this.run = run;
            this.place = place;
            this.version = version;
        }

        @Override
        public HttpVersion version() {
            return version;
        }

        @Override
        public void leaveSoon() {
            assertThat(carried).as("calls on a connection that leaves").isZero();
            closeSoon();
        }

        @Override
        public void abort(String why) {
            assertThat(run.closed).isTrue();
            closeSoon();
        }

        /** As the event loop does it: later. */
        private void closeSoon() {
            if (open) {
                open = false;
                run.open.remove(this);
                Loop.current().callSoon(place::closed);
            }
        }

        void close() {
            if (open) {
                open = false;
                run.open.remove(this);
                place.closed();
            }
        }
    }

    /** A call's place in the line as it should be. */
    private static final class Ticket {
        private boolean mayBeOvertaken;
    }

    private static final class Run implements Pool.Dialling {
        private final Random random;
        private final @Nullable HttpVersion version;
        private final boolean closing;
        private final HttpOptions options;
        private final Pool pool;
        private final List<Origin> origins = new ArrayList<>();
        private final Set<Fake> open = new HashSet<>();
        private final Map<Origin, LinkedHashSet<Ticket>> lines = new HashMap<>();
        private final Map<Task<?>, Ticket> waiting = new HashMap<>();
        private final List<Task<@Nullable Void>> workers = new ArrayList<>();
        private boolean closed;
        private int dialling;
        private int served;

        Run(long seed, @Nullable HttpVersion version, boolean closing) {
            random = new Random(seed * 0x9E3779B97F4A7C15L);
            this.version = version;
            this.closing = closing;
            options =
                    HttpOptions.defaults()
                            .versions(
                                    version == null
                                            ? HttpVersion.values()
                                            : new HttpVersion[] {version})
                            .maxConnectionsPerOrigin(1 + random.nextInt(3))
                            .maxConnections(1 + random.nextInt(4))
                            .idleTimeout(Duration.ofNanos(1 + random.nextInt(20)));
            pool = new Pool(Loop.current(), options, this);
            for (int i = 0; i <= random.nextInt(3); i++) {
                origins.add(new Origin(true, "host" + i, 443, null));
            }
        }

        void run() {
            for (int i = 0; i < 6; i++) {
                String name = "worker " + i;
                workers.add(async(name, () -> work(name)));
            }
            for (int i = random.nextInt(12); i > 0; i--) {
                pause();
                cancel(workers.get(random.nextInt(workers.size())));
                checkLimits();
            }
            if (closing && random.nextInt(3) == 0) {
                closed = true;
                pool.close();
            }
            for (Task<@Nullable Void> worker : workers) {
                try {
                    await(worker);
                } catch (CancellationException e) {
                    assertThat(worker.isCancelled()).isTrue();
                }
            }
            assertThat(pool.active()).as("calls that have a place").isZero();
            assertThat(pool.size()).as("connections").isEqualTo(open.size());
            Async.sleep(Duration.ofNanos(100)); // all that is idle has been closed
            assertThat(open).isEmpty();
            assertThat(pool.size()).isZero();
        }

        private void cancel(Task<?> worker) {
            worker.cancel();
            Ticket ticket = waiting.get(worker);
            if (ticket != null) {
                ticket.mayBeOvertaken = true;
            }
        }

        /** With one connection at most, that carries one call, calls return in their order. */
        private void checkOrder(Origin origin, Ticket mine) {
            if (version == HttpVersion.HTTP_1_1 && options.maxConnectionsPerOrigin() == 1) {
                for (Ticket before : lines.getOrDefault(origin, new LinkedHashSet<>())) {
                    if (before == mine) {
                        return;
                    }
                    assertThat(before.mayBeOvertaken).as("overtaken").isTrue();
                }
            }
        }

        private void pause() {
            switch (random.nextInt(4)) {
                case 0 -> {}
                case 1 -> Async.yieldNow();
                default -> Async.sleep(Duration.ofNanos(1 + random.nextInt(6)));
            }
        }

        private void checkLimits() {
            int connections = open.size() + dialling;
            assertThat(connections).isLessThanOrEqualTo(options.maxConnections());
            for (Origin origin : origins) {
                long own = open.stream().filter(f -> f.place.origin() == origin).count();
                assertThat(own).isLessThanOrEqualTo(options.maxConnectionsPerOrigin());
            }
            for (Fake fake : open) {
                assertThat(fake.carried).isBetween(0, fake.most);
            }
        }

        private void work(String name) {
            for (int i = 0; i < 4; i++) {
                pause();
                try {
                    call(name, origins.get(random.nextInt(origins.size())));
                } catch (TimedOutException | ConnectFailedException e) {
                    served++;
                } catch (StreamClosedException e) {
                    assertThat(closed).isTrue();
                    return;
                } catch (CancelledError e) {
                    if (random.nextBoolean()) {
                        throw e;
                    }
                    while (Task.current().cancelling() > 0) {
                        Task.current().uncancel();
                    }
                }
            }
        }

        private void call(String name, Origin origin) {
            boolean fresh = random.nextInt(8) == 0;
            boolean limited = random.nextInt(6) == 0;
            Duration limit = limited ? Duration.ofNanos(1 + random.nextInt(12)) : FOR_EVER;
            LinkedHashSet<Ticket> line = lines.computeIfAbsent(origin, o -> new LinkedHashSet<>());
            Ticket ticket = new Ticket();
            ticket.mayBeOvertaken = fresh || limited;
            line.add(ticket);
            waiting.put(Task.current(), ticket);
            Pool.Place place;
            try {
                place =
                        pool.acquire(
                                origin,
                                now -> name,
                                fresh,
                                new Pool.Patience(limit, () -> tooLate(origin, limit)));
                checkOrder(origin, ticket);
            } finally {
                line.remove(ticket);
                waiting.remove(Task.current());
            }
            Fake fake = (Fake) place.connection();
            fake.carried++;
            served++;
            try {
                checkLimits();
                pause();
            } catch (CancelledError e) {
                if (version != HttpVersion.HTTP_2) {
                    fake.close();
                }
                throw e;
            } finally {
                fake.carried--;
                if (random.nextInt(6) == 0) {
                    fake.close();
                }
                if (fake.version == HttpVersion.HTTP_2 && random.nextInt(4) == 0 && fake.open) {
                    place.capacity(random.nextInt(4));
                    place.capacity(1 + random.nextInt(3));
                }
                place.finished();
            }
        }

        private RuntimeException tooLate(Origin origin, Duration limit) {
            assertThat(limit).as("somebody waits for ever").isNotEqualTo(FOR_EVER);
            return pool.tooLate(origin, limit);
        }

        @Override
        public Pool.Carrier dial(Origin origin, Pool.Place place, Pool.Holder holder) {
            dialling++;
            try {
                checkLimits();
                pause();
                if (random.nextInt(6) == 0) {
                    throw new ConnectFailedException(
                            "no luck", origin.host(), origin.port(), new IOException("no luck"));
                }
            } finally {
                dialling--;
            }
            HttpVersion spoken =
                    version != null
                            ? version
                            : origin.host().endsWith("1")
                                    ? HttpVersion.HTTP_2
                                    : HttpVersion.HTTP_1_1;
            Fake fake = new Fake(this, place, spoken);
            open.add(fake);
            if (spoken == HttpVersion.HTTP_2) {
                fake.most = 3;
                place.capacity(3);
            }
            if (random.nextInt(10) == 0) {
                fake.close(); // at the same moment
            }
            return fake;
        }
    }
}
