package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Async;
import dev.weft.net.ByteStream;
import dev.weft.net.ConnectRefusedException;
import dev.weft.net.Tcp;
import java.time.Duration;

/** Programs that listen, and do not say when. */
final class Ports {
    private Ports() {}

    /** Starts a program, and waits until it accepts connections on all of these ports. */
    static Program start(ProcessBuilder builder, int... ports) {
        Program program = Program.start(builder);
        try {
            Async.timeout(
                    Duration.ofSeconds(20),
                    () -> {
                        for (int port : ports) {
                            while (program.isAlive() && !accepts(port)) {
                                Async.sleep(Duration.ofMillis(10));
                            }
                        }
                    });
            assertThat(program.isAlive()).describedAs("%s", program).isTrue();
            return program;
        } catch (Throwable e) {
            program.close();
            throw e;
        }
    }

    private static boolean accepts(int port) {
        try (ByteStream stream = Tcp.connect("127.0.0.1", port)) {
            return stream.isOpen();
        } catch (ConnectRefusedException e) {
            return false;
        }
    }
}
