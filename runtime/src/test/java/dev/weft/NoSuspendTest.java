package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.noSuspend;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/** Guarantee 1, asserted by whoever relies on it. */
class NoSuspendTest {
    private final List<Object> log = new ArrayList<>();

    // @start region="noSuspend"
    private final Map<String, Integer> stock = new HashMap<>(Map.of("apple", 1));

    boolean take(String what) {
        return noSuspend(() -> {
            int left = stock.getOrDefault(what, 0);
            if (left > 0) {
                stock.put(what, left - 1);
            }
            return left > 0;
        });
    }

    // @end

    @AsyncTest
    void theSnippet() {
        assertThat(take("apple")).isTrue();
        assertThat(take("apple")).isFalse();
    }

    @AsyncTest
    void whatDoesNotSuspendPasses() {
        Promise<Integer> done = Promise.create();
        done.complete(1);
        Task<Boolean> started = noSuspend(() -> async(() -> log.add("started")));
        assertThat(noSuspend(() -> await(done))).isEqualTo(1);
        noSuspend(() -> Loop.current().callSoon(() -> log.add("called")));
        assertThat(log).isEmpty();
        await(started);
        yieldNow();
        assertThat(log).containsExactly("started", "called");
    }

    @AsyncTest
    void whatSuspendsIsToldWhereOnceItHasEnded() {
        for (Action body :
                List.<Action>of(
                        NoSuspendTest::awaitACallback,
                        Async::yieldNow,
                        () -> await(async(() -> 1)),
                        () -> Async.scope(s -> s.async(Async::yieldNow)),
                        () -> Generator.of(out -> yieldNow()).forEachRemaining(log::add))) {
            assertThatThrownBy(() ->
                            noSuspend(() -> {
                                body.run();
                                log.add("went on");
                            }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("suspended")
                    .cause()
                    .satisfies(where ->
                            assertThat(where.getStackTrace())
                                    .anyMatch(f -> f.getClassName().startsWith("dev.weft.Async")));
            assertThat(log).containsExactly("went on");
            log.clear();
        }
    }

    /** Always suspends; a short sleep might be over before it does. */
    private static void awaitACallback() {
        Promise<Integer> promise = Promise.create();
        Loop.current().callSoon(() -> promise.complete(1));
        await(promise);
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aJdkCallThatBlocksSuspendsInLoopMode() {
        assertThatThrownBy(() -> noSuspend(() -> Thread.sleep(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("JDK call");
    }

    @AsyncTest(modes = SchedulerMode.PORTABLE)
    void andNotInPortableMode() {
        noSuspend(() -> Thread.sleep(1));
    }

    @AsyncTest
    void whatTheBodyThrowsComesAsItIsOrIsSuppressed() {
        RuntimeException failure = new IllegalArgumentException("x");
        assertThat(catchThrowable(() -> noSuspend(() -> fail(failure)))).isSameAs(failure);
        IOException io = new IOException("disk");
        assertThatThrownBy(() -> noSuspend(() -> fail(io)))
                .isInstanceOf(UncheckedIOException.class)
                .hasCause(io);
        assertThatThrownBy(() ->
                        noSuspend(() -> {
                            yieldNow();
                            fail(failure);
                        }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("suspended")
                .hasSuppressedException(failure);
        assertThat(failure.getSuppressed()).isEmpty();
    }

    private static void fail(Exception failure) throws Exception {
        throw failure;
    }

    @AsyncTest
    void aCancelledTaskEndsCancelledAllTheSame() {
        Task<Void> task =
                async(() -> {
                    try {
                        noSuspend(() -> sleep(Duration.ofHours(1)));
                    } catch (CancelledError e) {
                        log.add(e.getSuppressed()[0]);
                        throw e;
                    }
                });
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat((Throwable) log.getFirst()).hasMessageContaining("suspended");
    }

    @AsyncTest
    void nestedOnesAreEachTold() {
        assertThatThrownBy(() ->
                        noSuspend(() -> {
                            assertThatThrownBy(() -> noSuspend(Async::yieldNow))
                                    .hasMessageContaining("suspended")
                                    .hasCauseInstanceOf(Throwable.class);
                        }))
                .hasMessageContaining("suspended")
                .hasCauseInstanceOf(Throwable.class);
        noSuspend(() -> noSuspend(() -> log.add("fine")));
        assertThat(Loop.current().noSuspend).isNull();
    }

    @AsyncTest
    void thoseOfSeveralTasksDoNotMixUp() {
        List<Task<?>> tasks = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            int turns = i;
            tasks.add(
                    async(() ->
                            assertThatThrownBy(() ->
                                            noSuspend(() -> {
                                                for (int j = 0; j <= turns; j++) {
                                                    yieldNow();
                                                    noSuspend(() -> log.add(turns));
                                                }
                                            }))
                                    .hasMessageContaining("see the cause")));
        }
        tasks.forEach(Async::await);
        assertThat(log).hasSize(55);
        assertThat(Loop.current().noSuspend).isNull();
    }

    @AsyncTest
    void itMayBeUsedInACallback() {
        Promise<Integer> result = Promise.create();
        Loop.current().callSoon(() -> result.complete(noSuspend(() -> 1)));
        assertThat(await(result)).isEqualTo(1);
    }

    @Test
    void outsideALoopItSaysSo() {
        assertThatThrownBy(() -> noSuspend(() -> 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("noSuspend needs a task");
    }
}
