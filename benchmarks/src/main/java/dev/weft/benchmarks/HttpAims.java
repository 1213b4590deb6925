package dev.weft.benchmarks;

import dev.weft.benchmarks.Scenario.Row;
import java.util.ArrayList;
import java.util.List;

/** What a call of Weft's HTTP client is to cost, to the best of its peers. */
final class HttpAims {
    private HttpAims() {}

    /**
     * One for each load: all processor time, to the peer that needs least, by paired rounds. And
     * one for them together: the time outside the kernel, again to whichever peer needs least.
     */
    static List<Aim> of(List<Scenario<HttpLoad>> scenarios) {
        List<Aim> aims = new ArrayList<>();
        List<Double> user = new ArrayList<>();
        for (Scenario<HttpLoad> scenario : scenarios) {
            Row weft = scenario.row(HttpProgram.Kind.WEFT.title);
            List<Row> peers =
                    scenario.rows().stream()
                            .filter(row -> !row.program().startsWith("Weft"))
                            .toList();
            if (weft == null || peers.isEmpty()) {
                continue;
            }
            aims.add(
                    Aim.atMost(
                            scenario.load() + ": CPU to the best peer's",
                            1.0,
                            peers.stream().mapToDouble(weft::cpuTo).max().getAsDouble()));
            user.add(
                    weft.userMicros()
                            / peers.stream().mapToDouble(Row::userMicros).min().getAsDouble());
        }
        if (!user.isEmpty()) {
            aims.add(
                    Aim.atMost(
                            "user CPU to the best peer's, median of the loads",
                            0.9,
                            Stats.median(user, x -> x)));
        }
        return aims;
    }
}
