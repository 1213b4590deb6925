package dev.weft.benchmarks;

import dev.weft.benchmarks.EchoResult.Slot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A server process under measurement, as the measuring process sees it. */
final class Server implements AutoCloseable {
    private final String id;
    private final String title;
    private final Child child;
    private int port;

    private Server(String id, String title, Child child) {
        this.id = id;
        this.title = title;
        this.child = child;
    }

    static Server start(EchoServer.Kind kind) throws IOException {
        String id = kind.name().toLowerCase(Locale.ROOT);
        return new Server(
                id,
                kind.title,
                Child.start(
                        kind.title,
                        Cores.measured(),
                        Child.java(Child.JVM_FLAGS, EchoServer.class, id)));
    }

    /** Starts what Pythons there are; none is no failure. */
    static List<Server> startPythons() throws IOException {
        List<Server> servers = new ArrayList<>();
        for (Python python : Python.find()) {
            servers.add(
                    new Server(
                            python.id() + "-streams",
                            python.title() + ", streams",
                            Child.start(
                                    python.title(),
                                    Cores.measured(),
                                    python.command("echo.py", "streams"))));
            servers.add(
                    new Server(
                            python.id() + "-protocol",
                            python.title() + ", protocol",
                            Child.start(
                                    python.title(),
                                    Cores.measured(),
                                    python.command("echo.py", "protocol"))));
        }
        return servers;
    }

    void awaitListening() throws IOException, InterruptedException {
        String line = child.line(60);
        if (!line.startsWith("listening ")) {
            throw new IOException(title + " said: " + line);
        }
        port = Integer.parseInt(line.substring("listening ".length()).strip());
    }

    String id() {
        return id;
    }

    String title() {
        return title;
    }

    int port() {
        return port;
    }

    CpuTime cpuTime() throws IOException {
        return CpuTime.of(child.pid());
    }

    /** Loads it for a time. */
    Slot load(Child load, double seconds) throws IOException, InterruptedException {
        CpuTime before = cpuTime();
        CpuTime loadBefore = CpuTime.of(load.pid());
        String[] words =
                load.ask("run " + id + " " + Math.round(seconds * 1000), (long) seconds + 30)
                        .split(" ", -1);
        CpuTime after = cpuTime();
        CpuTime loadAfter = CpuTime.of(load.pid());
        double echoes = Double.parseDouble(words[0]);
        double nanos = Double.parseDouble(words[1]);
        return new Slot(
                echoes / nanos * 1e9,
                Double.parseDouble(words[2]) / 1e3,
                Double.parseDouble(words[3]) / 1e3,
                after.nanosSince(before) / 1e3 / echoes,
                Math.max(after.waitedSince(before), loadAfter.waitedSince(loadBefore)) / nanos);
    }

    @Override
    public void close() {
        child.close();
    }
}
