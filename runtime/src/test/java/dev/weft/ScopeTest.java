package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
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

/** Guarantee 5: every task belongs to a scope and never outlives it. */
class ScopeTest {
    private static final Duration LONG = Duration.ofHours(1);
    private final List<Object> log = new ArrayList<>();

    private void cleansUp(String name) {
        try {
            sleep(LONG);
        } finally {
            sleep(Duration.ofMillis(2));
            log.add(name);
        }
    }

    @AsyncTest
    void aScopeCancelsItsTasksAndAwaitsThemWhenItsBodyEnds() {
        String result =
                Async.scope(scope -> {
                    async(() -> cleansUp("in the innermost scope"));
                    scope.async(() -> cleansUp("by name"));
                    yieldNow();
                    return "result";
                });
        assertThat(result).isEqualTo("result");
        assertThat(log).containsExactlyInAnyOrder("in the innermost scope", "by name");
    }

    @AsyncTest
    void tasksOfTasksBelongToTheSameScope() {
        Async.scope(scope -> {
            async(() -> {
                async(() -> cleansUp("grandchild"));
                cleansUp("child");
            });
            yieldNow();
            yieldNow();
            return null;
        });
        assertThat(log).containsExactlyInAnyOrder("child", "grandchild");
    }

    @AsyncTest
    void aTaskOfAnOuterScopeOutlivesTheInnerOne() {
        Task<?>[] outer = new Task<?>[1];
        Async.scope(longer -> {
            Async.scope(shorter -> {
                outer[0] = longer.async(() -> sleep(LONG));
                yieldNow();
                return null;
            });
            assertThat(outer[0].isDone()).isFalse();
            return null;
        });
        assertThat(outer[0].isCancelled()).isTrue();
    }

    @AsyncTest
    void callbacksStartTasksInTheScopeWhereTheyWereRegistered() {
        List<Task<?>> started = new ArrayList<>();
        Loop loop = Loop.current();
        Async.scope(scope -> {
            loop.callSoon(() -> started.add(async(() -> sleep(LONG))));
            yieldNow();
            yieldNow();
            assertThat(started).singleElement().matches(t -> !t.isDone());
            return null;
        });
        assertThat(started).singleElement().matches(Task::isCancelled);
    }

    @AsyncTest
    void aTaskStartedWhileItsScopeEndsIsCancelled() {
        List<Task<?>> late = new ArrayList<>();
        Async.scope(scope -> {
            async(() -> {
                try {
                    sleep(LONG);
                } finally {
                    late.add(async(() -> log.add("never")));
                }
            });
            yieldNow();
            return null;
        });
        assertThat(late).singleElement().matches(Task::isCancelled);
        assertThat(log).isEmpty();
    }

    @AsyncTest
    void anEndedScopeStartsNothing() {
        Scope[] ended = new Scope[1];
        Async.scope(scope -> ended[0] = scope);
        assertThatThrownBy(() -> ended[0].async(() -> log.add("never")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("has ended");
    }

    @AsyncTest
    void theBodysFailureIsThrownOnceAllHaveEnded() {
        RuntimeException failure = new RuntimeException("x");
        assertThat(
                        catchThrowable(() ->
                                Async.scope(scope -> {
                                    async(() -> cleansUp("child"));
                                    yieldNow();
                                    throw failure;
                                })))
                .isSameAs(failure);
        assertThat(log).containsExactly("child");
    }

    @AsyncTest
    void cancellingTheOwnerCancelsTheScopeAndWaits() {
        Task<Void> owner =
                async(() -> {
                    Async.scope(scope -> {
                        async(() -> cleansUp("child"));
                        sleep(LONG);
                        return null;
                    });
                });
        yieldNow();
        yieldNow();
        owner.cancel();
        assertThatThrownBy(() -> await(owner)).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("child");
    }

    @AsyncTest
    void cancellingTheOwnerWhileItsScopeEndsDoesNotAbandonTheTasks() {
        Task<Void> owner =
                async(() -> {
                    Async.scope(scope -> {
                        async(() -> cleansUp("child"));
                        yieldNow();
                        return null;
                    });
                    log.add("never");
                });
        yieldNow();
        yieldNow();
        yieldNow();
        owner.cancel();
        assertThatThrownBy(() -> await(owner)).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("child");
    }

    @AsyncTest
    void scopesMayOnlyBeUsedOnTheirLoop() throws InterruptedException {
        Throwable[] thrown = new Throwable[1];
        Async.scope(scope -> {
            Thread thread =
                    Thread.ofPlatform()
                            .start(() ->
                                    thrown[0] =
                                            catchThrowable(() -> scope.async(() -> log.add("x"))));
            thread.join();
            return null;
        });
        assertThat(thrown[0])
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("loop.submit");
    }
}
