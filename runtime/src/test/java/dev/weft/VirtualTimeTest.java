package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The seams for tests: a virtual clock, a seeded run queue, a loop without transport. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VirtualTimeTest {
    static Stream<SchedulerMode> modes() {
        return Stream.of(SchedulerMode.LOOP, SchedulerMode.PORTABLE)
                .filter(m -> m.unavailableBecause() == null);
    }

    private static LoopOptions virtual(SchedulerMode mode) {
        return LoopOptions.defaults().scheduler(mode).clock(LoopClock.virtual());
    }

    private static Duration hours(int n) {
        return Duration.ofHours(n);
    }

    @ParameterizedTest
    @MethodSource("modes")
    void timeJumpsToTheNextTimerWhenAllIsIdle(SchedulerMode mode) {
        List<String> log = new ArrayList<>();
        Async.run(
                virtual(mode),
                () -> {
                    Loop loop = Loop.current();
                    Duration start = loop.time();
                    Task<Void> late = async(() -> note(log, "late", loop, start, 3));
                    Task<Void> early = async(() -> note(log, "early", loop, start, 1));
                    loop.callLater(hours(2), () -> log.add("callback " + passed(loop, start)));
                    await(late);
                    await(early);
                    sleep(hours(100_000));
                    log.add("end " + passed(loop, start));
                });
        assertThat(log).containsExactly("early 1", "callback 2", "late 3", "end 100003");
    }

    private static void note(List<String> log, String what, Loop loop, Duration start, int hours) {
        sleep(hours(hours));
        log.add(what + " " + passed(loop, start));
    }

    private static long passed(Loop loop, Duration start) {
        return loop.time().minus(start).toHours();
    }

    @ParameterizedTest
    @MethodSource("modes")
    void timeStandsStillWhileAnythingRuns(SchedulerMode mode) {
        Async.run(
                virtual(mode),
                () -> {
                    Loop loop = Loop.current();
                    Duration start = loop.time();
                    Task<Void> sleeper = async(() -> sleep(Duration.ofNanos(1)));
                    for (int i = 0; i < 1000; i++) {
                        yieldNow();
                    }
                    assertThat(loop.time()).isEqualTo(start);
                    await(sleeper);
                    assertThat(loop.time()).isEqualTo(start.plusNanos(1));
                });
    }

    @ParameterizedTest
    @MethodSource("modes")
    void workElsewhereHoldsTheClock(SchedulerMode mode) {
        CountDownLatch slept = new CountDownLatch(1);
        Async.run(
                virtual(mode),
                () -> {
                    Loop loop = Loop.current();
                    Task<Void> sleeper =
                            async(() -> {
                                sleep(hours(1));
                                slept.countDown();
                            });
                    Promise<Boolean> result = Promise.create();
                    loop.offloadStarted();
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    boolean early = slept.await(50, TimeUnit.MILLISECONDS);
                                    result.complete(early);
                                } catch (InterruptedException e) {
                                    result.fail(e);
                                }
                                loop.offloadEnded();
                            });
                    assertThat(await(result)).as("time went on").isFalse();
                    await(sleeper);
                });
    }

    @ParameterizedTest
    @MethodSource("modes")
    void aForeignThreadWakesAnIdleVirtualLoop(SchedulerMode mode) throws Exception {
        try (Loop loop = Loop.open(virtual(mode))) {
            for (int i = 0; i < 200; i++) {
                int n = i;
                assertThat(loop.submit(() -> n).get()).isEqualTo(i);
                loop.submit(() -> sleep(hours(1))).get();
            }
            assertThat(loop.time()).isEqualTo(hours(200));
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void aLoopWithoutTransportKeepsRealTime(SchedulerMode mode) throws Exception {
        LoopOptions options = LoopOptions.defaults().scheduler(mode).transport(Transport.NONE);
        try (Loop loop = Loop.open(options)) {
            long start = System.nanoTime();
            loop.run(() -> sleep(Duration.ofMillis(20)));
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(20_000_000);
            for (int i = 0; i < 200; i++) {
                int n = i;
                assertThat(loop.submit(() -> n).get()).isEqualTo(i);
            }
        }
    }

    private static List<Integer> order(SchedulerMode mode, long seed) {
        List<Integer> log = new ArrayList<>();
        Async.run(
                virtual(mode).seed(seed),
                () -> {
                    List<Task<Void>> tasks = new ArrayList<>();
                    for (int i = 0; i < 20; i++) {
                        int n = i;
                        tasks.add(
                                async(() -> {
                                    log.add(n);
                                    yieldNow();
                                    log.add(100 + n);
                                    sleep(Duration.ofMillis(n % 3));
                                    log.add(200 + n);
                                }));
                        Loop.current().callSoon(() -> log.add(300 + n));
                    }
                    for (Task<Void> task : tasks) {
                        await(task);
                    }
                });
        return log;
    }

    @ParameterizedTest
    @MethodSource("modes")
    void theSameSeedGivesTheSameOrderAndOthersOthers(SchedulerMode mode) {
        Set<List<Integer>> orders = new HashSet<>();
        for (long seed = 0; seed < 20; seed++) {
            List<Integer> order = order(mode, seed);
            assertThat(order).hasSize(80).doesNotHaveDuplicates();
            for (int again = 0; again < 3; again++) {
                assertThat(order(mode, seed)).as("seed %d", seed).isEqualTo(order);
            }
            orders.add(order);
        }
        assertThat(orders).hasSize(20);
    }

    @ParameterizedTest
    @MethodSource("modes")
    void aVirtualClockServesOneLoopWithoutTransport(SchedulerMode mode) {
        LoopOptions options = virtual(mode);
        try (Loop loop = Loop.open(options)) {
            assertThat(loop.transport()).isEqualTo(Transport.NONE);
            assertThatThrownBy(() -> Loop.open(options))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("belongs to another loop");
        }
        assertThatThrownBy(() -> Loop.open(virtual(mode).transport(Transport.NIO)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("leave the transport AUTO");
    }
}
