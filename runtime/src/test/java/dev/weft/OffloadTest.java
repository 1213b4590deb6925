package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.offload;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import io.netty.util.concurrent.DefaultEventExecutorGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

/** Handing bodies to other threads and coming back. */
class OffloadTest {
    // ---- results and failures

    @AsyncTest
    void theBodyRunsOnAThreadOfTheLoopsAndTheTaskGoesOnOnItsOwn() {
        Thread task = Thread.currentThread();
        String name = offload(() -> Thread.currentThread().getName());
        assertThat(name).isEqualTo(Loop.current().name() + "-offload-1");
        assertThat(Thread.currentThread()).isSameAs(task);
        assertThat(offload(() -> Fiber.current())).as("no task runs there").isNull();
    }

    @AsyncTest
    void theResultMayBeNullAndABodyMayHaveNone() {
        AtomicInteger runs = new AtomicInteger();
        Object nothing = offload(() -> null);
        assertThat(nothing).isNull();
        offload(() -> {
            runs.incrementAndGet();
        });
        offload(
                Offload.cpu(),
                () -> {
                    runs.incrementAndGet();
                });
        assertThat(runs).as("each body runs once").hasValue(2);
    }

    @AsyncTest
    void aFailureIsThrownAsAwaitThrowsIt() {
        RuntimeException unchecked = new IllegalArgumentException("x");
        AssertionError error = new AssertionError("y");
        IOException io = new IOException("z");
        Exception checked = new Exception("c");
        assertThat(catchThrowable(() -> offload(failing(unchecked)))).isSameAs(unchecked);
        assertThat(catchThrowable(() -> offload(failing(error)))).isSameAs(error);
        assertThat(catchThrowable(() -> offload(failing(io))))
                .isInstanceOf(UncheckedIOException.class)
                .hasCause(io);
        assertThat(catchThrowable(() -> offload(failing(checked))))
                .isInstanceOf(CompletionException.class)
                .hasCause(checked);
        assertThat(offload(() -> 1)).as("its thread lives").isEqualTo(1);
    }

    @SuppressWarnings("TypeParameterUnusedInFormals")
    private static <E extends Throwable> void sneak(Throwable failure) throws E {
        @SuppressWarnings("unchecked")
        E e = (E) failure;
        throw e;
    }

    private static Action failing(Throwable failure) {
        return () -> OffloadTest.<RuntimeException>sneak(failure);
    }

    @AsyncTest
    void aStackOverflowInTheBodyReachesTheCaller() {
        assertThatThrownBy(() -> offload(() -> recurse(1))).isInstanceOf(StackOverflowError.class);
    }

    private static int recurse(int n) {
        return n == Integer.MAX_VALUE ? 0 : recurse(n + 1) + 1;
    }

    @AsyncTest
    void otherTasksRunMeanwhileAndBodiesAtTheSameTimeAllRun() throws Exception {
        CountDownLatch all = new CountDownLatch(5);
        AtomicInteger runs = new AtomicInteger();
        List<Task<Integer>> tasks = new ArrayList<>();
        Executor executor = Executors.newVirtualThreadPerTaskExecutor();
        try (ExecutorService closing = (ExecutorService) executor) {
            for (int i = 0; i < 5; i++) {
                tasks.add(
                        async(() ->
                                offload(
                                        closing,
                                        () -> {
                                            all.countDown();
                                            all.await(); // only together can they go on
                                            return runs.incrementAndGet();
                                        })));
            }
            for (Task<Integer> task : tasks) {
                await(task);
            }
        }
        assertThat(runs).hasValue(5);
    }

    @AsyncTest
    void manyCallersAtOnceAreServedInOrder() {
        ExecutorService one = Executors.newSingleThreadExecutor();
        try {
            List<Integer> order = new ArrayList<>();
            List<Task<Void>> tasks =
                    IntStream.range(0, 5_000)
                            .mapToObj(i ->
                                    async(() -> {
                                        int got = offload(one, () -> i);
                                        order.add(got);
                                    }))
                            .toList();
            tasks.forEach(Async::await);
            assertThat(order).isSorted().hasSize(5_000);
            OffloadCancellationTest.clockIsFree();
        } finally {
            one.shutdown();
        }
    }

    @AsyncTest
    void itSuspendsEvenIfTheBodyHasEndedAtOnce() {
        List<String> order = new ArrayList<>();
        async(() -> {
            order.add("another task");
        });
        offload(Runnable::run, () -> {});
        order.add("the caller");
        assertThat(order).containsExactly("another task", "the caller");
    }

    // ---- which executor

    @AsyncTest
    void anyExecutorWillDo() throws Exception {
        ExecutorService pool =
                Executors.newSingleThreadExecutor(r -> new Thread(r, "a thread of mine"));
        DefaultEventExecutorGroup netty = new DefaultEventExecutorGroup(1);
        try {
            assertThat(offload(pool, () -> Thread.currentThread().getName()))
                    .isEqualTo("a thread of mine");
            assertThat(offload(netty, () -> Thread.currentThread().getName()))
                    .startsWith("defaultEventExecutorGroup");
            assertThat(offload(Offload.cpu(), () -> Thread.currentThread().getName()))
                    .startsWith("weft-cpu-");
            Thread here = Thread.currentThread();
            assertThat(offload(Runnable::run, () -> Thread.currentThread())).isSameAs(here);
        } finally {
            pool.shutdown();
            netty.shutdownGracefully(0, 0, TimeUnit.SECONDS).get();
        }
    }

    @AsyncTest
    void theDefaultExecutorCanBeReplacedAndIsNotClosedWithTheLoop() {
        ExecutorService pool = Executors.newSingleThreadExecutor(r -> new Thread(r, "mine"));
        Loop loop = Loop.current();
        Executor own = loop.defaultExecutor();
        assertThat(offload(own, () -> Thread.currentThread().getName())).contains("-offload-");
        loop.defaultExecutor(pool);
        try {
            assertThat(loop.defaultExecutor()).isSameAs(pool);
            assertThat(offload(() -> Thread.currentThread().getName())).isEqualTo("mine");
            assertThatThrownBy(() -> loop.defaultExecutor(null))
                    .hasMessage("executor must not be null");
        } finally {
            pool.shutdown();
        }
        assertThatThrownBy(() -> offload(() -> 1)).isInstanceOf(RejectedExecutionException.class);
    }

    @AsyncTest
    void theRejectionReachesTheCallerAndTheBodyNeverRuns() {
        AtomicReference<Runnable> kept = new AtomicReference<>();
        AtomicInteger runs = new AtomicInteger();
        RejectedExecutionException full = new RejectedExecutionException("full");
        Executor rejecting =
                r -> {
                    kept.set(r);
                    throw full;
                };
        assertThat(catchThrowable(() -> offload(rejecting, () -> runs.incrementAndGet())))
                .isSameAs(full);
        kept.get().run(); // it said that it would not, and does
        assertThat(runs).hasValue(0);
        assertThat(Loop.current().offloaded()).isZero();
    }

    @AsyncTest(unhandled = true)
    void anExecutorThatThrowsAfterHavingRunTheBodyLosesNothing() {
        List<UnhandledFailure> unhandled = collectUnhandled();
        RuntimeException odd = new IllegalStateException("odd");
        Executor runsAndThrows =
                r -> {
                    r.run();
                    throw odd;
                };
        assertThat(offload(runsAndThrows, () -> 7)).isEqualTo(7);
        assertThat(unhandled).singleElement().extracting(UnhandledFailure::failure).isSameAs(odd);
    }

    @AsyncTest
    void anExecutorThatRunsItTwiceRunsTheBodyOnce() {
        AtomicInteger runs = new AtomicInteger();
        Executor twice =
                r -> {
                    r.run();
                    r.run();
                };
        assertThat(offload(twice, runs::incrementAndGet)).isEqualTo(1);
        assertThat(runs).hasValue(1);
    }

    static List<UnhandledFailure> collectUnhandled() {
        List<UnhandledFailure> unhandled = new ArrayList<>();
        Loop.current().onUnhandled(unhandled::add); // called on the loop
        return unhandled;
    }

    // ---- bad use

    @AsyncTest
    void outsideATaskItIsAnErrorThatSaysWhatToDo() throws InterruptedException {
        AtomicReference<Throwable> inCallback = new AtomicReference<>();
        Loop.current().callSoon(() -> inCallback.set(catchThrowable(() -> offload(() -> 1))));
        yieldNow();
        assertThat(inCallback.get())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("offload needs a task, and this is a callback");
        AtomicReference<Throwable> outside = new AtomicReference<>();
        Thread thread =
                Thread.ofPlatform()
                        .start(() -> outside.set(catchThrowable(() -> offload(() -> 1))));
        thread.join();
        assertThat(outside.get())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("offload needs a task");
        assertThatThrownBy(() -> offload((Action) null)).hasMessage("body must not be null");
        assertThatThrownBy(() -> offload(null, () -> 1)).hasMessage("executor must not be null");
    }

    @AsyncTest
    void optionsAreChecked() {
        LoopOptions options = LoopOptions.defaults();
        assertThat(options.offloadThreads())
                .isEqualTo(Math.min(32, Runtime.getRuntime().availableProcessors() + 4));
        assertThat(options.offloadQueue()).isEqualTo(1024);
        assertThat(options.offloadGrace()).hasSeconds(5);
        assertThatThrownBy(() -> options.offloadThreads(0))
                .hasMessage("offloadThreads must be >= 1, was 0");
        assertThatThrownBy(() -> options.offloadQueue(-1))
                .hasMessage("offloadQueue must be >= 0, was -1");
        assertThatThrownBy(() -> options.offloadGrace(java.time.Duration.ofMillis(-1)))
                .hasMessage("offloadGrace must be >= 0, was PT-0.001S");
        LoopOptions changed = options.offloadThreads(3).offloadQueue(0).debug(true).name("x");
        assertThat(changed.offloadThreads()).isEqualTo(3);
        assertThat(changed.offloadQueue()).isZero();
    }
}
