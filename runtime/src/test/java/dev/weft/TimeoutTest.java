package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.group;
import static dev.weft.Async.sleep;
import static dev.weft.Async.timeout;
import static dev.weft.Async.timeoutAt;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;

/** Deadlines, whose reference is {@code asyncio.timeout}. */
class TimeoutTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration LONG = Duration.ofHours(1);
    private final List<Object> log = new ArrayList<>();
    private final AtomicReference<Deadline> kept = new AtomicReference<>();

    private void sleepAndLog(Object who) {
        try {
            sleep(LONG);
        } catch (CancelledError e) {
            log.add(who);
            throw e;
        }
    }

    private static Duration now() {
        return Loop.current().time();
    }

    private static void assertExceeded(Throwable thrown) {
        assertThat(thrown)
                .isInstanceOf(DeadlineExceededException.class)
                .hasCauseInstanceOf(CancelledError.class);
        assertThat(Task.current().cancelling()).isZero();
    }

    // ---- passing

    @AsyncTest(virtual = true)
    void aBodyThatTakesTooLongIsCancelledAndTheLimitNamed() {
        Duration start = now();
        Throwable thrown =
                catchThrowable(() ->
                        timeout(
                                SECOND,
                                deadline -> {
                                    kept.set(deadline);
                                    sleepAndLog("body");
                                }));
        assertExceeded(thrown);
        assertThat(thrown).hasMessageEndingWith(" was not done within PT1S");
        assertThat(((DeadlineExceededException) thrown).limit()).isEqualTo(SECOND);
        assertThat(kept.get().isExpired()).isTrue();
        assertThat(log).containsExactly("body");
        assertThat(now()).isEqualTo(start.plus(SECOND));
        yieldNow();
    }

    @AsyncTest(virtual = true)
    void aPointInTimeIsADeadlineToo() {
        Duration when = now().plus(SECOND);
        Throwable thrown =
                catchThrowable(() ->
                        timeoutAt(
                                when,
                                deadline -> {
                                    kept.set(deadline);
                                    sleep(LONG);
                                }));
        assertExceeded(thrown);
        assertThat(thrown).hasMessageEndingWith(" was not done before its deadline");
        assertThat(((DeadlineExceededException) thrown).limit()).isNull();
        assertThat(kept.get().isExpired()).isTrue();
        assertThat(kept.get().when()).isEqualTo(when);
        assertThat(now()).isEqualTo(when);
    }

    @AsyncTest(virtual = true)
    void aBodyInTimeKeepsItsResultAndIsLeftAlone() {
        String result =
                timeout(
                        SECOND,
                        deadline -> {
                            kept.set(deadline);
                            sleep(Duration.ofMillis(10));
                            return "result";
                        });
        assertThat(result).isEqualTo("result");
        assertThat(kept.get().isExpired()).isFalse();
        assertThat(kept.get().when()).isGreaterThan(now());
        sleep(LONG);
    }

    @AsyncTest(virtual = true)
    void zeroIsATimeToo() {
        Duration start = now();
        assertExceeded(
                catchThrowable(() ->
                        timeout(
                                Duration.ZERO,
                                deadline -> {
                                    kept.set(deadline);
                                    sleep(LONG);
                                })));
        assertThat(kept.get().isExpired()).isTrue();
        assertThat(kept.get().when()).isEqualTo(start);
        assertThat(now()).isEqualTo(start);
        assertThat(Async.<String>timeout(Duration.ZERO, () -> "result")).isEqualTo("result");
        yieldNow();
    }

    @AsyncTest(virtual = true)
    void aPointInThePastIsPassedAtTheFirstSuspension() {
        Duration past = now().minus(Duration.ofSeconds(11));
        assertExceeded(
                catchThrowable(() ->
                        timeoutAt(
                                past,
                                deadline -> {
                                    kept.set(deadline);
                                    yieldNow();
                                })));
        assertThat(kept.get().when()).isEqualTo(past);
        assertThat(kept.get().isExpired()).isTrue();
    }

    @AsyncTest(virtual = true)
    void aTaskThatOutlivesALimitOfItsOwnIsNotCancelled() {
        Task<Void> task =
                async(() ->
                        assertExceeded(catchThrowable(() -> timeout(SECOND, () -> sleep(LONG)))));
        await(task);
        assertThat(task.isCancelled()).isFalse();
    }

    // ---- others' cancellations and failures

    @AsyncTest(virtual = true)
    void aFailureOfTheBodyPasses() {
        assertThatThrownBy(() ->
                        timeout(
                                SECOND,
                                deadline -> {
                                    kept.set(deadline);
                                    fail("body");
                                }))
                .isInstanceOf(IllegalStateException.class)
                .hasNoSuppressedExceptions();
        assertThat(kept.get().isExpired()).isFalse();
    }

    @AsyncTest(virtual = true)
    void aFailureAfterTheDeadlinePassesAndNamesTheDeadline() {
        Throwable thrown =
                catchThrowable(() ->
                        timeout(
                                SECOND,
                                () -> {
                                    try {
                                        sleep(LONG);
                                    } finally {
                                        fail("body");
                                    }
                                }));
        assertThat(thrown).isInstanceOf(IllegalStateException.class).hasMessage("body");
        assertThat(thrown.getSuppressed())
                .singleElement()
                .isInstanceOf(DeadlineExceededException.class);
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    private static void fail(String message) {
        throw new IllegalStateException(message);
    }

    @AsyncTest(virtual = true)
    void aCancellationByOthersPasses() {
        Task<Void> task =
                async(() -> {
                    try {
                        timeout(
                                SECOND,
                                deadline -> {
                                    kept.set(deadline);
                                    Task.current().cancel("outer");
                                    sleep(LONG);
                                });
                    } catch (CancelledError e) {
                        log.add(e.getMessage());
                        throw e;
                    }
                });
        assertThat(catchThrowable(() -> await(task))).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("outer");
        assertThat(kept.get().isExpired()).isFalse();
    }

    @AsyncTest(virtual = true)
    void aCancellationByOthersDuringTheCleanUpAfterTheDeadlinePasses() {
        Task<Void> task =
                async(() ->
                        timeout(
                                SECOND,
                                () -> {
                                    try {
                                        sleep(LONG);
                                    } finally {
                                        sleepAndLog("clean-up");
                                    }
                                }));
        sleep(SECOND.plusMillis(1));
        task.cancel();
        assertThat(catchThrowable(() -> await(task))).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("clean-up");
        assertThat(task.cancelling()).isEqualTo(1);
    }

    @AsyncTest(virtual = true)
    void aBodyThatSwallowsItsCancellationKeepsItsResult() {
        String result =
                timeout(
                        SECOND,
                        () -> {
                            try {
                                sleep(LONG);
                            } catch (CancelledError e) {
                                sleep(SECOND);
                                return "late";
                            }
                            return "never";
                        });
        assertThat(result).isEqualTo("late");
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    /** Runs a body in a task that has been cancelled and cleans up. */
    private static void afterCancellation(Action body) {
        Task<Void> task =
                async(() -> {
                    Task.current().cancel();
                    try {
                        sleep(SECOND);
                    } catch (CancelledError e) {
                        body.run();
                    }
                });
        await(task);
    }

    @AsyncTest(virtual = true)
    void aDeadlineInTheCleanUpOfACancelledTaskIsADeadline() {
        afterCancellation(() ->
                assertThat(catchThrowable(() -> timeout(Duration.ZERO, () -> sleep(SECOND))))
                        .isInstanceOf(DeadlineExceededException.class));
    }

    @AsyncTest(virtual = true)
    void aCancellationInTheCleanUpOfACancelledTaskIsACancellation() {
        afterCancellation(() -> {
            Throwable thrown =
                    catchThrowable(() ->
                            timeout(
                                    SECOND,
                                    () -> {
                                        Task.current().cancel();
                                        sleep(LONG);
                                    }));
            assertThat(thrown).isInstanceOf(CancelledError.class);
        });
    }

    // ---- nested

    @AsyncTest(virtual = true)
    void ofTwoDeadlinesThatPassAtOnceTheOuterSpeaks() {
        Duration when = now().plus(SECOND);
        AtomicReference<Deadline> inner = new AtomicReference<>();
        Throwable thrown =
                catchThrowable(() ->
                        timeoutAt(
                                when,
                                outer -> {
                                    kept.set(outer);
                                    timeoutAt(
                                            when,
                                            deadline -> {
                                                inner.set(deadline);
                                                sleepAndLog("body");
                                            });
                                }));
        assertExceeded(thrown);
        assertThat(log).containsExactly("body");
        assertThat(kept.get().isExpired()).isTrue();
        assertThat(inner.get().isExpired()).isTrue();
    }

    @AsyncTest(virtual = true)
    void eachOfNestedDeadlinesRecognisesItsOwn() {
        for (int passing = 0; passing < 3; passing++) {
            Duration[] limits = {LONG, LONG, LONG};
            limits[passing] = SECOND;
            log.clear();
            Throwable thrown =
                    catchThrowable(() ->
                            named(
                                    "outer",
                                    limits[0],
                                    () ->
                                            named(
                                                    "middle",
                                                    limits[1],
                                                    () ->
                                                            named(
                                                                    "inner",
                                                                    limits[2],
                                                                    () -> sleep(LONG)))));
            assertExceeded(thrown);
            List<String> names = List.of("inner: ", "middle: ", "outer: ");
            List<Object> expected = new ArrayList<>();
            for (int level = 0; level < 3; level++) {
                boolean passed = 2 - level <= passing;
                expected.add(
                        names.get(level)
                                + (passed ? "DeadlineExceededException" : "CancelledError"));
            }
            assertThat(log).isEqualTo(expected);
        }
    }

    private void named(String name, Duration limit, Action body) {
        try {
            timeout(limit, body);
        } catch (Throwable e) {
            log.add(name + ": " + e.getClass().getSimpleName());
            throw e;
        }
    }

    @AsyncTest(virtual = true)
    void theOuterDeadlinePassesFirst() {
        Duration start = now();
        assertExceeded(
                catchThrowable(
                        () -> timeout(SECOND, () -> named("inner", LONG, () -> sleep(LONG)))));
        assertThat(log).containsExactly("inner: CancelledError");
        assertThat(now()).isEqualTo(start.plus(SECOND));
    }

    @AsyncTest(virtual = true)
    void theOuterDeadlineStillHoldsAfterTheInnerWasCaught() {
        Duration start = now();
        assertExceeded(
                catchThrowable(() ->
                        timeout(
                                SECOND,
                                () -> {
                                    assertThat(
                                                    catchThrowable(() ->
                                                            timeout(
                                                                    Duration.ofMillis(10),
                                                                    () -> sleep(LONG))))
                                            .isInstanceOf(DeadlineExceededException.class);
                                    sleepAndLog("outer body");
                                })));
        assertThat(log).containsExactly("outer body");
        assertThat(now()).isEqualTo(start.plus(SECOND));
    }

    @AsyncTest
    void aLoopThatWasBusyBeyondBothDeadlinesEndsBoth() {
        assertExceeded(
                catchThrowable(() ->
                        timeout(
                                Duration.ofMillis(20),
                                () -> {
                                    try {
                                        timeout(
                                                Duration.ofMillis(2),
                                                () -> {
                                                    long end = System.nanoTime() + 21_000_000;
                                                    while (System.nanoTime() < end) {
                                                        Thread.onSpinWait();
                                                    }
                                                    sleep(LONG);
                                                });
                                    } catch (DeadlineExceededException e) {
                                        sleep(LONG);
                                    }
                                })));
    }

    @AsyncTest(virtual = true)
    void aDeadlineInTheCleanUpAfterAnother() {
        Throwable thrown =
                catchThrowable(() ->
                        timeout(
                                SECOND,
                                () -> {
                                    try {
                                        sleep(LONG);
                                    } finally {
                                        log.add(
                                                catchThrowable(
                                                        () -> timeout(SECOND, () -> sleep(LONG))));
                                    }
                                }));
        assertExceeded(thrown);
        assertThat(log).singleElement().isInstanceOf(DeadlineExceededException.class);
        assertThat(log.getFirst()).isNotSameAs(thrown);
    }

    @AsyncTest(virtual = true)
    void aGroupThatFailsWhileADeadlineCancelsItFails() {
        Throwable thrown =
                catchThrowable(() ->
                        timeout(
                                SECOND,
                                () ->
                                        group(g -> {
                                            g.async(() -> {
                                                try {
                                                    sleep(LONG);
                                                } finally {
                                                    fail("child");
                                                }
                                            });
                                            sleepAndLog("body");
                                        })));
        assertThat(thrown).hasMessage("child");
        assertThat(thrown.getSuppressed()).hasOnlyElementsOfType(DeadlineExceededException.class);
        assertThat(log).containsExactly("body");
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    @AsyncTest(virtual = true)
    void aDeadlineCancelsAGroupWithAllItsChildren() {
        assertExceeded(
                catchThrowable(() ->
                        timeout(
                                SECOND,
                                () ->
                                        group(g -> {
                                            g.async(() -> sleepAndLog("child"));
                                            g.async(() -> sleepAndLog("child"));
                                        }))));
        assertThat(log).containsExactly("child", "child");
    }

    // ---- moving

    @AsyncTest(virtual = true)
    void anotherTaskMayMoveADeadlineAndSwitchItOffAndOn() {
        Duration start = now();
        Promise<Deadline> promise = Promise.create();
        Task<Void> task =
                async(() ->
                        timeoutAt(
                                start.plus(SECOND),
                                deadline -> {
                                    promise.complete(deadline);
                                    sleep(LONG);
                                }));
        Deadline deadline = await(promise);
        assertThat(deadline.when()).isEqualTo(start.plus(SECOND));
        deadline.rescheduleAt(start.plusSeconds(20));
        assertThat(deadline.when()).isEqualTo(start.plusSeconds(20));
        sleep(Duration.ofSeconds(5));
        deadline.disable();
        assertThat(deadline.when()).isNull();
        sleep(Duration.ofSeconds(100));
        assertThat(task.isDone()).isFalse();
        deadline.reschedule(Duration.ofSeconds(3));
        assertThat(catchThrowable(() -> await(task)))
                .isInstanceOf(DeadlineExceededException.class)
                .hasMessageEndingWith("was not done before its deadline");
        assertThat(now()).isEqualTo(start.plusSeconds(108));
    }

    @AsyncTest(virtual = true)
    void aDeadlineMovedAtTheLastMomentHolds() {
        Duration start = now();
        Task<Void> task =
                async(() ->
                        timeout(
                                SECOND,
                                deadline -> {
                                    kept.set(deadline);
                                    sleep(SECOND.multipliedBy(2));
                                }));
        Loop.current().callLater(SECOND, () -> {}); // before it in the queue of those due
        Loop.current()
                .callLater(
                        SECOND.minusNanos(1), () -> kept.get().reschedule(SECOND.multipliedBy(3)));
        await(task);
        assertThat(now()).isEqualTo(start.plus(SECOND.multipliedBy(2)));
    }

    @AsyncTest(virtual = true)
    void aDeadlineMovedBetweenItsTimerAndItsTurnHolds() {
        Loop loop = Loop.current();
        Duration start = now();
        // Of three timers of one time, the first callback to run moves the deadline, whose own
        // callback stands behind it in the queue by then.
        loop.callLater(SECOND, () -> kept.get().reschedule(SECOND));
        timeout(
                SECOND,
                deadline -> {
                    kept.set(deadline);
                    sleep(SECOND.plusMillis(500));
                });
        assertThat(now()).isEqualTo(start.plus(SECOND.plusMillis(500)));
    }

    @AsyncTest(virtual = true)
    void aDeadlineMovedIntoThePastPassesAtTheNextSuspension() {
        assertExceeded(
                catchThrowable(() ->
                        timeout(
                                LONG,
                                deadline -> {
                                    deadline.rescheduleAt(now().minus(SECOND));
                                    log.add(deadline.isExpired());
                                    yieldNow();
                                })));
        assertThat(log).containsExactly(false);
    }

    @AsyncTest(virtual = true)
    void aDeadlineIsFixedOnceItHasPassedOrItsBodyHasEnded() {
        timeout(
                SECOND,
                deadline -> {
                    kept.set(deadline);
                });
        assertThatThrownBy(() -> kept.get().reschedule(SECOND))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("cannot move the deadline: its body has ended");
        timeout(
                SECOND,
                deadline -> {
                    kept.set(deadline);
                    assertThat(catchThrowable(() -> sleep(LONG)))
                            .isInstanceOf(CancelledError.class);
                    assertThatThrownBy(() -> deadline.reschedule(SECOND))
                            .hasMessage("cannot move the deadline: it has passed");
                });
        for (Action move :
                List.<Action>of(
                        () -> kept.get().reschedule(SECOND),
                        () -> kept.get().rescheduleAt(SECOND),
                        () -> kept.get().disable())) {
            assertThatThrownBy(move::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("cannot move the deadline: it has passed");
        }
        yieldNow();
    }

    // ---- bad use, and what it looks like

    @AsyncTest(virtual = true)
    void aDeadlineDescribesItself() {
        Duration when = now().plus(SECOND);
        timeout(
                SECOND,
                deadline -> {
                    kept.set(deadline);
                    assertThat(deadline).hasToString("Deadline[running, at " + when + "]");
                    deadline.disable();
                    assertThat(deadline).hasToString("Deadline[running, off]");
                });
        assertThat(kept.get()).hasToString("Deadline[ended]");
        assertThat(
                        catchThrowable(() ->
                                timeout(
                                        SECOND,
                                        deadline -> {
                                            kept.set(deadline);
                                            sleep(LONG);
                                        })))
                .isNotNull();
        assertThat(kept.get()).hasToString("Deadline[expired]");
    }

    @AsyncTest
    void aTimeoutNeedsATaskAndATime() {
        assertThatThrownBy(() -> timeout(Duration.ofNanos(-1), () -> log.add("never")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("limit must be >= 0, was PT-0.000000001S");
        assertThatThrownBy(() -> timeout(SECOND, (Action) null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("body must not be null");
        Promise<Throwable> inCallback = Promise.create();
        Loop.current()
                .callSoon(() ->
                        inCallback.complete(
                                catchThrowable(() -> timeout(SECOND, () -> log.add("never")))));
        assertThat(await(inCallback))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("timeout needs a task");
        assertThat(log).isEmpty();
    }

    @AsyncTest(virtual = true)
    void anEndlessLimitIsNone() {
        Duration start = now();
        timeout(Duration.ofSeconds(Long.MAX_VALUE), () -> sleep(LONG));
        assertThat(now()).isEqualTo(start.plus(LONG));
    }
}
