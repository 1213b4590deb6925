package dev.weft.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** An HTTP client's process under measurement, as the measuring process sees it. */
final class HttpClientProcess implements AutoCloseable {
    private final String title;
    private final List<String> command;
    private final Predicate<HttpLoad> can;
    private Child child;
    private boolean ready;
    private boolean failed;

    private HttpClientProcess(String title, Predicate<HttpLoad> can, List<String> command)
            throws IOException {
        this.title = title;
        this.can = can;
        this.command = command;
        child = Child.start(title, Cores.measured(), command);
    }

    /** Starts all that can be had here. */
    static List<HttpClientProcess> startAll(Certificate certificate) throws IOException {
        List<HttpClientProcess> clients = new ArrayList<>();
        for (HttpProgram.Kind kind : HttpProgram.Kind.values()) {
            List<String> command =
                    Child.java(Child.JVM_FLAGS, HttpProgram.class, kind.id(), certificate.chain());
            clients.add(new HttpClientProcess(kind.title, load -> true, command));
        }
        HttpClientProcess python = startPython(certificate);
        if (python != null) {
            clients.add(python);
        }
        return clients;
    }

    /** Starts aiohttp on uvloop, which has no HTTP/2; null where no Python has both. */
    private static @Nullable HttpClientProcess startPython(Certificate certificate)
            throws IOException {
        Python python = Python.find("uvloop", "aiohttp, uvloop");
        if (python == null) {
            return null;
        }
        String version = python.output("import aiohttp; print(aiohttp.__version__)");
        return new HttpClientProcess(
                "aiohttp " + version + ", uvloop",
                load -> !load.http2(),
                python.command("http.py", certificate.chain()));
    }

    private void awaitReady() throws IOException, InterruptedException {
        if (!ready) {
            String line = child.line(60);
            if (!line.equals("ready")) {
                throw new IOException(title + " said: " + line);
            }
            ready = true;
        }
    }

    /** Whether it can take part in a load. */
    boolean can(HttpLoad load) {
        return can.test(load);
    }

    /** Opens the client, and gives it to be loaded. */
    Rounds.Subject open(HttpLoad load, HttpServerProcess server)
            throws IOException, InterruptedException {
        awaitReady();
        child.ask("open " + server.port(load) + " " + load.words(), 60);
        return new Loaded(this, server);
    }

    private Slot load(HttpServerProcess server, double seconds)
            throws IOException, InterruptedException {
        try {
            String order = "run " + Math.round(seconds * 1000);
            return Slot.take(child, order, seconds, child, server.child());
        } catch (IOException e) {
            failed = true;
            throw e;
        }
    }

    /** Closes the client; one that has failed is started anew. */
    void endLoad() throws IOException, InterruptedException {
        if (failed) {
            child.close();
            child = Child.start(title, Cores.measured(), command);
            failed = false;
            ready = false;
        } else {
            child.ask("close", 60);
        }
    }

    @Override
    public void close() {
        child.close();
    }

    private record Loaded(HttpClientProcess client, HttpServerProcess server)
            implements Rounds.Subject {
        @Override
        public String title() {
            return client.title;
        }

        @Override
        public CpuTime cpuTime() throws IOException {
            return CpuTime.of(client.child.pid());
        }

        @Override
        public Slot load(double seconds) throws IOException, InterruptedException {
            return client.load(server, seconds);
        }
    }
}
