package dev.weft.it;

import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import dev.weft.websocket.WebSocketServer;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/**
 * A foreign client against {@code ./weft echo --serve}, and where that never does it, our server.
 */
interface ForeignClientTests {
    /** The longest message that the echo server takes. */
    int LIMIT = 1 << 20;

    Peer peer();

    /** An echo server that the tests of the class share. */
    EchoServer server();

    /** What the client prints on its one connection, which has to end well. */
    private String[] conversation(String... steps) {
        try (Program client = peer().connect(server().url(), steps)) {
            assertThat(client.awaitExit()).describedAs("%s", client).isZero();
            assertThat(client.err()).isEmpty();
            return client.out().toArray(String[]::new);
        }
    }

    @Test
    default void clientGetsItsTextBack() {
        assertThat(conversation("send=Grüße, 世界 🌍", "recv", "send=again", "recv", "close=1000,"))
                .containsExactly("open ", "text Grüße, 世界 🌍", "text again", "closed 1000 ");
    }

    @Test
    default void clientGetsItsBytesBack() {
        assertThat(conversation("sendhex=00017fff", "recv", "close=1000,"))
                .containsExactly("open ", "binary 00017fff", "closed 1000 ");
    }

    @Test
    default void clientGetsEmptyMessagesBack() {
        assertThat(conversation("send=", "recv", "sendhex=", "recv", "close=1000,"))
                .containsExactly("open ", "text ", "binary ", "closed 1000 ");
    }

    @Test
    default void clientGetsAMessageOfTheLargestSizeBack() {
        assertThat(conversation("sendsize=" + LIMIT, "recv", "close=1000,"))
                .containsExactly("open ", "text " + LongText.describe(LIMIT), "closed 1000 ");
    }

    @Test
    default void clientThatSendsTooMuchIsClosedWith1009() {
        String[] lines = conversation("sendsize=" + (LIMIT + 1), "wait");
        assertThat(lines).hasSize(2);
        assertThat(lines[1]).startsWith("closed 1009 ").contains("1048576");
    }

    @Test
    default void clientGetsItsFragmentsBackAsOneMessage() {
        assertThat(conversation("fragments=one |zwei |三", "recv", "close=1000,"))
                .containsExactly("open ", "text one zwei 三", "closed 1000 ");
    }

    @Test
    default void clientGetsAPongWithItsData() {
        assertThat(conversation("ping=are you there", "close=1000,"))
                .containsExactly("open ", "pong are you there", "closed 1000 ");
    }

    @Test
    default void clientGetsItsCloseCodeAnswered() {
        assertThat(String.join("\n", conversation("close=4001,läuft nicht")))
                .startsWith("open \nclosed 4001 ");
    }

    @Test
    default void clientThatVanishesLeavesTheServerServing() {
        try (Program client = peer().connect(server().url(), "send=hi", "recv", "wait")) {
            client.awaitLine("text hi");
            client.kill();
            client.awaitExit();
        }
        assertThat(conversation("send=still there?", "recv", "close=1000,"))
                .contains("text still there?");
        assertThat(server().program().err()).isEmpty();
    }

    @Test
    default void clientSeesCode1001WhenTheServerIsTerminated() {
        try (EchoServer server = EchoServer.start();
                Program idle = peer().connect(server.url(), "wait");
                Program echoing = peer().connect(server.url(), "send=hi", "recv", "wait")) {
            idle.awaitLine("open");
            echoing.awaitLine("text hi");
            server.program().terminate();
            assertThat(idle.awaitLine("closed")).startsWith("closed 1001 ");
            assertThat(echoing.awaitLine("closed")).startsWith("closed 1001 ");
            assertThat(server.program().awaitExit()).isZero();
        }
    }

    @AsyncTest
    default void clientSeesTheServersCloseCodeAndReason() {
        try (WebSocketServer server =
                        WebSocketServer.listen(
                                "127.0.0.1", 0, socket -> socket.close(4002, "voilà"));
                Program client = peer().connect(server.url(), "wait")) {
            assertThat(await(client.line("closed"))).isEqualTo("closed 4002 voilà");
            assertThat(await(client.exit())).isZero();
        }
    }

    @AsyncTest(unhandled = true)
    default void clientSees1011WhenTheHandlerFails() {
        try (WebSocketServer server =
                        WebSocketServer.listen(
                                "127.0.0.1",
                                0,
                                socket -> {
                                    socket.receive();
                                    socket.sendFragments(parts -> {
                                        parts.send("half of a ");
                                        throw new IOException("no other half");
                                    });
                                });
                Program client = peer().connect(server.url(), "send=hi", "recv", "wait")) {
            assertThat(await(client.line("closed"))).startsWith("closed 1011 ");
            assertThat(client.out()).noneMatch(line -> line.startsWith("text"));
        }
    }

    @AsyncTest
    default void serverPingsAClientAndSendsItFragments() {
        try (WebSocketServer server =
                        WebSocketServer.listen(
                                "127.0.0.1",
                                0,
                                socket -> {
                                    assertThat(socket.ping()).isPositive();
                                    socket.sendFragments(parts -> {
                                        parts.send("one ");
                                        socket.ping();
                                        parts.send("message");
                                    });
                                });
                Program client = peer().connect(server.url(), "recv", "wait")) {
            assertThat(await(client.line("text"))).isEqualTo("text one message");
            assertThat(await(client.line("closed"))).isEqualTo("closed 1000 ");
        }
    }
}
