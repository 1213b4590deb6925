package dev.weft;

import static dev.weft.Async.await;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;

/** Tasks that a foreign thread submits: results, failures and cancellation cross both ways. */
class SubmitTest {
    private static final Duration LONG = Duration.ofHours(1);

    /** Runs a body on a thread of no loop while the loop goes on. */
    private static <T> T abroad(Body<T> body) {
        return Async.offload(body);
    }

    @AsyncTest
    void theForeignThreadGetsTheResult() {
        Loop loop = Loop.current();
        int sum =
                abroad(() ->
                        loop.submit(
                                        () -> {
                                            yieldNow();
                                            return 1 + 2;
                                        })
                                .get());
        assertThat(sum).isEqualTo(3);
    }

    @AsyncTest
    void theForeignThreadGetsTheFailure() {
        Loop loop = Loop.current();
        IllegalStateException failure = new IllegalStateException("Fail!");
        Throwable cause =
                abroad(() -> {
                    Task<Void> task =
                            loop.submit(() -> {
                                throw failure;
                            });
                    try {
                        task.get();
                        return null;
                    } catch (ExecutionException e) {
                        return e.getCause();
                    }
                });
        assertThat(cause).isSameAs(failure);
    }

    @AsyncTest
    void aTimeoutOfGetLeavesTheTaskAloneAndCancellingItReachesTheBody() {
        Loop loop = Loop.current();
        Promise<String> cleanedUp = Promise.create();
        Promise<Void> begun = Promise.create();
        Task<Void> task =
                abroad(() -> {
                    Task<Void> submitted =
                            loop.submit(() -> {
                                begun.complete(null);
                                try {
                                    sleep(LONG);
                                } finally {
                                    cleanedUp.complete("cleaned up");
                                }
                            });
                    begun.get();
                    assertThatThrownBy(() -> submitted.get(Duration.ofMillis(1)))
                            .isInstanceOf(TimeoutException.class);
                    assertThat(submitted.isDone()).isFalse();
                    assertThat(submitted.cancel()).isTrue();
                    assertThatThrownBy(submitted::get).isInstanceOf(CancellationException.class);
                    return submitted;
                });
        assertThat(task.isCancelled()).isTrue();
        assertThat(await(cleanedUp)).isEqualTo("cleaned up");
    }

    @AsyncTest
    void aTaskThatIsCancelledOnTheLoopEndsTheForeignGet() {
        Loop loop = Loop.current();
        Promise<Task<Void>> submitted = Promise.create();
        Task<Void> waiter =
                Async.async(() ->
                        abroad(() -> {
                            Task<Void> task = loop.submit(() -> sleep(LONG));
                            submitted.complete(task);
                            assertThatThrownBy(task::get)
                                    .isInstanceOf(CancellationException.class)
                                    .hasMessageContaining("enough");
                            return null;
                        }));
        Task<Void> task = await(submitted);
        task.cancel("enough");
        await(waiter);
    }

    @AsyncTest
    void cancellingBeforeItsFirstStepFromAbroadKeepsTheBodyFromRunning() {
        Loop loop = Loop.current();
        boolean[] ran = {false};
        Promise<Task<Void>> submitted = Promise.create();
        ExecutorService foreign = Executors.newSingleThreadExecutor();
        try {
            foreign.execute(() -> {
                Task<Void> task = loop.submit((Action) () -> ran[0] = true);
                task.cancel();
                submitted.complete(task);
            });
            // No suspension until both are in the queue, so that the body cannot begin before.
            while (!submitted.isDone()) {
                Thread.onSpinWait();
            }
            Task<Void> task = submitted.resultNow();
            assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        } finally {
            foreign.shutdown();
        }
        assertThat(ran[0]).isFalse();
    }
}
