package dev.weft.it;

import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.SchedulerMode;
import dev.weft.testkit.AsyncTest;
import dev.weft.websocket.WebSocket;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code ./weft echo}, when all goes well. */
@Timeout(120)
class EchoCommandIT {
    @Test
    void theEchoIsTheLastLine() {
        try (Program echo = Checkout.weft("echo", "Hello World!")) {
            assertThat(echo.awaitExit()).isZero();
            assertThat(echo.out()).last().isEqualTo("Hello World!");
            assertThat(echo.err()).isEmpty();
        }
    }

    @Test
    void eachMessageIsALineOfItsOwn() {
        try (Program echo = Checkout.weft("echo", "one", "", "t w o", "one")) {
            assertThat(echo.awaitExit()).isZero();
            assertThat(echo.out()).containsExactly("one", "", "t w o", "one");
            assertThat(echo.err()).isEmpty();
        }
    }

    @Test
    void lettersOutsideAsciiComeBack() {
        // Written by the shell: this JVM may run in a locale that has no such letters.
        String line =
                "exec \"$0\" echo \"$(printf 'Gr\\303\\274\\303\\237e, \\360\\237\\214\\215')\"";
        ProcessBuilder shell =
                new ProcessBuilder("sh", "-c", line, Checkout.ROOT.resolve("weft").toString());
        shell.environment().put("LC_ALL", "C.UTF-8");
        try (Program echo = Program.start(Checkout.quiet(shell))) {
            assertThat(echo.awaitExit()).isZero();
            assertThat(echo.out()).containsExactly("Grüße, 🌍");
            assertThat(echo.err()).isEmpty();
        }
    }

    @Test
    void messagesThatLookLikeOptionsFollowTwoDashes() {
        try (Program echo = Checkout.weft("echo", "--", "--serve", "-x")) {
            assertThat(echo.awaitExit()).isZero();
            assertThat(echo.out()).containsExactly("--serve", "-x");
        }
    }

    @Test
    void aClientGetsItsEchoFromAServerInAnotherProcess() {
        try (EchoServer server = EchoServer.start();
                Program echo = Checkout.weft("echo", "--connect", server.url(), "one", "two")) {
            assertThat(server.url()).matches("ws://127\\.0\\.0\\.1:[1-9][0-9]*/");
            assertThat(echo.awaitExit()).isZero();
            assertThat(echo.out()).containsExactly("one", "two");
            assertThat(echo.err()).isEmpty();
        }
    }

    @Test
    void withTlsTheEchoIsTheSame() {
        try (Program echo = Checkout.weft("echo", "--tls", "Hello World!")) {
            assertThat(echo.awaitExit()).describedAs("%s", echo).isZero();
            assertThat(echo.out()).containsExactly("Hello World!");
            assertThat(echo.err()).isEmpty();
        }
    }

    @Test
    void aServerWithACertificateMadeOnTheSpotIsTrustedByItsKey() {
        try (Program program = Checkout.weft("echo", "--serve", "--tls")) {
            String line = program.awaitLine("the certificate");
            String pin = line.substring(line.lastIndexOf(' ') + 1);
            EchoServer server = EchoServer.of(program);
            assertThat(server.url()).matches("wss://127\\.0\\.0\\.1:[1-9][0-9]*/");
            try (Program echo =
                    Checkout.weft(
                            "echo", "--trust", pin, "--connect", server.url(), "one", "two")) {
                assertThat(echo.awaitExit()).describedAs("%s", echo).isZero();
                assertThat(echo.out()).containsExactly("one", "two");
                assertThat(echo.err()).isEmpty();
            }
            try (Program echo = Checkout.weft("echo", "--connect", server.url(), "hi")) {
                assertThat(echo.awaitExit()).isEqualTo(1);
                assertThat(echo.out()).isEmpty();
                assertThat(echo.err()).singleElement().asString().contains("is not trusted", pin);
            }
            program.terminate();
            assertThat(program.awaitExit()).isZero();
            assertThat(program.err()).isEmpty();
        }
    }

    @Test
    void theServerListensWhereItIsTold() {
        try (EchoServer server = EchoServer.start("--host", "0.0.0.0", "--port", "0");
                Program echo =
                        Checkout.weft(
                                "echo",
                                "--connect",
                                server.url().replace("0.0.0.0", "127.0.0.1"),
                                "hi")) {
            assertThat(server.url()).startsWith("ws://0.0.0.0:");
            assertThat(echo.awaitExit()).isZero();
            assertThat(echo.out()).containsExactly("hi");
        }
    }

    @Test
    void theServerLeavesItsPortFreeForTheNext() {
        String port;
        try (EchoServer first = EchoServer.start()) {
            port = first.url().replaceAll(".*:(\\d+)/", "$1");
            // With a connection that the first one closes, and the system remembers for a while.
            try (Program echo = Checkout.weft("echo", "--connect", first.url(), "hi")) {
                echo.awaitExit();
            }
            first.program().terminate();
            assertThat(first.program().awaitExit()).isZero();
        }
        try (EchoServer second = EchoServer.start("--port", port)) {
            assertThat(second.url()).endsWith(":" + port + "/");
        }
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void terminatedItClosesItsConnectionsWith1001AndSucceeds() {
        endsWellAfter(Program::terminate);
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void interruptedItClosesItsConnectionsWith1001AndSucceeds() {
        endsWellAfter(Program::interrupt);
    }

    private static void endsWellAfter(Consumer<Program> signal) {
        // Started in the background by a script, this JVM and its children ignore SIGINT.
        ProcessBuilder builder = Tools.heeding("INT", Checkout.launcher("echo", "--serve"));
        try (EchoServer server = EchoServer.of(Program.start(builder));
                WebSocket idle = WebSocket.connect(server.url());
                WebSocket echoing = WebSocket.connect(server.url())) {
            echoing.send("hi");
            assertThat(echoing.receiveText()).isEqualTo("hi");
            signal.accept(server.program());
            assertThat(echoing.receive()).isNull();
            assertThat(idle.receive()).isNull();
            assertThat(echoing.closeCode()).isEqualTo(1001);
            assertThat(idle.closeCode()).isEqualTo(1001);
            assertThat(await(server.program().exit())).isZero();
            assertThat(server.program().err()).isEmpty();
        }
    }
}
