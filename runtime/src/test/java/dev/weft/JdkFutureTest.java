package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** {@code Future.from} a future of the JDK's that can only be waited for by blocking. */
class JdkFutureTest {
    @AsyncTest
    void itsResultIsAwaitedWhileTheLoopGoesOn() {
        FutureTask<String> source = new FutureTask<>(() -> "x");
        Task<String> task = async(() -> await(Future.from(source)));
        yieldNow();
        assertThat(task.isDone()).isFalse();
        source.run();
        assertThat(await(task)).isEqualTo("x");
    }

    @AsyncTest
    void itsFailureIsThrownUnwrapped() {
        RuntimeException failure = new RuntimeException("x");
        FutureTask<String> source =
                new FutureTask<>(() -> {
                    throw failure;
                });
        Future<String> future = Future.from(source);
        source.run();
        assertThat(catchThrowable(() -> await(future))).isSameAs(failure);
        FutureTask<String> io =
                new FutureTask<>(() -> {
                    throw new IOException("disk");
                });
        io.run();
        assertThatThrownBy(() -> await(Future.from(io))).isInstanceOf(UncheckedIOException.class);
    }

    @Test
    void oneThatIsDoneIsDoneAtOnceOnAnyThread() {
        FutureTask<String> source = new FutureTask<>(() -> "x");
        source.run();
        assertThat(Future.from(source).resultNow()).isEqualTo("x");
        FutureTask<String> cancelled = new FutureTask<>(() -> "x");
        cancelled.cancel(false);
        assertThat(Future.from(cancelled).isCancelled()).isTrue();
    }

    @AsyncTest
    void cancellingCancelsTheSourceAndInterruptsItsWork() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        FutureTask<String> source =
                new FutureTask<>(() -> {
                    started.countDown();
                    try {
                        Thread.sleep(3_600_000);
                    } catch (InterruptedException e) {
                        interrupted.countDown();
                    }
                    return "x";
                });
        Thread worker = Thread.ofPlatform().start(source);
        Future<String> future = Future.from(source);
        Task<String> task = async(() -> await(future));
        yieldNow();
        started.await();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(future.isCancelled()).isTrue();
        assertThat(source.isCancelled()).isTrue();
        assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
        worker.join();
    }

    @AsyncTest
    void aSourceThatIsCancelledCancelsTheFuture() {
        FutureTask<String> source = new FutureTask<>(() -> "x");
        Future<String> future = Future.from(source);
        source.cancel(true);
        assertThatThrownBy(() -> await(future)).isInstanceOf(CancellationException.class);
        assertThat(future.isCancelled()).isTrue();
    }

    @AsyncTest
    void aSourceThatIsDoneKeepsItsResultThoughTheFutureIsCancelled() throws Exception {
        FutureTask<String> source = new FutureTask<>(() -> "x");
        Future<String> future = Future.from(source);
        source.run();
        boolean cancelled = future.cancel(); // unless the news has come first
        assertThat(future.isCancelled()).isEqualTo(cancelled);
        assertThat(source.isCancelled()).isFalse();
        assertThat(source.get()).isEqualTo("x");
    }

    /** A future that knows no cancelling, and tells what becomes of the thread that waits. */
    private static final class Stubborn implements java.util.concurrent.Future<String> {
        final CountDownLatch waiting = new CountDownLatch(1);
        final CompletableFuture<Thread> interrupted = new CompletableFuture<>();

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            return false;
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public boolean isDone() {
            return false;
        }

        @Override
        public String get() throws InterruptedException {
            waiting.countDown();
            try {
                Thread.sleep(3_600_000);
                return "";
            } catch (InterruptedException e) {
                interrupted.complete(Thread.currentThread());
                throw e;
            }
        }

        @Override
        public String get(long timeout, TimeUnit unit) throws InterruptedException {
            return get();
        }
    }

    @AsyncTest
    void cancellingFreesTheThreadThatWaitsForASourceThatCannotBeCancelled() throws Exception {
        Stubborn source = new Stubborn();
        Future<String> future = Future.from(source);
        source.waiting.await();
        assertThat(future.cancel()).isTrue();
        assertThat(future.isCancelled()).isTrue();
        Thread waited = source.interrupted.get(20, TimeUnit.SECONDS);
        assertThat(waited.isVirtual()).isTrue();
        assertThat(waited.getName()).isEqualTo("weft-get");
    }

    @AsyncTest
    void oneOfOursIsReturnedAsItIsAndAStageNeedsNoThread() {
        Promise<String> promise = Promise.create();
        assertThat(Future.from((java.util.concurrent.Future<String>) promise)).isSameAs(promise);
        CompletableFuture<String> stage = new CompletableFuture<>();
        Future<String> future = Future.from((java.util.concurrent.Future<String>) stage);
        stage.complete("x");
        assertThat(future.resultNow()).as("done in the completing call").isEqualTo("x");
        assertThat(Future.from(stage).resultNow()).isEqualTo("x");
    }

    @Test
    void nullIsRefused() {
        assertThatThrownBy(() -> Future.from((java.util.concurrent.Future<String>) null))
                .hasMessage("future must not be null");
    }
}
