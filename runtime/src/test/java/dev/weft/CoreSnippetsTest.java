package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.sleep;
import static dev.weft.Async.waitFor;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The examples in the Javadoc of tasks, futures and the loop: compiled and run. */
class CoreSnippetsTest {
    @AsyncTest
    void asyncAndAwait() {
        // @start region="async"
        Task<String> tea =
                async(() -> {
                    sleep(Duration.ofMillis(20));
                    return "tea";
                });
        Task<String> toast = async("toaster", () -> "toast"); // both are under way
        String breakfast = await(toast) + " and " + await(tea);
        // @end
        assertThat(breakfast).isEqualTo("toast and tea");
    }

    @AsyncTest
    void yielding() {
        // @start region="yieldNow"
        List<String> log = new ArrayList<>();
        async(() -> log.add("the other"));
        log.add("first"); // nobody else runs until this task suspends
        yieldNow();
        log.add("last");
        // @end
        assertThat(log).containsExactly("first", "the other", "last");
    }

    @AsyncTest
    void scope() {
        // @start region="scope"
        List<String> log = new ArrayList<>();
        String reply =
                Async.scope(s -> {
                    async(() -> { // belongs to the scope, and does not outlive it
                        try {
                            sleep(Duration.ofHours(1));
                        } finally {
                            log.add("heart-beat stopped");
                        }
                    });
                    yieldNow();
                    return "served";
                });
        log.add(reply);
        // @end
        assertThat(log).containsExactly("heart-beat stopped", "served");
    }

    @AsyncTest
    void timeoutAt() {
        // @start region="timeoutAt"
        Duration when = Loop.current().time().plus(Duration.ofMillis(20)); // one end for two steps
        boolean late = false;
        try {
            String name = Async.timeoutAt(when, d -> "Ada");
            Async.timeoutAt(when, d -> await(Promise.<String>create()) + name);
        } catch (DeadlineExceededException e) {
            late = true;
        }
        // @end
        assertThat(late).isTrue();
    }

    @AsyncTest
    void waitingForATask() {
        // @start region="waitFor"
        Task<String> slow =
                async(() -> {
                    sleep(Duration.ofHours(1));
                    return "late";
                });
        String answer;
        try {
            answer = waitFor(slow, Duration.ofMillis(20));
        } catch (DeadlineExceededException e) {
            answer = "none"; // slow has been cancelled, and has ended
        }
        // @end
        assertThat(answer).isEqualTo("none");
        assertThat(slow.isCancelled()).isTrue();
    }

    static Stream<SchedulerMode> modes() {
        return Stream.of(SchedulerMode.LOOP, SchedulerMode.PORTABLE)
                .filter(mode -> mode.unavailableBecause() == null);
    }

    @ParameterizedTest
    @MethodSource("modes")
    void loop(SchedulerMode mode) {
        LoopOptions options = LoopOptions.defaults().scheduler(mode);
        // @start region="loop"
        try (Loop loop = Loop.open(options)) {
            int one = loop.run(() -> 1); // blocks this thread, as asyncio.run does
            int two = loop.run(() -> one + await(async(() -> 1)));
            assertThat(two).isEqualTo(2);
        } // cancels and awaits what is left, and ends the loop's threads
        // @end
    }

    @AsyncTest
    void submit() throws InterruptedException {
        Loop loop = Loop.current();
        AtomicReference<@Nullable String> got = new AtomicReference<>();
        Thread thread =
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                // @start region="submit"
                                // on a thread of no loop
                                Task<String> task =
                                        loop.submit(() -> "by " + Task.current().loop().name());
                                String result = task.get();
                                // @end
                                got.set(result);
                            } catch (InterruptedException | ExecutionException e) {
                                got.set(e.toString());
                            }
                        });
        while (thread.isAlive()) {
            yieldNow();
        }
        assertThat(got.get()).isEqualTo("by " + loop.name());
    }

    @AsyncTest
    void callbacks() {
        // @start region="callbacks"
        Loop loop = Loop.current();
        Promise<String> rung = Promise.create();
        List<String> log = new ArrayList<>();
        loop.callSoon(() -> log.add("soon"));
        loop.callLater(Duration.ofMillis(20), () -> rung.complete("ding"));
        Handle never = loop.callAt(loop.time().plus(Duration.ofHours(1)), () -> log.add("never"));
        log.add(await(rung));
        never.cancel();
        // @end
        assertThat(log).containsExactly("soon", "ding");
    }

    @AsyncTest
    void defaultExecutor() {
        // @start region="defaultExecutor"
        ExecutorService disk =
                Executors.newFixedThreadPool(2, Thread.ofPlatform().name("disk-", 0).factory());
        Loop.current().defaultExecutor(disk);
        String thread = Async.offload(() -> Thread.currentThread().getName());
        // @end
        disk.shutdown();
        assertThat(thread).startsWith("disk-");
    }

    @AsyncTest
    void onUnhandled() {
        // @start region="onUnhandled"
        List<String> reports = new ArrayList<>();
        Loop.current().onUnhandled(failure -> reports.add(failure.failure().getMessage()));
        Loop.current()
                .callSoon(() -> {
                    throw new IllegalStateException("nobody waits for a callback");
                });
        // @end
        yieldNow();
        yieldNow();
        assertThat(reports).containsExactly("nobody waits for a callback");
    }

    @AsyncTest
    void tasks() {
        // @start region="tasks"
        Task<Void> reader = async("reader", () -> sleep(Duration.ofMillis(5)));
        List<String> names = Loop.current().tasks().stream().map(Task::name).toList();
        // @end
        await(reader);
        assertThat(names).contains("reader", Task.current().name());
    }

    @AsyncTest
    void onDone() {
        // @start region="onDone"
        Promise<Integer> promise = Promise.create();
        List<Integer> squares = new ArrayList<>();
        promise.onDone(p -> squares.add(p.resultNow() * p.resultNow()));
        promise.complete(7); // calls nothing yet
        yieldNow();
        // @end
        assertThat(squares).containsExactly(49);
    }

    @AsyncTest
    void toCompletableFuture() {
        // @start region="toCompletableFuture"
        Task<String> task = async(() -> "weft");
        CompletableFuture<Integer> length = task.toCompletableFuture().thenApply(String::length);
        int n = await(length); // and back: await takes a CompletionStage too
        // @end
        assertThat(n).isEqualTo(4);
    }

    @AsyncTest
    void cancel() {
        // @start region="cancel"
        List<String> log = new ArrayList<>();
        Task<Void> worker =
                async(() -> {
                    try {
                        sleep(Duration.ofHours(1));
                    } finally {
                        log.add("cleaned up");
                    }
                });
        yieldNow();
        worker.cancel("no longer wanted");
        Async.awaitAll(List.of(worker)); // its end; await(worker) would throw CancellationException
        // @end
        assertThat(log).containsExactly("cleaned up");
        assertThat(worker.isCancelled()).isTrue();
    }

    @AsyncTest
    void uncancel() {
        // @start region="uncancel"
        String kept;
        Task.current().cancel("by myself");
        try {
            sleep(Duration.ofHours(1));
            kept = "never";
        } catch (CancelledError e) {
            Task.current().uncancel(); // the request was one's own: go on as if it had not been
            kept = e.getMessage();
        }
        // @end
        assertThat(kept).isEqualTo("by myself");
        assertThat(Task.current().cancelling()).isZero();
    }
}
