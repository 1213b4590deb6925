package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.shield;
import static dev.weft.Async.sleep;
import static dev.weft.Async.waitFor;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/** Waiting for a future with a limit, whose reference is {@code asyncio.wait_for}. */
class WaitForTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration LONG = Duration.ofHours(1);
    private final List<Object> log = new ArrayList<>();

    /** Takes its time, whoever asks it to end. */
    private void slow() {
        Duration end = Loop.current().time().plus(SECOND);
        for (Duration left; (left = end.minus(Loop.current().time())).isPositive(); ) {
            try {
                sleep(left);
            } catch (CancelledError e) {
                log.add("asked to end");
            }
        }
        log.add("ended");
    }

    private String sleepThenDone() {
        try {
            sleep(LONG);
        } finally {
            log.add("ended");
        }
        return "done";
    }

    private static String cleansUpThen(Body<String> last) throws Exception {
        try {
            sleep(LONG);
        } catch (CancelledError e) {
            sleep(Duration.ofMillis(10));
            return last.run();
        }
        return "never";
    }

    private static void assertExceeded(Throwable thrown) {
        assertThat(thrown).isInstanceOf(DeadlineExceededException.class);
        assertThat(Task.current().cancelling()).isZero();
    }

    @AsyncTest(virtual = true)
    void cancellingTheWaitWaitsForTheTaskToEnd() {
        Task<Void> slow = async(this::slow);
        Task<Void> wait = async(() -> waitFor(slow, SECOND.multipliedBy(2)));
        yieldNow();
        wait.cancel();
        assertThat(catchThrowable(() -> await(wait))).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("asked to end", "ended");
    }

    @AsyncTest(virtual = true)
    void theLimitWaitsForTheTaskToEndAndKeepsItsResult() {
        Task<Void> slow = async(this::slow);
        waitFor(slow, Duration.ofMillis(500));
        assertThat(log).containsExactly("asked to end", "ended");
        yieldNow();
    }

    @AsyncTest(virtual = true)
    void aFutureThatIsDoneNeedsNoTime() {
        Promise<String> done = Promise.create();
        done.complete("done");
        assertThat(waitFor(done, Duration.ZERO)).isEqualTo("done");
        Promise<String> failed = Promise.create();
        failed.fail(new IllegalStateException("failed"));
        assertThatThrownBy(() -> waitFor(failed, Duration.ZERO)).hasMessage("failed");
    }

    @AsyncTest(virtual = true)
    void withoutTimeARunningTaskIsCancelledAndAwaited() {
        Task<String> task = async(this::sleepThenDone);
        yieldNow();
        assertExceeded(catchThrowable(() -> waitFor(task, Duration.ZERO)));
        assertThat(task.isCancelled()).isTrue();
        assertThat(log).containsExactly("ended");
    }

    @AsyncTest(virtual = true)
    void whenTheLimitHasPassedTheTaskIsCancelledAndAwaited() {
        Task<String> task = async(this::sleepThenDone);
        Throwable thrown = catchThrowable(() -> waitFor(task, SECOND));
        assertExceeded(thrown);
        assertThat(thrown).hasCauseInstanceOf(CancelledError.class);
        assertThat(((DeadlineExceededException) thrown).limit()).isEqualTo(SECOND);
        assertThat(task.isCancelled()).isTrue();
        assertThat(log).containsExactly("ended");
        yieldNow();
    }

    @AsyncTest(virtual = true)
    void aResultInTimeIsReturned() {
        Task<String> task = async(() -> "done");
        assertThat(waitFor(task, LONG)).isEqualTo("done");
    }

    @AsyncTest(virtual = true)
    void aPromiseCompletedByACallbackInTimeIsReturned() {
        Promise<String> promise = Promise.create();
        Loop.current().callSoon(() -> promise.complete("ok"));
        assertThat(waitFor(promise, SECOND)).isEqualTo("ok");
    }

    @AsyncTest(virtual = true)
    void atTheVeryMomentTheLimitWinsAndWhatCameBeforeItStays() {
        Promise<String> before = Promise.create();
        Loop.current().callLater(SECOND, () -> before.complete("ok"));
        assertExceeded(catchThrowable(() -> waitFor(before, SECOND)));
        assertThat(before.resultNow()).isEqualTo("ok");
        Promise<String> after = Promise.create();
        Task<String> wait = async(() -> waitFor(after, SECOND));
        yieldNow();
        Loop.current().callLater(SECOND, () -> log.add(after.tryComplete("ok")));
        assertExceeded(catchThrowable(() -> await(wait)));
        assertThat(after.isCancelled()).isTrue();
        yieldNow();
        assertThat(log).containsExactly(false);
    }

    @AsyncTest(virtual = true)
    void aTaskThatSwallowsItsCancellationGivesItsResult() {
        Task<String> task = async(() -> cleansUpThen(() -> "42"));
        assertThat(waitFor(task, SECOND)).isEqualTo("42");
        assertThat(Task.current().cancelling()).isZero();
        yieldNow();
    }

    @AsyncTest(virtual = true)
    void withoutTimeATaskThatSwallowsItsCancellationGivesItsResultToo() {
        Task<String> task = async(() -> cleansUpThen(() -> "42"));
        yieldNow();
        assertThat(waitFor(task, Duration.ZERO)).isEqualTo("42");
    }

    @AsyncTest(virtual = true)
    void theTasksCleanUpIsAwaited() {
        for (Duration limit : List.of(SECOND, Duration.ZERO)) {
            Task<String> task =
                    async(() ->
                            cleansUpThen(() -> {
                                log.add("cleaned up");
                                throw new CancelledError("still");
                            }));
            yieldNow();
            assertExceeded(catchThrowable(() -> waitFor(task, limit)));
            assertThat(log).containsExactly("cleaned up");
            log.clear();
        }
    }

    @AsyncTest(virtual = true)
    void theTasksFailureInItsCleanUpIsThrown() {
        for (Duration limit : List.of(SECOND, Duration.ZERO)) {
            Task<String> task =
                    async(() ->
                            cleansUpThen(() -> {
                                throw new IllegalStateException("clean-up");
                            }));
            yieldNow();
            assertThat(catchThrowable(() -> waitFor(task, limit)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("clean-up");
            yieldNow();
        }
    }

    @AsyncTest(virtual = true)
    void cancellingTheWaitCancelsTheTask() {
        Task<String> task = async(() -> await(Promise.<String>create()));
        Task<String> wait = async(() -> waitFor(task, Duration.ofMinutes(1)));
        yieldNow();
        Loop.current().callSoon(wait::cancel);
        assertThat(catchThrowable(() -> await(wait))).isInstanceOf(CancellationException.class);
        assertThat(task.isCancelled()).isTrue();
    }

    @AsyncTest(virtual = true)
    void aCancellationAfterTheResultButBeforeItsReturnIsThrownAndTheResultStays() {
        Task<String> task = async(() -> "done");
        Task<Void> wait =
                async(() -> {
                    waitFor(task, LONG);
                    sleep(SECOND);
                    log.add("reached the end");
                });
        yieldNow();
        wait.cancel();
        assertThat(catchThrowable(() -> await(wait))).isInstanceOf(CancellationException.class);
        assertThat(await(task)).isEqualTo("done");
        assertThat(log).isEmpty();
    }

    @AsyncTest(virtual = true)
    void whatOthersCancelledIsNoMissedLimit() {
        Promise<String> promise = Promise.create();
        Loop.current().callSoon(promise::cancel);
        assertThat(catchThrowable(() -> waitFor(promise, SECOND)))
                .isInstanceOf(CancellationException.class);
    }

    @AsyncTest(virtual = true)
    void cancellingTheWaitWithoutTimeIsACancellation() {
        Task<Void> slow = async(this::slow);
        yieldNow();
        Task<Void> wait =
                async(() -> {
                    waitFor(slow, Duration.ZERO);
                    log.add("returned");
                    yieldNow();
                    log.add("never");
                });
        sleep(Duration.ofMillis(10));
        wait.cancel();
        assertThat(catchThrowable(() -> await(wait))).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("asked to end", "asked to end", "ended", "returned");
    }

    // ---- with a shield

    @AsyncTest(virtual = true)
    void theLimitOfAShieldedTaskLetsItGoOn() {
        for (Duration limit : List.of(Duration.ofMillis(10), Duration.ZERO)) {
            Task<String> task =
                    async(() -> {
                        sleep(Duration.ofMillis(100));
                        return "done";
                    });
            assertExceeded(catchThrowable(() -> Async.timeout(limit, () -> log.add(shield(task)))));
            assertThat(task.isDone()).isFalse();
            assertThat(await(task)).isEqualTo("done");
        }
        assertThat(log).isEmpty();
    }

    @AsyncTest(virtual = true)
    void aShieldedTaskInTimeGivesItsResult() {
        Task<String> task = async(() -> "done");
        assertThat(Async.<String>timeout(LONG, () -> shield(task))).isEqualTo("done");
    }

    @AsyncTest(virtual = true)
    void badUseIsRefused() {
        assertThatThrownBy(() -> waitFor(Promise.create(), Duration.ofNanos(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("limit must be >= 0, was PT-0.000000001S");
        assertThatThrownBy(() -> waitFor(null, SECOND))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("future must not be null");
    }
}
