package dev.weft;

import static dev.weft.Async.asCompleted;
import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.group;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What is begun where the stack ends is done, or is not; nothing stays half done. */
class StackEndTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration LONG = Duration.ofHours(1);
    private static final int LEVELS = 400;

    /** Calls an action where the stack ends, and at so many levels above. */
    @SuppressWarnings("InfiniteRecursion") // that is the point
    private static int atTheStacksEnd(int levels, Runnable action) {
        int left;
        try {
            left = atTheStacksEnd(levels, action);
        } catch (StackOverflowError e) {
            left = levels;
        }
        if (left > 0) {
            try {
                action.run();
            } catch (StackOverflowError e) {
                return left - 1;
            }
        }
        return left - 1;
    }

    @AsyncTest(seconds = 60)
    void aRequestIsDelivered() {
        for (int i = 0; i < 20; i++) {
            boolean[] thrown = {false};
            Task<Void> task =
                    async(() -> {
                        TaskImpl<?> self = (TaskImpl<?>) Task.current();
                        self.cancel();
                        atTheStacksEnd(
                                LEVELS,
                                () -> {
                                    if (!thrown[0]) {
                                        try {
                                            self.throwIfCancelled();
                                        } catch (CancelledError e) {
                                            thrown[0] = true;
                                        }
                                    }
                                });
                    });
            await(task);
            assertThat(thrown[0]).isTrue();
        }
    }

    @AsyncTest(seconds = 60)
    void whoeverCouldNotBeToldIsToldLater() {
        for (int i = 0; i < 10; i++) {
            List<Promise<Integer>> promises = new ArrayList<>();
            List<Task<Integer>> waiting = new ArrayList<>();
            for (int j = 0; j <= LEVELS; j++) {
                Promise<Integer> promise = Promise.create();
                promises.add(promise);
                waiting.add(async(() -> await(promise)));
            }
            yieldNow();
            int[] next = {0};
            await(
                    async(() ->
                            atTheStacksEnd(
                                    LEVELS,
                                    () -> {
                                        try {
                                            promises.get(next[0]++).tryComplete(1);
                                        } finally {
                                            awaitInVain();
                                        }
                                    })));
            promises.forEach(p -> p.tryComplete(1));
            waiting.forEach(Async::await);
        }
    }

    /** Comes to where a task suspends, and need not. */
    private static void awaitInVain() {
        Task.current().cancel();
        try {
            await(Promise.create());
        } catch (CancelledError e) {
            Task.current().uncancel();
        }
    }

    @AsyncTest(seconds = 60)
    void whatIsCompletedOnAThreadOfNoLoopIsTold() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            List<Promise<Integer>> promises = new ArrayList<>();
            List<Task<Integer>> waiting = new ArrayList<>();
            for (int j = 0; j <= LEVELS; j++) {
                Promise<Integer> promise = Promise.create();
                promises.add(promise);
                waiting.add(async(() -> await(promise)));
            }
            yieldNow();
            int[] next = {0};
            Thread thread =
                    Thread.ofPlatform()
                            .start(() ->
                                    atTheStacksEnd(
                                            LEVELS, () -> promises.get(next[0]++).tryComplete(1)));
            thread.join();
            promises.forEach(p -> p.tryComplete(1));
            waiting.forEach(Async::await);
        }
    }

    @AsyncTest(seconds = 60)
    void aGroupDoesNotWaitForChildrenWhoseStartFailed() {
        for (int i = 0; i < 20; i++) {
            group(g -> {
                atTheStacksEnd(LEVELS, () -> g.async(StackEndTest::nothing));
            });
        }
    }

    private static void nothing() {}

    @Test
    void aPoolOfThreadsWorksOn() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            OffloadPool pool =
                    new OffloadPool("pool-", 2, Integer.MAX_VALUE, OffloadPool.KEEP_ALIVE_NANOS);
            pool.execute(StackEndTest::nothing); // links what it needs
            Thread thread =
                    Thread.ofPlatform()
                            .start(() ->
                                    atTheStacksEnd(
                                            LEVELS, () -> pool.execute(StackEndTest::nothing)));
            thread.join();
            CountDownLatch done = new CountDownLatch(1);
            Thread.ofPlatform().start(() -> pool.execute(done::countDown));
            assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @AsyncTest(seconds = 60)
    void eachFutureIsGivenOnce() {
        for (int i = 0; i < 10; i++) {
            Promise<?>[] given = new Promise<?>[2 * LEVELS];
            List<Promise<Integer>> promises = new ArrayList<>();
            for (int j = 0; j < given.length; j++) {
                promises.add(Promise.create());
            }
            AsCompleted<Promise<Integer>> completed = asCompleted(promises);
            promises.forEach(p -> p.complete(1));
            int[] n = {0};
            atTheStacksEnd(
                    LEVELS,
                    () -> {
                        given[n[0]] = completed.next();
                        n[0]++;
                    });
            while (completed.hasNext()) {
                given[n[0]++] = completed.next();
            }
            assertThat(given).doesNotContainNull().doesNotHaveDuplicates();
        }
    }
}
