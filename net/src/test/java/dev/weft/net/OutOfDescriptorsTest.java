package dev.weft.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.SchedulerMode;
import dev.weft.Transport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A server whose process has no file descriptor left, in a JVM of its own. */
@Timeout(90)
@EnabledOnOs(OS.LINUX)
class OutOfDescriptorsTest {
    private static final int CLIENTS = 40;

    /** Of a core, while it can do nothing. */
    private static final double MOST_CPU = 0.3;

    @TempDir Path folder;

    @ParameterizedTest
    @MethodSource("dev.weft.net.SocketTransportsTest#loops")
    void acceptingPausesAndRecovers(Transport transport, SchedulerMode mode) throws Exception {
        Path log = folder.resolve("log");
        List<Socket> clients = new ArrayList<>();

        try (ChildJvm process =
                ChildJvm.start(
                        log,
                        FewDescriptors.class,
                        List.of("-Xmx64m"),
                        transport.name(),
                        mode.name())) {
            int port = Integer.parseInt(process.readLine());
            for (int i = 0; i < CLIENTS; i++) {
                Socket client = connect(port);
                client.getOutputStream().write("hello\n".getBytes());
                clients.add(client);
            }
            while (!Files.readString(log).contains("cannot accept")) {
                assertThat(process.isAlive()).isTrue();
                Thread.onSpinWait();
            }
            int served = (int) process.askNumber("connections");
            assertThat(served).isBetween(1, 12);
            for (Socket client : clients.subList(0, served)) {
                assertThat(readLine(client)).isEqualTo("hello");
                echo(client); // who is in goes on
            }
            assertThat(process.ask("open"))
                    .isEqualTo(
                            "ConnectFailedException ListenFailedException ConnectFailedException"
                                    + " ListenFailedException ConnectFailedException");
            measureCpu(process, transport, mode);

            process.ask("free"); // which nobody tells the server
            int more = served + 4; // at least, of eight
            for (Socket client : clients.subList(served, more)) {
                assertThat(readLine(client)).isEqualTo("hello");
            }
            for (int i = 0; i < CLIENTS; i++) {
                if (i >= more) {
                    assertThat(readLine(clients.get(i))).isEqualTo("hello");
                }
                clients.get(i).close();
            }
            try (Socket last = connect(port)) {
                echo(last);
            }
            assertThat(Files.readAllLines(log).stream().filter(l -> l.contains("cannot accept")))
                    .as("told once")
                    .hasSize(1)
                    .first()
                    .asString()
                    .contains("Too many open files");
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
    }

    private static void measureCpu(ChildJvm process, Transport transport, SchedulerMode mode)
            throws Exception {
        long before = process.cpu().toMillis();
        long start = System.nanoTime();
        Thread.sleep(1200); // a time to measure in, which is waited for
        double passed = (System.nanoTime() - start) / 1e6;
        double share = (process.cpu().toMillis() - before) / passed;
        System.out.printf(
                "out of descriptors, %s, %s: %.1f %% of a core%n", transport, mode, share * 100);
        assertThat(share).isLessThan(MOST_CPU);
    }

    private static Socket connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(30_000);
        return socket;
    }

    private static void echo(Socket socket) throws IOException {
        socket.getOutputStream().write("echo\n".getBytes());
        assertThat(readLine(socket)).isEqualTo("echo");
    }

    private static String readLine(Socket socket) throws IOException {
        return new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
                .readLine();
    }
}
