package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** Guarantee 6 and DESIGN section 5: a failure is thrown to whoever awaits, or reported once. */
class FailureTest {
    private final List<UnhandledFailure> reports = Collections.synchronizedList(new ArrayList<>());

    @AsyncTest
    void awaitThrowsTheTasksOwnExceptionObject() {
        IllegalStateException failure = new IllegalStateException("x");
        Task<Void> task =
                async(
                        (Action)
                                () -> {
                                    throw failure;
                                });
        assertThat(catchThrowable(() -> await(task))).isSameAs(failure);
        assertThat(catchThrowable(() -> await(task))).as("a second time").isSameAs(failure);
        assertThat(failure.getSuppressed()).isEmpty();
    }

    @AsyncTest
    void checkedExceptionsComeUnchecked() {
        IOException io = new IOException("disk");
        Task<Void> first =
                async(
                        (Action)
                                () -> {
                                    throw io;
                                });
        assertThatThrownBy(() -> await(first))
                .isInstanceOf(UncheckedIOException.class)
                .cause()
                .isSameAs(io);
        TimeoutException other = new TimeoutException("late");
        Task<Void> second =
                async(
                        (Action)
                                () -> {
                                    throw other;
                                });
        assertThatThrownBy(() -> await(second))
                .isInstanceOf(CompletionException.class)
                .cause()
                .isSameAs(other);
    }

    @AsyncTest
    void aStagesCompletionExceptionIsUnwrappedOnce() {
        IllegalArgumentException failure = new IllegalArgumentException("inner");
        CompletableFuture<String> stage =
                CompletableFuture.<String>failedFuture(failure).thenApply(x -> x);
        assertThat(catchThrowable(() -> await(stage))).isSameAs(failure);
    }

    @AsyncTest
    void getReportsAsTheJdkDoes() throws Exception {
        IOException io = new IOException("disk");
        Task<Void> task =
                async(
                        (Action)
                                () -> {
                                    throw io;
                                });
        assertThatThrownBy(task::get).isInstanceOf(ExecutionException.class).cause().isSameAs(io);
        assertThat(task.exceptionNow()).isSameAs(io);
        assertThat(task.state()).isEqualTo(java.util.concurrent.Future.State.FAILED);
        assertThatThrownBy(task::resultNow).isInstanceOf(IllegalStateException.class);
    }

    @AsyncTest(seconds = 60)
    void aStackOverflowFailsTheTaskAndNothingElse() {
        for (int i = 0; i < 5; i++) {
            Task<Integer> task = async(() -> endless(0));
            Task<String> neighbour = async(() -> "fine");
            assertThatThrownBy(() -> await(task)).isInstanceOf(StackOverflowError.class);
            assertThat(await(neighbour)).isEqualTo("fine");
        }
    }

    @SuppressWarnings("InfiniteRecursion") // that is the point
    private int endless(int depth) {
        return endless(depth + 1) + 1;
    }

    @AsyncTest(seconds = 60)
    void aStackOverflowAmidWeftCallsLeavesTheLoopWhole() {
        List<Promise<Integer>> promises = new ArrayList<>();
        Task<Integer> task = async(() -> endlessCalls(promises));
        assertThatThrownBy(() -> await(task)).isInstanceOf(StackOverflowError.class);
        promises.forEach(p -> p.tryComplete(1));
        for (int i = 0; i < 100; i++) {
            yieldNow();
        }
        assertThat(await(async(() -> "fine"))).isEqualTo("fine");
    }

    @SuppressWarnings("InfiniteRecursion") // that is the point
    private int endlessCalls(List<Promise<Integer>> promises) {
        Promise<Integer> promise = Promise.create();
        promises.add(promise);
        promise.onDone(p -> {});
        Loop.current().callSoon(() -> {});
        promise.tryComplete(1);
        return endlessCalls(promises) + 1;
    }

    @AsyncTest(seconds = 60)
    void aTaskWhoseCompletionOverflowsTheStackStillWakesWhoAwaitsIt() {
        for (int i = 0; i < 20; i++) {
            List<Promise<Integer>> promises = new ArrayList<>();
            List<Task<Integer>> waiting = new ArrayList<>();
            for (int j = 0; j < 5000; j++) {
                Promise<Integer> promise = Promise.create();
                promises.add(promise);
                waiting.add(async(() -> await(promise)));
            }
            yieldNow();
            int[] next = {0};
            Task<Integer> task = async(() -> completesDeep(promises, next));
            assertThat(catchThrowable(() -> await(task)))
                    .isInstanceOfAny(StackOverflowError.class, IndexOutOfBoundsException.class);
            promises.forEach(p -> p.tryComplete(1));
            for (Task<Integer> waiter : waiting) {
                assertThat(await(waiter)).isEqualTo(1);
            }
        }
    }

    @SuppressWarnings("InfiniteRecursion") // that is the point
    private int completesDeep(List<Promise<Integer>> promises, int[] next) {
        promises.get(next[0]++).complete(1);
        return completesDeep(promises, next) + 1;
    }

    @AsyncTest
    void anOutOfMemoryErrorFailsTheTaskAndNothingElse() {
        Task<Object> task = async(() -> new long[Integer.MAX_VALUE][Integer.MAX_VALUE]);
        assertThatThrownBy(() -> await(task)).isInstanceOf(OutOfMemoryError.class);
        assertThat(await(async(() -> "fine"))).isEqualTo("fine");
    }

    @AsyncTest(unhandled = true)
    void aCallbackThatThrowsIsReportedAndTheNextOneRuns() {
        Loop loop = Loop.current();
        loop.onUnhandled(reports::add);
        List<String> log = new ArrayList<>();
        RuntimeException failure = new RuntimeException("x");
        loop.callSoon(() -> {
            throw failure;
        });
        loop.callSoon(() -> log.add("next"));
        yieldNow();
        assertThat(log).containsExactly("next");
        assertThat(reports)
                .singleElement()
                .satisfies(r -> assertThat(r.failure()).isSameAs(failure));
    }

    @AsyncTest(unhandled = true)
    void aHandlerThatThrowsDoesNoHarm() {
        Loop loop = Loop.current();
        loop.onUnhandled(r -> {
            throw new IllegalStateException("handler");
        });
        loop.callSoon(() -> {
            throw new RuntimeException("x");
        });
        yieldNow();
        assertThat(await(async(() -> 1))).isEqualTo(1);
    }

    @AsyncTest(unhandled = true)
    void aFailureThatNobodyRetrievesIsReportedOnceWhenItsScopeEnds() {
        Loop.current().onUnhandled(reports::add);
        RuntimeException failure = new RuntimeException("lost");
        Task<?>[] keep = new Task<?>[1];
        Async.scope(scope -> {
            keep[0] =
                    scope.async(
                            (Action)
                                    () -> {
                                        throw failure;
                                    });
            yieldNow();
            assertThat(reports).isEmpty();
            return null;
        });
        assertThat(reports)
                .singleElement()
                .satisfies(r -> assertThat(r.failure()).isSameAs(failure));
        assertThat(catchThrowable(() -> await(keep[0])))
                .as("still there for the late")
                .isSameAs(failure);
        assertThat(reports).hasSize(1);
    }

    @AsyncTest
    void aRetrievedFailureIsNotReported() {
        Loop.current().onUnhandled(reports::add);
        Async.scope(scope -> {
            Task<Void> task =
                    scope.async(
                            (Action)
                                    () -> {
                                        throw new RuntimeException("x");
                                    });
            assertThat(catchThrowable(() -> await(task))).hasMessage("x");
            return null;
        });
        assertThat(reports).isEmpty();
    }

    @AsyncTest(unhandled = true, seconds = 60)
    void aFailureIsReportedWhenItsHandleBecomesUnreachable() {
        Loop.current().onUnhandled(reports::add);
        failsUnseen();
        yieldNow();
        for (int i = 0; i < 200 && reports.isEmpty(); i++) {
            System.gc();
            sleep(java.time.Duration.ofMillis(5)); // the cleaner is a thread of the JVM's
        }
        assertThat(reports)
                .singleElement()
                .satisfies(r -> assertThat(r.failure()).hasMessage("unseen"));
    }

    private static void failsUnseen() {
        async(
                (Action)
                        () -> {
                            throw new RuntimeException("unseen");
                        });
    }

    @AsyncTest(unhandled = true, seconds = 60)
    void aPromiseThatFailsUnseenIsReportedToo() {
        Loop.current().onUnhandled(reports::add);
        failsAPromise();
        for (int i = 0; i < 200 && reports.isEmpty(); i++) {
            System.gc();
            sleep(java.time.Duration.ofMillis(5));
        }
        assertThat(reports)
                .singleElement()
                .satisfies(r -> assertThat(r.failure()).hasMessage("unseen"));
    }

    private static void failsAPromise() {
        Promise.create().fail(new RuntimeException("unseen"));
    }
}
