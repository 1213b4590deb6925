package dev.weft.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs the quick forms: the figures are there and have the right shape; how fast, is no test's
 * matter.
 */
class SmokeTest {
    private record Outcome(int status, String out) {
        JsonNode json() {
            return JsonMapper.shared().readTree(out);
        }
    }

    private static Outcome run(String... args) {
        PrintStream before = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            int status = Main.commandLine().execute(args);
            return new Outcome(status, out.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(before);
        }
    }

    @Test
    void echoMeasuresEveryServerAgainstRawNetty() {
        Outcome outcome =
                run("tcp-echo", "--quick", "--json", "--connections", "3", "--bytes", "100");

        assertThat(outcome.status).isZero();
        JsonNode result = outcome.json();
        assertThat(result.at("/benchmark").asString()).isEqualTo("tcp-echo");
        assertThat(result.at("/command").asString()).startsWith("./weft bench tcp-echo");
        assertThat(result.at("/machine/jdk").asString()).isNotEmpty();
        JsonNode scenario = result.at("/scenarios/0");
        assertThat(scenario.at("/load/connections").asInt()).isEqualTo(3);
        assertThat(scenario.at("/load/bytes").asInt()).isEqualTo(100);
        assertThat(scenario.at("/rows").valueStream().map(r -> r.at("/program").asString()))
                .containsExactly(
                        "Netty, raw handler",
                        "Weft, loop mode",
                        "Weft, portable mode",
                        "Vert.x 5.2");
        assertThat(scenario.at("/rows/0/ratios/cpu").asDouble()).isEqualTo(1.0);
        for (JsonNode row : scenario.at("/rows")) {
            assertThat(row.at("/slots").size()).isEqualTo(2);
            assertThat(row.at("/absolute/throughput").asDouble()).isPositive();
            assertThat(row.at("/absolute/cpu").asDouble()).isPositive();
            assertThat(row.at("/absolute/p99").asDouble())
                    .isGreaterThanOrEqualTo(row.at("/absolute/p50").asDouble());
        }
        assertThat(result.at("/aims/0/met").isBoolean()).isTrue();
    }

    @Test
    void httpClientsAreMeasuredAgainstEachOther() {
        Outcome outcome = run("http-client", "--quick", "--json");

        assertThat(outcome.status).isZero();
        JsonNode result = outcome.json();
        assertThat(result.at("/command").asString())
                .isEqualTo("./weft bench http-client --quick --json");
        assertThat(result.at("/scenarios").size()).isEqualTo(HttpLoad.few().size());
        for (JsonNode scenario : result.at("/scenarios")) {
            JsonNode asked = scenario.at("/load");
            HttpLoad load =
                    new HttpLoad(
                            asked.at("/calls").asInt(),
                            asked.at("/bytes").asInt(),
                            asked.at("/http2").asBoolean(),
                            asked.at("/tls").asBoolean());
            List<String> programs =
                    scenario.at("/rows")
                            .valueStream()
                            .map(r -> r.at("/program").asString())
                            .toList();
            assertThat(programs)
                    .as(load.toString())
                    .startsWith(
                            Stream.of(HttpProgram.Kind.values())
                                    .map(kind -> kind.title)
                                    .toArray(String[]::new));
            assertThat(scenario.at("/rows/0/ratios/cpu").asDouble()).isEqualTo(1.0);
            for (JsonNode row : scenario.at("/rows")) {
                assertThat(row.at("/slots").size()).isEqualTo(2);
                assertThat(row.at("/absolute/throughput").asDouble()).isPositive();
                assertThat(row.at("/absolute/cpu").asDouble()).isPositive();
            }
        }
        assertThat(result.at("/aims").valueStream().map(aim -> aim.at("/what").asString()))
                .contains("user CPU to the best peer's, median of the loads");
    }

    @Test
    void tasksMeasureEveryFigureOfEveryKind() {
        Outcome outcome = run("tasks", "--quick", "--json");

        assertThat(outcome.status).isZero();
        JsonNode result = outcome.json();
        assertThat(result.at("/command").asString()).isEqualTo("./weft bench tasks --quick --json");
        assertThat(result.at("/peers/0").asString()).isEqualTo("kotlinx-coroutines 1.11.0");
        assertThat(result.at("/aims").size()).isGreaterThan(15);
        List<String> kinds = result.at("/kinds").valueStream().map(k -> k.asString()).toList();
        assertThat(kinds)
                .startsWith(
                        "Weft, loop",
                        "Weft, portable",
                        "JDK threads",
                        "Kotlin",
                        "JDK executors",
                        "Netty loop");
        assertThat(result.at("/rows").valueStream().map(r -> r.at("/figure").asString()))
                .containsExactlyElementsOf(Stream.of(Figure.values()).map(f -> f.title).toList());
        for (JsonNode row : result.at("/rows")) {
            for (String kind : kinds) {
                boolean tasks = !kind.equals("JDK executors") && !kind.equals("Netty loop");
                if (tasks || row.at("/offload").asBoolean()) {
                    assertThat(row.at("/values").path(kind).asDouble(0))
                            .as("%s of %s", row.at("/figure").asString(), kind)
                            .isPositive()
                            .isFinite();
                }
            }
        }
    }

    @Test
    void aWrongOptionIsAnErrorOfUsage() {
        assertThat(run("tcp-echo", "--rounds", "0").status).isEqualTo(2);
        assertThat(run("tcp-echo", "--connections", "0").status).isEqualTo(2);
        assertThat(run("http-client", "--seconds", "0").status).isEqualTo(2);
        assertThat(run("http-client", "--only", "no such load").status).isEqualTo(2);
        assertThat(run("tasks", "--forks", "0").status).isEqualTo(2);
    }
}
