package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.group;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/** Who is cancelled when, and whose request is whose: asyncio's rules for task groups. */
class GroupCancellationTest {
    private static final Duration LONG = Duration.ofHours(1);
    private final List<Object> log = new ArrayList<>();

    private static Duration seconds(double n) {
        return Duration.ofMillis(Math.round(n * 1000));
    }

    private void sleepAndLog(Object who) {
        try {
            sleep(LONG);
        } catch (CancelledError e) {
            log.add(who);
            throw e;
        }
    }

    private static void failAfter(double seconds, String message) {
        sleep(seconds(seconds));
        throw new IllegalStateException(message);
    }

    /** Fails while it is being cancelled. */
    private static void failInCleanUp(String message) {
        try {
            sleep(LONG);
        } finally {
            throwFailure(message);
        }
    }

    private static void throwFailure(String message) {
        throw new IllegalStateException(message);
    }

    private static void assertCancelled(Task<?> task) {
        assertThat(catchThrowable(() -> await(task))).isInstanceOf(CancellationException.class);
        assertThat(task.isCancelled()).isTrue();
    }

    private static void assertFails(Task<?> task, String message) {
        assertThat(catchThrowable(() -> await(task)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(message);
    }

    // ---- children

    @AsyncTest(virtual = true)
    void aChildThatIsCancelledAloneLeavesTheOthersAlone() {
        List<Task<Integer>> tasks = new ArrayList<>();
        group(g -> {
            tasks.add(
                    g.async(() -> {
                        sleep(LONG);
                        return 42;
                    }));
            sleep(seconds(0.15));
            tasks.getFirst().cancel();
            tasks.add(
                    g.async(() -> {
                        sleep(seconds(0.2));
                        return 11;
                    }));
        });
        assertThat(tasks.getFirst().isCancelled()).isTrue();
        assertThat(tasks.getLast().resultNow()).isEqualTo(11);
    }

    @AsyncTest(virtual = true)
    void aChildThatFailsAfterTheBodyHasEndedCancelsItsSiblings() {
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            g.async(() -> failAfter(0.1, "child"));
                            g.async(() -> sleepAndLog("sibling"));
                        }));
        assertThat(thrown).hasMessage("child");
        assertThat(log).containsExactly("sibling");
        assertThat(Task.current().cancelling()).isZero();
    }

    @AsyncTest(virtual = true)
    void childrenThatFailAtTheSameTimeMakeOneFailure() {
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            for (int i = 0; i < 3; i++) {
                                g.async(() -> failAfter(0.1, "child"));
                            }
                            g.async(() -> sleepAndLog("sibling"));
                            sleepAndLog("body");
                        }));
        assertThat(thrown).hasMessage("child");
        assertThat(log).containsExactlyInAnyOrder("sibling", "body");
    }

    @AsyncTest(virtual = true)
    void aFailingBodyCancelsItsChildren() {
        List<Task<Void>> tasks = new ArrayList<>();
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            tasks.add(g.async(() -> sleepAndLog(1)));
                            tasks.add(g.async(() -> sleepAndLog(2)));
                            failAfter(0.1, "body");
                        }));
        assertThat(thrown).hasMessage("body");
        assertThat(tasks).allMatch(Task::isCancelled);
        assertThat(log).containsExactlyInAnyOrder(1, 2);
    }

    @AsyncTest(virtual = true)
    void childrenOfABodyThatFailsAtOnceNeverBegin() {
        List<Task<Void>> tasks = new ArrayList<>();
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            tasks.add(
                                    g.async(() -> {
                                        log.add("began");
                                    }));
                            throwFailure("body");
                        }));
        assertThat(thrown).hasMessage("body");
        assertThat(tasks).allMatch(Task::isCancelled);
        assertThat(log).isEmpty();
    }

    @AsyncTest(virtual = true)
    void aChildStartedWhileTheGroupIsCancelledNeverBegins() {
        List<Task<Boolean>> late = new ArrayList<>();
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            g.async(() -> failAfter(0.001, "child"));
                            g.async(() -> {
                                try {
                                    sleep(LONG);
                                } finally {
                                    late.add(g.async(() -> log.add("began")));
                                }
                            });
                        }));
        assertThat(thrown).hasMessage("child");
        assertThat(late).singleElement().matches(Task::isCancelled);
        assertThat(log).isEmpty();
    }

    private int hydras;

    private void hydra(Group g) {
        hydras++;
        sleep(seconds(0.01));
        g.async(() -> hydra(g));
        g.async(() -> hydra(g));
    }

    @AsyncTest(virtual = true)
    void aGroupWhoseChildrenMultiplyEndsWhenOneFails() {
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            g.async(() -> hydra(g));
                            g.async(() -> {
                                while (hydras < 10) {
                                    sleep(seconds(0.015));
                                }
                                throwFailure("hercules");
                            });
                        }));
        assertThat(thrown).hasMessage("hercules");
        assertThat(hydras).isGreaterThanOrEqualTo(10);
    }

    // ---- the parent is cancelled

    @AsyncTest(virtual = true)
    void cancellingAParentThatWaitsCancelsEachChildOnce() {
        Task<Void> parent =
                async(() ->
                        group(g -> {
                            for (int i = 0; i < 5; i++) {
                                g.async(() -> {
                                    try {
                                        sleep(LONG);
                                    } finally {
                                        log.add(Task.current().cancelling());
                                    }
                                });
                            }
                        }));
        sleep(seconds(0.1));
        parent.cancel();
        assertCancelled(parent);
        assertThat(log).containsExactly(1, 1, 1, 1, 1);
    }

    @AsyncTest(virtual = true)
    void cancellingAParentInItsBodyCancelsBodyAndChildren() {
        Task<Void> parent =
                async(() ->
                        group(g -> {
                            for (int i = 0; i < 5; i++) {
                                g.async(() -> sleepAndLog("child"));
                            }
                            sleepAndLog("body");
                        }));
        sleep(seconds(0.1));
        parent.cancel("outer");
        assertThat(catchThrowable(() -> await(parent))).hasMessageContaining("outer");
        assertThat(log).hasSize(6).startsWith("body").containsOnly("body", "child");
    }

    @AsyncTest(virtual = true)
    void cancellingAParentTwiceWhileItWaitsDoesNotAbandonAChild() {
        Task<Void> parent =
                async(() ->
                        group(g -> {
                            g.async(() -> {
                                try {
                                    sleep(LONG);
                                } finally {
                                    sleep(seconds(1));
                                    log.add("cleaned up");
                                }
                            });
                        }));
        sleep(seconds(0.1));
        parent.cancel();
        sleep(seconds(0.1));
        parent.cancel();
        assertCancelled(parent);
        assertThat(log).containsExactly("cleaned up");
        assertThat(parent.cancelling()).isEqualTo(2);
    }

    @AsyncTest(virtual = true)
    void cancellingAGroupWithoutChildrenCancelsItsBody() {
        Task<Void> parent =
                async(() ->
                        group(g -> {
                            sleepAndLog("body");
                        }));
        sleep(seconds(0.1));
        parent.cancel();
        assertCancelled(parent);
        assertThat(log).containsExactly("body");
    }

    @AsyncTest(virtual = true)
    void childrenThatFailWhileTheParentIsCancelledMakeItFail() {
        Task<Void> parent =
                async(() ->
                        group(g -> {
                            for (int i = 0; i < 5; i++) {
                                g.async(() -> failInCleanUp("child"));
                            }
                            sleep(LONG);
                        }));
        sleep(seconds(0.1));
        parent.cancel();
        Throwable thrown = catchThrowable(() -> await(parent));
        assertThat(thrown).isInstanceOf(IllegalStateException.class).hasMessage("child");
        assertThat(thrown.getSuppressed()).hasSize(4);
    }

    @AsyncTest(virtual = true)
    void aBodyThatMakesAFailureOfItsCancellationFails() {
        Task<Void> parent =
                async(() ->
                        group(g -> {
                            failInCleanUp("body");
                        }));
        sleep(seconds(0.1));
        parent.cancel();
        assertFails(parent, "body");
    }

    @AsyncTest(virtual = true)
    void aChildThatFailsDuringTheBodysCleanUpCutsThatShort() {
        Task<Void> nested =
                async(() ->
                        group(g -> {
                            g.async(() -> failAfter(0.3, "child"));
                            try {
                                sleep(LONG);
                            } finally {
                                try {
                                    sleep(seconds(0.5));
                                } finally {
                                    log.add(Loop.current().time());
                                }
                            }
                        }));
        Task<Void> outer = async(() -> await(nested)); // and so the same from further away
        Duration start = Loop.current().time();
        sleep(seconds(0.1));
        outer.cancel();
        assertFails(outer, "child");
        assertThat(log).containsExactly(start.plus(seconds(0.3)));
    }

    // ---- groups in groups

    @AsyncTest(virtual = true)
    void theInnerGroupsFailureIsTheOuterBodys() {
        for (boolean withSibling : new boolean[] {false, true}) {
            Task<Void> parent =
                    async(() ->
                            group(outer -> {
                                if (withSibling) {
                                    outer.async(() -> sleepAndLog("sibling"));
                                }
                                group(inner -> {
                                    for (int i = 0; i < 5; i++) {
                                        inner.async(() -> failInCleanUp("inner"));
                                    }
                                    sleep(LONG);
                                });
                            }));
            sleep(seconds(0.1));
            parent.cancel();
            assertFails(parent, "inner");
        }
        assertThat(log).containsExactly("sibling");
    }

    @AsyncTest(virtual = true)
    void anOuterFailureCancelsTheInnerGroup() {
        Throwable thrown =
                catchThrowable(() ->
                        group(outer -> {
                            outer.async(() -> failAfter(0.1, "outer"));
                            group(inner -> {
                                inner.async(() -> sleepAndLog("inner child"));
                            });
                            log.add("went on");
                        }));
        assertThat(thrown).hasMessage("outer").hasNoSuppressedExceptions();
        assertThat(log).containsExactly("inner child");
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    @AsyncTest(virtual = true)
    void anInnerFailureCancelsTheOuterGroup() {
        Throwable thrown =
                catchThrowable(() ->
                        group(outer -> {
                            outer.async(() -> sleepAndLog("outer child"));
                            group(inner -> {
                                inner.async(() -> failAfter(0.1, "inner"));
                            });
                        }));
        assertThat(thrown).hasMessage("inner");
        assertThat(log).containsExactly("outer child");
    }

    @AsyncTest(virtual = true)
    void groupsThatBothFailEachTakeBackTheirOwn() {
        Throwable thrown =
                catchThrowable(() ->
                        group(outer -> {
                            Throwable caught =
                                    catchThrowable(() ->
                                            group(inner -> {
                                                inner.async(() -> throwFailure("inner"));
                                                outer.async(() -> throwFailure("outer"));
                                            }));
                            assertThat(caught).hasMessage("inner");
                            assertThat(Task.current().cancelling()).isEqualTo(1);
                            sleepAndLog("the outer body is cancelled all the same");
                        }));
        assertThat(thrown).hasMessage("outer");
        assertThat(log).hasSize(1);
        assertThat(Task.current().cancelling()).isZero();
    }

    // ---- counts

    @AsyncTest(virtual = true)
    void aFailureLeavesTheCountAsItWas() {
        assertThat(
                        catchThrowable(() ->
                                group(g -> {
                                    g.async(() -> throwFailure("child"));
                                })))
                .hasMessage("child");
        assertThat(Task.current().cancelling()).isZero();
    }

    @AsyncTest(virtual = true)
    void aFailureAndACancellationAtOnceLeaveTheCancellationToTheNextSuspension() {
        Promise<Void> begun = Promise.create();
        Task<Void> parent =
                async(() -> {
                    Throwable thrown =
                            catchThrowable(() ->
                                    group(g -> {
                                        g.async(() -> {
                                            begun.complete(null);
                                            yieldNow();
                                            throwFailure("child");
                                        });
                                        sleep(LONG);
                                        log.add("never");
                                    }));
                    assertThat(thrown).hasMessage("child");
                    log.add(Task.current().cancelling());
                    sleep(LONG);
                    log.add("never");
                });
        await(begun);
        assertThat(parent.cancelling()).isZero();
        parent.cancel();
        assertThat(parent.cancelling()).isEqualTo(1);
        assertCancelled(parent);
        assertThat(log).containsExactly(1);
    }

    @AsyncTest(
            virtual = true,
            seeds = {1, 2, 3, 4, 5, 6, 7, 8})
    void inWhateverOrderTheyComeAFailureAndACancellationAreBothFelt() {
        Task<Void> parent =
                async(() -> {
                    try {
                        group(g -> {
                            g.async(() -> failAfter(1, "child"));
                            g.async(() -> sleepAndLog("sibling"));
                            sleep(LONG);
                        });
                    } catch (IllegalStateException e) {
                        log.add(e.getMessage());
                    }
                    sleep(LONG);
                });
        sleep(seconds(1));
        parent.cancel();
        assertCancelled(parent);
        assertThat(log).contains("sibling");
    }

    // ---- failures of body and children

    @AsyncTest(virtual = true)
    void theBodysFailureInItsCleanUpIsKeptBesideTheChilds() {
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            g.async(() -> failAfter(0.1, "child"));
                            failInCleanUp("body");
                        }));
        assertThat(thrown).hasMessage("child");
        assertThat(thrown.getSuppressed())
                .extracting(Throwable::getMessage)
                .containsExactly("body");
        assertThat(Task.current().cancelling()).isZero();
    }

    @AsyncTest(virtual = true)
    void errorsAreFailuresLikeOthers() {
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            g.async(() -> {
                                sleep(seconds(0.1));
                                throw new AssertionError("child");
                            });
                            failInCleanUp("body");
                        }));
        assertThat(thrown).isInstanceOf(AssertionError.class).hasMessage("child");
        assertThat(thrown.getSuppressed()).hasSize(1);
        thrown =
                catchThrowable(() ->
                        group(g -> {
                            g.async(() -> failAfter(0.1, "child"));
                            try {
                                sleep(LONG);
                            } finally {
                                throwError();
                            }
                        }));
        assertThat(thrown).isInstanceOf(IllegalStateException.class);
        assertThat(thrown.getSuppressed()).hasOnlyElementsOfType(StackOverflowError.class);
    }

    private static void throwError() {
        throw new StackOverflowError("body");
    }

    @AsyncTest(virtual = true)
    void aFailureReturnedByTheBodyCancelsNobody() {
        Object result =
                group(g -> {
                    g.async(() -> {
                        sleep(seconds(1));
                        log.add("sibling");
                    });
                    Task<Void> failing = async(() -> throwFailure("caught"));
                    return catchThrowable(() -> await(failing));
                });
        assertThat(result).isInstanceOf(IllegalStateException.class);
        assertThat(log).containsExactly("sibling");
    }

    // ---- quiet ends

    @AsyncTest(virtual = true)
    void aQuietEndWhileTheGroupWaitsKeepsTheBodysResult() {
        String result =
                group(g -> {
                    g.async(() -> sleepAndLog("child"));
                    g.async(() -> {
                        sleep(seconds(1));
                        g.cancel();
                        g.cancel();
                    });
                    return "result";
                });
        assertThat(result).isEqualTo("result");
        assertThat(log).containsExactly("child");
        yieldNow();
    }

    @AsyncTest(virtual = true)
    void aFailureOnTheWayOutOfAQuietEndIsThrown() {
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            g.async(() -> failInCleanUp("child"));
                            yieldNow();
                            g.cancel();
                            sleepAndLog("body");
                        }));
        assertThat(thrown).hasMessage("child");
        assertThat(log).containsExactly("body");
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    @AsyncTest(virtual = true)
    void theBodyMayEndItsGroupQuietlyAndReturn() {
        String result =
                group(g -> {
                    g.async(() -> log.add("never begins"));
                    g.cancel();
                    return "result";
                });
        assertThat(result).isEqualTo("result");
        assertThat(log).isEmpty();
        yieldNow();
    }

    @AsyncTest(virtual = true)
    void aQuietEndOfAnInnerGroupLeavesTheOuterAlone() {
        group(outer -> {
            outer.async(() -> {
                sleep(seconds(2));
                log.add("outer child");
            });
            group(inner -> {
                inner.async(() -> sleepAndLog("inner child"));
                outer.async(() -> {
                    sleep(seconds(1));
                    inner.cancel();
                });
                sleepAndLog("inner body");
            });
            log.add("outer body");
        });
        assertThat(log).containsExactly("inner body", "inner child", "outer body", "outer child");
    }

    @AsyncTest(virtual = true)
    void aTaskThatIsNotTheGroupsIsAwaitedAndCancelledWithIt() {
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            async(() -> sleepAndLog("plain"));
                            g.async(() -> failAfter(1, "child"));
                        }));
        assertThat(thrown).hasMessage("child");
        assertThat(log).containsExactly("plain");
    }
}
