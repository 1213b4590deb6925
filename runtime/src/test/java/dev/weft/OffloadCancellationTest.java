package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.offload;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import dev.weft.testkit.Threads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Cancelling a task whose body runs, or is to run, on another thread. */
class OffloadCancellationTest {
    /** A thread for one body after the other, in the hands of the test. */
    private static final class Hands implements Executor {
        final List<Runnable> given = new ArrayList<>();

        @Override
        public void execute(Runnable work) {
            given.add(work);
        }
    }

    private static void isCancelled(Task<?> task) {
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(task.isCancelled()).isTrue();
        clockIsFree();
    }

    /** What ended may hold the clock a moment longer than its caller. */
    static void clockIsFree() {
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (Loop.current().offloaded() > 0 && System.nanoTime() < limit) {
            Thread.onSpinWait();
        }
        assertThat(Loop.current().offloaded()).as("bodies that hold the clock").isZero();
    }

    // ---- before it starts

    @AsyncTest
    void aTaskThatIsBeingCancelledStartsNothing() {
        Hands hands = new Hands();
        Task<Integer> task =
                async(() -> {
                    Task.current().cancel();
                    return offload(hands, () -> 1);
                });
        isCancelled(task);
        assertThat(hands.given).isEmpty();
    }

    @AsyncTest
    void aBodyThatNoThreadHasTakenNeverRunsAndTheCallerIsCancelledAtOnce() {
        Hands hands = new Hands();
        AtomicBoolean ran = new AtomicBoolean();
        Task<Void> task = async(() -> offload(hands, () -> ran.set(true)));
        yieldNow();
        assertThat(Loop.current().offloaded()).isOne();
        task.cancel();
        isCancelled(task);
        hands.given.getFirst().run();
        assertThat(ran).isFalse();
    }

    @AsyncTest
    void theLoopsOwnQueueForgetsItAndTheOthersKeepTheirOrder() {
        OffloadPool pool = new OffloadPool("test-pool-", 1, 10, OffloadPool.KEEP_ALIVE_NANOS);
        CountDownLatch busy = new CountDownLatch(1);
        List<Integer> order = new ArrayList<>();
        Task<Void> first = async(() -> offload(pool, () -> busy.await()));
        List<Task<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int n = i;
            tasks.add(
                    async(() -> {
                        offload(pool, () -> {});
                        order.add(n);
                    }));
        }
        yieldNow();
        assertThat(pool.queued()).isEqualTo(4);
        tasks.get(1).cancel();
        isCancelledButOthersGoOn(tasks.get(1));
        assertThat(pool.queued()).isEqualTo(3);
        busy.countDown();
        await(first);
        await(tasks.get(0));
        await(tasks.get(2));
        await(tasks.get(3));
        assertThat(order).containsExactly(0, 2, 3);
    }

    private static void isCancelledButOthersGoOn(Task<?> task) {
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
    }

    // ---- while it runs

    @AsyncTest
    void theBodyIsInterruptedAndTheCallerIsCancelledWhenItHasEnded() {
        CountDownLatch started = new CountDownLatch(1);
        Promise<String> began = Promise.create();
        AtomicBoolean cleanedUp = new AtomicBoolean();
        Task<Void> task =
                async(() ->
                        offload(() -> {
                            began.complete("began");
                            try {
                                started.await();
                            } finally {
                                cleanedUp.set(true);
                            }
                        }));
        await(began);
        task.cancel();
        isCancelled(task);
        assertThat(cleanedUp).isTrue();
        assertThat(offload(() -> Thread.currentThread().isInterrupted())).isFalse();
    }

    @AsyncTest
    void theFlagIsClearedWhateverTheExecutorDoesNext() {
        Promise<String> began = Promise.create();
        Promise<Boolean> flag = Promise.create();
        Executor careless =
                work ->
                        Thread.ofPlatform()
                                .start(() -> {
                                    work.run();
                                    flag.complete(Thread.currentThread().isInterrupted());
                                });
        Task<Void> task =
                async(() ->
                        offload(
                                careless,
                                () -> {
                                    began.complete("began");
                                    while (!Thread.currentThread().isInterrupted()) {
                                        Thread.onSpinWait();
                                    }
                                }));
        await(began);
        task.cancel();
        isCancelled(task);
        assertThat(await(flag)).isFalse();
    }

    @AsyncTest
    void aResultThatComesAfterTheCancellationIsLost() {
        Promise<String> began = Promise.create();
        AtomicBoolean flag = new AtomicBoolean();
        Task<Integer> task =
                async(() ->
                        offload(() -> {
                            began.complete("began");
                            while (!Thread.currentThread().isInterrupted()) {
                                Thread.onSpinWait();
                            }
                            return 1; // with the interrupt flag set
                        }));
        await(began);
        task.cancel();
        isCancelled(task);
        flag.set(offload(() -> Thread.currentThread().isInterrupted()));
        assertThat(flag).as("the flag has leaked into the next body").isFalse();
    }

    @AsyncTest(unhandled = true)
    void aFailureOtherThanFromTheInterruptIsReported() {
        List<UnhandledFailure> unhandled = OffloadTest.collectUnhandled();
        Promise<String> began = Promise.create();
        IllegalStateException failure = new IllegalStateException("could not roll back");
        Task<Void> task =
                async(
                        "saver",
                        () ->
                                offload(() -> {
                                    began.complete("began");
                                    try {
                                        new CountDownLatch(1).await();
                                    } catch (InterruptedException e) {
                                        throw failure;
                                    }
                                }));
        await(began);
        task.cancel();
        isCancelled(task);
        assertThat(unhandled)
                .singleElement()
                .satisfies(u -> {
                    assertThat(u.failure()).isSameAs(failure);
                    assertThat(u.message()).contains("saver");
                    assertThat(u.task()).isEqualTo("saver");
                });
    }

    @AsyncTest
    void aFailureThatWrapsTheInterruptIsNotReported() {
        Promise<String> began = Promise.create();
        Task<Void> task =
                async(() ->
                        offload(() -> {
                            began.complete("began");
                            try {
                                new CountDownLatch(1).await();
                            } catch (InterruptedException e) {
                                throw new IllegalStateException("wrapped", e);
                            }
                        }));
        await(began);
        task.cancel();
        isCancelled(task); // and @AsyncTest fails on unhandled failures
    }

    @AsyncTest(unhandled = true)
    void aFailureThatCameJustBeforeTheCancellationIsReported() {
        List<UnhandledFailure> unhandled = OffloadTest.collectUnhandled();
        Hands hands = new Hands();
        IllegalStateException failure = new IllegalStateException("x");
        Task<Void> task =
                async(() ->
                        offload(
                                hands,
                                () -> {
                                    throw failure;
                                }));
        yieldNow();
        hands.given.getFirst().run(); // its caller is ready, and is cancelled before it goes on
        task.cancel();
        isCancelled(task);
        assertThat(unhandled)
                .singleElement()
                .extracting(UnhandledFailure::failure)
                .isSameAs(failure);
    }

    @AsyncTest
    void cancellingAgainInterruptsAgain() {
        Promise<String> began = Promise.create();
        Promise<String> interruptedOnce = Promise.create();
        Task<Void> task =
                async(() ->
                        offload(() -> {
                            began.complete("began");
                            try {
                                new CountDownLatch(1).await();
                            } catch (InterruptedException e) {
                                interruptedOnce.complete("and swallowed it");
                            }
                            new CountDownLatch(1).await();
                        }));
        await(began);
        task.cancel();
        await(interruptedOnce);
        yieldNow();
        assertThat(task.isDone()).isFalse();
        task.cancel();
        isCancelled(task);
    }

    @AsyncTest
    void whatAnOverrideOfInterruptThrowsDoesNotDisturbTheCanceller() throws Exception {
        List<UnhandledFailure> unhandled = OffloadTest.collectUnhandled();
        Promise<String> began = Promise.create();
        CountDownLatch end = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        Executor own =
                work -> {
                    Thread thread =
                            new Thread(work) {
                                @Override
                                public void interrupt() {
                                    throw new IllegalStateException("no interrupts please");
                                }
                            };
                    threads.add(thread);
                    thread.start();
                };
        Task<Void> task =
                async(() ->
                        offload(
                                own,
                                () -> {
                                    began.complete("began");
                                    end.await();
                                }));
        await(began);
        task.cancel();
        yieldNow();
        assertThat(unhandled).hasSize(1);
        end.countDown();
        isCancelled(task);
        threads.getFirst().join();
    }

    // ---- the grace

    static Stream<LoopOptions> modes() {
        return LoopTest.modes();
    }

    private static final class Stuck implements Action {
        final CountDownLatch began = new CountDownLatch(1);
        final CountDownLatch release = new CountDownLatch(1);
        final CountDownLatch ended = new CountDownLatch(1);
        final RuntimeException failure = new IllegalStateException("late failure");

        @Override
        public void run() {
            began.countDown();
            ignoreInterruptsUntil(release);
            ended.countDown();
            throw failure;
        }

        static void ignoreInterruptsUntil(CountDownLatch latch) {
            for (; ; ) {
                try {
                    latch.await();
                    return;
                } catch (InterruptedException e) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    @Timeout(60)
    void runDoesNotHangOnABodyThatIgnoresTheInterruptAndReportsItWithItsStack(LoopOptions base)
            throws Exception {
        LoopOptions options = base.name("grace").offloadGrace(Duration.ofMillis(30));
        ConcurrentLinkedQueue<UnhandledFailure> unhandled = new ConcurrentLinkedQueue<>();
        CountDownLatch reportedLate = new CountDownLatch(2);
        Stuck stuck = new Stuck();
        Async.run(
                options,
                () -> {
                    Loop loop = Loop.current();
                    loop.onUnhandled(u -> {
                        unhandled.add(u);
                        reportedLate.countDown();
                    });
                    Task<Void> task = async("stubborn", () -> offload(stuck));
                    offload(Offload.cpu(), () -> stuck.began.await());
                    task.cancel();
                    isCancelled(task);
                });
        assertThat(unhandled)
                .singleElement()
                .satisfies(u -> {
                    assertThat(u.message())
                            .contains("stubborn", "still runs in grace-offload-1", "interrupted");
                    assertThat(u.failure().getStackTrace())
                            .anyMatch(f -> f.getMethodName().equals("ignoreInterruptsUntil"));
                    assertThat(u.task()).isEqualTo("stubborn");
                });
        List<Thread> left = Threads.alive("grace-offload");
        assertThat(left).singleElement().matches(Thread::isDaemon);
        stuck.release.countDown();
        stuck.ended.await();
        reportedLate.await(); // what it throws in the end is not lost either, its loop being closed
        assertThat(unhandled).last().extracting(UnhandledFailure::failure).isSameAs(stuck.failure);
        left.getFirst().join();
    }

    @ParameterizedTest
    @MethodSource("modes")
    @Timeout(60)
    void withoutAGraceTheCallerGoesAtOnce(LoopOptions base) throws Exception {
        Stuck stuck = new Stuck();
        AtomicInteger reports = new AtomicInteger();
        Async.run(
                base.name("no-grace").offloadGrace(Duration.ZERO),
                () -> {
                    Loop.current().onUnhandled(u -> reports.incrementAndGet());
                    Task<Void> task = async(() -> offload(stuck));
                    offload(Offload.cpu(), () -> stuck.began.await());
                    task.cancel();
                    yieldNow();
                    assertThat(task.isDone()).isTrue();
                    isCancelled(task);
                });
        assertThat(reports).hasValue(1);
        List<Thread> left = Threads.alive("no-grace");
        stuck.release.countDown();
        left.getFirst().join();
    }

    @ParameterizedTest
    @MethodSource("modes")
    @Timeout(60)
    void theEndOfRunCancelsWhatIsOffloaded(LoopOptions options) {
        AtomicBoolean interrupted = new AtomicBoolean();
        Async.run(
                options,
                () -> {
                    Promise<String> began = Promise.create();
                    async(() ->
                            offload(() -> {
                                began.complete("began");
                                try {
                                    new CountDownLatch(1).await();
                                } catch (InterruptedException e) {
                                    interrupted.set(true);
                                }
                            }));
                    await(began);
                });
        assertThat(interrupted).isTrue();
    }

    // ---- at random

    /** Bodies that end by themselves, and cancellations, as they come: who was hit, and by what. */
    @AsyncTest(seconds = 60)
    void interruptsHitTheirOwnBodyOrNobody() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        AtomicInteger leaked = new AtomicInteger();
        AtomicInteger unasked = new AtomicInteger();
        for (int i = 0; i < 3_000; i++) {
            AtomicBoolean cancelled = new AtomicBoolean();
            int spins = random.nextInt(2_000);
            Task<Void> task =
                    async(() ->
                            offload(() -> {
                                if (Thread.interrupted() && !cancelled.get()) {
                                    leaked.incrementAndGet();
                                }
                                for (int n = 0; n < spins; n++) {
                                    if (Thread.currentThread().isInterrupted()
                                            && !cancelled.get()) {
                                        unasked.incrementAndGet();
                                    }
                                }
                            }));
            yieldNow();
            for (int n = random.nextInt(3); n > 0; n--) {
                yieldNow();
            }
            if (random.nextInt(4) > 0) {
                cancelled.set(true);
                task.cancel();
            }
            if (random.nextBoolean()) {
                try {
                    await(task);
                } catch (CancellationException e) {
                    assertThat(cancelled).as("seed " + seed).isTrue();
                }
            }
        }
        yieldNow();
        clockIsFree();
        assertThat(leaked).as("seed " + seed).hasValue(0);
        assertThat(unasked).as("seed " + seed).hasValue(0);
    }
}
