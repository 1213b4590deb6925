package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.group;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The behaviour of {@link Async#group}, whose reference is asyncio's {@code TaskGroup}. */
class GroupTest {
    private static final Duration LONG = Duration.ofHours(1);

    @AsyncTest
    void theGroupAwaitsItsChildrenAndReturnsTheBodysResult() {
        List<String> log = new ArrayList<>();
        String result =
                group(g -> {
                    g.async(() -> {
                        yieldNow();
                        log.add("child");
                    });
                    async(() -> {
                        yieldNow();
                        yieldNow();
                        log.add("plain task");
                    });
                    return "result";
                });
        assertThat(result).isEqualTo("result");
        assertThat(log).containsExactly("child", "plain task");
    }

    @AsyncTest
    void aFailingChildCancelsSiblingsAndBody() {
        List<String> log = new ArrayList<>();
        IllegalStateException failure = new IllegalStateException("child");
        assertThat(
                        catchThrowable(() ->
                                group(g -> {
                                    g.async(() -> sleepAndLog(log, "sibling"));
                                    g.async(() -> {
                                        yieldNow();
                                        throw failure;
                                    });
                                    sleepAndLog(log, "body");
                                })))
                .isSameAs(failure);
        assertThat(log).containsExactlyInAnyOrder("sibling", "body");
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    private static void sleepAndLog(List<String> log, String who) {
        try {
            sleep(LONG);
        } finally {
            log.add(who);
        }
    }

    @AsyncTest
    void theFirstFailureIsThrownWithTheOthersSuppressed() {
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            g.async(() -> {
                                throw new IllegalStateException("first");
                            });
                            g.async(() -> {
                                try {
                                    sleep(LONG);
                                } finally {
                                    failWith("second");
                                }
                            });
                            sleep(LONG);
                        }));
        // The second had not begun when the first failed, and so never runs.
        assertThat(thrown).hasMessage("first").hasNoSuppressedExceptions();
        thrown =
                catchThrowable(() ->
                        group(g -> {
                            g.async(() -> {
                                try {
                                    sleep(LONG);
                                } finally {
                                    failWith("second");
                                }
                            });
                            g.async(() -> {
                                throw new IllegalStateException("first");
                            });
                            sleep(LONG);
                        }));
        assertThat(thrown).hasMessage("first");
        assertThat(thrown.getSuppressed()).extracting(Throwable::getMessage).contains("second");
    }

    private static void failWith(String message) {
        throw new IllegalArgumentException(message);
    }

    @AsyncTest
    void aPlainTasksFailureGoesToItsAwaiterAndCancelsNobody() {
        List<String> log = new ArrayList<>();
        group(g -> {
            g.async(() -> {
                yieldNow();
                yieldNow();
                log.add("sibling");
            });
            Task<Void> failing =
                    async(() -> {
                        throw new IllegalStateException("caught");
                    });
            assertThatThrownBy(() -> await(failing)).hasMessage("caught");
        });
        assertThat(log).containsExactly("sibling");
    }

    @AsyncTest
    void cancellingTheParentCancelsAllAndComesOut() {
        List<String> log = new ArrayList<>();
        Task<Void> parent =
                async(() ->
                        group(g -> {
                            g.async(() -> sleepAndLog(log, "child"));
                            yieldNow();
                        }));
        yieldNow();
        yieldNow();
        yieldNow();
        parent.cancel();
        while (!parent.isDone()) {
            yieldNow();
        }
        assertThat(parent.isCancelled()).isTrue();
        assertThat(log).containsExactly("child");
    }

    @AsyncTest
    void outerCancellationAndInnerFailureAtOnceKeepTheCount() {
        List<Integer> counts = new ArrayList<>();
        Task<Void> parent =
                async(() -> {
                    Throwable thrown =
                            catchThrowable(() ->
                                    group(g -> {
                                        g.async(() -> {
                                            try {
                                                sleep(LONG);
                                            } finally {
                                                failWith("inner");
                                            }
                                        });
                                        sleep(LONG);
                                    }));
                    counts.add(Task.current().cancelling());
                    assertThat(thrown).hasMessage("inner");
                    sleep(LONG); // throws: the outer request stands
                });
        yieldNow();
        yieldNow();
        parent.cancel();
        assertThat(catchThrowable(() -> await(parent)))
                .isInstanceOf(java.util.concurrent.CancellationException.class);
        assertThat(counts).containsExactly(1);
    }

    @AsyncTest
    void cancelEndsTheGroupQuietly() {
        List<String> log = new ArrayList<>();
        String result =
                group(g -> {
                    g.async(() -> sleepAndLog(log, "child"));
                    g.async(() -> {
                        yieldNow();
                        g.cancel();
                    });
                    sleep(LONG);
                    return "never";
                });
        assertThat(result).isNull();
        assertThat(log).containsExactly("child");
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    @AsyncTest
    void childrenStartChildrenWhileTheGroupEndsButNotAfter() {
        List<String> log = new ArrayList<>();
        Group[] kept = new Group[1];
        group(g -> {
            kept[0] = g;
            g.async(() -> {
                yieldNow();
                g.async(() -> {
                    yieldNow();
                    g.async(() -> log.add("grandchild"));
                });
            });
        });
        assertThat(log).containsExactly("grandchild");
        assertThatThrownBy(() -> kept[0].async(() -> 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("has ended");
        kept[0].cancel(); // too late, and so nothing
        assertThat(Task.current().cancelling()).isZero();
    }
}
