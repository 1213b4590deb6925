package dev.weft.websocket;

import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Promise;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.ByteStream;
import dev.weft.net.Server;
import dev.weft.net.Tcp;
import dev.weft.net.TimedOutException;
import dev.weft.net.TlsException;
import dev.weft.testkit.AsyncTest;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Opening a WebSocket, and the peers that are none. */
class UpgradeTest {
    private static String ask(int port, String request) {
        try (ByteStream stream = Tcp.connect("127.0.0.1", port)) {
            stream.write(request);
            StringBuilder answer = new StringBuilder();
            for (byte[] part; (part = stream.read()) != null; ) {
                answer.append(new String(part, StandardCharsets.UTF_8));
            }
            return answer.toString();
        }
    }

    /** Answers whatever is asked with the same bytes, then closes. */
    private static Server answering(String answer) {
        return Tcp.listen(
                "127.0.0.1",
                0,
                stream -> {
                    stream.read();
                    stream.write(answer);
                });
    }

    private static String url(int port) {
        return "ws://127.0.0.1:" + port + "/";
    }

    @AsyncTest
    void aPlainRequestGets426AndAWrongPath404() {
        try (WebSocketServer server = WebSocketServer.listen("127.0.0.1", 0, WebSocketTest::echo)) {
            assertThat(ask(server.port(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
                    .startsWith("HTTP/1.1 426 ")
                    .containsIgnoringCase("upgrade: websocket");
            assertThat(ask(server.port(), "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"))
                    .startsWith("HTTP/1.1 404 ");
            assertThat(ask(server.port(), "rubbish\r\n\r\n")).startsWith("HTTP/1.1 400 ");
            String noKey =
                    "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
                            + "Sec-WebSocket-Version: 13\r\n\r\n";
            assertThat(ask(server.port(), noKey)).startsWith("HTTP/1.1 400 ");
        }
    }

    @AsyncTest
    void headersAboveTheLimitAreRefused() {
        try (WebSocketServer server = WebSocketServer.listen("127.0.0.1", 0, WebSocketTest::echo)) {
            String request = "GET / HTTP/1.1\r\nX: " + "y".repeat(9_000) + "\r\n\r\n";
            assertThat(ask(server.port(), request)).startsWith("HTTP/1.1 400 ");
        }
    }

    @AsyncTest
    void aClientThatSaysNothingIsClosedAfterTheLimit() {
        WebSocketOptions options =
                WebSocketOptions.defaults().handshakeTimeout(Duration.ofMillis(50));
        try (WebSocketServer server =
                        WebSocketServer.listen("127.0.0.1", 0, options, WebSocketTest::echo);
                ByteStream silent = Tcp.connect("127.0.0.1", server.port())) {
            assertThat(silent.read()).isNull();
        }
    }

    @AsyncTest
    void aClosingServerDropsThoseThatHaveNotOpened() {
        WebSocketServer server = WebSocketServer.listen("127.0.0.1", 0, WebSocketTest::echo);
        try (ByteStream silent = Tcp.connect("127.0.0.1", server.port())) {
            // Another came later, so the silent one has been accepted.
            WebSocket.connect(server.url()).close();
            server.close();
            assertThat(silent.read()).isNull();
        }
    }

    @AsyncTest
    void anAnswerOtherThan101CarriesItsStatus() {
        for (String status : new String[] {"404 Not Found", "200 OK", "302 Found"}) {
            int code = Integer.parseInt(status.substring(0, 3));
            String page = "x".repeat(50_000);
            try (Server server =
                    answering("HTTP/1.1 " + status + "\r\nContent-Length: 50000\r\n\r\n" + page)) {
                assertThatThrownBy(() -> WebSocket.connect(url(server.port())))
                        .isInstanceOfSatisfying(
                                UpgradeRefusedException.class,
                                e -> assertThat(e.status()).isEqualTo(code))
                        .hasMessageContaining("answered " + status);
            }
        }
    }

    @AsyncTest
    void anInvalidUpgradeIsRefused() {
        try (Server server =
                answering(
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                + "Connection: upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n")) {
            assertThatThrownBy(() -> WebSocket.connect(url(server.port())))
                    .isInstanceOf(UpgradeRefusedException.class)
                    .hasMessageContaining("invalid upgrade");
        }
    }

    @AsyncTest
    void aServerThatSpeaksNoHttpIsRefused() {
        try (Server server = answering("220 mail.example.org ready\r\n")) {
            assertThatThrownBy(() -> WebSocket.connect(url(server.port())))
                    .isInstanceOf(UpgradeRefusedException.class)
                    .hasMessageContaining("did not answer in HTTP");
        }
    }

    @AsyncTest
    void aServerThatHangsUpIsABrokenConnection() {
        try (Server server = Tcp.listen("127.0.0.1", 0, ByteStream::read)) {
            assertThatThrownBy(() -> WebSocket.connect(url(server.port())))
                    .isInstanceOf(BrokenConnectionException.class);
        }
    }

    @AsyncTest
    void aServerThatNeverAnswersTimesOut() {
        Promise<Void> over = Promise.create();
        WebSocketOptions options =
                WebSocketOptions.defaults().handshakeTimeout(Duration.ofMillis(100));
        try (Server server = Tcp.listen("127.0.0.1", 0, stream -> await(over))) {
            assertThatThrownBy(() -> WebSocket.connect(URI.create(url(server.port())), options))
                    .isInstanceOfSatisfying(
                            TimedOutException.class,
                            e -> assertThat(e.limit()).isEqualTo(Duration.ofMillis(100)));
        }
    }

    @AsyncTest
    void aServerWithoutTlsIsNoSecureServer() {
        try (Server server = answering("what?")) {
            assertThatThrownBy(() -> WebSocket.connect("wss://127.0.0.1:" + server.port() + "/"))
                    .isInstanceOfSatisfying(
                            TlsException.class,
                            e -> assertThat(e.reason()).isEqualTo(TlsException.Reason.NOT_TLS))
                    .hasMessageContaining("it began with \"what?\"");
        }
    }

    @AsyncTest
    void whatIsNoWebSocketUrlIsRefused() {
        for (String url :
                new String[] {"http://x/", "x", "", "ws:/x", "ws://a b/", "ws://x/#y", "ws:///"}) {
            assertThatThrownBy(() -> WebSocket.connect(url))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("not a WebSocket URL");
        }
    }

    @AsyncTest
    void theFirstOfTheServersSubprotocolsThatIsOfferedIsSpoken() {
        WebSocketOptions ours = WebSocketOptions.defaults().subprotocols("b", "c");
        WebSocketOptions theirs = WebSocketOptions.defaults().subprotocols("a", "b", "c");
        try (WebSocketServer server =
                        WebSocketServer.listen(
                                "127.0.0.1", 0, theirs, s -> s.send("" + s.subprotocol()));
                WebSocket socket = WebSocket.connect(URI.create(server.url()), ours)) {
            assertThat(socket.subprotocol()).isEqualTo("b");
            assertThat(socket.receiveText()).isEqualTo("b");
        }
    }

    @AsyncTest
    void aPathOfItsOwnIsAnswered() {
        WebSocketOptions options = WebSocketOptions.defaults().path("/echo").maxMessageBytes(3);
        try (WebSocketServer server =
                WebSocketServer.listen("127.0.0.1", 0, options, WebSocketTest::echo)) {
            assertThat(server.url()).endsWith("/echo");
            try (WebSocket socket = WebSocket.connect(server.url() + "?x=1")) {
                socket.send("abc");
                assertThat(socket.receiveText()).isEqualTo("abc");
                socket.send("abcd");
                assertThat(socket.receive()).isNull();
                assertThat(socket.closeCode()).isEqualTo(1009);
            }
        }
    }
}
