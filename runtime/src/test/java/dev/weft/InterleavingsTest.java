package dev.weft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Interleavings.Run;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The explorer itself: what it finds, and that a seed finds it again. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InterleavingsTest {
    static Stream<SchedulerMode> modes() {
        return Stream.of(SchedulerMode.LOOP, SchedulerMode.PORTABLE)
                .filter(m -> m.unavailableBecause() == null);
    }

    private static void explore(Interleavings.Scenario scenario, SchedulerMode mode, int runs) {
        Interleavings.explore("test", scenario, mode, 1, runs);
    }

    private static void busy(Run run, List<Object> log) {
        for (int i = 0; i < 4; i++) {
            int actor = i;
            Task<Void> task =
                    run.actor(
                            "actor-" + i,
                            () -> {
                                for (int n = 0; n < 5; n++) {
                                    run.pause();
                                    log.add(actor);
                                }
                            });
            Loop.current().callLater(run.someTime(), () -> log.add("callback " + actor));
            if (run.oneIn(5)) {
                run.actor("canceller", () -> run.cancel(task));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void aSeedGivesTheSameOrderAloneAndAfterOthersAndOthersGiveOthers(SchedulerMode mode) {
        Map<Integer, List<Object>> together = new HashMap<>();
        int[] n = {0};
        explore(run -> busy(run, logOf(together, ++n[0])), mode, 300);
        assertThat(new HashSet<>(together.values())).hasSizeGreaterThan(290);
        for (int seed : new int[] {1, 2, 50, 299}) {
            List<Object> alone = new ArrayList<>();
            Interleavings.explore("test", run -> busy(run, alone), mode, seed, seed);
            assertThat(alone).isEqualTo(together.get(seed));
        }
    }

    private static List<Object> logOf(Map<Integer, List<Object>> all, int n) {
        return all.computeIfAbsent(n, k -> new ArrayList<>());
    }

    @ParameterizedTest
    @MethodSource("modes")
    void anOrderInWhichAScenarioFailsIsFoundAndNamed(SchedulerMode mode) {
        assertThatThrownBy(() ->
                        explore(
                                run -> {
                                    int[] shared = {0};
                                    for (int i = 0; i < 3; i++) {
                                        run.actor(
                                                "actor",
                                                () -> {
                                                    int seen = shared[0];
                                                    run.pause();
                                                    shared[0] = seen + 1;
                                                });
                                    }
                                    run.atEnd(() ->
                                            Interleavings.requireEqual(shared[0], 3, "the sum"));
                                },
                                mode,
                                1000))
                .isInstanceOf(AssertionError.class)
                .hasMessageMatching(
                        "(?s)scenario 'test' failed in mode "
                                + mode
                                + " with seed \\d+ .*the sum: expected, was \\[3, [12]].*");
    }

    @ParameterizedTest
    @MethodSource("modes")
    void whoWaitsForEverIsNamed(SchedulerMode mode) {
        assertThatThrownBy(() ->
                        explore(
                                run -> {
                                    Promise<Void> never = Promise.create();
                                    run.actor("patient", () -> Async.await(never));
                                },
                                mode,
                                10))
                .hasMessageContaining("seed 1 ")
                .hasMessageContaining("waiting for ever: [patient awaiting Promise@");
    }

    @ParameterizedTest
    @MethodSource("modes")
    void aFailureThatReachesNobodyFailsTheRun(SchedulerMode mode) {
        assertThatThrownBy(() ->
                        explore(
                                run -> {
                                    Async.async(() -> {
                                        throw new IllegalStateException("unheard");
                                    });
                                    Async.sleep(run.someTime());
                                },
                                mode,
                                10))
                .hasMessageContaining("was never retrieved");
    }

    @ParameterizedTest
    @MethodSource("modes")
    void anActorThatFailsFailsTheRun(SchedulerMode mode) {
        assertThatThrownBy(() ->
                        explore(
                                run ->
                                        run.actor(
                                                "clumsy",
                                                () -> {
                                                    throw new IllegalStateException("oops");
                                                }),
                                mode,
                                10))
                .hasMessageContaining("clumsy failed: java.lang.IllegalStateException: oops");
    }
}
