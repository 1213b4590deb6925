package dev.weft.net;

import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Async;
import dev.weft.Future;
import dev.weft.Semaphore;
import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Very many connections to a server in a process of its own; prints what they cost. */
@EnabledOnOs(OS.LINUX)
class ManyConnectionsTest {
    private static final int CONNECTIONS = Boolean.getBoolean("weft.long") ? 10_000 : 1_000;
    private static final int ROUNDS = 5;
    private static final int AT_ONCE = 200;

    /** What one may cost, of heap; the coarse bound catches a leak, the printed figure tells. */
    private static final long MOST_HEAP = 16 * 1024;

    @TempDir Path folder;

    @AsyncTest(seconds = 120)
    void allEchoAtTheSameTime() throws IOException {
        try (ChildJvm server =
                ChildJvm.start(folder.resolve("log"), EchoProgram.class, List.of("-Xmx512m"))) {
            int port = Integer.parseInt(server.readLine());
            echo(connect(port, AT_ONCE), ROUNDS).forEach(ByteStream::close); // classes, compiler
            awaitConnections(server, 0);
            long heap = server.askNumber("heap");
            long resident = server.askNumber("resident");
            long descriptors = server.askNumber("descriptors");

            List<ByteStream> streams = connect(port, CONNECTIONS);
            echo(streams, 1);
            awaitConnections(server, CONNECTIONS);
            long heapEach = (server.askNumber("heap") - heap) / CONNECTIONS;
            long residentEach = (server.askNumber("resident") - resident) / CONNECTIONS;
            Duration before = server.cpu();
            echo(streams, ROUNDS);
            double microseconds = server.cpu().minus(before).toNanos() / 1e3 / ROUNDS / CONNECTIONS;
            System.out.printf(
                    "%,d connections: %,d bytes of heap and %,d resident each, %.1f us of CPU an echo%n",
                    CONNECTIONS, heapEach, residentEach, microseconds);
            assertThat(heapEach).isLessThan(MOST_HEAP);

            streams.forEach(ByteStream::close);
            awaitConnections(server, 0);
            assertThat(server.askNumber("descriptors")).isEqualTo(descriptors);
            assertThat(server.askNumber("heap") - heap).isLessThan(CONNECTIONS * MOST_HEAP / 8);
        }
    }

    private static void awaitConnections(ChildJvm server, int count) {
        while (server.askNumber("connections") != count) {
            Async.yieldNow();
        }
    }

    private static List<ByteStream> connect(int port, int count) {
        Semaphore permits = Semaphore.create(AT_ONCE);
        List<Future<ByteStream>> connecting = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            connecting.add(Async.async(() -> permits.with(() -> Tcp.connect("127.0.0.1", port))));
        }
        List<ByteStream> streams = new ArrayList<>();
        connecting.forEach(c -> streams.add(await(c)));
        return streams;
    }

    /** All at the same time, in each round. */
    private static List<ByteStream> echo(List<ByteStream> streams, int rounds) {
        for (int round = 0; round < rounds; round++) {
            byte[] message = ("round " + round + " of many").getBytes();
            for (ByteStream stream : streams) {
                stream.write(message);
            }
            for (ByteStream stream : streams) {
                assertThat(stream.readExactly(message.length)).isEqualTo(message);
            }
        }
        return streams;
    }
}
