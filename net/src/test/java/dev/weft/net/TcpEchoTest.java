package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import java.util.ArrayList;
import java.util.List;

/** Bytes there and back. */
class TcpEchoTest {
    /** Sends back whatever comes, without copying it. */
    static void echo(ByteStream stream) {
        for (ByteView view; (view = stream.readView()) != null; ) {
            stream.write(view);
        }
    }

    @AsyncTest
    void bytesComeBack() {
        try (Server server = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo);
                ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
            stream.write("Hello World!");
            assertThat(new String(stream.readExactly(12))).isEqualTo("Hello World!");
            stream.write(new byte[] {1, 2, 3});
            assertThat(stream.readExactly(3)).containsExactly(1, 2, 3);
        }
    }

    @AsyncTest
    void manyConnectionsAreServedAtOnce() {
        try (Server server = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo)) {
            List<Task<String>> clients = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                String text = "client " + i;
                clients.add(
                        async(() -> {
                            try (ByteStream stream = Tcp.connect("localhost", server.port())) {
                                String all = "";
                                for (int n = 0; n < 20; n++) {
                                    stream.write(text);
                                    all = new String(stream.readExactly(text.length()));
                                }
                                return all;
                            }
                        }));
            }
            for (int i = 0; i < 100; i++) {
                assertThat(await(clients.get(i))).isEqualTo("client " + i);
            }
        }
    }
}
