package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Guarantee 3: what is ready runs in the order in which it became so. */
class TaskOrderTest {
    private final List<Object> log = new ArrayList<>();

    @AsyncTest
    void tasksStartInTheOrderOfAsync() {
        List<Task<?>> tasks = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            int n = i;
            tasks.add(async(() -> log.add(n)));
        }
        assertThat(log).as("async does not run the body").isEmpty();
        tasks.forEach(Async::await);
        assertThat(log).containsExactly(0, 1, 2, 3, 4);
    }

    @AsyncTest
    void tasksAndCallbacksShareOneOrder() {
        async(() -> log.add("task 1"));
        Loop.current().callSoon(() -> log.add("callback 1"));
        async(() -> log.add("task 2"));
        Loop.current().callSoon(() -> log.add("callback 2"));
        Loop.current().callSoon(() -> log.add("callback 3"));
        async(() -> log.add("task 3"));
        yieldNow();
        assertThat(log)
                .containsExactly(
                        "task 1", "callback 1", "task 2", "callback 2", "callback 3", "task 3");
    }

    @AsyncTest
    void yieldingTasksTakeTurns() {
        List<Task<?>> tasks = new ArrayList<>();
        for (String name : List.of("a", "b", "c")) {
            tasks.add(
                    async(() -> {
                        for (int i = 0; i < 3; i++) {
                            log.add(name + i);
                            yieldNow();
                        }
                    }));
        }
        tasks.forEach(Async::await);
        assertThat(log).containsExactly("a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2");
    }

    @AsyncTest
    void waitersAndCallbacksOfOneFutureAreToldInTheOrderInWhichTheyCame() {
        Promise<String> promise = Promise.create();
        Task<Boolean> first = async(() -> log.add("first " + await(promise)));
        yieldNow();
        promise.onDone(p -> log.add("second"));
        Task<Boolean> third = async(() -> log.add("third " + await(promise)));
        yieldNow();
        promise.onDone(p -> log.add("fourth"));
        promise.complete("x");
        promise.onDone(p -> log.add("fifth"));
        assertThat(log).as("nothing runs inside complete").isEmpty();
        await(first);
        await(third);
        yieldNow();
        assertThat(log).containsExactly("first x", "second", "third x", "fourth", "fifth");
    }

    @AsyncTest
    void timersFireInTheOrderOfTheirDeadlines() {
        Loop loop = Loop.current();
        Duration now = loop.time();
        loop.callAt(now.plusMillis(30), () -> log.add(30));
        loop.callAt(now.plusMillis(10), () -> log.add(10));
        loop.callAt(now.plusMillis(20), () -> log.add("20 a"));
        loop.callAt(now.plusMillis(20), () -> log.add("20 b"));
        loop.callAt(now.plusMillis(15), () -> log.add("cancelled")).cancel();
        Promise<Void> end = Promise.create();
        loop.callAt(now.plusMillis(31), () -> end.complete(null));
        await(end);
        assertThat(log).containsExactly(10, "20 a", "20 b", 30);
    }

    @AsyncTest
    void aSleepEndsNotBeforeItsTime() {
        long before = System.nanoTime();
        Async.sleep(Duration.ofMillis(20));
        assertThat(Duration.ofNanos(System.nanoTime() - before))
                .isGreaterThanOrEqualTo(Duration.ofMillis(20));
    }

    @AsyncTest
    void aSleepLetsOthersRunHoweverShortItIs() {
        for (int i = 0; i < 100; i++) {
            Task<Void> other = async(() -> {});
            Async.sleep(Duration.ofNanos(1));
            assertThat(other.isDone()).isTrue();
        }
    }

    @AsyncTest
    void aSleepThatWasCancelledTellsOfItThoughTheRequestWasTakenBack() {
        Task<String> sleeper =
                async(() -> {
                    try {
                        Async.sleep(Duration.ofMinutes(1));
                        return "slept";
                    } catch (CancelledError e) {
                        return "disturbed";
                    }
                });
        yieldNow();
        sleeper.cancel();
        sleeper.uncancel();
        assertThat(await(sleeper)).isEqualTo("disturbed");
    }

    @AsyncTest
    void aCallbackThatBlocksDoesNotChangeWhatCameBefore() {
        Loop loop = Loop.current();
        Promise<Void> end = Promise.create();
        loop.callSoon(() -> {
            log.add(1);
            loop.callSoon(() -> log.add(3));
            loop.callSoon(() -> end.complete(null));
            log.add(2);
        });
        await(end);
        assertThat(log).containsExactly(1, 2, 3);
    }

    @AsyncTest
    void timesBeyondAllMeasureAreTimersThatNeverFireAndOnesLongPastFireNow() {
        Loop loop = Loop.current();
        Duration forever = Duration.ofSeconds(Long.MAX_VALUE);
        List<Handle> never = new ArrayList<>();
        never.add(loop.callLater(forever, () -> log.add("never")));
        never.add(loop.callAt(forever, () -> log.add("never")));
        Task<Void> sleeper = async(() -> Async.sleep(forever));
        Promise<Void> past = Promise.create();
        loop.callAt(forever.negated(), () -> past.complete(null));
        await(past);
        assertThat(log).isEmpty();
        assertThat(never).allMatch(Handle::cancel);
        sleeper.cancel();
        yieldNow();
        assertThat(sleeper.isCancelled()).isTrue();
    }
}
