package dev.weft.it;

import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.weft.SchedulerMode;
import dev.weft.testkit.AsyncTest;
import dev.weft.websocket.WebSocketServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ./weft echo}, when something is wrong: one line that says what, and what to do. */
@Timeout(120)
class EchoFailuresIT {
    private static final int FAILED = 1;
    private static final int USAGE = 2;

    /** Runs the command, which has to print nothing but one line on standard error. */
    private static String complaint(int status, String... arguments) {
        try (Program weft = Checkout.weft(arguments)) {
            assertThat(weft.awaitExit()).describedAs("%s", weft).isEqualTo(status);
            return onlyLine(weft);
        }
    }

    private static String onlyLine(Program weft) {
        assertThat(weft.out()).isEmpty();
        assertThat(weft.err()).hasSize(1);
        assertThat(weft.err().getFirst()).startsWith("weft").doesNotContain("Exception");
        return weft.err().getFirst();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "echo --frobnicate",
                "echo hi --frobnicate",
                "echo --serve --port 65536",
                "echo --serve --port -1",
                "echo --serve --port http",
                "echo --serve --port",
                "echo --serve hi",
                "echo --serve --connect ws://127.0.0.1:1/",
                "echo --port 80 hi",
                "echo --max-message-bytes 0 hi",
                "echo --connect ws://127.0.0.1:1/",
                "echo --tls --connect wss://127.0.0.1:1/ hi",
                "echo --trust sha256/AAAA --connect wss://127.0.0.1:1/ hi",
                "echo --trust x.pem --connect ws://127.0.0.1:1/ hi",
                "echo --trust x.pem --serve",
                "echo",
                "frobnicate",
                "",
            })
    void aWrongCallIsToldWhereHelpIs(String arguments) {
        String[] words = arguments.isEmpty() ? new String[0] : arguments.split(" ");
        assertThat(complaint(USAGE, words)).contains("--help");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.1:1/",
                "127.0.0.1:1",
                "nonsense",
                "ws:/missing-a-slash",
                "ws://",
                "ws://127.0.0.1:port/",
                "ws://127.0.0.1:65536/",
                "ws://with a blank/",
                "ws://127.0.0.1:1/#part",
                ""
            })
    void whatIsNoWebSocketUrlIsNamed(String url) {
        assertThat(complaint(USAGE, "echo", "--connect", url, "hi"))
                .contains("not a WebSocket URL: " + url);
    }

    @Test
    void aPortInUseIsNamed() {
        try (EchoServer server = EchoServer.start()) {
            String port = server.url().replaceAll(".*:(\\d+)/", "$1");
            assertThat(complaint(FAILED, "echo", "--serve", "--port", port))
                    .contains(port)
                    .contains("in use");
        }
    }

    @Test
    void anAddressThatIsNotOursIsNamed() {
        assertThat(complaint(FAILED, "echo", "--serve", "--host", "192.0.2.1"))
                .contains("192.0.2.1");
    }

    @Test
    void aRefusedConnectionIsNamed() throws IOException {
        // Bound but not listening: nobody else can take the port meanwhile.
        try (Socket bound = new Socket()) {
            bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            String port = String.valueOf(bound.getLocalPort());
            String url = "ws://127.0.0.1:" + port + "/";
            assertThat(complaint(FAILED, "echo", "--connect", url, "hi"))
                    .contains("127.0.0.1", port, "is the server running");
        }
    }

    @Test
    void anUnknownHostIsNamed() {
        assertThat(complaint(FAILED, "echo", "--connect", "ws://nonexistent.invalid/", "hi"))
                .contains("nonexistent.invalid");
        assertThat(complaint(FAILED, "echo", "--serve", "--host", "nonexistent.invalid"))
                .contains("nonexistent.invalid");
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 404, 302, 500})
    void anHttpServerThatDoesNotUpgradeIsRecognised(int status) throws IOException {
        HttpServer http =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.createContext(
                "/",
                exchange -> {
                    exchange.getResponseHeaders().add("Location", "/elsewhere");
                    exchange.sendResponseHeaders(status, 5);
                    exchange.getResponseBody().write("hello".getBytes(StandardCharsets.UTF_8));
                    exchange.close();
                });
        http.start();
        try {
            String url = "ws://127.0.0.1:" + http.getAddress().getPort() + "/path";
            assertThat(complaint(FAILED, "echo", "--connect", url, "hi"))
                    .contains(String.valueOf(status))
                    .contains(url);
        } finally {
            http.stop(0);
        }
    }

    @Test
    void aServerThatSpeaksNoHttpIsRecognised() throws Exception {
        anAnswerIsNoUpgrade("+OK who are you\r\n");
    }

    @Test
    void aServerThatClosesDuringTheUpgradeIsNamed() throws Exception {
        anAnswerIsNoUpgrade("");
    }

    private static void anAnswerIsNoUpgrade(String answer) throws Exception {
        Thread server;
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            server = Thread.startVirtualThread(() -> answerOne(listener, answer));
            String address = "127.0.0.1:" + listener.getLocalPort();
            assertThat(complaint(FAILED, "echo", "--connect", "ws://" + address + "/", "hi"))
                    .contains(address);
        }
        server.join();
    }

    private static void answerOne(ServerSocket listener, String answer) {
        try (Socket socket = listener.accept()) {
            assertThat(socket.getInputStream().read()).isEqualTo('G');
            socket.getOutputStream().write(answer.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // The client has had enough.
        }
    }

    @Test
    void tlsToAServerWithoutItIsNamed() {
        try (EchoServer server = EchoServer.start()) {
            String url = server.url().replace("ws:", "wss:");
            assertThat(complaint(FAILED, "echo", "--connect", url, "hi"))
                    .contains("127.0.0.1")
                    .contains("TLS");
        }
    }

    @Test
    void aMessageAboveTheServersLimitIsNamed() {
        try (EchoServer server = EchoServer.start("--max-message-bytes", "10");
                Program echo =
                        Checkout.weft(
                                "echo", "--connect", server.url(), "0123456789", "0123456789x")) {
            assertThat(echo.awaitExit()).isEqualTo(FAILED);
            assertThat(echo.out()).containsExactly("0123456789");
            assertThat(echo.err())
                    .singleElement()
                    .asString()
                    .contains("11 bytes", "10", "send a shorter one");
        }
    }

    @Test
    void aReplyAboveTheClientsLimitIsNamed() {
        try (EchoServer server = EchoServer.start()) {
            assertThat(
                            complaint(
                                    FAILED,
                                    "echo",
                                    "--max-message-bytes",
                                    "4",
                                    "--connect",
                                    server.url(),
                                    "hello"))
                    .contains("4", "127.0.0.1");
        }
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aServerThatVanishesIsNamed() {
        try (WebSocketServer server =
                        WebSocketServer.listen(
                                "127.0.0.1",
                                0,
                                socket -> {
                                    socket.receive();
                                    socket.abort();
                                });
                Program echo = Checkout.weft("echo", "--connect", server.url(), "hi")) {
            assertThat(await(echo.exit())).isEqualTo(FAILED);
            assertThat(onlyLine(echo)).contains("127.0.0.1:" + server.port());
        }
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void repliesBeforeTheFailureArePrinted() {
        try (WebSocketServer server =
                        WebSocketServer.listen(
                                "127.0.0.1",
                                0,
                                socket -> {
                                    socket.send(socket.receiveText());
                                    socket.receive();
                                    socket.close(1013, "come again later");
                                });
                Program echo = Checkout.weft("echo", "--connect", server.url(), "one", "two")) {
            assertThat(await(echo.exit())).isEqualTo(FAILED);
            assertThat(echo.out()).containsExactly("one");
            assertThat(echo.err()).singleElement().asString().contains("1013: come again later");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"echo --debug --connect ws://nonexistent.invalid/ hi", "echo --debug"})
    void withDebugTheStackTraceFollowsTheLine(String arguments) {
        try (Program weft = Checkout.weft(arguments.split(" "))) {
            assertThat(weft.awaitExit()).isIn(List.of(FAILED, USAGE));
            assertThat(weft.err().getFirst()).startsWith("weft echo: ");
            assertThat(weft.err()).anyMatch(line -> line.startsWith("\tat dev.weft."));
        }
    }
}
