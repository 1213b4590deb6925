package dev.weft.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TaskAimsTest {
    private static List<String> aims(Figure figure, Map<String, List<Double>> byKind) {
        Map<Figure, Map<String, List<Double>>> values = new EnumMap<>(Figure.class);
        values.put(figure, byKind);
        return TaskAims.of(values).stream().map(Aim::toString).toList();
    }

    @Test
    void aTimeIsComparedWithAsyncioAndJdkThreads() {
        assertThat(
                        aims(
                                Figure.LOCK,
                                Map.of(
                                        "Weft, loop", List.of(100.0),
                                        "JDK threads", List.of(90.0),
                                        "asyncio", List.of(600.0))))
                .containsExactly(
                        "met     hand a lock on, times as fast as asyncio: 6.000 (aim: at least 5.000)",
                        "missed  hand a lock on, times as fast as JDK threads: 0.9000 (aim: at least"
                                + " 1.000)");
    }

    @Test
    void startingHasAnAbsoluteAimTooAndAsksForTen() {
        assertThat(
                        aims(
                                Figure.START,
                                Map.of("Weft, loop", List.of(299.0), "asyncio", List.of(2900.0))))
                .containsExactly(
                        "met     start a task and await it, ns: 299.0 (aim: at most 300.0)",
                        "missed  start a task and await it, times as fast as asyncio: 9.699 (aim: at least"
                                + " 10.00)");
    }

    @Test
    void bytesAreAShare() {
        assertThat(
                        aims(
                                Figure.SLEEPING,
                                Map.of(
                                        "Weft, loop", List.of(500.0),
                                        "JDK threads", List.of(1000.0),
                                        "asyncio", List.of(1000.0))))
                .containsExactly(
                        "met     a sleeping task, bytes to those of asyncio: 0.5000 (aim: at most 0.5500)",
                        "met     a sleeping task, bytes to those of JDK threads: 0.5000 (aim: at most 1.000)");
    }

    @Test
    void offloadingIsComparedWithNettyAndNotWithJdkThreads() {
        assertThat(
                        aims(
                                Figure.OFFLOAD,
                                Map.of(
                                        "Weft, loop", List.of(10.0),
                                        "JDK threads", List.of(1.0),
                                        "Netty loop", List.of(10.0),
                                        "asyncio", List.of(15.0))))
                .containsExactly(
                        "missed  offload, one at a time, times as fast as asyncio: 1.500 (aim: at least"
                                + " 1.800)",
                        "met     offload, one at a time, ns to those of Netty loop: 1.000 (aim: at most"
                                + " 1.100)");
    }

    @Test
    void aRatioIsTheMedianOfThoseOfEachTurnNotTheRatioOfMedians() {
        assertThat(
                        aims(
                                Figure.QUEUE,
                                Map.of(
                                        "Weft, loop", List.of(1.0, 10.0, 2.0),
                                        "asyncio", List.of(6.0, 70.0, 8.0))))
                .containsExactly(
                        "met     pass an item through a queue of one, times as fast as asyncio: 6.000 (aim:"
                                + " at least 5.000)");
    }

    @Test
    void whoeverWasNotMeasuredHasNoAim() {
        assertThat(aims(Figure.QUEUE, Map.of("Weft, loop", List.of(1.0)))).isEmpty();
    }
}
