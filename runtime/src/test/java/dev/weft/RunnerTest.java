package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.Threads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Several runs on one loop. Ctrl-C is in {@link InterruptsTest}. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RunnerTest {
    static Stream<LoopOptions> modes() {
        return LoopTest.modes();
    }

    @ParameterizedTest
    @MethodSource("modes")
    void runsOneBodyAfterTheOtherOnOneLoop(LoopOptions options) {
        List<Loop> loops = new ArrayList<>();
        Runner runner = Runner.open(options);
        try (runner) {
            for (int i = 0; i < 3; i++) {
                int n = i;
                int result =
                        runner.run(() -> {
                            yieldNow();
                            loops.add(Loop.current());
                            return await(async(() -> n));
                        });
                assertThat(result).isEqualTo(n);
            }
            runner.run(() -> {
                loops.add(Loop.current());
            });
            assertThat(loops).hasSize(4).containsOnly(runner.loop());
        }
        assertThat(loops.getFirst().isClosed()).isTrue();
        assertThatThrownBy(runner::loop)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the runner is closed");
        assertThatThrownBy(() -> runner.run(() -> 1)).hasMessageContaining("the runner is closed");
    }

    @ParameterizedTest
    @MethodSource("modes")
    void theLoopIsOpenedOnlyWhenNeeded(LoopOptions base) {
        LoopOptions options = base.name("lazy");
        Runner never = Runner.open(options);
        assertThat(Threads.alive("lazy")).isEmpty();
        never.close();
        never.close();
        assertThatThrownBy(never::loop).hasMessageContaining("the runner is closed");
        try (Runner runner = Runner.open(options)) {
            assertThat(runner.loop()).isSameAs(runner.loop());
            assertThat(runner.loop().name()).isEqualTo("lazy");
        }
        Threads.failIfAlive("lazy");
    }

    @ParameterizedTest
    @MethodSource("modes")
    void closingTwiceIsFine(LoopOptions options) {
        Runner runner = Runner.open(options);
        Loop loop = runner.loop();
        runner.close();
        runner.close();
        assertThat(loop.isClosed()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("modes")
    void optionsReachTheLoop(LoopOptions options) {
        for (boolean debug : new boolean[] {true, false}) {
            try (Runner runner = Runner.open(options.debug(debug))) {
                assertThat(runner.loop().isDebug()).isEqualTo(debug);
                assertThat(runner.run(() -> Loop.current().isDebug())).isEqualTo(debug);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void whatARunLeavesBehindHasEndedBeforeTheNext(LoopOptions options) {
        List<String> log = new ArrayList<>();
        try (Runner runner = Runner.open(options)) {
            runner.run(() -> {
                async(() -> {
                    try {
                        sleep(Duration.ofHours(1));
                    } finally {
                        yieldNow();
                        log.add("cleaned up");
                    }
                });
                yieldNow();
            });
            runner.run(() -> {
                log.add("next");
            });
        }
        assertThat(log).containsExactly("cleaned up", "next");
    }

    @ParameterizedTest
    @MethodSource("modes")
    void whatATaskLeftBehindThrowsIsReported(LoopOptions options) {
        List<Throwable> reported = new ArrayList<>();
        ArithmeticException failure = new ArithmeticException("by zero");
        int result;
        try (Runner runner = Runner.open(options)) {
            runner.loop().onUnhandled(u -> reported.add(u.failure()));
            result =
                    runner.run(() -> {
                        async(() -> {
                            try {
                                sleep(Duration.ofHours(1));
                            } catch (CancelledError e) {
                                throw failure;
                            }
                        });
                        yieldNow();
                        return 123;
                    });
        }
        assertThat(result).isEqualTo(123);
        assertThat(reported).containsExactly(failure);
    }

    @ParameterizedTest
    @MethodSource("modes")
    void aRunThatFailedOrWasCancelledIsFollowedByOthers(LoopOptions options) {
        IllegalStateException failure = new IllegalStateException("x");
        try (Runner runner = Runner.open(options)) {
            assertThat(
                            catchThrowable(() ->
                                    runner.run(
                                            (Action)
                                                    () -> {
                                                        throw failure;
                                                    })))
                    .isSameAs(failure);
            assertThatThrownBy(() ->
                            runner.run(
                                    (Action)
                                            () -> {
                                                throw new IOException("y");
                                            }))
                    .isInstanceOf(UncheckedIOException.class);
            assertThatThrownBy(() ->
                            runner.run(() -> {
                                Task.current().cancel();
                                yieldNow();
                            }))
                    .isExactlyInstanceOf(CancellationException.class);
            assertThat(runner.run(() -> "goes on")).isEqualTo("goes on");
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void insideATaskItIsAnErrorThatSaysWhatToDo(LoopOptions options) {
        try (Runner runner = Runner.open(options);
                Runner other = Runner.open(options)) {
            assertThatThrownBy(() -> runner.run(() -> runner.run(() -> 1)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("Runner.run blocks its thread")
                    .hasMessageContaining("async(…)");
            assertThatThrownBy(() -> runner.run(() -> other.run(() -> 1)))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> runner.run(runner::close))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("its own task");
            assertThat(runner.run(() -> "still open")).isEqualTo("still open");
        }
        assertThatThrownBy(() -> Runner.open(null)).hasMessage("options must not be null");
        try (Runner runner = Runner.open(options)) {
            assertThatThrownBy(() -> runner.run((Body<Integer>) null))
                    .hasMessage("body must not be null");
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void interruptingTheRunningThreadCancelsTheBody(LoopOptions options) throws Exception {
        CountDownLatch began = new CountDownLatch(1);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread =
                Thread.ofPlatform()
                        .start(() -> {
                            try (Runner runner = Runner.open(options)) {
                                thrown.set(
                                        catchThrowable(() ->
                                                runner.run(() -> {
                                                    began.countDown();
                                                    sleep(Duration.ofHours(1));
                                                })));
                            }
                        });
        began.await();
        thread.interrupt();
        thread.join();
        assertThat(thrown.get()).isExactlyInstanceOf(CancellationException.class);
    }

    @ParameterizedTest
    @MethodSource("modes")
    void theResultIsHandedOnUnread(LoopOptions options) {
        class Shy {
            @Override
            public String toString() {
                throw new AssertionError("nobody asked");
            }
        }
        try (Runner runner = Runner.open(options)) {
            assertThat(runner.run(Shy::new).getClass()).isEqualTo(Shy.class);
        }
    }
}
