package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.Threads;
import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Opening, running and closing loops: seen from a foreign thread. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LoopTest {
    private static final Duration LONG = Duration.ofHours(1);

    static Stream<LoopOptions> modes() {
        return Stream.of(SchedulerMode.LOOP, SchedulerMode.PORTABLE)
                .filter(m -> m.unavailableBecause() == null)
                .map(m -> LoopOptions.defaults().scheduler(m));
    }

    static Stream<LoopOptions> all() {
        return TestedTransports.all()
                .filter(t -> t.unavailableBecause() == null)
                .flatMap(t -> modes().map(o -> o.transport(t)));
    }

    @ParameterizedTest
    @MethodSource("modes")
    void runReturnsTheResultAndLeavesNoTaskBehind(LoopOptions options) {
        List<String> log = new ArrayList<>();
        String result =
                Async.run(
                        options,
                        () -> {
                            async(() -> {
                                try {
                                    sleep(LONG);
                                } finally {
                                    sleep(Duration.ofMillis(5));
                                    log.add("cleaned up");
                                }
                            });
                            yieldNow();
                            return "result";
                        });
        assertThat(result).isEqualTo("result");
        assertThat(log).containsExactly("cleaned up");
    }

    @ParameterizedTest
    @MethodSource("modes")
    void runThrowsTheBodysFailure(LoopOptions options) {
        IllegalStateException failure = new IllegalStateException("x");
        assertThat(
                        catchThrowable(() ->
                                Async.run(
                                        options,
                                        (Action)
                                                () -> {
                                                    throw failure;
                                                })))
                .isSameAs(failure);
        assertThatThrownBy(() ->
                        Async.run(
                                options,
                                (Action)
                                        () -> {
                                            throw new IOException("y");
                                        }))
                .isInstanceOf(java.io.UncheckedIOException.class);
        assertThatThrownBy(() ->
                        Async.run(
                                options,
                                () -> {
                                    Task.current().cancel();
                                    yieldNow();
                                }))
                .isInstanceOf(CancellationException.class);
    }

    @ParameterizedTest
    @MethodSource("modes")
    void interruptingTheRunningThreadCancelsTheBody(LoopOptions options)
            throws InterruptedException {
        CountDownLatch started = new CountDownLatch(1);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        AtomicBoolean flag = new AtomicBoolean();
        Thread thread =
                Thread.ofPlatform()
                        .start(() -> {
                            thrown.set(
                                    catchThrowable(() ->
                                            Async.run(
                                                    options,
                                                    () -> {
                                                        started.countDown();
                                                        sleep(LONG);
                                                    })));
                            flag.set(Thread.interrupted());
                        });
        started.await();
        thread.interrupt();
        thread.join();
        assertThat(thrown.get()).isInstanceOf(CancellationException.class);
        assertThat(flag).isTrue();
    }

    @ParameterizedTest
    @MethodSource("modes")
    void aLoopRunsSeveralBodiesOneAfterTheOther(LoopOptions options) {
        try (Loop loop = Loop.open(options)) {
            for (int i = 0; i < 3; i++) {
                int n = i;
                assertThat(loop.run(() -> await(async(() -> n)))).isEqualTo(n);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void badUseIsAnErrorThatSaysWhatToDo(LoopOptions options) {
        assertThatThrownBy(() -> await(Promise.create()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Async.run");
        assertThatThrownBy(() -> async(() -> 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("submit");
        assertThatThrownBy(() -> sleep(LONG)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(Loop::current).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(Task::current).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Promise.create().onDone(p -> {}))
                .hasMessageContaining("onDone(loop, function)");
        assertThatThrownBy(() -> LoopGroup.open(0, options))
                .hasMessage("count must be >= 1, was 0");
        assertThatThrownBy(() -> Async.run((Action) null)).hasMessage("body must not be null");
        Async.run(
                options,
                () -> {
                    Loop loop = Loop.current();
                    assertThatThrownBy(() -> Async.run(() -> 1)).hasMessageContaining("async(…)");
                    assertThatThrownBy(() -> loop.run(() -> 1)).hasMessageContaining("async(…)");
                    assertThatThrownBy(loop::close).hasMessageContaining("its own task");
                    assertThatThrownBy(() -> sleep(Duration.ofMillis(-1)))
                            .hasMessage("duration must be >= 0, was PT-0.001S");
                    AtomicReference<Throwable> inCallback = new AtomicReference<>();
                    loop.callSoon(
                            () -> inCallback.set(catchThrowable(() -> await(Promise.create()))));
                    yieldNow();
                    assertThat(inCallback.get()).hasMessageContaining("callback");
                    Promise<Integer> twice = Promise.create();
                    twice.complete(1);
                    assertThatThrownBy(() -> twice.complete(2))
                            .hasMessageContaining("done already");
                    Task<?> self = Task.current();
                    assertThatThrownBy(() -> await(self))
                            .hasMessageContaining("cannot await itself");
                    assertThat(await(async(() -> "goes on"))).isEqualTo("goes on");
                });
    }

    @ParameterizedTest
    @MethodSource("all")
    void aClosedLoopSaysSo(LoopOptions options) {
        Loop loop = Loop.open(options);
        loop.close();
        loop.close();
        assertThat(loop.isClosed()).isTrue();
        assertThatThrownBy(() -> loop.submit(() -> 1)).hasMessageContaining("is closed");
        assertThatThrownBy(() -> loop.run(() -> 1)).hasMessageContaining("is closed");
        assertThatThrownBy(() -> loop.callSoon(() -> {})).hasMessageContaining("is closed");
        assertThatThrownBy(() -> loop.callLater(LONG, () -> {})).hasMessageContaining("is closed");
        assertThatThrownBy(() -> loop.callAt(LONG, () -> {})).hasMessageContaining("is closed");
    }

    @ParameterizedTest
    @MethodSource("all")
    void closingWhileTasksRunCancelsAndAwaitsThem(LoopOptions options) throws Exception {
        Loop loop = Loop.open(options);
        List<Task<Void>> tasks = new ArrayList<>();
        List<String> log = new ArrayList<>();
        CountDownLatch started = new CountDownLatch(20);
        for (int i = 0; i < 10; i++) {
            tasks.add(
                    loop.submit(() -> {
                        started.countDown();
                        try {
                            sleep(LONG);
                        } finally {
                            yieldNow();
                            log.add("slept");
                        }
                    }));
            tasks.add(
                    loop.submit(() -> {
                        started.countDown();
                        while (true) {
                            yieldNow();
                        }
                    }));
        }
        started.await();
        loop.close();
        assertThat(tasks).allMatch(Future::isCancelled);
        assertThat(log).hasSize(10);
    }

    @ParameterizedTest
    @MethodSource("modes")
    void submissionsThatRaceWithClosingEndOneWayOrTheOther(LoopOptions options) throws Exception {
        for (int round = 0; round < 30; round++) {
            Loop loop = Loop.open(options);
            List<Task<Integer>> tasks = new ArrayList<>();
            CountDownLatch some = new CountDownLatch(50);
            Thread submitter =
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    while (true) {
                                        tasks.add(loop.submit(() -> 1));
                                        some.countDown();
                                    }
                                } catch (IllegalStateException closed) {
                                    return;
                                }
                            });
            some.await();
            loop.close();
            submitter.join();
            for (Task<Integer> task : tasks) {
                try {
                    assertThat(task.get(20, TimeUnit.SECONDS)).isEqualTo(1);
                } catch (CancellationException e) {
                    assertThat(task.isCancelled()).isTrue();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void aThousandLoopsLeakNoThreadAndNoDescriptor(LoopOptions base) {
        LoopOptions options = base.name("many");
        int loops = 1000 / (int) all().count();
        cycle(options);
        int descriptors = descriptors();
        for (int i = 0; i < loops; i++) {
            cycle(options);
        }
        Threads.failIfAlive("many");
        // The JDK opens a few of its own on the way, never one a loop.
        assertThat(descriptors()).isLessThan(descriptors + 20);
    }

    private static void cycle(LoopOptions options) {
        try (Loop loop = Loop.open(options)) {
            assertThat(loop.run(() -> await(async(() -> 1)))).isEqualTo(1);
        }
    }

    private static int descriptors() {
        String[] open = new File("/proc/self/fd").list();
        return open == null ? 0 : open.length;
    }

    @ParameterizedTest
    @MethodSource("modes")
    void aCallbackThatIsStillBlockedWhenItsLoopClosesEndsElsewhere(LoopOptions options)
            throws Exception {
        if (options.scheduler() == SchedulerMode.PORTABLE) {
            return; // there it holds the turn, and closing waits for it
        }
        Loop loop = Loop.open(options);
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        loop.callSoon(() -> {
            blocked.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                return;
            }
            ended.countDown();
        });
        blocked.await();
        loop.close();
        release.countDown(); // must neither throw here nor kill the thread there: trap 2
        assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @ParameterizedTest
    @MethodSource("modes")
    void futuresOfAClosedLoopStillAnswer(LoopOptions options) throws Exception {
        Loop loop = Loop.open(options);
        Task<Integer> task = loop.submit(() -> 7);
        assertThat(task.get()).isEqualTo(7);
        loop.close();
        assertThat(task.get()).isEqualTo(7);
        assertThat(task.cancel()).isFalse();
        Promise<Integer> promise = Promise.create();
        promise.onDone(loop, p -> {}); // dropped: there is no thread to run it
        promise.complete(1);
    }

    @ParameterizedTest
    @MethodSource("modes")
    void tasksAreAwaitedAcrossLoops(LoopOptions options) {
        try (LoopGroup group = LoopGroup.open(2, options)) {
            Loop a = group.next();
            Loop b = group.next();
            assertThat(a).isNotSameAs(b);
            for (int i = 0; i < 200; i++) {
                Task<Loop> there =
                        b.submit(() -> {
                            yieldNow();
                            return Loop.current();
                        });
                Loop[] resumedOn = new Loop[1];
                Loop result =
                        a.run(() -> {
                            Loop l = await(there);
                            resumedOn[0] = Loop.current();
                            return l;
                        });
                assertThat(result).isSameAs(b);
                assertThat(resumedOn[0]).isSameAs(a);
            }
            Task<Void> endless = b.submit(() -> sleep(LONG));
            assertThatThrownBy(() ->
                            a.run(() -> {
                                Task<Void> waiter = async(() -> await(endless));
                                yieldNow();
                                waiter.cancel();
                                await(waiter);
                            }))
                    .isInstanceOf(CancellationException.class);
            assertThat(endless.isCancelled()).as("cancellation crosses loops").isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void optionsAreKept(LoopOptions options) {
        try (Loop loop = Loop.open(options.name("kept"))) {
            assertThat(loop.name()).isEqualTo("kept");
            assertThat(loop.transport()).isEqualTo(options.transport());
            assertThat(loop.scheduler()).isEqualTo(options.scheduler());
            assertThat(loop.toString()).contains("kept", "open");
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void stackTracesTakenFromOutsideDisturbNobody(LoopOptions options) throws Exception {
        // Trap 2: getStackTrace resubmits a continuation that may not be ready.
        try (Loop loop = Loop.open(options)) {
            AtomicBoolean stop = new AtomicBoolean();
            AtomicReference<Thread> first = new AtomicReference<>();
            CountDownLatch started = new CountDownLatch(1);
            Task<Integer> task =
                    loop.submit(() -> {
                        first.set(Thread.currentThread());
                        started.countDown();
                        int n = 0;
                        while (!stop.get()) {
                            Promise<Integer> promise = Promise.create();
                            Loop.current().callSoon(() -> promise.complete(1));
                            n += await(promise);
                            yieldNow();
                        }
                        return n;
                    });
            started.await();
            for (int i = 0; i < 3000; i++) {
                first.get().getStackTrace();
            }
            stop.set(true);
            assertThat(task.get(20, TimeUnit.SECONDS)).isPositive();
        }
    }
}
