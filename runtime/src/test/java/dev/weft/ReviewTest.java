package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.scope;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.netty.NettyBridge;
import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/** What a review found, each seen to fail before it was mended. */
class ReviewTest {
    private static final Duration LONG = Duration.ofHours(1);

    @AsyncTest
    void anInterruptOfTheIdleCallbackThreadNeitherHoldsTheLoopNorLeaksIntoTheNextCallback()
            throws Exception {
        Promise<Thread> thread = Promise.create();
        Loop.current().callSoon(() -> thread.complete(Thread.currentThread()));
        Thread worker = await(thread);
        sleep(Duration.ofMillis(5)); // it is idle now
        worker.interrupt();
        sleep(Duration.ofMillis(5));
        Promise<Boolean> flag = Promise.create();
        Loop.current().callSoon(() -> flag.complete(Thread.currentThread().isInterrupted()));
        assertThat(await(flag)).isFalse();
    }

    @AsyncTest(leavesTasks = true)
    void aTaskSubmittedWhileItsScopeEndsDoesNotHoldThatUp() {
        AtomicBoolean ran = new AtomicBoolean();
        Loop loop = Loop.current();
        CountDownLatch submitted = new CountDownLatch(1);
        Task<Void> late =
                scopeOfRun(
                        loop,
                        () -> {
                            try {
                                sleep(LONG);
                            } finally {
                                Thread.ofPlatform()
                                        .start(() -> {
                                            loop.submit(() -> {
                                                ran.set(true);
                                                sleep(LONG);
                                            });
                                            submitted.countDown();
                                        });
                                while (submitted.getCount() > 0) {
                                    sleep(Duration.ofMillis(1));
                                }
                                sleep(Duration.ofMillis(5));
                            }
                        });
        assertThat(late.isDone()).isFalse();
        // The extension's run ends here, cancels the task, and must not wait for an hour.
    }

    private static Task<Void> scopeOfRun(Loop loop, Action body) {
        Task<Void> task = async(body);
        yieldNow();
        return task;
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void theInterruptIsStillTakenBackWhenASecondRequestCameBeforeTheTaskRan() {
        ReentrantLock lock = new ReentrantLock();
        lock.lock();
        AtomicBoolean flag = new AtomicBoolean(true);
        Task<Void> task =
                async(() -> {
                    lock.lock();
                    try {
                        yieldNow();
                    } catch (CancelledError e) {
                        flag.set(Thread.currentThread().isInterrupted());
                        throw e;
                    } finally {
                        lock.unlock();
                    }
                });
        yieldNow();
        task.cancel();
        task.cancel();
        lock.unlock();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(flag).isFalse();
    }

    @AsyncTest(unhandled = true)
    void aStageThatCannotBeCancelledDoesNotKeepAScopeFromEndingItsOtherTasks() {
        Task<?>[] other = new Task<?>[1];
        scope(s -> {
            other[0] = s.async(() -> sleep(LONG));
            s.async(() ->
                    await(
                            new CompletableFuture<Void>() {
                                @Override
                                public boolean cancel(boolean mayInterruptIfRunning) {
                                    throw new UnsupportedOperationException("not this one");
                                }
                            }));
            yieldNow();
            return null;
        });
        assertThat(other[0].isDone()).isTrue();
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void cancellingThatSuspendsDoesNotEndAScopesRoundOfItsTasks() {
        Task<?>[] other = new Task<?>[1];
        scope(s -> {
            other[0] = s.async(() -> sleep(LONG));
            s.async(() -> {
                CompletableFuture<Void> stage = new CompletableFuture<>();
                var _ =
                        stage.whenComplete((result, failure) -> {
                            try {
                                Thread.sleep(20);
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
                await(stage);
            });
            yieldNow();
            return null;
        });
        assertThat(other[0].isCancelled()).isTrue();
    }

    @AsyncTest
    void aNettyHandlerIsToldThatItCannotCloseItsLoop() {
        Loop loop = Loop.current();
        Promise<Void> refused = Promise.create();
        NettyBridge.eventLoopGroup(loop)
                .next()
                .execute(() -> {
                    try {
                        loop.close();
                    } catch (IllegalStateException e) {
                        refused.complete(null);
                    }
                });
        await(refused);
    }

    @AsyncTest
    void callAtTakesAbsurdTimes() throws Exception {
        Loop loop = Loop.current();
        Promise<Void> fired = Promise.create();
        Handle never =
                loop.callAt(
                        Duration.ofSeconds(Long.MAX_VALUE),
                        () -> fired.fail(new AssertionError("too early")));
        loop.callAt(Duration.ofNanos(Long.MIN_VALUE), () -> fired.complete(null));
        fired.get(10, TimeUnit.SECONDS);
        assertThat(never.cancel()).isTrue();
    }
}
