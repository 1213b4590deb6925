package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Action;
import dev.weft.Async;
import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Clients of all bad kinds at once, and good ones between them, who are served as if they were
 * alone. No failure reaches nobody, and nothing is left in the end: the extension looks for tasks
 * and buffers, and this for descriptors.
 */
@EnabledOnOs(OS.LINUX)
class BadClientsTest {
    private static final int EACH = Boolean.getBoolean("weft.long") ? 400 : 20;
    private static final byte[] PART = new byte[100_000];
    private static final int PARTS = 80;
    private static final int FLOOD = Boolean.getBoolean("weft.long") ? 8_000 : 800;
    private static final int ECHOES = 50;

    /** The system lets clients wait for whom the server's backlog has no place. */
    private static final TcpOptions PATIENT =
            TcpOptions.defaults().connectTimeout(Duration.ofMinutes(1));

    /** Streams that stay open until the server has closed. */
    private final List<ByteStream> kept = new ArrayList<>();

    /** Its first line says what the client wants. */
    private static void serve(ByteStream stream) {
        String line = stream.readLine();
        if (line == null) {
            return;
        }
        switch (line) {
            case "echo" -> {
                for (String more : stream.lines()) {
                    stream.write(more + "\n");
                }
            }
            case "much" -> {
                for (int i = 0; i < PARTS; i++) { // a write copies, and many will wait
                    stream.write(PART);
                }
            }
            case "count" -> stream.write(stream.readAll(PART.length).length + "\n");
            default -> throw new IllegalArgumentException(line);
        }
    }

    @AsyncTest(seconds = 120)
    void goodClientsAreServedAndNothingIsLeft() {
        int before = Descriptors.open();
        long start = System.nanoTime();
        TcpOptions options = TcpOptions.defaults().closeTimeout(Duration.ofMillis(300));
        Server server = Tcp.listen("127.0.0.1", 0, options, BadClientsTest::serve);
        List<Task<?>> clients = new ArrayList<>();
        for (int i = 0; i < EACH; i++) {
            for (Action kind : kinds(server)) {
                clients.add(async(kind));
            }
        }
        clients.forEach(Async::await);
        int left = 2 * EACH; // the silent, and those that never read
        while (server.connections() != left) {
            Async.yieldNow(); // who has gone may not be known yet
        }
        long closing = System.nanoTime();
        server.close();
        double seconds = (System.nanoTime() - closing) / 1e9;
        kept.forEach(ByteStream::abort);
        Descriptors.awaitAtMost(before);
        System.out.printf(
                "%d clients of 8 kinds in %.1f s; %d were still there, and closed in %.2f s%n",
                clients.size(), (closing - start) / 1e9, left, seconds);
        assertThat(seconds).isLessThan(5);
    }

    private List<Action> kinds(Server server) {
        return List.of(
                () -> good(server),
                () -> kept.add(connect(server, "")),
                () -> byteByByte(server),
                () -> kept.add(connect(server, "much\n")), // and never reads
                () -> resetsWhileItReads(server),
                () -> resetsWhileItWrites(server),
                () -> endsItsOutput(server),
                () -> connect(server, "ec").abort());
    }

    private static ByteStream connect(Server server, String first) {
        ByteStream stream = Tcp.connect("127.0.0.1", server.port(), PATIENT);
        stream.write(first);
        return stream;
    }

    private static void good(Server server) {
        try (ByteStream stream = connect(server, "echo\n")) {
            for (int i = 0; i < ECHOES; i++) {
                stream.write("hello " + i + "\n");
                assertThat(stream.readLine()).isEqualTo("hello " + i);
            }
        }
    }

    private static void byteByByte(Server server) {
        try (ByteStream stream = connect(server, "")) {
            for (char c : "echo\nhello\n".toCharArray()) {
                stream.write(String.valueOf(c));
                stream.flush();
                Async.sleep(Duration.ofMillis(20)); // slow, as it is
            }
            assertThat(stream.readLine()).isEqualTo("hello");
        }
    }

    private static void resetsWhileItReads(Server server) {
        ByteStream stream = connect(server, "much\n");
        stream.readExactly(PART.length);
        stream.abort();
    }

    private static void resetsWhileItWrites(Server server) {
        ByteStream stream = connect(server, "count\n");
        stream.write(PART);
        stream.abort();
    }

    private static void endsItsOutput(Server server) {
        try (ByteStream stream = connect(server, "count\n")) {
            stream.write(PART);
            stream.shutdownOutput();
            assertThat(stream.readLine()).isEqualTo(String.valueOf(PART.length));
        }
    }

    @AsyncTest(seconds = 120)
    void aFloodBeyondTheLimitIsServedInTheEnd() {
        int limit = 20;
        int before = Descriptors.open();
        int[] most = new int[2];
        TcpOptions options = TcpOptions.defaults().maxConnections(limit);
        long start = System.nanoTime();
        try (Server server =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        options,
                        stream -> {
                            most[0] = Math.max(most[0], ++most[1]);
                            stream.write(stream.readLine() + "\n");
                            most[1]--;
                        })) {
            List<Task<String>> clients = new ArrayList<>();
            for (int i = 0; i < FLOOD; i++) {
                clients.add(
                        async(() -> {
                            try (ByteStream stream = connect(server, "hello\n")) {
                                return stream.readLine();
                            }
                        }));
            }
            for (Task<String> client : clients) {
                assertThat(await(client)).isEqualTo("hello");
            }
            System.out.printf(
                    "%d clients at once, %d at most served at a time: %.2f s, none reset%n",
                    clients.size(), most[0], (System.nanoTime() - start) / 1e9);
        }
        assertThat(most[0]).isBetween(1, limit);
        Descriptors.awaitAtMost(before);
    }
}
