package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.group;
import static dev.weft.Async.scope;
import static dev.weft.Async.shield;
import static dev.weft.Async.sleep;
import static dev.weft.Async.timeout;
import static dev.weft.Async.waitFor;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/** What a review of groups, deadlines and scopes found, each seen to fail before it was mended. */
class ScopesReviewTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration LONG = Duration.ofHours(1);
    private final List<Object> log = new ArrayList<>();

    /** Runs the body in a task that was cancelled, and has caught that: it cleans up. */
    private static void inCleanUp(Action body) {
        Task<Void> task =
                async(() -> {
                    try {
                        sleep(LONG);
                    } catch (CancelledError e) {
                        assertThat(Task.current().cancelling()).isEqualTo(1);
                        body.run();
                        assertThat(Task.current().cancelling()).isEqualTo(1);
                    }
                });
        yieldNow();
        task.cancel();
        await(task);
    }

    private static String swallows() {
        try {
            sleep(LONG);
        } catch (CancelledError e) {
            sleep(SECOND);
            return "result";
        }
        return "never";
    }

    private static void sleepAndFail(Duration duration, String message) {
        sleep(duration);
        throw new IllegalStateException(message);
    }

    /** Sleeps in a call of the JDK's, to which loop mode brings a cancellation by interrupting. */
    private static Void jdkSleep() throws InterruptedException {
        Thread.sleep(LONG);
        return null;
    }

    private static void steps(int n) {
        for (int i = 0; i < n; i++) {
            yieldNow();
        }
    }

    // ---- requests and who takes them back

    @AsyncTest(virtual = true)
    void aDeadlinesUndeliveredRequestGoesWithItInACleanUp() {
        inCleanUp(() -> {
            Task<String> stubborn = async(ScopesReviewTest::swallows);
            assertThat(waitFor(stubborn, SECOND)).isEqualTo("result");
            yieldNow();
        });
    }

    @AsyncTest(virtual = true)
    void aDeadlinesUndeliveredRequestGoesWithItAfterTheBodyHasSwallowedAnothers() {
        Task<String> task =
                async(() -> {
                    Task<String> stubborn = async(ScopesReviewTest::swallows);
                    String result =
                            timeout(
                                    SECOND.multipliedBy(2),
                                    () -> {
                                        assertThat(catchThrowable(() -> sleep(LONG)))
                                                .isInstanceOf(CancelledError.class);
                                        return await(stubborn);
                                    });
                    yieldNow();
                    return result;
                });
        sleep(SECOND);
        task.cancel();
        assertThat(await(task)).isEqualTo("result");
        assertThat(task.cancelling()).isEqualTo(1);
    }

    @AsyncTest(virtual = true)
    void aGroupsUndeliveredRequestGoesWithItInACleanUp() {
        inCleanUp(() -> {
            Task<String> stubborn = async(ScopesReviewTest::swallows);
            Throwable thrown =
                    catchThrowable(() ->
                            group(g -> {
                                g.async(() -> sleepAndFail(SECOND, "child"));
                                return await(stubborn);
                            }));
            assertThat(thrown).hasMessage("child");
            yieldNow();
        });
    }

    @AsyncTest(virtual = true)
    void aFailingGroupInACleanUpDoesNotDisturbTheRest() {
        inCleanUp(() -> {
            Throwable thrown =
                    catchThrowable(() ->
                            group(g -> {
                                g.async(() -> sleepAndFail(SECOND, "child"));
                                sleep(LONG);
                            }));
            assertThat(thrown).hasMessage("child");
            yieldNow();
        });
    }

    @AsyncTest(virtual = true)
    void aGroupInACleanUpEndsQuietly() {
        inCleanUp(() -> {
            group(g -> {
                g.async(() -> {
                    sleep(SECOND);
                    g.cancel();
                });
                sleep(LONG);
            });
            yieldNow();
        });
    }

    @AsyncTest(virtual = true)
    void aGroupThatEndsQuietlyDoesNotLoseACancellationFromOutside() {
        Task<Void> parent =
                async(() -> {
                    group(g -> {
                        g.async(() -> {
                            try {
                                sleep(LONG);
                            } finally {
                                sleep(SECOND);
                            }
                        });
                        g.async(() -> {
                            sleep(SECOND);
                            g.cancel();
                        });
                    });
                    log.add("went on");
                    sleep(LONG);
                });
        sleep(SECOND.plusMillis(500));
        parent.cancel(); // while the group waits for the first child's clean-up
        assertThat(catchThrowable(() -> await(parent))).isInstanceOf(CancellationException.class);
        assertThat(log).isEmpty();
    }

    @AsyncTest(virtual = true)
    void aDeadlineLeavesARequestToOthersThatWasPendingWhenItBegan() {
        Task<Void> task =
                async(() -> {
                    Task<Void> slow =
                            async(() -> {
                                try {
                                    sleep(LONG);
                                } finally {
                                    sleep(SECOND.multipliedBy(2));
                                }
                            });
                    yieldNow();
                    Task.current().cancel("outer");
                    timeout(SECOND, () -> await(slow));
                });
        assertThat(catchThrowable(() -> await(task))).isInstanceOf(CancellationException.class);
    }

    @AsyncTest(virtual = true)
    void aScopeThatFailsDoesNotLoseACancellationThatCameWhileItEnded() {
        Task<Void> owner =
                async(() -> {
                    Throwable thrown =
                            catchThrowable(() ->
                                    scope(s -> {
                                        async(() -> {
                                            try {
                                                sleep(LONG);
                                            } finally {
                                                sleep(SECOND);
                                            }
                                        });
                                        yieldNow();
                                        throw new IllegalStateException("body");
                                    }));
                    assertThat(thrown).hasMessage("body");
                    assertThat(Task.current().cancelling()).isEqualTo(1);
                    log.add("failed");
                    sleep(LONG);
                    log.add("went on");
                });
        steps(5);
        owner.cancel();
        assertThat(catchThrowable(() -> await(owner))).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("failed");
    }

    @AsyncTest
    void aSleepThatWasCancelledSaysSoEvenIfTheRequestWasTakenBack() {
        Task<Void> task =
                async(() -> {
                    try {
                        sleep(LONG);
                    } catch (CancelledError e) {
                        log.add(e.getMessage());
                    }
                    yieldNow();
                });
        yieldNow();
        task.cancel("too hasty");
        assertThat(task.uncancel()).isZero();
        await(task);
        assertThat(log).containsExactly("too hasty");
    }

    // ---- JDK calls, which loop mode interrupts

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aDeadlineInterruptsAJdkCallAndSaysThatItHasPassed() {
        assertThat(catchThrowable(() -> timeout(Duration.ofMillis(5), ScopesReviewTest::jdkSleep)))
                .isInstanceOf(DeadlineExceededException.class)
                .hasRootCauseInstanceOf(InterruptedException.class);
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
        yieldNow();
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void anInterruptThatTheBodySwallowsGoesWithTheDeadline() {
        String result =
                timeout(
                        Duration.ofMillis(5),
                        () -> {
                            try {
                                jdkSleep();
                            } catch (InterruptedException e) {
                                return "swallowed";
                            }
                            return "never";
                        });
        assertThat(result).isEqualTo("swallowed");
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
        yieldNow();
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aQuietEndInterruptsAJdkCallQuietly() {
        group(g -> {
            g.async(() -> {
                yieldNow();
                g.cancel();
            });
            jdkSleep();
        });
        yieldNow();
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void cancellingATaskInAJdkCallWithinAGroupAScopeOrADeadlineCancelsTheTask() {
        List<Task<Void>> tasks =
                List.of(
                        async(() ->
                                group(g -> {
                                    jdkSleep();
                                })),
                        async(() -> scope(s -> ScopesReviewTest.jdkSleep())),
                        async(() -> timeout(LONG, ScopesReviewTest::jdkSleep)));
        yieldNow();
        for (Task<Void> task : tasks) {
            task.cancel();
            assertThat(catchThrowable(() -> await(task))).isInstanceOf(CancellationException.class);
        }
    }

    // ---- failures

    @AsyncTest
    void whatTheBodyMakesOfAChildsFailureIsNotLost() {
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            Task<Void> child =
                                    g.async(() -> {
                                        throw new IllegalStateException("child");
                                    });
                            try {
                                await(child);
                            } catch (CancelledError e) {
                                throw new IllegalArgumentException("cannot", child.exceptionNow());
                            }
                        }));
        assertThat(thrown).hasMessage("child");
        assertThat(thrown.getSuppressed())
                .extracting(Throwable::getMessage)
                .containsExactly("cannot");
    }

    @AsyncTest
    void aCheckedFailureThatTheBodyAwaitsCountsOnce() {
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            Task<Void> child =
                                    g.async(() -> {
                                        throw new java.io.IOException("child");
                                    });
                            try {
                                sleep(LONG);
                            } catch (CancelledError e) {
                                await(child);
                            }
                        }));
        assertThat(thrown).isInstanceOf(java.io.UncheckedIOException.class);
        assertThat(thrown.getCause().getSuppressed()).isEmpty();
    }

    @AsyncTest(virtual = true)
    void aGroupThatIsCancelledWhileItWaitsNamesWhoHoldsItUp() {
        PrintStream before = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            Throwable thrown =
                    catchThrowable(() ->
                            group(g -> {
                                g.async(
                                        "slow",
                                        () -> {
                                            try {
                                                sleep(LONG);
                                            } finally {
                                                sleep(SECOND.multipliedBy(30));
                                            }
                                            return null;
                                        });
                                g.async(() -> sleepAndFail(SECOND, "child"));
                            }));
            assertThat(thrown).hasMessage("child");
        } finally {
            System.setErr(before);
        }
        assertThat(bytes.toString(StandardCharsets.UTF_8)).contains("have not ended: [slow");
    }

    // ---- deadlines

    @AsyncTest(virtual = true)
    void aDeadlineTellsItsTimeAfterItHasPassedToo() {
        Loop loop = Loop.current();
        Duration when = loop.time().plus(SECOND);
        Deadline[] kept = new Deadline[1];
        Throwable thrown =
                catchThrowable(() ->
                        Async.timeoutAt(
                                when,
                                deadline -> {
                                    kept[0] = deadline;
                                    sleep(LONG);
                                }));
        assertThat(thrown).isInstanceOf(DeadlineExceededException.class);
        assertThat(kept[0].when()).isEqualTo(when);
        assertThat(kept[0]).hasToString("Deadline[expired]");
        assertThat(catchThrowable(() -> kept[0].disable())).hasMessageContaining("it has passed");
    }

    @AsyncTest
    void aDeadlineThatIsDueWorksAtAYield() {
        for (int i = 0; i < 100; i++) {
            assertThat(catchThrowable(() -> timeout(Duration.ZERO, Async::yieldNow)))
                    .isInstanceOf(DeadlineExceededException.class);
        }
    }

    @AsyncTest
    void waitingForNoTimeCancelsATaskBeforeItsFirstStep() {
        Task<Boolean> task = async(() -> log.add("ran"));
        assertThat(catchThrowable(() -> waitFor(task, Duration.ZERO)))
                .isInstanceOf(DeadlineExceededException.class)
                .hasMessageContaining("was not done within PT0S");
        assertThat(task.isCancelled()).isTrue();
        assertThat(log).isEmpty();
    }

    // ---- shields

    @AsyncTest
    void aScopeThatEndsBeforeAShieldedBodyHasBegunLetsItRun() {
        scope(s -> {
            async(() -> shield(() -> log.add("ran")));
            yieldNow(); // it has called shield, whose task is ready
            return null;
        });
        assertThat(log).containsExactly("ran");
    }
}
