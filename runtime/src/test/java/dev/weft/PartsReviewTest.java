package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.noSuspend;
import static dev.weft.Async.offload;
import static dev.weft.Async.scope;
import static dev.weft.Async.shield;
import static dev.weft.Async.sleep;
import static dev.weft.Async.timeout;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a review of the places where the runtime's parts meet found, each seen to fail before it was
 * mended.
 */
class PartsReviewTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration LONG = Duration.ofHours(1);
    private final List<Object> log = new ArrayList<>();

    static Stream<LoopOptions> modes() {
        return LoopTest.modes();
    }

    private static Void jdkSleep() throws InterruptedException {
        Thread.sleep(LONG);
        return null;
    }

    private static void cancelledInAJdkCall(Body<Void> body) {
        Task<Void> task = async(body);
        yieldNow();
        yieldNow();
        task.cancel();
        assertThat(catchThrowable(() -> await(task))).isInstanceOf(CancellationException.class);
        assertThat(task.isCancelled()).isTrue();
    }

    // ---- cancellation of JDK calls through what runs a part of the body

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aTaskThatIsCancelledInAJdkCallUnderALockIsCancelled() {
        Lock lock = Lock.create();
        cancelledInAJdkCall(() -> lock.with(PartsReviewTest::jdkSleep));
        assertThat(lock.isLocked()).isFalse();
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aTaskThatIsCancelledInAJdkCallUnderAPermitIsCancelled() {
        Semaphore semaphore = Semaphore.create(1);
        cancelledInAJdkCall(() -> semaphore.with(PartsReviewTest::jdkSleep));
        assertThat(semaphore.availablePermits()).isEqualTo(1);
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aTaskThatIsCancelledInAJdkCallWhereATaskLocalIsSetIsCancelled() {
        TaskLocal<String> local = TaskLocal.create();
        cancelledInAJdkCall(() -> local.where("value", PartsReviewTest::jdkSleep));
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aTaskThatIsCancelledInAJdkCallWhereItShouldNotSuspendIsCancelled() {
        cancelledInAJdkCall(() -> noSuspend(PartsReviewTest::jdkSleep));
    }

    // ---- generators

    @AsyncTest(virtual = true)
    void aRequestToWhoStepsAScopeOfAGeneratorToItsEndIsNotLost() {
        Generator<Integer> generator =
                Generator.of(out ->
                        scope(s -> {
                            s.async(() -> {
                                try {
                                    sleep(LONG);
                                } finally {
                                    sleep(SECOND);
                                }
                            });
                            yieldNow();
                            out.emit(1);
                            throw new IllegalStateException("body");
                        }));
        assertThat(generator.next()).isEqualTo(1);
        Task<Void> second =
                async(() -> {
                    assertThat(catchThrowable(generator::hasNext)).hasMessage("body");
                    log.add("failed");
                    sleep(LONG);
                    log.add("went on");
                });
        sleep(SECOND.dividedBy(2));
        second.cancel();
        assertThat(catchThrowable(() -> await(second))).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("failed");
    }

    // ---- bad use

    @AsyncTest(virtual = true)
    void aTaskCannotShieldItself() {
        Task<?> task = async(() -> shield((Future<?>) Task.current()));
        sleep(SECOND);
        assertThat(task.isDone()).isTrue();
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cannot await itself");
    }

    @AsyncTest
    void whatOnlyTheLoopMayDoToATaskIsRefusedElsewhere() {
        Task<?> task = Task.current();
        assertThatThrownBy(() -> offload(task::uncancel))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Task.uncancel");
        timeout(
                LONG,
                deadline -> {
                    assertThatThrownBy(() -> offload(() -> deadline.reschedule(SECOND)))
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("moving a deadline");
                    assertThatThrownBy(() -> offload(deadline::disable))
                            .isInstanceOf(IllegalStateException.class);
                });
    }

    // ---- loops and their ends

    @AsyncTest
    void aCallbackOfAnotherLoopCanAskForADump() {
        try (Loop other = Loop.open()) {
            Promise<String> dump = Promise.create();
            Loop.current()
                    .callSoon(() -> {
                        try {
                            dump.complete(other.dump().toString());
                        } catch (RuntimeException e) {
                            dump.fail(e);
                        }
                    });
            assertThat(await(dump)).contains(other.name());
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void aStageEndsAsItsPromiseDoesThoughTheLoopHasClosed(LoopOptions options) {
        Promise<Integer> promise = Promise.create();
        CompletableFuture<Integer> stage = Async.run(options, promise::toCompletableFuture);
        promise.complete(1);
        assertThat(stage).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("modes")
    void aShieldedBodyInTheScopeOfARunIsCancelledOnceAtItsEnd(LoopOptions options) {
        Async.run(
                options,
                () -> {
                    async(() ->
                            shield(() -> {
                                try {
                                    sleep(LONG);
                                } finally {
                                    log.add(Task.current().cancelling());
                                }
                            }));
                    yieldNow();
                    yieldNow();
                });
        assertThat(log).containsExactly(1);
    }

    @AsyncTest(virtual = true)
    void aCallbackThatStepsAGeneratorsScopeToItsEndLeavesNoTaskBehind() {
        List<Task<?>> tasks = new ArrayList<>();
        Generator<Integer> generator =
                Generator.of(out ->
                        scope(s -> {
                            tasks.add(s.async(() -> sleep(LONG)));
                            yieldNow();
                            out.emit(1);
                            return null;
                        }));
        assertThat(generator.next()).isEqualTo(1);
        Promise<Throwable> thrown = Promise.create();
        Loop.current().callSoon(() -> thrown.complete(catchThrowable(generator::hasNext)));
        assertThat(await(thrown)).hasMessageContaining("the end of a scope needs a task");
        yieldNow();
        assertThat(tasks).allMatch(Task::isCancelled);
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aTimerIsSetAndCancelledWithoutSuspendingWhileOtherThreadsDoTheSame()
            throws InterruptedException {
        Loop loop = Loop.current();
        AtomicBoolean over = new AtomicBoolean();
        List<Thread> others = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            others.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                while (!over.get()) {
                                    loop.callLater(LONG, () -> {}).cancel();
                                }
                            }));
        }
        try {
            long end = System.nanoTime() + SECOND.toNanos();
            while (System.nanoTime() < end) {
                noSuspend(() -> loop.callLater(LONG, () -> {}).cancel());
            }
        } finally {
            over.set(true);
            for (Thread other : others) {
                other.join();
            }
        }
    }

    @AsyncTest
    void aLoopCannotBeClosedByWhatItsOwnExecutorRuns() {
        Loop loop = Loop.current();
        assertThatThrownBy(() -> offload(loop::close))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cannot be closed by its own");
        assertThat(loop.isClosed()).isFalse();
    }

    @ParameterizedTest
    @MethodSource("modes")
    void aLoopGroupClosesAllOfItsLoopsThoughOneRefuses(LoopOptions options) {
        LoopGroup group = LoopGroup.open(3, options);
        try {
            Task<Void> task = group.loops().get(1).submit(group::close);
            assertThatThrownBy(task::get).hasCauseInstanceOf(IllegalStateException.class);
            assertThat(group.loops().get(0).isClosed()).isTrue();
            assertThat(group.loops().get(2).isClosed()).isTrue();
        } finally {
            group.close();
        }
    }

    @AsyncTest(virtual = true, leavesTasks = true)
    void aDumpShowsEachTaskOnceThoughAnotherOpenedTheScopeOfItsGenerator() {
        Generator<Integer> generator =
                Generator.of(out ->
                        scope(s -> {
                            out.emit(1);
                            sleep(LONG);
                            return null;
                        }));
        async(() -> {
            generator.next();
            sleep(LONG);
        });
        async(() ->
                scope(s -> {
                    s.async(() -> {
                        generator.next();
                    });
                    sleep(LONG);
                    return null;
                }));
        sleep(SECOND);
        List<Task<?>> tasks = Loop.current().tasks();
        assertThat(tasks).doesNotHaveDuplicates().hasSize(4);
        for (Task<?> task : tasks) {
            assertThat(Loop.current().dump().toString()).containsOnlyOnce(task.name() + " #");
        }
    }

    @AsyncTest(virtual = true)
    void tasksOfAGeneratorThatNobodyStepsJustNowAreShownToo() {
        Generator<Task<Void>> generator =
                Generator.of(out ->
                        scope(s -> {
                            out.emit(async("child", () -> sleep(LONG)));
                            return null;
                        }));
        Task<Void> child = generator.next();
        assertThat(Loop.current().tasks()).contains(child);
        assertThat(Loop.current().dump().toString()).containsOnlyOnce("child #");
        generator.close();
        assertThat(Loop.current().tasks()).containsExactly(Task.current());
    }
}
