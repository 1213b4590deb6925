package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.netty.NettyBridge;
import dev.weft.testkit.AsyncTest;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

/**
 * Trap 5: a wait under a static initialiser holds the loop, which survives it, and the watch names
 * the frame.
 */
class PinnedTest {
    static final class SlowToInitialise {
        static final int VALUE;

        static {
            CountDownLatch latch = new CountDownLatch(1);
            Thread.ofPlatform().start(latch::countDown);
            try {
                latch.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            VALUE = 42;
        }

        private SlowToInitialise() {}
    }

    private static void completeLater(Promise<Integer> promise) {
        Thread.ofPlatform().start(() -> promise.complete(43));
    }

    static final class AwaitsWhileInitialising {
        static final int VALUE;

        static {
            Promise<Integer> promise = Promise.create();
            completeLater(promise); // not by a lambda of this class: that would need it initialised
            VALUE = await(promise);
        }

        private AwaitsWhileInitialising() {}
    }

    @AsyncTest
    void aBlockingWaitInAStaticInitialiserEnds() {
        Task<Integer> task = async(() -> SlowToInitialise.VALUE);
        Task<String> other = async(() -> "other");
        assertThat(await(task)).isEqualTo(42);
        assertThat(await(other)).isEqualTo("other");
    }

    @AsyncTest
    void anAwaitInAStaticInitialiserEndsWhenItDoesNotNeedThisLoop() {
        Task<Integer> task = async(() -> AwaitsWhileInitialising.VALUE);
        assertThat(await(task)).isEqualTo(43);
        yieldNow();
    }

    static final class HoldsTheLoop {
        static final int VALUE;

        static {
            try {
                Thread.sleep(400);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            VALUE = 44;
        }

        private HoldsTheLoop() {}
    }

    @Test
    void theWatchNamesTheInitialiserThatPins() {
        if (SchedulerMode.LOOP.unavailableBecause() != null) {
            return;
        }
        String log =
                errorsOf(() ->
                        Async.run(
                                LoopOptions.defaults().scheduler(SchedulerMode.LOOP).debug(true),
                                () -> HoldsTheLoop.VALUE));
        assertThat(log)
                .contains(
                        "has been held for",
                        "static initialiser of " + HoldsTheLoop.class.getName(),
                        "pins");
    }

    @Test
    void debugModeReportsAnAwaitUnderAMonitorOnceForEachPlace() {
        if (SchedulerMode.LOOP.unavailableBecause() != null) {
            return; // found by what loop mode needs too
        }
        for (SchedulerMode mode :
                new SchedulerMode[] {SchedulerMode.LOOP, SchedulerMode.PORTABLE}) {
            String log =
                    errorsOf(() ->
                            Async.run(
                                    LoopOptions.defaults().scheduler(mode).debug(true),
                                    () -> {
                                        for (int i = 0; i < 3; i++) {
                                            if (mode == SchedulerMode.LOOP) {
                                                awaitUnderAMonitor();
                                            } else {
                                                awaitUnderAnotherMonitor();
                                            }
                                        }
                                        await(async(() -> 1));
                                    }));
            assertThat(log.split("holds a monitor", -1)).hasSize(2);
            assertThat(log).contains("Monitor(PinnedTest.java");
        }
    }

    private static void awaitUnderAMonitor() {
        synchronized (new Object()) {
            await(async(() -> 1));
        }
    }

    private static synchronized void awaitUnderAnotherMonitor() {
        await(async(() -> 1));
    }

    @Test
    void theWatchReportsWhatHoldsTheLoopForLongerThanTheOptionSays() {
        LoopOptions options = LoopOptions.defaults().debug(true).slowSegment(Duration.ofMillis(1));
        String log = errorsOf(() -> Async.run(options, () -> spin(60)));
        assertThat(log).contains("has been held for");
        log = errorsOf(() -> Async.run(options.slowSegment(Duration.ofHours(1)), () -> spin(200)));
        assertThat(log).doesNotContain("has been held for");
    }

    private static void spin(long millis) {
        long end = System.nanoTime() + millis * 1_000_000;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    @Test
    void theWatchShowsTheStackOfATaskThatHoldsTheLoop() {
        for (SchedulerMode mode :
                new SchedulerMode[] {SchedulerMode.LOOP, SchedulerMode.PORTABLE}) {
            if (mode.unavailableBecause() != null) {
                continue;
            }
            String log =
                    errorsOf(() ->
                            Async.run(
                                    LoopOptions.defaults().scheduler(mode).debug(true),
                                    PinnedTest::burnsTheProcessor));
            assertThat(log).contains("has been held for", "burnsTheProcessor");
        }
    }

    private static int burnsTheProcessor() {
        long end = System.nanoTime() + 400_000_000L;
        int n = 0;
        while (System.nanoTime() < end) {
            n++;
        }
        return n;
    }

    @Test
    void theWatchReportsAnEventLoopThatWaitsForALockAndNoneThatIsIdle() {
        if (SchedulerMode.LOOP.unavailableBecause() != null) {
            return;
        }
        String log =
                errorsOf(() ->
                        Async.run(
                                LoopOptions.defaults().scheduler(SchedulerMode.LOOP).debug(true),
                                () -> {
                                    Async.sleep(Duration.ofMillis(300)); // idle
                                    ReentrantLock lock = new ReentrantLock();
                                    lock.lock();
                                    try {
                                        NettyBridge.eventLoopGroup(Loop.current())
                                                .next()
                                                .execute(() -> lockedBriefly(lock));
                                        Thread.sleep(400);
                                    } finally {
                                        lock.unlock();
                                    }
                                }));
        assertThat(log).contains("has been suspended for", "ReentrantLock", "lockedBriefly");
        assertThat(log).doesNotContain("has been held");
    }

    private static void lockedBriefly(ReentrantLock lock) {
        lock.lock();
        lock.unlock();
    }

    @Test
    void anEventLoopThatSomebodyShutsDownDoesNotTakeTheTasksWithIt() {
        for (SchedulerMode mode :
                new SchedulerMode[] {SchedulerMode.LOOP, SchedulerMode.PORTABLE}) {
            if (mode.unavailableBecause() != null) {
                continue;
            }
            try (Loop loop = Loop.open(LoopOptions.defaults().scheduler(mode))) {
                NettyBridge.eventLoopGroup(loop)
                        .next()
                        .shutdownGracefully(0, 0, TimeUnit.SECONDS)
                        .awaitUninterruptibly();
                Task<String> task =
                        loop.submit(() -> {
                            for (int i = 0; i < 100; i++) {
                                Promise<Integer> promise = Promise.create();
                                Loop.current().callSoon(() -> promise.complete(1));
                                await(promise);
                            }
                            return Loop.current().name();
                        });
                assertThat(task).succeedsWithin(Duration.ofSeconds(20)).isEqualTo(loop.name());
            }
        }
    }

    /** What slf4j-simple wrote to standard error meanwhile. */
    private static String errorsOf(Runnable body) {
        PrintStream before = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            body.run();
        } finally {
            System.setErr(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
