package dev.weft;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Trap 4: no wake-up is lost, wherever in the sleep protocol sleeper and producer meet. */
class SleepProtocolTest {
    /** 10 million in the long form; a round trip to a sleeping loop costs 0.1 ms, hence bursts. */
    private static final int SUBMISSIONS = Boolean.getBoolean("weft.long") ? 10_000_000 : 200_000;

    private static final int PRODUCERS = 2;

    static Stream<LoopOptions> loops() {
        return TestedTransports.all()
                .filter(t -> t.unavailableBecause() == null)
                .flatMap(t ->
                        Stream.of(SchedulerMode.LOOP, SchedulerMode.PORTABLE)
                                .filter(m -> m.unavailableBecause() == null)
                                .map(m ->
                                        LoopOptions.defaults()
                                                .transport(t)
                                                .scheduler(m)
                                                .name("sleepy")));
    }

    /**
     * What stands for one probe: pauses at random steps, of a length from a spin to a real
     * preemption.
     */
    private static final class Pauses implements SleepProbe {
        private final AtomicLong state = new AtomicLong(System.nanoTime());

        @Override
        public void at(Step step) {
            long x = state.getAndAdd(0x9E3779B97F4A7C15L);
            x = (x ^ (x >>> 30)) * 0xBF58476D1CE4E5B9L;
            int dice = (int) (x >>> 40) & 0xff;
            if (dice < 4) {
                LockSupport.parkNanos(20_000); // bare carrier or platform thread: really parks
            } else if (dice < 24) {
                for (int i = 0; i < dice * 20; i++) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("loops")
    void burstsAroundFallingAsleepLoseNoWakeUp(LoopOptions options) throws InterruptedException {
        // The parameters share the submissions.
        int each = SUBMISSIONS / (int) loops().count() / PRODUCERS;
        try (Loop loop = Loop.open(options.probe(new Pauses()))) {
            AtomicInteger ran = new AtomicInteger();
            CountDownLatch done = new CountDownLatch(PRODUCERS);
            List<Thread> threads = new ArrayList<>();
            for (int p = 0; p < PRODUCERS; p++) {
                int producer = p;
                threads.add(
                        Thread.ofPlatform()
                                .daemon()
                                .start(() -> produce(loop, producer, each, ran, done)));
            }
            boolean ended =
                    done.await(Boolean.getBoolean("weft.long") ? 1800 : 120, TimeUnit.SECONDS);
            assertThat(ended).as("a wake-up was lost after " + ran + " on " + loop).isTrue();
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(ran).hasValue(PRODUCERS * each);
        }
    }

    /**
     * Bursts of 1 to 32; then waits for the last, so that the loop falls asleep again and again.
     */
    private static void produce(
            Loop loop, int producer, int each, AtomicInteger ran, CountDownLatch done) {
        int sent = 0;
        for (int burst = producer; sent < each; burst++) {
            int n = Math.min(1 + burst * 7 % 32, each - sent);
            CountDownLatch all = new CountDownLatch(n);
            for (int i = 0; i < n; i++) {
                if ((i & 1) == 0) {
                    loop.callSoon(() -> {
                        ran.incrementAndGet();
                        all.countDown();
                    });
                } else {
                    loop.submit(() -> {
                        ran.incrementAndGet();
                        all.countDown();
                    });
                }
            }
            sent += n;
            try {
                if (!all.await(60, TimeUnit.SECONDS)) {
                    return; // the latch of the test stays up
                }
            } catch (InterruptedException e) {
                return;
            }
        }
        done.countDown();
    }

    @ParameterizedTest
    @MethodSource("loops")
    void aPromiseCompletedByAForeignThreadWakesItsTaskEachTime(LoopOptions options)
            throws InterruptedException {
        int rounds = 2_000;
        try (Loop loop = Loop.open(options.probe(new Pauses()))) {
            Promises queue = new Promises();
            Thread completer = Thread.ofPlatform().daemon().start(() -> queue.completeAll(rounds));
            Future<Integer> sum =
                    loop.submit(() -> {
                        int total = 0;
                        for (int i = 0; i < rounds; i++) {
                            Promise<Integer> promise = Promise.create();
                            queue.put(promise);
                            total += Async.await(promise);
                        }
                        return total;
                    });
            assertThat(sum).succeedsWithin(Duration.ofSeconds(60)).isEqualTo(rounds);
            completer.join();
        }
    }

    private static final class Promises {
        private final java.util.concurrent.BlockingQueue<Promise<Integer>> queue =
                new java.util.concurrent.LinkedBlockingQueue<>();

        void put(Promise<Integer> promise) {
            queue.add(promise);
        }

        void completeAll(int n) {
            try {
                for (int i = 0; i < n; i++) {
                    queue.take().complete(1);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("loops")
    void aTimerSetByAForeignThreadWhileTheLoopSleepsFires(LoopOptions options)
            throws InterruptedException {
        try (Loop loop = Loop.open(options)) {
            for (int i = 0; i < 50; i++) {
                CountDownLatch fired = new CountDownLatch(2);
                loop.callLater(Duration.ofMillis(3), fired::countDown);
                loop.callLater(Duration.ofMillis(1), fired::countDown);
                assertThat(fired.await(30, TimeUnit.SECONDS)).as("timers of round " + i).isTrue();
            }
        }
    }

    @Test
    @Tag("loop-mode")
    void anIdleLoopUsesNoProcessorTime() throws InterruptedException {
        if (SchedulerMode.LOOP.unavailableBecause() != null) {
            return;
        }
        try (Loop loop = Loop.open(LoopOptions.defaults().name("idle-loop"))) {
            assertThat(loop.submit(() -> 1)).succeedsWithin(Duration.ofSeconds(10));
            Thread carrier =
                    Thread.getAllStackTraces().keySet().stream()
                            .filter(t -> t.getName().equals("idle-loop"))
                            .findFirst()
                            .orElseThrow();
            var threads = java.lang.management.ManagementFactory.getThreadMXBean();
            long before = threads.getThreadCpuTime(carrier.threadId());
            new CountDownLatch(1).await(300, TimeUnit.MILLISECONDS);
            assertThat(threads.getThreadCpuTime(carrier.threadId()) - before)
                    .as("nanoseconds of a loop that has nothing to do")
                    .isLessThan(20_000_000L);
        }
    }
}
