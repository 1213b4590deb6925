package dev.weft.benchmarks;

import dev.weft.benchmarks.Comparison.Idle;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures TCP echo servers against each other, as {@link Rounds} says. */
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

    @Mixin private Rounds rounds;

    @Option(names = "--python", description = "Add asyncio and uvloop, where a Python has them.")
    private boolean python;

    @Option(
            names = "--full",
            description =
                    "Every load (1 to 1,000 connections, small to large messages, pipelined, TLS, set-up, idle)"
                            + " and every server, Python and Go included: more than an hour.")
    private boolean full;

    @Override
    public Integer call() throws Exception {
        rounds.print(measure(), "echo", "echoes");
        return 0;
    }

    private List<EchoLoad> loads() {
        if (connections == null && bytes == null) {
            return rounds.chosen(full ? EchoLoad.all() : EchoLoad.few());
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

    private Comparison<EchoLoad> measure() throws Exception {
        List<EchoLoad> loads = loads();
        for (EchoLoad load : loads) {
            rounds.check(
                    load.connections() >= 1,
                    "--connections must be >= 1, was " + load.connections());
            rounds.check(
                    load.bytes() >= 1 && load.bytes() <= LoadGenerator.LONGEST,
                    "--bytes must be 1 to " + LoadGenerator.LONGEST + ", was " + load.bytes());
        }
        rounds.check();

        try (Certificate certificate = Certificate.make();
                Child generator = LoadGenerator.start(Child.JVM_FLAGS)) {
            generator.line(30);
            List<Scenario<EchoLoad>> scenarios = new ArrayList<>();
            List<Idle> idle = new ArrayList<>();
            using(
                    certificate,
                    servers -> {
                        for (EchoLoad load : loads) {
                            if (load.shape() != EchoLoad.Shape.IDLE) {
                                scenarios.add(measure(load, servers, generator));
                            }
                        }
                    });
            for (EchoLoad load : loads) {
                if (load.shape() == EchoLoad.Shape.IDLE) {
                    using(
                            certificate,
                            servers -> {
                                for (Server server : servers) {
                                    idle.add(idle(load, server, generator));
                                }
                            });
                }
            }
            return rounds.comparison(scenarios, idle, EchoAims.of(scenarios));
        }
    }

    private interface Use {
        void of(List<Server> servers) throws IOException, InterruptedException;
    }

    /** Has all servers up for a use. */
    private void using(Certificate certificate, Use use) throws IOException, InterruptedException {
        List<Server> servers = new ArrayList<>();
        try {
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
            use.of(servers);
        } finally {
            servers.forEach(Server::close);
        }
    }

    /**
     * What a connection adds to the memory of a server that has had one only. They are opened
     * twice: a virtual machine's compiled code takes less of the stack than what it interprets.
     */
    private static Idle idle(EchoLoad load, Server server, Child generator)
            throws IOException, InterruptedException {
        open(server, generator, EchoLoad.echo(1, load.bytes()));
        server.close(generator);
        long before = server.memory();
        open(server, generator, load);
        server.close(generator);
        server.memory(); // waits until they are gone
        open(server, generator, load);
        long after = server.memory();
        server.close(generator);
        return new Idle(
                server.title(), load.connections(), (double) (after - before) / load.connections());
    }

    /** Opens connections, and has one message echoed on each: they are served. */
    private static void open(Server server, Child generator, EchoLoad load)
            throws IOException, InterruptedException {
        server.open(generator, load);
        server.load(generator, load, 0);
    }

    private Scenario<EchoLoad> measure(EchoLoad load, List<Server> servers, Child generator)
            throws IOException, InterruptedException {
        boolean standing = load.shape() != EchoLoad.Shape.SET_UP;
        if (standing) {
            for (Server s : servers) {
                s.open(generator, load);
            }
        }
        List<Loaded> loaded = servers.stream().map(s -> new Loaded(s, generator, load)).toList();
        if (!standing) {
            rounds.warmUp(loaded); // much code, a hundred times less often run than an echo's
        }
        Scenario<EchoLoad> scenario = rounds.measure(load, loaded);
        if (standing) {
            for (Server s : servers) {
                s.close(generator);
            }
        }
        return scenario;
    }

    /** A server whose connections are open. */
    private record Loaded(Server server, Child generator, EchoLoad load) implements Rounds.Subject {
        @Override
        public String title() {
            return server.title();
        }

        @Override
        public CpuTime cpuTime() throws IOException {
            return server.cpuTime();
        }

        @Override
        public Slot load(double seconds) throws IOException, InterruptedException {
            return server.load(generator, load, seconds);
        }
    }
}
