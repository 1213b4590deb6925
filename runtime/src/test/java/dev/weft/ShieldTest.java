package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.group;
import static dev.weft.Async.scope;
import static dev.weft.Async.shield;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/** Shields, whose reference is {@code asyncio.shield}. */
class ShieldTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration LONG = Duration.ofHours(1);
    private final List<Object> log = new ArrayList<>();

    private static void assertCancelled(Task<?> task) {
        assertThat(catchThrowable(() -> await(task))).isInstanceOf(CancellationException.class);
    }

    private static void fail(String message) {
        throw new IllegalStateException(message);
    }

    /** Reports of failures go to the log of the test, as text. */
    private void recordUnhandled() {
        Loop.current().onUnhandled(unhandled -> log.add(unhandled.failure().getMessage()));
    }

    // ---- results

    @AsyncTest(virtual = true)
    void theBodysResultIsReturned() {
        assertThat(Async.<Integer>shield(() -> 42)).isEqualTo(42);
        shield(() -> {
            sleep(SECOND);
        });
    }

    @AsyncTest(virtual = true)
    void theFuturesResultIsReturned() {
        Promise<Integer> inner = Promise.create();
        Loop.current().callSoon(() -> inner.complete(42));
        assertThat(shield(inner)).isEqualTo(42);
        assertThat(shield(inner)).as("one that is done").isEqualTo(42);
    }

    @AsyncTest(virtual = true)
    void theSameFailureIsThrown() {
        IllegalStateException failure = new IllegalStateException("expected");
        Promise<Integer> inner = Promise.create();
        Loop.current().callSoon(() -> inner.fail(failure));
        assertThat(catchThrowable(() -> shield(inner))).isSameAs(failure);
        assertThat(
                        catchThrowable(() ->
                                shield(() -> {
                                    throw failure;
                                })))
                .isSameAs(failure);
    }

    @AsyncTest(virtual = true)
    void cancellingTheFutureEndsTheShield() {
        Promise<Integer> inner = Promise.create();
        Loop.current().callSoon(inner::cancel);
        assertThat(catchThrowable(() -> shield(inner))).isInstanceOf(CancellationException.class);
        assertThat(
                        catchThrowable(() ->
                                shield(() -> {
                                    throw new CancelledError("itself");
                                })))
                .isInstanceOf(CancellationException.class);
    }

    @AsyncTest(virtual = true)
    void theBodyIsATaskOfItsOwn() {
        Task<?> caller = Task.current();
        Task<?> inner = Async.<Task<?>>shield(() -> Task.current());
        assertThat(inner).isNotSameAs(caller);
        assertThat(inner.isDone()).isTrue();
    }

    // ---- the caller is cancelled

    @AsyncTest(virtual = true)
    void cancellingTheCallerEndsItAtOnceAndTheBodyGoesOn() {
        Duration start = Loop.current().time();
        Promise<Void> waiter = Promise.create();
        Task<Void> outer =
                async(() -> {
                    shield(() -> {
                        await(waiter);
                        log.add("inner");
                    });
                    log.add("never");
                });
        yieldNow();
        yieldNow();
        outer.cancel();
        assertCancelled(outer);
        assertThat(Loop.current().time()).isEqualTo(start);
        waiter.complete(null);
        yieldNow();
        assertThat(log).containsExactly("inner");
    }

    @AsyncTest(virtual = true)
    void cancellingTheCallerLeavesTheFutureAloneAndNothingBehindInIt() {
        Promise<Integer> inner = Promise.create();
        for (int i = 0; i < 100; i++) {
            Task<Integer> outer = async(() -> shield(inner));
            yieldNow();
            outer.cancel();
            assertCancelled(outer);
        }
        assertThat(inner.isDone()).isFalse();
        inner.complete(42);
        assertThat(await(inner)).isEqualTo(42);
    }

    @AsyncTest(virtual = true)
    void severalCallersShieldOneFutureAndAreCancelledEachAlone() {
        Promise<Integer> inner = Promise.create();
        Task<Integer> first = async(() -> shield(inner));
        Task<Integer> second = async(() -> shield(inner));
        yieldNow();
        first.cancel();
        assertCancelled(first);
        inner.complete(42);
        assertThat(await(second)).isEqualTo(42);
    }

    @AsyncTest(virtual = true)
    void aCallerThatIsBeingCancelledStartsTheBodyAllTheSame() {
        Task<Void> outer =
                async(() -> {
                    Task.current().cancel();
                    shield(() -> {
                        sleep(SECOND);
                        log.add("inner");
                    });
                    log.add("never");
                });
        assertCancelled(outer);
        sleep(SECOND.multipliedBy(2));
        assertThat(log).containsExactly("inner");
    }

    @AsyncTest(virtual = true)
    void aCancellationAtTheMomentOfTheResultIsThrown() {
        Promise<Integer> inner = Promise.create();
        Task<Integer> outer = async(() -> shield(inner));
        yieldNow();
        inner.complete(42);
        outer.cancel();
        assertCancelled(outer);
        assertThat(inner.resultNow()).isEqualTo(42);
    }

    @AsyncTest(virtual = true)
    void aGatherInsideAShieldGoesOn() {
        Promise<Integer> child1 = Promise.create();
        Promise<Integer> child2 = Promise.create();
        Task<Void> outer =
                async(() -> {
                    shield(() -> {
                        log.add(Async.gather(child1, child2));
                    });
                });
        yieldNow();
        yieldNow();
        outer.cancel();
        assertCancelled(outer);
        child1.complete(1);
        child2.complete(2);
        yieldNow();
        assertThat(log).containsExactly(List.of(1, 2));
    }

    @AsyncTest(virtual = true)
    void cancellingAGatherOfShieldsLeavesWhatTheyAwaitAlone() {
        Promise<Integer> child1 = Promise.create();
        Promise<Integer> child2 = Promise.create();
        Task<Integer> inner1 = async(() -> shield(child1));
        Task<Integer> inner2 = async(() -> shield(child2));
        Task<List<Integer>> parent = async(() -> Async.gather(inner1, inner2));
        yieldNow();
        parent.cancel();
        assertCancelled(parent);
        assertThat(inner1.isCancelled()).isTrue();
        assertThat(inner2.isCancelled()).isTrue();
        child1.complete(1);
        child2.complete(2);
    }

    // ---- failures that reach nobody

    @AsyncTest(virtual = true, unhandled = true)
    void aFailureAfterTheCallerWasCancelledGoesToTheExceptionHandlerOnce() {
        recordUnhandled();
        scope(s -> {
            Task<Void> outer =
                    async(() ->
                            shield(() -> {
                                sleep(SECOND);
                                fail("inner");
                            }));
            sleep(Duration.ofMillis(10));
            outer.cancel();
            assertCancelled(outer);
            sleep(SECOND.multipliedBy(2));
            return null;
        });
        yieldNow();
        assertThat(log).containsExactly("inner");
    }

    @AsyncTest(virtual = true, unhandled = true)
    void aFailureThatTheCallerCaughtIsNotReported() {
        recordUnhandled();
        scope(s -> {
            assertThat(catchThrowable(() -> shield(() -> fail("inner")))).hasMessage("inner");
            return null;
        });
        yieldNow();
        assertThat(log).isEmpty();
    }

    @AsyncTest(virtual = true, unhandled = true)
    void aCancellationAfterTheFailureReportsTheFailure() {
        recordUnhandled();
        scope(s -> {
            Promise<Void> failing = Promise.create();
            Task<Void> outer = async(() -> shield(() -> await(failing)));
            sleep(Duration.ofMillis(10));
            failing.fail(new IllegalStateException("inner"));
            yieldNow(); // the body has failed, and the caller has not been told
            outer.cancel();
            assertCancelled(outer);
            return null;
        });
        yieldNow();
        assertThat(log).containsExactly("inner");
    }

    // ---- scopes

    @AsyncTest(virtual = true)
    void aScopeThatEndsWaitsForTheBodyAndDoesNotCancelIt() {
        Duration start = Loop.current().time();
        scope(s -> {
            async(() ->
                    shield(() -> {
                        sleep(SECOND);
                        log.add("inner");
                    }));
            sleep(Duration.ofMillis(10));
            return null;
        });
        assertThat(log).containsExactly("inner");
        assertThat(Loop.current().time()).isEqualTo(start.plus(SECOND));
    }

    @AsyncTest(virtual = true)
    void aGroupThatFailsWaitsForTheBodyAndDoesNotCancelIt() {
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            g.async(() ->
                                    shield(() -> {
                                        sleep(SECOND);
                                        log.add("inner");
                                    }));
                            sleep(Duration.ofMillis(10));
                            fail("body");
                        }));
        assertThat(thrown).hasMessage("body");
        assertThat(log).containsExactly("inner");
    }

    @AsyncTest(virtual = true)
    void aShieldedFailureDoesNotCancelTheGroup() {
        group(g -> {
            g.async(() -> {
                assertThat(catchThrowable(() -> shield(() -> fail("inner")))).hasMessage("inner");
            });
            g.async(() -> {
                sleep(SECOND);
                log.add("sibling");
            });
        });
        assertThat(log).containsExactly("sibling");
    }

    @AsyncTest(virtual = true)
    void cancellingTheOwnerOfAScopeThatWaitsForTheBodyDoesNotCancelItEither() {
        Task<Void> owner =
                async(() -> {
                    scope(s -> {
                        shield(() -> {
                            sleep(SECOND);
                            log.add("inner");
                        });
                        return null;
                    });
                });
        sleep(Duration.ofMillis(10));
        owner.cancel();
        sleep(Duration.ofMillis(10));
        assertThat(owner.isDone()).isFalse();
        owner.cancel();
        assertCancelled(owner);
        assertThat(log).containsExactly("inner");
    }

    @AsyncTest(virtual = true)
    void aShieldInACleanUpOfAScopeThatEndsRuns() {
        scope(s -> {
            async(() -> {
                try {
                    sleep(LONG);
                } finally {
                    shield(() -> {
                        sleep(SECOND);
                        log.add("inner");
                    });
                }
            });
            yieldNow();
            return null;
        });
        assertThat(log).containsExactly("inner");
    }

    @AsyncTest(virtual = true)
    void aGroupInsideTheBodyIsShieldedWithIt() {
        scope(s -> {
            async(() ->
                    shield(() ->
                            group(g -> {
                                g.async(() -> {
                                    sleep(SECOND);
                                    log.add("child");
                                });
                                g.async(() -> {
                                    sleep(SECOND);
                                    log.add("child");
                                });
                            })));
            sleep(Duration.ofMillis(10));
            return null;
        });
        assertThat(log).containsExactly("child", "child");
    }

    @AsyncTest(virtual = true)
    void aShieldWithinAShieldWithinAScope() {
        scope(s -> {
            Task<Void> outer =
                    async(() ->
                            shield(() ->
                                    shield(() -> {
                                        sleep(SECOND);
                                        log.add("innermost");
                                    })));
            sleep(Duration.ofMillis(10));
            outer.cancel();
            return null;
        });
        assertThat(log).containsExactly("innermost");
    }

    @AsyncTest(virtual = true, leavesTasks = true)
    void theEndOfTheRunCancelsTheBody() {
        // The extension's run ends here and must not wait for an hour, whatever scope it is in.
        async(() -> shield(() -> sleepThatEndsByCancellation()));
        async(() ->
                scope(s -> {
                    shield(() -> sleepThatEndsByCancellation());
                    return null;
                }));
        async(() -> group(g -> g.async(() -> shield(() -> sleepThatEndsByCancellation())) != null));
        for (int i = 0; i < 5; i++) {
            yieldNow();
        }
        assertThat(log).containsExactly("began", "began", "began");
    }

    private void sleepThatEndsByCancellation() {
        log.add("began");
        Duration start = Loop.current().time();
        try {
            sleep(LONG);
        } finally {
            if (!Loop.current().time().equals(start)) {
                throw new AssertionError("time went on instead");
            }
        }
    }

    @AsyncTest(virtual = true)
    void anInnerRunsEndWaitsForNobodyAndNeitherDoesItsShield() throws InterruptedException {
        List<Object> there = new ArrayList<>();
        Thread other =
                Thread.ofPlatform()
                        .start(() ->
                                Async.run(
                                        LoopOptions.defaults().clock(LoopClock.virtual()),
                                        () -> {
                                            async(() ->
                                                    shield(() -> {
                                                        try {
                                                            sleep(LONG);
                                                        } catch (CancelledError e) {
                                                            there.add(e.getMessage());
                                                            throw e;
                                                        }
                                                    }));
                                            sleep(SECOND);
                                        }));
        other.join();
        assertThat(there).singleElement().asString().endsWith("is ending");
    }

    @AsyncTest
    void aShieldNeedsATask() throws InterruptedException {
        Throwable[] thrown = new Throwable[1];
        Thread.ofPlatform()
                .start(() -> thrown[0] = catchThrowable(() -> shield(() -> log.add("never"))))
                .join();
        assertThat(thrown[0])
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("shield needs a task");
        assertThatThrownBy(() -> shield((Future<Integer>) null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("future must not be null");
        assertThat(log).isEmpty();
    }
}
