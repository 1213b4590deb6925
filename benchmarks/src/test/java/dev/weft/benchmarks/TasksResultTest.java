package dev.weft.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TasksResultTest {
    @Test
    void eachTableShowsWhoeverHasAFigureThere() {
        TasksResult result =
                new TasksResult(
                        "tasks",
                        "./weft bench tasks",
                        new Machine("a processor", 2, "Linux", "a JDK"),
                        List.of("-Xmx1g"),
                        List.of("a peer 1.0"),
                        3,
                        List.of("Weft, loop", "Kotlin", "Netty loop"),
                        List.of(
                                TasksResult.Row.of(
                                        Figure.SLEEPING,
                                        Map.of("Weft, loop", 1234.4, "Kotlin", 567.0)),
                                TasksResult.Row.of(
                                        Figure.OFFLOAD,
                                        Map.of("Weft, loop", 1.0, "Netty loop", 2.0))),
                        List.of(Aim.atMost("this", 1, 2)));

        assertThat(result.text())
                .isEqualTo(
                        """
                        machine:  a processor, 2 cores, Linux, a JDK
                        command:  ./weft bench tasks
                        JVMs:     -Xmx1g
                        peers:    a peer 1.0

                        median of 3 processes; of one for a million tasks
                        tasks                   Weft, loop  Kotlin
                        a sleeping task  bytes       1,234     567

                        a function on another thread, and back      Weft, loop  Netty loop
                        offload, one at a time                  ns           1           2

                        missed  this: 2.000 (aim: at most 1.000)
                        """);
    }
}
