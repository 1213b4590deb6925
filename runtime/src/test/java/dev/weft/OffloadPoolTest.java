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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The threads behind {@code offload}: how many, which, until when. */
@Timeout(60)
class OffloadPoolTest {
    static Stream<LoopOptions> modes() {
        return LoopTest.modes();
    }

    @Test
    void thereAreNoMoreThreadsThanAllowedAndNoneBeforeTheyAreNeeded() throws Exception {
        OffloadPool pool = new OffloadPool("test-limited-", 3, 100, OffloadPool.KEEP_ALIVE_NANOS);
        assertThat(pool.threads()).isZero();
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch started = new CountDownLatch(3);
        CountDownLatch ended = new CountDownLatch(20);
        Set<String> names = ConcurrentHashMap.newKeySet();
        for (int i = 0; i < 20; i++) {
            pool.execute(() -> {
                names.add(Thread.currentThread().getName());
                started.countDown();
                awaitLatch(release);
                ended.countDown();
            });
        }
        started.await();
        assertThat(pool.threads()).isEqualTo(3);
        assertThat(pool.queued()).isEqualTo(17);
        release.countDown();
        ended.await();
        assertThat(names)
                .containsExactlyInAnyOrder("test-limited-1", "test-limited-2", "test-limited-3");
        close(pool);
        Threads.failIfAlive("test-limited-");
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void close(OffloadPool pool) throws InterruptedException {
        pool.close(
                System.nanoTime() + TimeUnit.SECONDS.toNanos(30),
                new OffloadPool.Leftover() {
                    @Override
                    public void running(Runnable work, Thread thread) {
                        throw new AssertionError(work + " is left");
                    }

                    @Override
                    public void dropped(Runnable work) {
                        throw new AssertionError(work + " was dropped");
                    }
                });
    }

    @Test
    void anIdleThreadWorksAgainAndEndsWhenIdleForLong() throws Exception {
        OffloadPool pool = new OffloadPool("test-idle-", 5, 0, TimeUnit.MILLISECONDS.toNanos(20));
        AtomicReference<Thread> first = new AtomicReference<>();
        CountDownLatch ran = new CountDownLatch(1);
        pool.execute(() -> {
            first.set(Thread.currentThread());
            ran.countDown();
        });
        ran.await();
        first.get().join();
        assertThat(pool.threads()).isZero();
        CountDownLatch again = new CountDownLatch(1);
        pool.execute(again::countDown);
        again.await();
        close(pool);
        Threads.failIfAlive("test-idle-");
    }

    @AsyncTest
    void oneBodyAfterTheOtherNeedsOneThread() {
        OffloadPool pool = (OffloadPool) Loop.current().defaultExecutor();
        for (int i = 0; i < 1_000; i++) {
            offload(() -> {}); // its caller may be back before the thread has gone to rest
        }
        assertThat(pool.threads()).isOne();
    }

    @Test
    void theThreadThatBecameIdleLastWorksNext() throws Exception {
        OffloadPool pool = new OffloadPool("test-lifo-", 3, 0, OffloadPool.KEEP_ALIVE_NANOS);
        List<CountDownLatch> releases = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            CountDownLatch release = new CountDownLatch(1);
            CompletableFuture<Thread> thread = new CompletableFuture<>();
            pool.execute(() -> {
                thread.complete(Thread.currentThread());
                awaitLatch(release);
            });
            releases.add(release);
            threads.add(thread.get());
        }
        for (int i : new int[] {2, 0, 1}) {
            releases.get(i).countDown();
            while (threads.get(i).getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait(); // it rests for a limited time, and waits for the latch without
            }
        }
        CompletableFuture<Thread> next = new CompletableFuture<>();
        pool.execute(() -> next.complete(Thread.currentThread()));
        assertThat(next.get()).isSameAs(threads.get(1));
        close(pool);
    }

    @Test
    void bodiesThatWaitForEachOtherAllGetAThread() throws Exception {
        for (int round = 0; round < 200; round++) {
            OffloadPool pool = new OffloadPool("test-met-", 4, 100, OffloadPool.KEEP_ALIVE_NANOS);
            CountDownLatch all = new CountDownLatch(4);
            for (int i = 0; i < 4; i++) {
                pool.execute(() -> {
                    all.countDown();
                    awaitLatch(all);
                });
            }
            assertThat(all.await(20, TimeUnit.SECONDS)).as("round " + round).isTrue();
            close(pool);
        }
    }

    @AsyncTest
    void aBodyThatBlocksDoesNotHoldUpThoseBehindItWhileAThreadIsFree() {
        OffloadPool pool = new OffloadPool("test-free-", 2, 100, OffloadPool.KEEP_ALIVE_NANOS);
        for (int round = 0; round < 500; round++) {
            CountDownLatch release = new CountDownLatch(1);
            Task<Void> blocks = async(() -> offload(pool, () -> release.await()));
            Task<Void> releases = async(() -> offload(pool, release::countDown));
            await(releases);
            await(blocks);
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void whenAllThreadsAreBusyCallersWaitInOrderHoweverManyTheyAre(LoopOptions base) {
        LoopOptions options = base.offloadThreads(1).offloadQueue(2);
        List<Integer> order = new ArrayList<>();
        Async.run(
                options,
                () -> {
                    CountDownLatch release = new CountDownLatch(1);
                    List<Task<Void>> tasks = new ArrayList<>();
                    for (int i = 0; i < 10; i++) {
                        int n = i;
                        tasks.add(
                                async(() -> {
                                    offload(() -> release.await());
                                    order.add(n);
                                }));
                    }
                    yieldNow();
                    release.countDown();
                    tasks.forEach(Async::await);
                });
        assertThat(order).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    }

    @Test
    void executeRejectsWhatWouldWaitInAFullQueue() throws Exception {
        OffloadPool pool = new OffloadPool("test-full-", 1, 2, OffloadPool.KEEP_ALIVE_NANOS);
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger runs = new AtomicInteger();
        Runnable body =
                () -> {
                    awaitLatch(release);
                    runs.incrementAndGet();
                };
        for (int i = 0; i < 3; i++) {
            pool.execute(body); // the same object thrice
        }
        assertThatThrownBy(() -> pool.execute(body))
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessageContaining("all 1 threads are busy and 2 bodies wait")
                .hasMessageContaining("offload(…)");
        release.countDown();
        close(pool);
        assertThat(runs).hasValue(3);
        assertThatThrownBy(() -> pool.execute(body))
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void aFailureOfAPlainFunctionGoesToTheUncaughtHandlerAndTheThreadGoesOn() throws Exception {
        OffloadPool pool = new OffloadPool("test-uncaught-", 1, 10, OffloadPool.KEEP_ALIVE_NANOS);
        AtomicReference<Throwable> uncaught = new AtomicReference<>();
        AtomicReference<Thread> thread = new AtomicReference<>();
        pool.execute(() -> {
            thread.set(Thread.currentThread());
            Thread.currentThread().setUncaughtExceptionHandler((t, e) -> uncaught.set(e));
            throw new IllegalStateException("x");
        });
        AtomicReference<Thread> second = new AtomicReference<>();
        pool.execute(() -> second.set(Thread.currentThread()));
        close(pool);
        assertThat(uncaught.get()).hasMessage("x");
        assertThat(second.get()).isSameAs(thread.get());
    }

    // ---- closing the loop

    @ParameterizedTest
    @MethodSource("modes")
    void closingTheLoopLetsEndWhatItsExecutorWasGivenDirectly(LoopOptions base) throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger ended = new AtomicInteger();
        Loop loop = Loop.open(base.name("direct").offloadThreads(1));
        Executor executor = loop.defaultExecutor();
        for (int i = 0; i < 3; i++) {
            executor.execute(() -> {
                awaitLatch(release);
                ended.incrementAndGet();
            });
        }
        Thread closer = Thread.ofPlatform().start(loop::close);
        while (!loop.isClosed()) {
            Thread.onSpinWait();
        }
        release.countDown();
        closer.join();
        assertThat(ended).hasValue(3);
        Threads.failIfAlive("direct");
        assertThatThrownBy(() -> executor.execute(() -> {}))
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessageContaining("closed");
    }

    @ParameterizedTest
    @MethodSource("modes")
    void closingTheLoopInterruptsReportsAndLeavesBehindWhatDoesNotEnd(LoopOptions base)
            throws Exception {
        CountDownLatch began = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        AtomicReference<Throwable> interrupted = new AtomicReference<>();
        ConcurrentLinkedQueue<String> reports = new ConcurrentLinkedQueue<>();
        Loop loop =
                Loop.open(base.name("stuck").offloadThreads(1).offloadGrace(Duration.ofMillis(20)));
        loop.onUnhandled(u -> reports.add(u.message()));
        loop.defaultExecutor()
                .execute(() -> {
                    began.countDown();
                    try {
                        never.await();
                    } catch (InterruptedException e) {
                        interrupted.set(e);
                    }
                });
        loop.defaultExecutor().execute(() -> reports.add("it ran"));
        began.await();
        List<Thread> threads = Threads.alive("stuck-offload");
        loop.close();
        assertThat(reports).hasSize(2);
        assertThat(reports).anyMatch(r -> r.contains("never ran, as loop stuck has closed"));
        assertThat(reports).anyMatch(r -> r.contains("still runs in stuck-offload-1"));
        threads.getFirst().join();
        assertThat(interrupted.get()).isNotNull();
    }

    @ParameterizedTest
    @MethodSource("modes")
    void aTaskOfAnotherLoopThatWaitsInAClosedLoopsQueueIsToldSo(LoopOptions base) throws Exception {
        CountDownLatch began = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        LoopOptions options = base.offloadThreads(1).offloadGrace(Duration.ofMillis(20));
        try (Loop other = Loop.open(options.name("other"))) {
            Loop loop = Loop.open(options.name("closing"));
            loop.onUnhandled(u -> {});
            Executor executor = loop.defaultExecutor();
            executor.execute(() -> {
                began.countDown();
                awaitLatch(release);
            });
            began.await();
            CountDownLatch waits = new CountDownLatch(1);
            Task<Integer> waiting =
                    other.submit(() -> {
                        Loop.current().callSoon(waits::countDown);
                        return offload(executor, () -> 1);
                    });
            waits.await();
            loop.close();
            assertThatThrownBy(() -> other.run(() -> await(waiting)))
                    .isInstanceOf(RejectedExecutionException.class)
                    .hasMessageContaining("closed");
            release.countDown();
        }
    }

    @AsyncTest
    void theThreadsOfCpuAreDaemonsAsManyAsCores() {
        int cores = Runtime.getRuntime().availableProcessors();
        Set<String> names = ConcurrentHashMap.newKeySet();
        CountDownLatch all = new CountDownLatch(cores);
        List<Task<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < 3 * cores; i++) {
            tasks.add(
                    async(() ->
                            offload(
                                    Offload.cpu(),
                                    () -> {
                                        assertThat(Thread.currentThread().isDaemon()).isTrue();
                                        names.add(Thread.currentThread().getName());
                                        all.countDown();
                                        all.await();
                                    })));
        }
        tasks.forEach(Async::await);
        assertThat(names).hasSize(cores).allMatch(n -> n.startsWith("weft-cpu-"));
    }
}
