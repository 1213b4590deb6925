package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/** DESIGN section 5: asyncio 3.13's cancellation, and what loop mode adds. */
class CancellationTest {
    private static final Duration LONG = Duration.ofHours(1);
    private final List<Object> log = new ArrayList<>();

    @AsyncTest
    void aTaskCancelledBeforeItsFirstStepNeverRuns() {
        Task<Boolean> task = async(() -> log.add("ran"));
        assertThat(task.cancel()).isTrue();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(task.isCancelled()).isTrue();
        assertThat(log).isEmpty();
    }

    @AsyncTest
    void aSleepingTaskGetsTheErrorWithItsMessageAndCleansUp() {
        Task<Void> task =
                async(() -> {
                    try {
                        sleep(LONG);
                    } catch (CancelledError e) {
                        log.add(e.getMessage());
                        sleep(Duration.ofMillis(1));
                        log.add("cleaned up");
                        throw e;
                    }
                });
        yieldNow();
        assertThat(task.cancel("enough")).isTrue();
        assertThat(task.isDone()).as("a request is not an end").isFalse();
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(CancellationException.class)
                .hasMessageContaining("enough");
        assertThat(log).containsExactly("enough", "cleaned up");
        assertThat(task.cancel()).as("a done task").isFalse();
    }

    @AsyncTest
    void catchExceptionDoesNotSwallowIt() {
        Task<Void> task =
                async(() -> {
                    try {
                        sleep(LONG);
                    } catch (Exception e) {
                        log.add(e);
                    }
                });
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(log).isEmpty();
    }

    @AsyncTest
    void aTaskThatCatchesTheErrorGoesOn() {
        Task<String> task =
                async(() -> {
                    try {
                        sleep(LONG);
                    } catch (CancelledError e) {
                        log.add("caught");
                    }
                    yieldNow();
                    return "went on";
                });
        yieldNow();
        task.cancel();
        assertThat(await(task)).isEqualTo("went on");
        assertThat(task.cancelling()).isEqualTo(1);
    }

    @AsyncTest
    void cancellingTheAwaiterCancelsWhatItAwaits() {
        Task<Void> inner = async(() -> sleep(LONG));
        Task<Void> outer = async(() -> await(inner));
        yieldNow();
        outer.cancel();
        assertThatThrownBy(() -> await(outer)).isInstanceOf(CancellationException.class);
        assertThat(inner.isCancelled()).isTrue();
    }

    @AsyncTest
    void aResultThatTheAwaitedTaskGivesAllTheSameIsNotLostAndNeitherIsTheRequest() {
        Task<String> inner =
                async(() -> {
                    try {
                        sleep(LONG);
                    } catch (CancelledError e) {
                        return "result";
                    }
                    return "never";
                });
        Task<Void> outer =
                async(() -> {
                    log.add(await(inner));
                    yieldNow();
                    log.add("never");
                });
        yieldNow();
        outer.cancel();
        assertThatThrownBy(() -> await(outer)).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("result");
    }

    @AsyncTest
    void somebodyElsesCancelledFutureIsAnExceptionNotAnError() {
        Promise<String> promise = Promise.create();
        promise.cancel();
        assertThatThrownBy(() -> await(promise)).isInstanceOf(CancellationException.class);
        assertThat(Task.current().cancelling()).isZero();
    }

    @AsyncTest
    void cancelArrivingBetweenCompletionAndResumptionIsThrown() {
        Promise<String> promise = Promise.create();
        Task<String> task = async(() -> await(promise));
        yieldNow();
        promise.complete("x");
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
    }

    @AsyncTest
    void aTaskThatCancelsItselfEndsAtItsNextSuspension() {
        Task<Void> task =
                async(() -> {
                    Task.current().cancel();
                    log.add("still here");
                    sleep(LONG);
                    log.add("never");
                });
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("still here");
    }

    @AsyncTest
    void aRequestNotYetDeliveredWhenTheBodyReturnsLeavesTheTaskCancelled() {
        Task<String> task =
                async(() -> {
                    Task.current().cancel();
                    return "returned";
                });
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
    }

    @AsyncTest
    void uncancelAtZeroTakesAnUndeliveredRequestBack() {
        Task<String> task =
                async(() -> {
                    Task<?> self = Task.current();
                    self.cancel();
                    self.cancel();
                    log.add(self.cancelling());
                    log.add(self.uncancel());
                    log.add(self.uncancel());
                    log.add(self.uncancel());
                    yieldNow();
                    return "went on";
                });
        assertThat(await(task)).isEqualTo("went on");
        assertThat(log).containsExactly(2, 1, 0, 0);
    }

    @AsyncTest
    void cancelFromAForeignThreadReachesTheTask() throws Exception {
        Task<Void> task = async(() -> sleep(LONG));
        yieldNow();
        Thread thread = Thread.ofPlatform().start(task::cancel);
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        thread.join();
    }

    @AsyncTest
    void cancellingATaskThatAwaitsAStageCancelsTheStage() {
        CompletableFuture<String> stage = new CompletableFuture<>();
        Task<String> task = async(() -> await(stage));
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(stage).isCancelled();
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aTaskParkedInAJdkCallIsInterrupted() {
        Task<Void> task = async(() -> Thread.sleep(LONG));
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aRequestMadeWhileTheTaskRunsInterruptsTheJdkCallThatFollows() {
        Task<Void> task =
                async(() -> {
                    Task.current().cancel();
                    new Semaphore(0).acquire();
                });
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aSwallowedInterruptStillEndsAtTheNextWeftSuspension() {
        Task<Void> task =
                async(() -> {
                    try {
                        Thread.sleep(LONG);
                    } catch (InterruptedException e) {
                        log.add("swallowed");
                    }
                    log.add(Thread.currentThread().isInterrupted());
                    yieldNow();
                    log.add("never");
                });
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("swallowed", false);
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void theInterruptOfAnUninterruptibleLockDoesNotLeakIntoTheNextCall() {
        ReentrantLock lock = new ReentrantLock();
        lock.lock();
        AtomicBoolean flag = new AtomicBoolean(true);
        Task<Void> task =
                async(() -> {
                    lock.lock();
                    try {
                        yieldNow();
                    } catch (CancelledError e) {
                        flag.set(Thread.currentThread().isInterrupted());
                        throw e;
                    } finally {
                        lock.unlock();
                    }
                });
        yieldNow();
        task.cancel();
        yieldNow();
        assertThat(task.isDone()).as("it waits for the lock").isFalse();
        lock.unlock();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(flag).isFalse();
    }

    @AsyncTest
    void anInterruptFlagSetByTheBodySurvivesAnAwaitWhichDoesNotSpin() {
        Task<Boolean> task =
                async(() -> {
                    Thread.currentThread().interrupt();
                    sleep(Duration.ofMillis(5));
                    return Thread.interrupted();
                });
        assertThat(await(task)).isTrue();
    }

    @AsyncTest
    void cancellationOfManyTasksAtOnceReachesEachOnce() {
        List<Task<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            tasks.add(async(() -> sleep(LONG)));
        }
        yieldNow();
        tasks.forEach(Future::cancel);
        for (Task<Void> task : tasks) {
            assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        }
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void interruptsFromCancelNeverHitATaskThatIsNotParked() throws InterruptedException {
        // A task hops between Weft and JDK suspensions while a foreign thread cancels it; uncancel
        // takes the request back.
        CountDownLatch stop = new CountDownLatch(1);
        Task<Void> task =
                async(() -> {
                    while (stop.getCount() > 0) {
                        try {
                            yieldNow();
                            Thread.sleep(0, 1000);
                        } catch (CancelledError | InterruptedException e) {
                            while (Task.current().uncancel() > 0) {}
                        }
                        while (Task.current().uncancel() > 0) {}
                        if (Thread.currentThread().isInterrupted()) {
                            throw new AssertionError("the flag leaked");
                        }
                    }
                });
        Thread canceller =
                Thread.ofPlatform()
                        .start(() -> {
                            for (int i = 0; i < 2000; i++) {
                                task.cancel();
                            }
                            stop.countDown();
                        });
        while (stop.getCount() > 0) {
            yieldNow();
        }
        canceller.join();
        try {
            await(task);
        } catch (CancellationException e) {
            log.add(e);
        }
    }
}
