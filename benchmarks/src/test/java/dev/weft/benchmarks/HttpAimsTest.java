package dev.weft.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.benchmarks.Scenario.Row;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class HttpAimsTest {
    private static final HttpLoad LOAD = new HttpLoad(50, 100, false, false);
    private static final String WEFT = HttpProgram.Kind.WEFT.title;

    private static List<Slot> rounds(double... cpu) {
        return DoubleStream.of(cpu).mapToObj(c -> new Slot(1, 1, 1, c, 0)).toList();
    }

    private static Row row(String program, double systemShare, double... cpu) {
        return Row.of(program, rounds(cpu), rounds(cpu), systemShare);
    }

    private static Scenario<HttpLoad> scenario(Row... rows) {
        return new Scenario<>(LOAD, 0, List.of(rows), List.of());
    }

    @Test
    void theBestPeerIsTheOneThatRoundByRoundNeedsLeast() {
        List<Aim> aims =
                HttpAims.of(
                        List.of(
                                scenario(
                                        row(WEFT, 0.5, 10, 20, 40),
                                        row("slow", 0.5, 30, 60, 120),
                                        row("fast", 0.5, 20, 25, 50))));

        assertThat(aims.getFirst().measured()).isEqualTo(0.8); // of 0.5, 0.8, 0.8
        assertThat(aims.getFirst().aim()).isEqualTo(1.0);
        assertThat(aims.getFirst().what()).isEqualTo(LOAD + ": CPU to the best peer's");
    }

    @Test
    void userTimeIsComparedWithThePeerThatHasTheLeastOfIt() {
        Scenario<HttpLoad> one = scenario(row(WEFT, 0.5, 8), row("a", 0.9, 20), row("b", 0.0, 9));
        Scenario<HttpLoad> two = scenario(row(WEFT, 0.0, 4), row("a", 0.0, 8));
        Scenario<HttpLoad> three = scenario(row(WEFT, 0.0, 9), row("a", 0.0, 10));

        Aim user = HttpAims.of(List.of(one, two, three)).getLast();

        // 4 of 2, 4 of 8, 9 of 10
        assertThat(user.measured()).isEqualTo(0.9);
        assertThat(user.met()).isTrue();
    }

    @Test
    void whereWeftOrPeersAreMissingThereIsNoAim() {
        assertThat(
                        HttpAims.of(
                                List.of(
                                        scenario(row("a", 0, 1)),
                                        scenario(
                                                row(WEFT, 0, 1),
                                                row("Weft, portable mode", 0, 2)))))
                .isEmpty();
    }
}
