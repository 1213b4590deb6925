package dev.weft.benchmarks;

import dev.weft.benchmarks.EchoResult.Medians;
import dev.weft.benchmarks.EchoResult.Row;
import dev.weft.benchmarks.EchoResult.Scenario;
import dev.weft.benchmarks.EchoResult.Slot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures TCP echo servers against each other.
 *
 * <p>All are up at once, each a process of its own on the same core; a load generator on another
 * core loads them in turn, for a second or so each, many rounds. A machine's speed drifts by half,
 * but hardly within a round: so each round gives ratios, and their medians are the result.
 */
@Command(
        name = "tcp-echo",
        mixinStandardHelpOptions = true,
        description = "TCP echo servers side by side: Weft, raw Netty, Vert.x, asyncio.")
final class TcpEcho implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Option(
            names = "--connections",
            paramLabel = "N",
            description = "Connections, with --bytes (default: 50, and a second scenario: 1).")
    private @Nullable Integer connections;

    @Option(
            names = "--bytes",
            paramLabel = "N",
            description = "Bytes of a message (default: 1000, and a second scenario: 64).")
    private @Nullable Integer bytes;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds (default: 12).")
    private int rounds = 12;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "Load per server and round (default: 1).")
    private double seconds = 1;

    @Option(
            names = "--warm-up",
            paramLabel = "S",
            description = "Load per server before the first round (default: 4).")
    private double warmUp = 4;

    @Option(names = "--python", description = "Add asyncio and uvloop, where a Python has them.")
    private boolean python;

    @Option(names = "--quick", description = "A smoke run of a few seconds: no figures to trust.")
    private boolean quick;

    @Option(names = "--json", description = "Print one JSON document instead of tables.")
    private boolean json;

    private record Load(int connections, int bytes) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        EchoResult result = measure();
        System.out.println(json ? Json.of(result) : result.text());
        return 0;
    }

    private List<Load> loads() {
        if (connections == null && bytes == null) {
            return List.of(new Load(50, 1000), new Load(1, 64));
        }
        return List.of(
                new Load(connections == null ? 50 : connections, bytes == null ? 1000 : bytes));
    }

    private void check(boolean ok, String message) {
        if (!ok) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private EchoResult measure() throws IOException, InterruptedException {
        List<Load> loads = loads();
        for (Load load : loads) {
            check(load.connections >= 1, "--connections must be >= 1, was " + load.connections);
            check(load.bytes >= 1, "--bytes must be >= 1, was " + load.bytes);
        }
        if (quick) {
            rounds = 2;
            seconds = 0.1;
            warmUp = 0.2;
        }
        check(rounds >= 1, "--rounds must be >= 1, was " + rounds);
        check(seconds > 0, "--seconds must be > 0, was " + seconds);
        check(warmUp > 0, "--warm-up must be > 0, was " + warmUp);

        List<Server> servers = new ArrayList<>();
        try (Child load = LoadGenerator.start(Child.JVM_FLAGS)) {
            for (EchoServer.Kind kind : EchoServer.Kind.values()) {
                servers.add(Server.start(kind));
            }
            if (python) {
                servers.addAll(Server.startPythons());
            }
            for (Server server : servers) {
                server.awaitListening();
            }
            load.line(30);
            List<Scenario> scenarios = new ArrayList<>();
            for (Load l : loads) {
                scenarios.add(measure(l, servers, load));
            }
            return new EchoResult(
                    "tcp-echo",
                    "./weft bench "
                            + String.join(" ", spec.commandLine().getParseResult().originalArgs()),
                    Machine.here(),
                    Child.JVM_FLAGS,
                    Cores.canSeparate(),
                    scenarios,
                    aims(scenarios));
        } finally {
            servers.forEach(Server::close);
        }
    }

    private Scenario measure(Load l, List<Server> servers, Child load)
            throws IOException, InterruptedException {
        sayHowLong(l, servers.size());
        for (Server s : servers) {
            load.ask("open " + s.id() + " " + s.port() + " " + l.connections + " " + l.bytes, 30);
        }
        // In two turns, so that the compilers' work on the core of the first disturbs no second.
        for (int i = 0; i < 2; i++) {
            for (Server s : servers) {
                s.load(load, warmUp / 2);
            }
        }
        List<List<Slot>> slots = new ArrayList<>();
        List<CpuTime> before = new ArrayList<>();
        for (Server s : servers) {
            slots.add(new ArrayList<>());
            before.add(s.cpuTime());
        }
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < servers.size(); i++) {
                int turn = (i + round) % servers.size();
                slots.get(turn).add(servers.get(turn).load(load, seconds));
            }
        }
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < servers.size(); i++) {
            rows.add(row(servers.get(i), slots.get(i), slots.getFirst(), before.get(i)));
            load.ask("close " + servers.get(i).id(), 30);
        }
        double disturbed =
                Stats.median(slots.stream().flatMap(List::stream).toList(), Slot::disturbed);
        return new Scenario(l.connections, l.bytes, disturbed, rows);
    }

    private void sayHowLong(Load l, int servers) {
        System.err.printf(
                Locale.ROOT,
                "%d x %,d bytes: %d servers, %d rounds: about %.0f s ...%n",
                l.connections,
                l.bytes,
                servers,
                rounds,
                servers * (warmUp + rounds * seconds));
    }

    private static Row row(Server server, List<Slot> slots, List<Slot> baseline, CpuTime before)
            throws IOException {
        double[] cpuRatios = new double[slots.size()];
        for (int i = 0; i < cpuRatios.length; i++) {
            cpuRatios[i] = slots.get(i).cpuMicros() / baseline.get(i).cpuMicros();
        }
        CpuTime now = server.cpuTime();
        double user = now.userTicks() - before.userTicks();
        double system = now.systemTicks() - before.systemTicks();
        return new Row(
                server.title(),
                Medians.ofRatios(slots, baseline),
                List.of(Stats.quantile(0.25, cpuRatios), Stats.quantile(0.75, cpuRatios)),
                Medians.of(slots),
                user + system == 0 ? 0 : system / (user + system),
                slots);
    }

    private static List<Aim> aims(List<Scenario> scenarios) {
        List<Aim> aims = new ArrayList<>();
        for (Scenario s : scenarios) {
            double atMost = s.connections() == 1 ? 1.25 : 1.08;
            for (Row row : s.rows()) {
                if (row.server().equals(EchoServer.Kind.WEFT.title)) {
                    aims.add(
                            Aim.atMost(
                                    "CPU per echo to raw Netty's, "
                                            + s.connections()
                                            + " x "
                                            + s.bytes(),
                                    atMost,
                                    row.ratios().cpu()));
                }
            }
        }
        return aims;
    }
}
