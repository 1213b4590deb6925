package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.map;
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
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MapTest {
    private static final Duration LONG = Duration.ofHours(1);
    private final List<Object> log = new ArrayList<>();
    private int running;
    private int most;

    private static List<Integer> numbers(int n) {
        return IntStream.range(0, n).boxed().toList();
    }

    private static void throwIt(RuntimeException failure) {
        throw failure;
    }

    private int counted(int item) {
        most = Math.max(most, ++running);
        for (int i = item % 3; i >= 0; i--) {
            yieldNow();
        }
        running--;
        return item * 2;
    }

    @AsyncTest
    void valuesComeInTheOrderOfTheItems() {
        assertThat(map(numbers(100), 7, this::counted))
                .containsExactlyElementsOf(IntStream.range(0, 100).mapToObj(i -> i * 2).toList());
        assertThat(most).isEqualTo(7);
    }

    @AsyncTest
    void aLimitOfOneRunsOneAfterTheOther() {
        assertThat(map(numbers(5), 1, this::counted)).containsExactly(0, 2, 4, 6, 8);
        assertThat(most).isOne();
    }

    @AsyncTest
    void noMoreTasksAreStartedThanThereAreItemsOrThanTheLimit() {
        int before = Loop.current().statistics().tasks();
        map(numbers(3), 1000, i -> log.add(Loop.current().statistics().tasks() - before));
        map(numbers(1000), 3, i -> log.add(Loop.current().statistics().tasks() - before));
        assertThat(log).hasSize(1003).allMatch(n -> (int) n <= 3);
    }

    @AsyncTest
    void noItemsGiveNoValues() {
        assertThat(map(List.of(), 1, i -> i)).isEmpty();
    }

    @AsyncTest
    void nullItemsAndValuesAreKept() {
        assertThat(map(Arrays.asList("a", null), 2, s -> s)).containsExactly("a", null);
    }

    @AsyncTest
    void argumentsAreChecked() {
        assertThatThrownBy(() -> map(numbers(1), 0, i -> i))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("limit must be >= 1, was 0");
        assertThatThrownBy(() -> map(null, 1, i -> i)).hasMessage("items must not be null");
        assertThatThrownBy(() -> map(numbers(1), 1, null)).hasMessage("body must not be null");
    }

    @Test
    void itNeedsATask() {
        assertThatThrownBy(() -> map(numbers(1), 1, i -> i))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("needs a task");
    }

    @AsyncTest
    void theFirstFailureCancelsTheOthersWaitsForThemAndStartsNoMore() {
        RuntimeException failure = new RuntimeException("x");
        Throwable thrown =
                catchThrowable(() ->
                        map(
                                numbers(100),
                                3,
                                i -> {
                                    log.add("start " + i);
                                    if (i == 1) {
                                        yieldNow();
                                        throw failure;
                                    }
                                    try {
                                        sleep(LONG);
                                    } finally {
                                        yieldNow();
                                        log.add("end " + i);
                                    }
                                    return i;
                                }));
        assertThat(thrown).isSameAs(failure);
        assertThat(thrown.getSuppressed()).isEmpty();
        assertThat(log)
                .containsExactlyInAnyOrder("start 0", "start 1", "start 2", "end 0", "end 2");
    }

    @AsyncTest
    void whatHasNotBegunWhenOneFailsDoesNotBegin() {
        ItemBody<Integer, Boolean> body =
                i -> {
                    log.add(i);
                    throw new IllegalStateException("item " + i);
                };
        assertThatThrownBy(() -> map(numbers(3), 3, body))
                .hasMessage("item 0")
                .hasNoSuppressedExceptions();
        assertThat(log).containsExactly(0);
    }

    @AsyncTest
    void laterFailuresAreSuppressed() {
        Throwable thrown =
                catchThrowable(() ->
                        map(
                                numbers(3),
                                3,
                                i -> {
                                    try {
                                        if (i == 0) {
                                            yieldNow();
                                        } else {
                                            sleep(LONG);
                                        }
                                    } finally {
                                        throwIt(new IllegalStateException("item " + i));
                                    }
                                    return i;
                                }));
        assertThat(thrown).hasMessage("item 0");
        assertThat(thrown.getSuppressed())
                .extracting(Throwable::getMessage)
                .containsExactlyInAnyOrder("item 1", "item 2");
    }

    @AsyncTest
    void theSameFailureTwiceAndErrorsAndCheckedExceptionsAreThrownToo() {
        RuntimeException same = new RuntimeException("same");
        ItemBody<Integer, Integer> throwsIt =
                i -> {
                    throw same;
                };
        assertThat(catchThrowable(() -> map(numbers(2), 2, throwsIt))).isSameAs(same);
        ItemBody<Integer, Integer> throwsError =
                i -> {
                    yieldNow();
                    throw new AssertionError("error " + i);
                };
        assertThat(catchThrowable(() -> map(numbers(2), 2, throwsError)))
                .isInstanceOf(AssertionError.class)
                .hasMessage("error 0")
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
        ItemBody<Integer, Integer> throwsChecked =
                i -> {
                    throw new IOException("disk");
                };
        assertThatThrownBy(() -> map(numbers(1), 1, throwsChecked))
                .isInstanceOf(UncheckedIOException.class);
    }

    @AsyncTest
    void cancellingTheCallerCancelsAllAndWaitsForThem() {
        Task<List<Integer>> task =
                async(() ->
                        map(
                                numbers(10),
                                2,
                                i -> {
                                    try {
                                        sleep(LONG);
                                    } finally {
                                        yieldNow();
                                        log.add("end " + i);
                                    }
                                    return i;
                                }));
        yieldNow();
        yieldNow();
        task.cancel("enough");
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(CancellationException.class)
                .hasMessageEndingWith("enough");
        assertThat(task.isCancelled()).isTrue();
        assertThat(log).containsExactlyInAnyOrder("end 0", "end 1");
    }

    @AsyncTest(unhandled = true)
    void aFailureWhileTheCallerIsBeingCancelledIsReported() {
        List<Throwable> reports = new ArrayList<>();
        Loop.current().onUnhandled(r -> reports.add(r.failure()));
        RuntimeException failure = new RuntimeException("in cleanup");
        Task<List<Integer>> task =
                async(() ->
                        map(
                                numbers(1),
                                2,
                                i -> {
                                    try {
                                        sleep(LONG);
                                    } finally {
                                        throwIt(failure);
                                    }
                                    return i;
                                }));
        yieldNow();
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(reports).containsExactly(failure);
    }

    @AsyncTest
    void anItemThatCancelsItsOwnTaskEndsAllWithAnException() {
        assertThatThrownBy(() ->
                        map(
                                numbers(3),
                                3,
                                i -> {
                                    if (i == 1) {
                                        Task.current().cancel();
                                    }
                                    sleep(LONG);
                                    return i;
                                }))
                .isInstanceOf(CancellationException.class);
    }

    @AsyncTest
    void tasksThatTheBodyStartsEndWithTheCall() {
        List<Task<?>> started = new ArrayList<>();
        map(
                numbers(2),
                2,
                i -> {
                    Task<Void> task = async(() -> sleep(LONG));
                    started.add(task);
                    yieldNow();
                    return i;
                });
        assertThat(started).hasSize(2).allMatch(Task::isCancelled);
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void anInterruptedJdkCallOfACancelledItemIsNoFailure() {
        RuntimeException failure = new RuntimeException("x");
        Throwable thrown =
                catchThrowable(() ->
                        map(
                                numbers(2),
                                2,
                                i -> {
                                    if (i == 1) {
                                        throw failure;
                                    }
                                    Thread.sleep(Duration.ofHours(1));
                                    return i;
                                }));
        assertThat(thrown).isSameAs(failure);
        assertThat(thrown.getSuppressed()).isEmpty();
    }

    @AsyncTest
    void mapsNest() {
        List<List<Integer>> result =
                map(numbers(3), 2, i -> map(numbers(3), 2, j -> counted(i * 3 + j)));
        assertThat(result)
                .containsExactly(List.of(0, 2, 4), List.of(6, 8, 10), List.of(12, 14, 16));
    }
}
