package dev.weft.it;

import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Async;
import dev.weft.net.ByteStream;
import dev.weft.net.Datagram;
import dev.weft.net.Server;
import dev.weft.net.Tcp;
import dev.weft.net.Udp;
import dev.weft.net.UdpSocket;
import dev.weft.net.Unix;
import dev.weft.testkit.AsyncTest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.io.TempDir;

/** Python's asyncio streams, both ways, over TCP and Unix sockets; and its datagrams. */
class PythonStreamsIT {
    @TempDir Path folder;

    private static Program python(String... arguments) {
        Path python = Tools.require(Tools.find("python3"), "no python3", "apt-get install python3");
        List<String> words = new ArrayList<>();
        words.add(python.toString());
        words.add(Checkout.testFile("python/streams.py"));
        words.addAll(List.of(arguments));
        return Program.start(new ProcessBuilder(words));
    }

    private static String listening(Program server) {
        return await(server.line("listening ")).split(" ")[1];
    }

    /** What {@code streams.py serve} does. */
    private static void serve(ByteStream stream) {
        int bytes = 0;
        for (String line : stream.lines()) {
            bytes += line.length() + 1;
            stream.write(line.toUpperCase(Locale.ROOT) + "\n");
        }
        stream.write("end " + bytes + "\n");
    }

    private static void talk(ByteStream stream) {
        stream.write("eins\nzwei\n");
        assertThat(stream.readLine()).isEqualTo("EINS");
        assertThat(stream.readLine()).isEqualTo("ZWEI");
        stream.shutdownOutput();
        assertThat(stream.readLine()).isEqualTo("end 10");
        assertThat(stream.readLine()).isNull();
    }

    private static void requireAnswers(Program client) {
        assertThat(await(client.exit())).describedAs("%s", client).isZero();
        assertThat(client.out()).containsExactly("line ONE", "line TWO", "line end 8", "end");
    }

    @AsyncTest(seconds = 60)
    void weConnectToItsServers() {
        try (Program server = python("serve", "tcp");
                ByteStream stream = Tcp.connect("127.0.0.1", Integer.parseInt(listening(server)))) {
            talk(stream);
        }
        Path path = folder.resolve("s");
        try (Program server = python("serve", "unix", path.toString())) {
            assertThat(listening(server)).isEqualTo(path.toString());
            try (ByteStream stream = Unix.connect(path)) {
                talk(stream);
            }
        }
    }

    @AsyncTest(seconds = 60)
    void itsClientsConnectToOurServers() {
        Path path = folder.resolve("s");
        try (Server tcp = Tcp.listen("127.0.0.1", 0, PythonStreamsIT::serve);
                Server unix = Unix.listen(path, PythonStreamsIT::serve)) {
            try (Program client = python("connect", "tcp", Integer.toString(tcp.port()))) {
                requireAnswers(client);
            }
            try (Program client = python("connect", "unix", path.toString())) {
                requireAnswers(client);
            }
            assertThat(unix.localAddress()).hasToString(path.toString());
        }
    }

    @AsyncTest(seconds = 60)
    void datagramsGoBothWays() {
        try (Program server = python("serve-udp");
                UdpSocket client = Udp.connect("127.0.0.1", Integer.parseInt(listening(server)))) {
            // Not an empty one: before 3.12 Python drops what it should answer.
            for (String text : List.of("hello", "x", "x".repeat(60_000))) {
                client.send(text.getBytes());
                Datagram answer = Async.timeout(Duration.ofSeconds(20), client::receive);
                assertThat(answer.text()).isEqualTo(text.toUpperCase(Locale.ROOT));
            }
        }
        try (UdpSocket server = Udp.bind("127.0.0.1", 0);
                Program client = python("connect-udp", Integer.toString(server.port()))) {
            Datagram question = Async.timeout(Duration.ofSeconds(20), server::receive);
            server.send(question.text().toUpperCase(Locale.ROOT).getBytes(), question.sender());
            assertThat(await(client.exit())).describedAs("%s", client).isZero();
            assertThat(client.out()).containsExactly("datagram HELLO", "end");
        }
    }
}
