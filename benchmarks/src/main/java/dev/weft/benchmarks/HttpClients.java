package dev.weft.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Measures HTTP clients against each other, as {@link Rounds} says; their opposite is a server. */
@Command(
        name = "http-client",
        mixinStandardHelpOptions = true,
        description =
                "HTTP clients side by side: Weft, Reactor Netty, AsyncHttpClient, Vert.x, the JDK's,"
                        + " OkHttp, aiohttp.")
final class HttpClients implements Callable<Integer> {
    @Mixin private Rounds rounds;

    /** The versions that have been spoken. */
    private final Set<Boolean> warm = new HashSet<>();

    @Override
    public Integer call() throws Exception {
        rounds.print(measure(), "call", "calls");
        return 0;
    }

    private Comparison<HttpLoad> measure() throws Exception {
        rounds.check();
        List<HttpLoad> loads = rounds.chosen(rounds.isQuick() ? HttpLoad.few() : HttpLoad.all());
        List<HttpClientProcess> clients = new ArrayList<>();
        try (Certificate certificate = Certificate.make();
                HttpServerProcess server = HttpServerProcess.start(certificate)) {
            clients.addAll(HttpClientProcess.startAll(certificate));
            List<Scenario<HttpLoad>> scenarios = new ArrayList<>();
            for (HttpLoad load : loads) {
                scenarios.add(
                        measure(load, clients.stream().filter(c -> c.can(load)).toList(), server));
            }
            return rounds.comparison(scenarios, List.of(), HttpAims.of(scenarios));
        } finally {
            clients.forEach(HttpClientProcess::close);
        }
    }

    private Scenario<HttpLoad> measure(
            HttpLoad load, List<HttpClientProcess> clients, HttpServerProcess server)
            throws IOException, InterruptedException {
        List<Rounds.Subject> open = new ArrayList<>();
        for (HttpClientProcess client : clients) {
            open.add(client.open(load, server));
        }
        if (warm.add(load.http2())) {
            rounds.warmUp(open);
        }
        Scenario<HttpLoad> scenario = rounds.measure(load, open);
        for (HttpClientProcess client : clients) {
            client.endLoad();
        }
        return scenario;
    }
}
