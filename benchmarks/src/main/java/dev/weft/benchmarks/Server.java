package dev.weft.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** A server process under measurement, as the measuring process sees it. */
final class Server implements AutoCloseable {
    private final String id;
    private final String title;
    private final Child child;
    private final boolean jvm;
    private int port;
    private int tlsPort;

    private Server(String id, String title, boolean jvm, Child child) {
        this.id = id;
        this.jvm = jvm;
        this.title = title;
        this.child = child;
    }

    static Server start(EchoServer.Kind kind, Certificate certificate) throws IOException {
        String id = kind.name().toLowerCase(Locale.ROOT);
        return new Server(
                id,
                kind.title,
                true,
                Child.start(
                        kind.title,
                        Cores.measured(),
                        Child.java(
                                Child.JVM_FLAGS,
                                EchoServer.class,
                                id,
                                certificate.chain(),
                                certificate.key())));
    }

    /** Starts what Pythons there are; none is no failure. */
    static List<Server> startPythons(Certificate certificate) throws IOException {
        List<Server> servers = new ArrayList<>();
        for (Python python : Python.find()) {
            for (String style : List.of("streams", "protocol")) {
                servers.add(
                        new Server(
                                python.id() + "-" + style,
                                python.title() + ", " + style,
                                false,
                                Child.start(
                                        python.title(),
                                        Cores.measured(),
                                        python.command(
                                                "echo.py",
                                                style,
                                                certificate.chain(),
                                                certificate.key()))));
            }
        }
        return servers;
    }

    /** Starts a server in Go, which has one core as the others; empty where there is no Go. */
    static List<Server> startGo(Certificate certificate) throws IOException, InterruptedException {
        Go go = Go.build(certificate.folder());
        if (go == null) {
            return List.of();
        }
        return List.of(
                new Server(
                        "go",
                        go.title(),
                        false,
                        Child.start(
                                go.title(),
                                Cores.measured(),
                                List.of(go.program(), certificate.chain(), certificate.key()))));
    }

    void awaitListening() throws IOException, InterruptedException {
        int[] ports = child.ports(60);
        port = ports[0];
        tlsPort = ports[1];
    }

    String title() {
        return title;
    }

    CpuTime cpuTime() throws IOException {
        return CpuTime.of(child.pid());
    }

    /** Opens the connections of a load. */
    void open(Child generator, EchoLoad load) throws IOException, InterruptedException {
        generator.ask(
                "open %s %d %s %d %d %d"
                        .formatted(
                                id,
                                load.shape() == EchoLoad.Shape.TLS ? tlsPort : port,
                                load.shape(),
                                load.connections(),
                                load.bytes(),
                                load.inFlight()),
                60);
    }

    void close(Child generator) throws IOException, InterruptedException {
        generator.ask("close " + id, 60);
    }

    /** Loads it for a time. */
    Slot load(Child generator, EchoLoad load, double seconds)
            throws IOException, InterruptedException {
        long millis = Math.round(seconds * 1000);
        String line =
                load.shape() == EchoLoad.Shape.SET_UP
                        ? "set-up %d %d %d %d"
                                .formatted(port, millis, load.connections(), load.bytes())
                        : "run " + id + " " + millis;
        return Slot.take(generator, line, seconds, child, generator);
    }

    /**
     * The memory in use: in a JVM what is live in its heap and what Netty has outside, else what is
     * resident. Looked at until it has not fallen for a second, as connections that were closed
     * take a while to go.
     */
    long memory() throws IOException, InterruptedException {
        long least = Long.MAX_VALUE;
        for (int i = 0, steady = 0; i < 100 && steady < 10; i++, steady++) {
            long now =
                    jvm
                            ? Long.parseLong(child.ask("memory", 60))
                            : CpuTime.residentBytes(child.pid());
            if (now < least - least / 1000) {
                steady = 0;
            }
            least = Math.min(least, now);
            TimeUnit.MILLISECONDS.sleep(100);
        }
        return least;
    }

    @Override
    public void close() {
        child.close();
    }
}
