package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** Trap 1: virtual threads that are started inside a task are not the loop's. */
class StrangersTest {
    @AsyncTest
    void aVirtualThreadStartedInATaskRunsOffTheLoop() throws InterruptedException {
        CountDownLatch ran = new CountDownLatch(1);
        AtomicReference<Object> seen = new AtomicReference<>("nothing");
        Thread.startVirtualThread(() -> {
            seen.set(Fiber.current());
            ran.countDown();
        });
        // Spins without a suspension point: a thread on the loop could not run now.
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (ran.getCount() > 0 && System.nanoTime() < limit) {
            Thread.onSpinWait();
        }
        assertThat(ran.getCount()).isZero();
        assertThat(seen.get()).isNull();
    }

    @AsyncTest
    void aVirtualThreadOfAVirtualThreadStartedInATaskRunsOffTheLoopToo() {
        AtomicReference<Object> seen = new AtomicReference<>("nothing");
        AtomicBoolean ran = new AtomicBoolean();
        Thread.startVirtualThread(() ->
                Thread.startVirtualThread(() -> {
                    seen.set(Fiber.current());
                    ran.set(true);
                }));
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!ran.get() && System.nanoTime() < limit) {
            Thread.onSpinWait();
        }
        assertThat(ran).isTrue();
        assertThat(seen.get()).isNull();
    }

    @AsyncTest
    void aVirtualThreadExecutorMadeInATaskWorksAndOutlivesIt() throws Exception {
        Task<ExecutorService> maker = async(() -> Executors.newVirtualThreadPerTaskExecutor());
        ExecutorService executor = await(maker);
        try {
            CompletableFuture<String> stage =
                    CompletableFuture.supplyAsync(
                            () -> {
                                try {
                                    Thread.sleep(10); // parks and comes back through the inherited
                                    // executor
                                } catch (InterruptedException e) {
                                    throw new IllegalStateException(e);
                                }
                                return "slept";
                            },
                            executor);
            assertThat(await(stage)).isEqualTo("slept");
        } finally {
            executor.shutdown();
            assertThat(executor.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @AsyncTest
    void aStrangerDoesNotKeepTheTaskThatStartedItReachable() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        AtomicReference<Thread> stranger = new AtomicReference<>();
        java.lang.ref.WeakReference<Object> result = startsAStranger(end, stranger);
        yieldNow();
        for (int i = 0; i < 50 && result.get() != null; i++) {
            System.gc();
            await(async(() -> 1)); // a worker of the JDK's may remember what it ran last
        }
        assertThat(result.get())
                .as("the result of an ended task whose child thread lives")
                .isNull();
        end.countDown();
        stranger.get().join(Duration.ofSeconds(10));
    }

    private static java.lang.ref.WeakReference<Object> startsAStranger(
            CountDownLatch end, AtomicReference<Thread> stranger) {
        Task<Object> task =
                async(() -> {
                    stranger.set(
                            Thread.startVirtualThread(() -> {
                                try {
                                    end.await();
                                } catch (InterruptedException e) {
                                    Thread.currentThread().interrupt();
                                }
                            }));
                    return new byte[1000];
                });
        return new java.lang.ref.WeakReference<>(await(task));
    }

    @AsyncTest
    void threadLocalsAreNotInherited() {
        InheritableThreadLocal<String> local = new InheritableThreadLocal<>();
        local.set("outer");
        assertThat(await(async(() -> local.get()))).isNull();
    }
}
