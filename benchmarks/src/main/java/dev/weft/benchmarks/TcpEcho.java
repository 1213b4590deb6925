package dev.weft.benchmarks;

import dev.weft.benchmarks.EchoResult.Idle;
import dev.weft.benchmarks.EchoResult.Medians;
import dev.weft.benchmarks.EchoResult.Row;
import dev.weft.benchmarks.EchoResult.Scenario;
import dev.weft.benchmarks.EchoResult.Slot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
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
        description = "TCP echo servers side by side: Weft, raw Netty, Vert.x, asyncio, Go.")
final class TcpEcho implements Callable<Integer> {
    private static final Set<EchoServer.Kind> USUAL =
            EnumSet.of(
                    EchoServer.Kind.NETTY,
                    EchoServer.Kind.WEFT,
                    EchoServer.Kind.WEFT_PORTABLE,
                    EchoServer.Kind.VERTX);

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

    @Option(
            names = "--full",
            description =
                    "Every load (1 to 1,000 connections, small to large messages, pipelined, TLS, set-up, idle)"
                            + " and every server, Python and Go included: about an hour.")
    private boolean full;

    @Option(names = "--quick", description = "A smoke run of a few seconds: no figures to trust.")
    private boolean quick;

    @Option(names = "--json", description = "Print one JSON document instead of tables.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        EchoResult result = measure();
        System.out.println(json ? Json.of(result) : result.text());
        return 0;
    }

    private List<EchoLoad> loads() {
        if (connections == null && bytes == null) {
            return full ? EchoLoad.all() : EchoLoad.few();
        }
        return List.of(
                EchoLoad.echo(
                        connections == null ? 50 : connections, bytes == null ? 1000 : bytes));
    }

    private List<EchoServer.Kind> kinds() {
        return Stream.of(EchoServer.Kind.values())
                .filter(k -> full ? k.isAvailable() : USUAL.contains(k))
                .toList();
    }

    private void check(boolean ok, String message) {
        if (!ok) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private EchoResult measure() throws Exception {
        List<EchoLoad> loads = loads();
        for (EchoLoad load : loads) {
            check(load.connections() >= 1, "--connections must be >= 1, was " + load.connections());
            check(
                    load.bytes() >= 1 && load.bytes() <= LoadGenerator.LONGEST,
                    "--bytes must be 1 to " + LoadGenerator.LONGEST + ", was " + load.bytes());
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
        try (Certificate certificate = Certificate.make();
                Child generator = LoadGenerator.start(Child.JVM_FLAGS)) {
            start(servers, certificate);
            generator.line(30);
            List<Scenario> scenarios = new ArrayList<>();
            List<Idle> idle = new ArrayList<>();
            for (EchoLoad load : loads) {
                if (load.shape() == EchoLoad.Shape.IDLE) {
                    for (Server server : servers) {
                        idle.add(idle(load, server, generator));
                    }
                } else {
                    scenarios.add(measure(load, servers, generator));
                }
            }
            return new EchoResult(
                    "tcp-echo",
                    "./weft bench "
                            + String.join(" ", spec.commandLine().getParseResult().originalArgs()),
                    Machine.here(),
                    Child.JVM_FLAGS,
                    Cores.canSeparate(),
                    scenarios,
                    idle,
                    EchoAims.of(scenarios));
        } finally {
            servers.forEach(Server::close);
        }
    }

    private void start(List<Server> servers, Certificate certificate)
            throws IOException, InterruptedException {
        for (EchoServer.Kind kind : kinds()) {
            servers.add(Server.start(kind, certificate));
        }
        if (python || full) {
            servers.addAll(Server.startPythons(certificate));
        }
        if (full) {
            servers.addAll(Server.startGo(certificate));
        }
        for (Server server : servers) {
            server.awaitListening();
        }
    }

    /** What a connection takes: opened twice, as the first time what is kept for later grows. */
    private static Idle idle(EchoLoad load, Server server, Child generator)
            throws IOException, InterruptedException {
        server.open(generator, load);
        server.load(generator, load, 0); // one message each, so that all are served
        server.close(generator);
        long before = server.memory();
        server.open(generator, load);
        server.load(generator, load, 0);
        long after = server.memory();
        server.close(generator);
        return new Idle(
                server.title(), load.connections(), (double) (after - before) / load.connections());
    }

    private Scenario measure(EchoLoad l, List<Server> servers, Child generator)
            throws IOException, InterruptedException {
        sayHowLong(l, servers.size());
        boolean standing = l.shape() != EchoLoad.Shape.SET_UP;
        if (standing) {
            for (Server s : servers) {
                s.open(generator, l);
            }
        }
        // In two turns, so that the compilers' work on the core of the first disturbs no second.
        for (int i = 0; i < 2; i++) {
            for (Server s : servers) {
                s.load(generator, l, warmUp / 2);
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
                slots.get(turn).add(servers.get(turn).load(generator, l, seconds));
            }
        }
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < servers.size(); i++) {
            rows.add(row(servers.get(i), slots.get(i), slots.getFirst(), before.get(i)));
            if (standing) {
                servers.get(i).close(generator);
            }
        }
        double disturbed =
                Stats.median(slots.stream().flatMap(List::stream).toList(), Slot::disturbed);
        return new Scenario(l, disturbed, rows);
    }

    private void sayHowLong(EchoLoad load, int servers) {
        System.err.printf(
                Locale.ROOT,
                "%s: %d servers, %d rounds: about %.0f s ...%n",
                load,
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
}
