package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

class FutureTest {
    private static final Duration LONG = Duration.ofHours(1);
    private final List<Object> log = new ArrayList<>();

    @AsyncTest
    void aDoneFutureIsReadWithoutSuspending() {
        Promise<String> promise = Promise.create();
        promise.complete("x");
        Loop.current().callSoon(() -> log.add("callback"));
        assertThat(await(promise)).isEqualTo("x");
        assertThat(log).isEmpty();
        yieldNow();
    }

    @AsyncTest
    void nullIsAResult() {
        Promise<String> promise = Promise.create();
        promise.complete(null);
        assertThat(await(promise)).isNull();
        assertThat(promise.resultNow()).isNull();
        assertThat(promise.state()).isEqualTo(java.util.concurrent.Future.State.SUCCESS);
    }

    @AsyncTest
    void aPromiseIsCompletedOnce() {
        Promise<Integer> promise = Promise.create();
        assertThat(promise.tryComplete(1)).isTrue();
        assertThat(promise.tryComplete(2)).isFalse();
        assertThat(promise.tryFail(new RuntimeException())).isFalse();
        assertThat(promise.cancel()).isFalse();
        assertThatThrownBy(() -> promise.fail(new RuntimeException("x")))
                .isInstanceOf(IllegalStateException.class)
                .hasCauseInstanceOf(RuntimeException.class);
        assertThat(await(promise)).isEqualTo(1);
    }

    @AsyncTest
    void oneFutureWakesAllWhoAwaitIt() {
        Promise<Integer> promise = Promise.create();
        List<Task<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            tasks.add(async(() -> await(promise)));
        }
        yieldNow();
        promise.complete(7);
        for (Task<Integer> task : tasks) {
            assertThat(await(task)).isEqualTo(7);
        }
    }

    @AsyncTest
    void aCancelledHandleIsNotCalledAndIsForgotten() {
        Promise<Integer> promise = Promise.create();
        Handle handle = promise.onDone(p -> log.add("never"));
        promise.onDone(p -> log.add("called"));
        assertThat(handle.cancel()).isTrue();
        assertThat(handle.cancel()).isFalse();
        assertThat(handle.isCancelled()).isTrue();
        promise.complete(1);
        yieldNow();
        assertThat(log).containsExactly("called");
    }

    @AsyncTest
    void waitersThatGiveUpDoNotCollectOnAFutureThatLivesLong() throws Exception {
        Promise<Integer> promise = Promise.create();
        for (int i = 0; i < 1000; i++) {
            assertThatThrownBy(() -> promise.get(Duration.ZERO))
                    .isInstanceOf(TimeoutException.class);
        }
        int chain = 0;
        Object waiter = stateOf(promise);
        while (waiter != null) {
            chain++;
            waiter = field(waiter, "next");
        }
        assertThat(chain).isLessThan(3);
        promise.complete(1);
        assertThat(promise.get()).isEqualTo(1);
    }

    private static Object stateOf(Promise<?> promise) throws ReflectiveOperationException {
        var state = FutureImpl.class.getDeclaredField("state");
        state.setAccessible(true);
        return state.get(promise);
    }

    private static Object field(Object waiter, String name) throws ReflectiveOperationException {
        var field = FutureImpl.Waiter.class.getDeclaredField(name);
        field.setAccessible(true);
        return field.get(waiter);
    }

    @AsyncTest
    void getInATaskSuspendsAndKeepsItsLimit() throws Exception {
        Promise<Integer> promise = Promise.create();
        Task<Object> task = async(() -> promise.get(LONG));
        yieldNow();
        promise.complete(3);
        assertThat(await(task)).isEqualTo(3);
        Promise<Integer> never = Promise.create();
        assertThatThrownBy(() -> never.get(5, TimeUnit.MILLISECONDS))
                .isInstanceOf(TimeoutException.class)
                .hasMessageContaining("within 5 MILLISECONDS");
        assertThat(never.isDone()).isFalse();
        never.cancel();
        assertThatThrownBy(never::get).isInstanceOf(CancellationException.class);
    }

    @AsyncTest
    void foreignThreadsWaitWithGet() throws Exception {
        AtomicReference<Object> got = new AtomicReference<>();
        Task<String> task =
                async(() -> {
                    sleep(Duration.ofMillis(5));
                    return "x";
                });
        Thread thread =
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                got.set(task.get(20, TimeUnit.SECONDS));
                            } catch (InterruptedException
                                    | ExecutionException
                                    | TimeoutException e) {
                                got.set(e);
                            }
                        });
        await(task);
        thread.join();
        assertThat(got.get()).isEqualTo("x");
    }

    @AsyncTest
    void anInterruptedForeignThreadStopsWaitingAndTheTaskGoesOn() throws Exception {
        Promise<String> promise = Promise.create();
        AtomicReference<Object> got = new AtomicReference<>();
        Thread thread =
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                got.set(promise.get());
                            } catch (InterruptedException | ExecutionException e) {
                                got.set(e);
                            }
                        });
        thread.interrupt();
        thread.join();
        assertThat(got.get()).isInstanceOf(InterruptedException.class);
        promise.complete("x");
        assertThat(await(promise)).isEqualTo("x");
    }

    @AsyncTest
    void completableFuturesConvertBothWays() throws Exception {
        Promise<String> promise = Promise.create();
        CompletableFuture<String> stage = promise.toCompletableFuture().thenApply(s -> s + "!");
        promise.complete("x");
        assertThat(await(stage)).isEqualTo("x!");
        Promise<String> cancelled = Promise.create();
        cancelled.toCompletableFuture().cancel(true);
        assertThat(cancelled.isCancelled()).isTrue();
        assertThat(await(Future.from(CompletableFuture.completedStage(3)))).isEqualTo(3);
        CompletableFuture<String> backwards = new CompletableFuture<>();
        Future.from(backwards).cancel();
        assertThat(backwards).isCancelled();
    }

    @AsyncTest
    void toStringSaysWhatItIs() {
        Task<Void> named = async("worker", () -> sleep(LONG));
        assertThat(named.toString()).isEqualTo("worker[running]");
        assertThat(named.name()).isEqualTo("worker");
        assertThat(named.loop()).isSameAs(Loop.current());
        named.cancel();
        assertThatThrownBy(() -> await(named)).isInstanceOf(CancellationException.class);
        assertThat(named.toString()).isEqualTo("worker[cancelled]");
    }
}
