package dev.weft.it;

import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.net.BrokenConnectionException;
import dev.weft.testkit.AsyncTest;
import dev.weft.websocket.Message;
import dev.weft.websocket.WebSocket;
import dev.weft.websocket.WebSocketOptions;
import dev.weft.websocket.WebSocketProtocolException;
import java.net.URI;
import org.junit.jupiter.api.Test;

/** Our client, from Java and from the command line, against a foreign server. */
interface ForeignServerTests {
    Peer peer();

    @AsyncTest
    default void ourMessagesComeBack() {
        try (Program server = peer().serve("echo");
                WebSocket socket = WebSocket.connect(Peer.url(server))) {
            socket.send("Grüße, 世界 🌍");
            assertThat(socket.receiveText()).isEqualTo("Grüße, 世界 🌍");
            socket.send(new byte[] {0, 1, 127, -1});
            assertThat(socket.receive()).isEqualTo(new Message.Binary(new byte[] {0, 1, 127, -1}));
            socket.send("");
            assertThat(socket.receiveText()).isEmpty();
            socket.send(new byte[0]);
            assertThat(socket.receive()).isEqualTo(new Message.Binary(new byte[0]));
            String long1 = LongText.of(1 << 20);
            socket.send(long1);
            assertThat(socket.receiveText().equals(long1)).isTrue();
        }
    }

    @AsyncTest
    default void ourFragmentsAreOneMessageToTheServer() {
        try (Program server = peer().serve("recv", "wait");
                WebSocket socket = WebSocket.connect(Peer.url(server))) {
            socket.sendFragments(parts -> {
                parts.send("one ");
                socket.ping();
                parts.send("zwei ");
                parts.send("三");
            });
            assertThat(await(server.line("text"))).isEqualTo("text one zwei 三");
        }
    }

    @AsyncTest
    default void ourPingIsAnswered() {
        try (Program server = peer().serve("wait");
                WebSocket socket = WebSocket.connect(Peer.url(server))) {
            assertThat(socket.ping()).isPositive();
        }
    }

    @AsyncTest
    default void weReceiveFragmentsAsOneMessageAndAnswerPings() {
        try (Program server = peer().serve("fragments=one |zwei |三", "ping=still there?", "wait");
                WebSocket socket = WebSocket.connect(Peer.url(server))) {
            assertThat(socket.receiveText()).isEqualTo("one zwei 三");
            assertThat(await(server.line("pong"))).isEqualTo("pong still there?");
        }
    }

    @AsyncTest
    default void weAgreeOnASubprotocol() {
        WebSocketOptions options = WebSocketOptions.defaults().subprotocols("soup", "chat");
        try (Program server = peer().serve("--subprotocol", "chat", "wait");
                WebSocket socket = WebSocket.connect(URI.create(Peer.url(server)), options)) {
            assertThat(socket.subprotocol()).isEqualTo("chat");
            assertThat(await(server.line("open"))).isEqualTo("open chat");
        }
    }

    @AsyncTest
    default void theServerSeesOurCloseCodeAndReason() {
        try (Program server = peer().serve("echo")) {
            WebSocket socket = WebSocket.connect(Peer.url(server));
            socket.close(4003, "genug");
            assertThat(await(server.line("closed"))).isEqualTo("closed 4003 genug");
            assertThat(socket.closeCode()).isEqualTo(4003);
        }
    }

    @AsyncTest
    default void weSeeTheServersCloseCodeAndReason() {
        try (Program server = peer().serve("recv", "close=4004,läuft nicht");
                WebSocket socket = WebSocket.connect(Peer.url(server))) {
            socket.send("hi");
            assertThat(socket.receive()).isNull();
            assertThat(socket.closeCode()).isEqualTo(4004);
            assertThat(socket.closeReason()).isEqualTo("läuft nicht");
            assertThat(await(server.line("closed"))).startsWith("closed 4004");
        }
    }

    @AsyncTest
    default void aMessageAboveOurLimitIsRefusedWith1009() {
        try (Program server = peer().serve("sendsize=1001", "wait");
                WebSocket socket =
                        WebSocket.connect(
                                URI.create(Peer.url(server)),
                                WebSocketOptions.defaults().maxMessageBytes(1000))) {
            assertThatThrownBy(socket::receive)
                    .isInstanceOfSatisfying(
                            WebSocketProtocolException.class,
                            e -> assertThat(e.closeCode()).isEqualTo(1009))
                    .hasMessageContaining("1000");
            assertThat(await(server.line("closed"))).startsWith("closed 1009 ");
        }
    }

    @AsyncTest
    default void aMessageAboveTheServersLimitEndsWith1009() {
        try (Program server = peer().serve("echo");
                WebSocket socket = WebSocket.connect(Peer.url(server))) {
            socket.send(LongText.of((1 << 20) + 1));
            assertThat(socket.receive()).isNull();
            assertThat(socket.closeCode()).isEqualTo(1009);
        }
    }

    @AsyncTest
    default void aServerThatVanishesIsABrokenConnection() {
        try (Program server = peer().serve("recv", "wait");
                WebSocket socket = WebSocket.connect(Peer.url(server))) {
            socket.send("hi");
            await(server.line("text hi"));
            server.kill();
            assertThatThrownBy(socket::receive)
                    .isInstanceOf(BrokenConnectionException.class)
                    .hasMessageContaining("127.0.0.1");
            assertThat(socket.closeCode()).isEqualTo(1006);
        }
    }

    @Test
    default void theCommandPrintsEachReply() {
        try (Program server = peer().serve("echo");
                Program echo =
                        Checkout.weft("echo", "--connect", Peer.url(server), "one", "", "t w o")) {
            assertThat(echo.awaitExit()).isZero();
            assertThat(echo.out()).containsExactly("one", "", "t w o");
            assertThat(echo.err()).isEmpty();
            assertThat(server.awaitLine("closed")).isEqualTo("closed 1000 ");
        }
    }

    @Test
    default void theCommandSaysThatTheServerClosedInsteadOfReplying() {
        try (Program server = peer().serve("recv", "close=4005,not today");
                Program echo = Checkout.weft("echo", "--connect", Peer.url(server), "hi")) {
            assertThat(echo.awaitExit()).isEqualTo(1);
            assertThat(echo.err())
                    .singleElement()
                    .asString()
                    .contains("code 4005: not today")
                    .contains("is it an echo server?");
        }
    }

    @Test
    default void theCommandSaysThatTheServerVanished() {
        try (Program server = peer().serve("recv", "wait");
                Program echo = Checkout.weft("echo", "--connect", Peer.url(server), "hi")) {
            server.awaitLine("text hi");
            server.kill();
            assertThat(echo.awaitExit()).isEqualTo(1);
            assertThat(echo.out()).isEmpty();
            assertThat(echo.err()).singleElement().asString().startsWith("weft echo: ");
        }
    }
}
