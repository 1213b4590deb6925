package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.noSuspend;
import static dev.weft.Async.scope;
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
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;

/** Generators in tasks: stepping, closing, cancelling, and what goes straight. */
class GeneratorTest {
    private static final Duration LONG = Duration.ofHours(1);
    private final List<Object> log = new ArrayList<>();

    // @start region="generator"
    static Generator<String> pages(String first) {
        return Generator.of(out -> {
            String next = first;
            try {
                while (next != null) {
                    sleep(Duration.ofMillis(1)); // fetch it: the body may await
                    out.emit("page " + next);
                    next = next.equals("a") ? "b" : null;
                }
            } finally {
                System.out.println("closed");
            }
        });
    }

    static String firstPage() {
        try (Generator<String> pages = pages("a")) {
            for (String page : pages) {
                return page; // leaves the loop early: close() runs the body's finally
            }
        }
        return "none";
    }

    // @end

    @AsyncTest
    void theSnippet() {
        assertThat(firstPage()).isEqualTo("page a");
        assertThat(pages("a").next()).isEqualTo("page a");
    }

    private Generator<Integer> upTo(int n) {
        return Generator.of(out -> {
            log.add("begins");
            try {
                for (int i = 0; i < n; i++) {
                    out.emit(i);
                }
            } finally {
                log.add("ends");
            }
        });
    }

    @AsyncTest
    void aForLoopGetsAllValuesInOrderAndTheBodyBeginsOnlyThen() {
        Generator<Integer> generator = upTo(3);
        assertThat(log).isEmpty();
        for (int i : generator) {
            log.add(i);
        }
        assertThat(log).containsExactly("begins", 0, 1, 2, "ends");
        assertThat(generator.hasNext()).isFalse();
        assertThat(generator.iterator()).isSameAs(generator);
    }

    @AsyncTest
    void hasNextRunsTheBodyOnceAndNextWorksWithoutIt() {
        Generator<Integer> generator = upTo(2);
        assertThat(generator.hasNext()).isTrue();
        assertThat(generator.hasNext()).isTrue();
        assertThat(generator.next()).isZero();
        assertThat(generator.next()).isEqualTo(1);
        assertThatThrownBy(generator::next).isInstanceOf(NoSuchElementException.class);
        assertThatThrownBy(generator::next).isInstanceOf(NoSuchElementException.class);
        assertThat(log).containsExactly("begins", "ends");
    }

    @AsyncTest
    void oneThatEmitsNothingIsEmptyAndNullIsAValue() {
        assertThat(Generator.of(out -> {}).hasNext()).isFalse();
        Generator<Object> generator = Generator.of(out -> out.emit(null));
        assertThat(generator.hasNext()).isTrue();
        assertThat(generator.next()).isNull();
        assertThat(generator.hasNext()).isFalse();
    }

    @AsyncTest
    void theBodyMayAwaitAndTheLoopGoesOnMeanwhile() {
        Promise<Integer> promise = Promise.create();
        Generator<Integer> generator =
                Generator.of(out -> {
                    out.emit(await(promise));
                    sleep(Duration.ofMillis(1));
                    out.emit(await(async(() -> 2)));
                });
        async(() -> {
            log.add("another task");
            promise.complete(1);
        });
        assertThat(drained(generator)).containsExactly(1, 2);
        assertThat(log).containsExactly("another task");
    }

    @AsyncTest
    void nothingElseOfTheLoopRunsWhileAGeneratorIsSteppedThatDoesNotAwait() {
        Task<Boolean> other = async(() -> log.add("other task"));
        Loop.current().callSoon(() -> log.add("callback"));
        int sum =
                noSuspend(() -> {
                    int s = 0;
                    for (int i : upTo(1000)) {
                        s += i;
                    }
                    return s;
                });
        assertThat(sum).isEqualTo(499_500);
        assertThat(log).as("no suspension").containsExactly("begins", "ends");
        await(other);
    }

    @AsyncTest
    void taskScopeAndLocalsAreTheConsumers() {
        TaskLocal<String> local = TaskLocal.create();
        Generator<Task<?>> generator =
                Generator.of(out -> {
                    for (; ; ) {
                        log.add(local.get());
                        local.set("the body's");
                        out.emit(Task.current());
                    }
                });
        local.set("first consumer's");
        assertThat(generator.next()).isSameAs(Task.current());
        assertThat(local.get()).isEqualTo("the body's");
        Task<Void> second =
                async(() -> {
                    local.set("second consumer's");
                    assertThat(generator.next()).isSameAs(Task.current());
                    assertThat(local.get()).isEqualTo("the body's");
                });
        await(second);
        assertThat(log).containsExactly("first consumer's", "second consumer's");
        generator.close();
    }

    @AsyncTest
    void tasksThatTheBodyStartsBelongToTheConsumersScope() {
        List<Task<?>> started = new ArrayList<>();
        Generator<Integer> generator =
                Generator.of(out -> {
                    for (; ; ) {
                        started.add(async(() -> sleep(LONG)));
                        out.emit(started.size());
                    }
                });
        scope(s -> generator.next());
        assertThat(started.get(0).isDone()).isTrue();
        scope(s -> {
            generator.next();
            yieldNow();
            assertThat(started.get(1).isDone()).isFalse();
            return null;
        });
        assertThat(started.get(1).isDone()).isTrue();
        generator.close();
    }

    @AsyncTest
    void aScopeThatTheBodyHasOpenedStandsThroughItsEmits() {
        Generator<Task<Void>> generator =
                Generator.of(out ->
                        scope(s -> {
                            out.emit(async(() -> sleep(LONG)));
                            out.emit(async(() -> sleep(LONG)));
                            return null;
                        }));
        Task<Void> first = scope(s -> generator.next());
        Task<Void> second = generator.next();
        Task<Void> consumers = async(() -> sleep(LONG));
        yieldNow();
        assertThat(first.isDone()).as("not a task of the consumer's scope").isFalse();
        assertThat(generator.hasNext()).isFalse();
        assertThat(first.isDone() && second.isDone()).as("the body's scope has ended").isTrue();
        assertThat(consumers.isDone()).isFalse();
        consumers.cancel();
    }

    @AsyncTest
    void anEmitInsideOfAGroupFails() {
        Generator<Integer> generator =
                Generator.of(out -> {
                    Async.group(g -> {
                        g.async(() -> log.add("child"));
                    });
                    out.emit(1);
                    Async.group(g -> {
                        scope(s -> {
                            out.emit(2);
                            return null;
                        });
                    });
                });
        Async.group(g -> {
            assertThat(generator.next()).as("the consumer's group is none").isEqualTo(1);
        });
        assertThatThrownBy(generator::next)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cannot emit inside of a group");
        assertThat(generator.hasNext()).isFalse();
    }

    // ---- failures

    @AsyncTest
    void whatTheBodyThrowsComesOutAsTheSameObjectAndEndsTheGenerator() {
        RuntimeException failure = new IllegalArgumentException("x");
        Generator<Integer> generator =
                Generator.of(out -> {
                    out.emit(1);
                    throw failure;
                });
        assertThat(generator.next()).isEqualTo(1);
        assertThat(catchThrowable(generator::hasNext)).isSameAs(failure);
        assertThat(generator.hasNext()).isFalse();
        assertThatThrownBy(generator::next).isInstanceOf(NoSuchElementException.class);
        generator.close();
    }

    @AsyncTest
    void checkedExceptionsComeUncheckedAndErrorsAsTheyAre() {
        IOException io = new IOException("disk");
        Generator<Integer> first =
                Generator.of(out -> {
                    throw io;
                });
        assertThatThrownBy(first::next).isInstanceOf(UncheckedIOException.class).hasCause(io);
        Error error = new AssertionError("x");
        Generator<Integer> second =
                Generator.of(out -> {
                    throw error;
                });
        assertThat(catchThrowable(second::next)).isSameAs(error);
    }

    @AsyncTest
    void onlyTheBodyItselfCanEmit() {
        Generator<Integer> generator =
                Generator.of(out -> {
                    Task<Void> task = async(() -> out.emit(1));
                    out.emit(await(async(() -> 2)));
                    await(task);
                });
        assertThat(generator.next()).isEqualTo(2);
        assertThatThrownBy(generator::next)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("only the generator's body");
    }

    @AsyncTest
    void aBodyThatStepsOrClosesItsOwnGeneratorIsTold() {
        List<Generator<Integer>> self = new ArrayList<>();
        for (Action use :
                List.<Action>of(
                        () -> self.getLast().next(),
                        () -> log.add(self.getLast().hasNext()),
                        () -> self.getLast().close(),
                        () -> {
                            for (int i :
                                    Generator.<Integer>of(out -> out.emitAll(self.getLast()))) {
                                log.add(i);
                            }
                        })) {
            self.add(
                    Generator.of(out -> {
                        assertThatThrownBy(use::run)
                                .isInstanceOf(IllegalStateException.class)
                                .hasMessageContaining("its own body");
                        out.emit(1);
                    }));
            assertThat(self.getLast().next()).isEqualTo(1);
            assertThat(self.getLast().hasNext()).isFalse();
        }
    }

    @AsyncTest
    void oneAtATimeCanStepIt() {
        Promise<Void> promise = Promise.create();
        Generator<Integer> generator =
                Generator.of(out -> {
                    await(promise);
                    out.emit(1);
                    out.emit(2);
                });
        Task<Integer> first = async("the first", generator::next);
        yieldNow();
        for (Action use :
                List.<Action>of(
                        generator::next, () -> log.add(generator.hasNext()), generator::close)) {
            assertThatThrownBy(use::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("in use by task the first");
        }
        promise.complete(null);
        assertThat(await(first)).isEqualTo(1);
        assertThat(generator.next()).as("one after another").isEqualTo(2);
        generator.close();
    }

    @AsyncTest
    void aGeneratorBelongsToTheLoopThatHasAskedFirst() throws Exception {
        Generator<Integer> generator = upTo(3);
        generator.next();
        Promise<Throwable> failure = Promise.create();
        Thread.ofPlatform().start(() -> failure.complete(catchThrowable(generator::next)));
        assertThat(await(failure))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("belongs to loop " + Loop.current().name());
        try (Loop other = Loop.open()) {
            Task<Integer> task = other.submit(generator::next);
            assertThatThrownBy(() -> await(task)).isInstanceOf(IllegalStateException.class);
        }
        generator.close();
        Promise<Boolean> more = Promise.create();
        Thread.ofPlatform().start(() -> more.complete(generator.hasNext()));
        assertThat(await(more)).as("a closed one anybody may ask").isFalse();
    }

    /** Steps while the class is being initialised, which pins the thread. */
    static final class Pinned {
        static final int VALUE;

        static {
            Generator<Integer> generator = Generator.of(out -> out.emit(1));
            int value;
            try {
                value = generator.next();
            } catch (IllegalStateException e) {
                value = e.getMessage().contains("pinned") ? 2 : 3;
            }
            VALUE = value;
        }
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void steppingInAPinnedThreadFailsAndDoesNotHangTheLoop() {
        assertThat(await(async(() -> Pinned.VALUE))).isEqualTo(2);
        assertThat(await(async(() -> "fine"))).isEqualTo("fine");
    }

    // ---- closing

    @AsyncTest
    void closingEarlyUnwindsTheBodyWhichMayAwait() {
        Generator<Integer> generator =
                Generator.of(out -> {
                    try {
                        out.emit(1);
                    } catch (GeneratorExit e) {
                        log.add(e.getMessage());
                        throw e;
                    } finally {
                        sleep(Duration.ofMillis(1));
                        log.add("cleaned up");
                    }
                });
        assertThat(generator.next()).isEqualTo(1);
        generator.close();
        assertThat(log).containsExactly("the generator is being closed", "cleaned up");
        assertThat(generator.hasNext()).isFalse();
        assertThatThrownBy(generator::next).isInstanceOf(NoSuchElementException.class);
        generator.close();
        assertThat(log).hasSize(2);
    }

    @AsyncTest
    void oneThatHasNotBegunIsClosedWithoutRunning() {
        Generator<Integer> generator = upTo(3);
        generator.close();
        assertThat(generator.hasNext()).isFalse();
        assertThat(log).isEmpty();
    }

    @AsyncTest
    void closingDropsAValueThatNobodyHasTaken() {
        Generator<Integer> generator = upTo(3);
        assertThat(generator.hasNext()).isTrue();
        generator.close();
        assertThat(generator.hasNext()).isFalse();
        assertThat(log).containsExactly("begins", "ends");
    }

    @AsyncTest
    void catchExceptionDoesNotSwallowTheExitAndReturningAfterItIsFine() {
        Generator<Integer> first =
                Generator.of(out -> {
                    try {
                        out.emit(1);
                    } catch (Exception e) {
                        log.add(e);
                    }
                    log.add("never");
                });
        first.next();
        first.close();
        assertThat(log).isEmpty();
        Generator<Integer> second =
                Generator.of(out -> {
                    try {
                        out.emit(1);
                    } catch (GeneratorExit e) {
                        log.add("caught");
                    }
                });
        second.next();
        second.close();
        assertThat(log).containsExactly("caught");
    }

    @AsyncTest
    void aFailureWhileUnwindingComesOutOfClose() {
        RuntimeException failure = new IllegalArgumentException("x");
        Generator<Integer> first =
                Generator.of(out -> {
                    try {
                        out.emit(1);
                    } finally {
                        fail(failure);
                    }
                });
        first.next();
        assertThat(catchThrowable(first::close)).isSameAs(failure);
        first.close();
        Generator<Integer> second =
                Generator.of(out -> {
                    try (AutoCloseable resource = () -> fail(failure)) {
                        out.emit(resource.hashCode());
                    }
                });
        second.next();
        assertThat(catchThrowable(second::close)).as("of a resource").isSameAs(failure);
    }

    private static <T> List<T> drained(Generator<T> generator) {
        List<T> all = new ArrayList<>();
        generator.forEachRemaining(all::add);
        return all;
    }

    private static void fail(RuntimeException failure) {
        throw failure;
    }

    @AsyncTest
    void aBodyThatEmitsWhileItIsClosedIsToldAndSoIsWhoeverCloses() {
        Generator<Integer> first =
                Generator.of(out -> {
                    try {
                        out.emit(1);
                    } finally {
                        try {
                            out.emit(2);
                        } finally {
                            log.add("unwound all the same");
                        }
                    }
                });
        first.next();
        assertThatThrownBy(first::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cannot emit: the generator is being closed");
        assertThat(log).containsExactly("unwound all the same");
        Generator<Integer> swallows =
                Generator.of(out -> {
                    try {
                        out.emit(1);
                    } finally {
                        assertThat(catchThrowable(() -> out.emit(2))).isNotNull();
                    }
                });
        swallows.next();
        assertThatThrownBy(swallows::close).hasMessageContaining("cannot emit");
        assertThat(swallows.hasNext()).isFalse();
    }

    @AsyncTest
    void aBodyThatEmitsForEverWhileItIsClosedIsGivenUp() {
        Generator<Integer> generator =
                Generator.of(out -> {
                    for (int i = 0; ; i++) {
                        try {
                            out.emit(i);
                        } catch (Throwable e) {
                            log.add(e);
                        }
                    }
                });
        generator.next();
        assertThatThrownBy(generator::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cannot emit");
        assertThat(generator.hasNext()).isFalse();
        generator.close();
        assertThat(log).hasSizeGreaterThan(10);
    }

    @AsyncTest
    void emitAllEmitsAllAndClosingTheOuterClosesTheInner() {
        Generator<Integer> inner = upTo(100);
        Generator<Object> outer =
                Generator.of(out -> {
                    try {
                        out.emitAll(List.of("a", "b"));
                        out.emitAll(upTo(2));
                        out.emitAll(inner);
                    } finally {
                        log.add("outer ends");
                    }
                });
        for (Object expected : List.of("a", "b", 0, 1, 0, 1, 2)) {
            assertThat(outer.next()).isEqualTo(expected);
        }
        outer.close();
        assertThat(inner.hasNext()).isFalse();
        assertThat(log).containsExactly("begins", "ends", "begins", "ends", "outer ends");
    }

    @AsyncTest
    void aFailureOfTheInnerComesOutOfTheOuter() {
        RuntimeException failure = new IllegalArgumentException("x");
        Generator<Integer> outer =
                Generator.of(out -> {
                    try {
                        out.emitAll(Generator.<Integer>of(in -> fail(failure)));
                    } catch (IllegalArgumentException e) {
                        log.add(e);
                        throw e;
                    }
                });
        assertThat(catchThrowable(outer::next)).isSameAs(failure);
        assertThat(log).containsExactly(failure);
    }

    // ---- cancelling

    @AsyncTest
    void cancellationWhileTheBodyAwaitsUnwindsItAndThenTheConsumer() {
        Generator<Integer> generator =
                Generator.of(out -> {
                    try {
                        sleep(LONG);
                    } catch (CancelledError e) {
                        log.add("body: " + e.getMessage());
                        throw e;
                    }
                });
        Task<Void> task =
                async(() -> {
                    try {
                        generator.next();
                    } catch (CancelledError e) {
                        log.add("consumer: " + e.getMessage());
                        assertThat(generator.hasNext()).isFalse();
                        throw e;
                    }
                });
        yieldNow();
        task.cancel("enough");
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("body: enough", "consumer: enough");
    }

    @AsyncTest
    void aBodyThatSwallowsTheCancellationGoesOn() {
        Generator<Integer> generator =
                Generator.of(out -> {
                    try {
                        sleep(LONG);
                    } catch (CancelledError e) {
                        log.add("swallowed");
                    }
                    out.emit(1);
                });
        Task<Integer> task = async(generator::next);
        yieldNow();
        task.cancel();
        assertThat(await(task)).isEqualTo(1);
        assertThat(log).containsExactly("swallowed");
        generator.close();
    }

    @AsyncTest
    void aRequestThatNobodyHasSeenYetIsThrownAtTheBodysNextAwait() {
        Generator<Integer> generator =
                Generator.of(out -> {
                    out.emit(1);
                    yieldNow();
                    out.emit(2);
                });
        Task<Void> task =
                async(() -> {
                    Task.current().cancel();
                    assertThat(generator.next()).as("no suspension point").isEqualTo(1);
                    generator.next();
                    log.add("never");
                });
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(log).isEmpty();
        assertThat(generator.hasNext()).isFalse();
    }

    @AsyncTest
    void cancellationWhileClosingIsThrownInTheBody() {
        Generator<Integer> generator =
                Generator.of(out -> {
                    try {
                        out.emit(1);
                    } finally {
                        sleep(LONG);
                        log.add("never");
                    }
                });
        generator.next();
        Task<Void> task = async(generator::close);
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(log).isEmpty();
        assertThat(generator.hasNext()).isFalse();
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aBodyInAJdkCallIsInterruptedAndEndsItsConsumerAsCancelled() {
        Generator<Integer> generator =
                Generator.of(out -> {
                    out.emit(1);
                    Thread.sleep(LONG);
                });
        Task<Void> task =
                async(() -> {
                    generator.next();
                    generator.next();
                });
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(generator.hasNext()).isFalse();
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aRequestMadeWhileTheBodyRunsInterruptsTheJdkCallThatFollowsInEither() {
        Generator<Integer> generator =
                Generator.of(out -> {
                    Task.current().cancel();
                    out.emit(1);
                });
        Task<Void> consumerBlocks =
                async(() -> {
                    generator.next();
                    Thread.sleep(LONG);
                });
        assertThatThrownBy(() -> await(consumerBlocks)).isInstanceOf(CancellationException.class);
        generator.close();
    }

    @AsyncTest
    void theInterruptFlagGoesAlongAsInOneThread() {
        Generator<Boolean> generator =
                Generator.of(out -> {
                    out.emit(Thread.interrupted());
                    Thread.currentThread().interrupt();
                    out.emit(true);
                    Thread.currentThread().interrupt();
                });
        Thread.currentThread().interrupt();
        assertThat(generator.next()).isTrue();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
        assertThat(generator.next()).isTrue();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(generator.hasNext()).isFalse();
        assertThat(Thread.interrupted()).isTrue();
    }

    // ---- callbacks

    @AsyncTest
    void aCallbackMayStepOneThatDoesNotAwait() {
        Promise<List<Integer>> values = Promise.create();
        Promise<Throwable> failure = Promise.create();
        Loop.current()
                .callSoon(() -> {
                    List<Integer> all = new ArrayList<>();
                    upTo(3).forEachRemaining(all::add);
                    values.complete(all);
                    failure.complete(
                            catchThrowable(
                                    Generator.of(out -> sleep(Duration.ofMillis(1)))::hasNext));
                });
        assertThat(await(values)).containsExactly(0, 1, 2);
        assertThat(await(failure))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("this is a callback");
    }
}
