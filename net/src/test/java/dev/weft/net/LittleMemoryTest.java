package dev.weft.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.SchedulerMode;
import dev.weft.Task;
import dev.weft.Transport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A server whose connections bring more than its direct memory holds, and which reads none of it at
 * first; in a JVM of its own.
 */
@Timeout(90)
class LittleMemoryTest {
    private static final int CONNECTIONS = 600;
    private static final byte[] MESSAGE = new byte[400_000];

    /** Of bytes that nobody has read, in the same number of answers: no more come. */
    private static final int STEADY = 500;

    @TempDir Path folder;

    /** In the mode of this JVM. */
    static Stream<Transport> transports() {
        return SocketTransportsTest.loops()
                .map(Arguments::get)
                .filter(arguments -> arguments[1] == SchedulerMode.AUTO)
                .map(arguments -> (Transport) arguments[0]);
    }

    @ParameterizedTest
    @MethodSource("transports")
    void whatDoesNotFitStaysWithTheSystem(Transport transport) throws Exception {
        new Random(1).nextBytes(MESSAGE);
        List<String> flags =
                List.of("-Xmx64m", "-XX:MaxDirectMemorySize=96m", "-Dweft.transport=" + transport);
        Path log = folder.resolve("log");
        try (ChildJvm server = ChildJvm.start(log, EchoProgram.class, flags, "wait");
                Loop loop = Loop.open()) {
            int port = Integer.parseInt(server.readLine());
            loop.run(() -> Async.timeout(Duration.ofSeconds(60), () -> echoAll(port, server)));
        }
        assertThat(Files.readString(log)).doesNotContain("WARN", "ERROR");
    }

    private static void echoAll(int port, ChildJvm server) {
        Async.scope(scope -> {
            IntStream.range(0, CONNECTIONS).forEach(i -> scope.async(() -> echo(port)));
            long direct = 0;
            for (int same = 0; same < STEADY; ) {
                Async.yieldNow();
                long now = server.askNumber("direct");
                same = now == direct && isConnected(server) ? same + 1 : 0;
                direct = now;
            }
            System.out.printf("%,d bytes of direct memory hold what nobody reads%n", direct);
            assertThat(direct).isBetween(48L << 20, 92L << 20);
            server.askNumber("go");
            return null;
        });
    }

    private static boolean isConnected(ChildJvm server) {
        return server.askNumber("connections") == CONNECTIONS;
    }

    private static void echo(int port) throws IOException {
        try (ByteStream stream = Tcp.connect("127.0.0.1", port)) {
            Task<?> writer = Async.async(() -> stream.write(MESSAGE));
            assertThat(stream.readExactly(MESSAGE.length)).isEqualTo(MESSAGE);
            Async.await(writer);
        }
    }
}
