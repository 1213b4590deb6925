package dev.weft.websocket;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.timeout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.CancelledError;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.BusyException;
import dev.weft.net.StreamClosedException;
import dev.weft.net.TimedOutException;
import dev.weft.testkit.AsyncTest;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/** Messages there and back, and the end of a connection. */
class WebSocketTest {
    static void echo(WebSocket socket) {
        for (Message message; (message = socket.receive()) != null; ) {
            switch (message) {
                case Message.Text text -> socket.send(text.text());
                case Message.Binary binary -> socket.send(binary.bytes());
            }
        }
    }

    private static WebSocketServer serve(WebSocketHandler handler) {
        return WebSocketServer.listen("127.0.0.1", 0, handler);
    }

    @AsyncTest
    void textAndBytesComeBack() {
        try (WebSocketServer server = serve(WebSocketTest::echo);
                WebSocket socket = WebSocket.connect(server.url())) {
            socket.send("Grüße, 世界 🌍");
            assertThat(socket.receiveText()).isEqualTo("Grüße, 世界 🌍");
            socket.send(new byte[] {0, -1, 127});
            assertThat(socket.receive()).isEqualTo(new Message.Binary(new byte[] {0, -1, 127}));
            socket.send("");
            assertThat(socket.receive()).isEqualTo(new Message.Text(""));
        }
    }

    @AsyncTest
    void aMessageOfTheLargestSizeComesBackAndOneMoreByteCloses1009() {
        WebSocketOptions options = WebSocketOptions.defaults().maxMessageBytes(200_000);
        Promise<Throwable> seen = Promise.create();
        try (WebSocketServer server =
                        WebSocketServer.listen(
                                "127.0.0.1",
                                0,
                                options,
                                socket -> {
                                    try {
                                        echo(socket);
                                    } catch (Throwable e) {
                                        seen.complete(e);
                                    }
                                });
                WebSocket socket = WebSocket.connect(server.url())) {
            byte[] largest = new byte[200_000];
            largest[199_999] = 7;
            socket.send(largest);
            assertThat(socket.receive()).isEqualTo(new Message.Binary(largest));
            socket.send(new byte[200_001]);
            assertThat(socket.receive()).isNull();
            assertThat(socket.closeCode()).isEqualTo(1009);
            assertThat(socket.closeReason()).contains("200000");
            assertThat(await(seen))
                    .isInstanceOfSatisfying(
                            WebSocketProtocolException.class,
                            e -> assertThat(e.closeCode()).isEqualTo(1009));
        }
    }

    @AsyncTest
    void fragmentsAboveTheLimitTogetherClose1009() {
        WebSocketOptions options = WebSocketOptions.defaults().maxMessageBytes(1000);
        try (WebSocketServer server =
                        WebSocketServer.listen(
                                "127.0.0.1",
                                0,
                                options,
                                socket -> {
                                    assertThatThrownBy(socket::receive)
                                            .isInstanceOf(WebSocketProtocolException.class);
                                });
                WebSocket socket = WebSocket.connect(server.url())) {
            socket.sendFragments(parts -> {
                parts.send(new byte[600]);
                parts.send(new byte[600]);
            });
            assertThat(socket.receive()).isNull();
            assertThat(socket.closeCode()).isEqualTo(1009);
        }
    }

    @AsyncTest
    void fragmentsArriveAsOneMessage() {
        try (WebSocketServer server = serve(WebSocketTest::echo);
                WebSocket socket = WebSocket.connect(server.url())) {
            socket.sendFragments(parts -> {
                parts.send("a");
                parts.send("");
                String globe = "🌍";
                parts.send("b" + globe.charAt(0));
                socket.ping(); // a control frame between fragments
                parts.send(globe.charAt(1) + "c");
            });
            assertThat(socket.receiveText()).isEqualTo("ab🌍c");
            socket.sendFragments(_ -> {});
            assertThat(socket.receiveText()).isEmpty();
        }
    }

    @AsyncTest
    void aMessageAmidOnesOwnPartsIsAnErrorAndDoesNotWaitForEver() {
        try (WebSocketServer server = WebSocketServer.listen("127.0.0.1", 0, WebSocketTest::echo);
                WebSocket socket = WebSocket.connect(server.url())) {
            socket.sendFragments(parts -> {
                parts.send("a");
                assertThatThrownBy(() -> timeout(Duration.ofSeconds(5), () -> socket.send("x")))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("has to end before the next");
                assertThatThrownBy(() -> socket.sendFragments(_ -> {}))
                        .isInstanceOf(IllegalStateException.class);
                parts.send("b");
            });
            assertThat(socket.receiveText()).isEqualTo("ab");
        }
    }

    @AsyncTest
    void anotherTasksMessageWaitsForTheEndOfAMessageInParts() {
        try (WebSocketServer server = serve(WebSocketTest::echo);
                WebSocket socket = WebSocket.connect(server.url())) {
            Promise<Void> goOn = Promise.create();
            Task<?> inParts =
                    async(() ->
                            socket.sendFragments(parts -> {
                                parts.send("first ");
                                await(goOn);
                                parts.send("message");
                            }));
            Async.yieldNow();
            Task<?> whole = async(() -> socket.send("second message"));
            Async.yieldNow();
            goOn.complete(null);
            await(inParts);
            await(whole);
            assertThat(socket.receiveText()).isEqualTo("first message");
            assertThat(socket.receiveText()).isEqualTo("second message");
        }
    }

    @AsyncTest
    void aSenderThatIsCancelledWithinAMessageClosesTheConnection() {
        Promise<List<Object>> seen = Promise.create();
        try (WebSocketServer server =
                        serve(socket -> {
                            List<Object> all = new ArrayList<>();
                            for (Message m; (m = socket.receive()) != null; ) {
                                all.add(m);
                            }
                            all.add(socket.closeCode());
                            seen.complete(all);
                        });
                WebSocket socket = WebSocket.connect(server.url())) {
            socket.send("before");
            Promise<Void> never = Promise.create();
            Task<?> sender =
                    async(() ->
                            socket.sendFragments(parts -> {
                                parts.send("half");
                                await(never);
                            }));
            Async.yieldNow();
            sender.cancel();
            assertThatThrownBy(() -> await(sender)).isInstanceOf(CancellationException.class);
            assertThat(await(seen)).containsExactly(new Message.Text("before"), 1011);
            assertThatThrownBy(() -> socket.send("after"))
                    .isInstanceOf(StreamClosedException.class);
        }
    }

    @AsyncTest
    void aPingIsAnsweredWithinTheRoundTrip() {
        try (WebSocketServer server = serve(WebSocketTest::echo);
                WebSocket socket = WebSocket.connect(server.url())) {
            assertThat(socket.ping()).isPositive();
            Task<Duration> first = async(socket::ping);
            Task<Duration> second = async(socket::ping);
            assertThat(await(first)).isPositive();
            assertThat(await(second)).isPositive();
        }
    }

    @AsyncTest
    void aPingFailsWhenThePeerGoes() {
        try (WebSocketServer server =
                        serve(socket -> {
                            socket.receive();
                            socket.abort();
                        });
                WebSocket socket = WebSocket.connect(server.url())) {
            socket.send("go");
            assertThatThrownBy(
                            () -> {
                                for (; ; ) {
                                    socket.ping();
                                }
                            })
                    .isInstanceOf(BrokenConnectionException.class);
            assertThat(socket.closeCode()).isEqualTo(1006);
        }
    }

    @AsyncTest
    void theClosingHandshakeCarriesCodeAndReason() {
        Promise<String> seen = Promise.create();
        try (WebSocketServer server =
                serve(socket -> {
                    assertThat(socket.receiveText()).isEqualTo("last words");
                    assertThat(socket.receive()).isNull();
                    assertThat(socket.receive()).isNull();
                    seen.complete(socket.closeCode() + socket.closeReason());
                    assertThatThrownBy(() -> socket.send("too late"))
                            .isInstanceOf(StreamClosedException.class)
                            .hasMessageContaining("4321");
                })) {
            WebSocket socket = WebSocket.connect(server.url());
            socket.send("last words");
            socket.close(4321, "enough");
            assertThat(await(seen)).isEqualTo("4321enough");
            assertThat(socket.closeCode()).isEqualTo(4321);
            assertThat(socket.isOpen()).isFalse();
            assertThat(socket.receive()).isNull();
            socket.close();
            assertThatThrownBy(() -> socket.send("too late"))
                    .isInstanceOf(StreamClosedException.class);
        }
    }

    @AsyncTest
    void aReceiverGetsNullWhenAnotherTaskCloses() {
        try (WebSocketServer server = serve(WebSocketTest::echo)) {
            WebSocket socket = WebSocket.connect(server.url());
            Task<Message> receiver = async(socket::receive);
            Async.yieldNow();
            socket.close();
            assertThat(await(receiver)).isNull();
        }
    }

    @AsyncTest
    void twoReceiversAtOnceAreAnError() {
        try (WebSocketServer server = serve(WebSocketTest::echo);
                WebSocket socket = WebSocket.connect(server.url())) {
            Task<Message> first = async(socket::receive);
            Async.yieldNow();
            assertThatThrownBy(socket::receive).isInstanceOf(BusyException.class);
            first.cancel();
        }
    }

    @AsyncTest
    void manySendersMessagesStayWhole() {
        try (WebSocketServer server = serve(WebSocketTest::echo);
                WebSocket socket = WebSocket.connect(server.url())) {
            for (int i = 0; i < 20; i++) {
                String text = String.valueOf((char) ('a' + i)).repeat(30_000);
                async(() -> socket.send(text));
            }
            for (int i = 0; i < 20; i++) {
                String text = socket.receiveText();
                assertThat(text).hasSize(30_000);
                assertThat(text.chars().distinct().count()).isEqualTo(1);
            }
        }
    }

    @AsyncTest
    void aPeerThatVanishesIsABrokenConnection() {
        try (WebSocketServer server = serve(WebSocket::abort);
                WebSocket socket = WebSocket.connect(server.url())) {
            assertThatThrownBy(socket::receive).isInstanceOf(BrokenConnectionException.class);
            assertThat(socket.closeCode()).isEqualTo(1006);
        }
    }

    @AsyncTest
    void aClosingServerTells1001AndLetsHandlersFinish() {
        Promise<Void> finished = Promise.create();
        WebSocketServer server =
                serve(socket -> {
                    echo(socket);
                    Async.sleep(Duration.ofMillis(20));
                    finished.complete(null);
                });
        WebSocket socket = WebSocket.connect(server.url());
        socket.send("x");
        socket.receive();
        Task<?> closing = async(server::close);
        assertThat(socket.receive()).isNull();
        assertThat(socket.closeCode()).isEqualTo(1001);
        await(closing);
        assertThat(finished.isDone()).isTrue();
        socket.close();
        server.close();
    }

    @AsyncTest
    void aHandlerThatDoesNotFinishIsCancelledAfterTheGrace() {
        WebSocketOptions options = WebSocketOptions.defaults().closeTimeout(Duration.ofMillis(100));
        Promise<Boolean> cancelled = Promise.create();
        Promise<Boolean> started = Promise.create();
        WebSocketServer server =
                WebSocketServer.listen(
                        "127.0.0.1",
                        0,
                        options,
                        socket -> {
                            started.complete(true);
                            try {
                                await(Promise.create());
                            } catch (CancelledError e) {
                                cancelled.complete(true);
                                throw e;
                            }
                        });
        WebSocket socket = WebSocket.connect(server.url());
        await(started); // one that is cancelled before it starts never runs
        server.close();
        assertThat(await(cancelled)).isTrue();
        assertThat(socket.receive()).isNull();
        assertThat(socket.closeCode()).isEqualTo(1001);
        socket.close();
    }

    @AsyncTest
    void aPeerThatDoesNotAnswerTheClosingIsGivenUp() {
        WebSocketOptions options = WebSocketOptions.defaults().closeTimeout(Duration.ofMillis(100));
        // Reads no frame: more than fits anywhere lies before the close frame.
        WebSocketOptions patient = WebSocketOptions.defaults();
        Promise<Void> over = Promise.create();
        try (WebSocketServer server =
                WebSocketServer.listen("127.0.0.1", 0, patient, socket -> await(over))) {
            WebSocket socket = WebSocket.connect(URI.create(server.url()), options);
            Task<?> sender =
                    async(() -> {
                        byte[] much = new byte[1_000_000];
                        for (int i = 0; i < 20; i++) {
                            socket.send(much);
                        }
                    });
            Async.sleep(Duration.ofMillis(50));
            assertThatThrownBy(socket::close).isInstanceOf(TimedOutException.class);
            assertThatThrownBy(() -> await(sender)).isInstanceOf(StreamClosedException.class);
            over.complete(null);
        }
    }

    @AsyncTest
    void badCodesAndReasonsAreRefused() {
        try (WebSocketServer server = serve(WebSocketTest::echo);
                WebSocket socket = WebSocket.connect(server.url())) {
            for (int code : new int[] {0, 999, 1004, 1005, 1006, 1015, 2999, 5000}) {
                assertThatThrownBy(() -> socket.close(code, ""))
                        .isInstanceOf(IllegalArgumentException.class);
            }
            assertThatThrownBy(() -> socket.close(1000, "ü".repeat(62)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
