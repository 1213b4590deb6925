package dev.weft.websocket;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.ByteStream;
import dev.weft.net.Certs;
import dev.weft.net.ClientCertificates;
import dev.weft.net.ClientTls;
import dev.weft.net.Proxy;
import dev.weft.net.ProxyFailedException;
import dev.weft.net.Server;
import dev.weft.net.ServerTls;
import dev.weft.net.Tcp;
import dev.weft.net.TcpOptions;
import dev.weft.net.TimedOutException;
import dev.weft.net.TlsException;
import dev.weft.net.TlsException.Reason;
import dev.weft.net.TlsProvider;
import dev.weft.net.TlsSession;
import dev.weft.net.internal.LoopNet;
import dev.weft.testkit.AsyncTest;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/** {@code wss:}, on both sides, over the JDK's TLS and, in a subclass, over BoringSSL. */
class SecureWebSocketTest {
    TlsProvider provider() {
        return TlsProvider.JDK;
    }

    private ClientTls client() {
        return ClientTls.defaults().trust(Certs.TRUST).provider(provider());
    }

    private ServerTls server() {
        return ServerTls.of(Certs.identity(Certs.LOCALHOST)).provider(provider());
    }

    private WebSocketServer listen(ServerTls tls, WebSocketHandler handler) {
        return listen(WebSocketOptions.defaults().tls(tls), handler);
    }

    private static WebSocketServer listen(WebSocketOptions options, WebSocketHandler handler) {
        return WebSocketServer.listen("127.0.0.1", 0, options, handler);
    }

    private static URI url(int port) {
        return URI.create("wss://localhost:" + port + "/");
    }

    private static WebSocket connect(WebSocketServer server, ClientTls tls) {
        return WebSocket.connect(url(server.port()), WebSocketOptions.defaults().tls(tls));
    }

    private static void requireEcho(WebSocket socket) {
        String much = "secret".repeat(50_000);
        socket.send(much);
        assertThat(socket.receiveText()).isEqualTo(much);
    }

    private void requireServes(WebSocketServer server) {
        try (WebSocket socket = connect(server, client())) {
            requireEcho(socket);
        }
    }

    private static TlsException requireRefused(
            Reason reason, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        TlsException e = catchThrowableOfType(TlsException.class, call);
        assertThat(e).isNotNull();
        assertThat(e.reason()).as("%s", e).isEqualTo(reason);
        return e;
    }

    @AsyncTest
    void messagesGoBothWaysInEachVersion() {
        List<String> spoken = new ArrayList<>();
        WebSocketHandler echo =
                socket -> {
                    spoken.add(socket.tls().protocol());
                    WebSocketTest.echo(socket);
                };
        try (WebSocketServer server = listen(server(), echo)) {
            assertThat(server.url()).isEqualTo("wss://127.0.0.1:" + server.port() + "/");
            for (String version : List.of("TLSv1.2", "TLSv1.3")) {
                try (WebSocket socket = connect(server, client().protocols(version))) {
                    assertThat(socket.tls().protocol()).isEqualTo(version);
                    requireEcho(socket);
                    assertThat(socket.ping()).isPositive();
                }
            }
        }
        assertThat(spoken).containsExactly("TLSv1.2", "TLSv1.3");
    }

    @AsyncTest
    void sessionsAreResumed() {
        ClientTls tls = client();
        try (WebSocketServer server = listen(server(), WebSocketTest::echo)) {
            List<Boolean> resumed = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                try (WebSocket socket = connect(server, tls)) {
                    requireEcho(socket);
                    resumed.add(socket.tls().resumed());
                }
            }
            assertThat(resumed).containsExactly(false, true);
        }
    }

    @AsyncTest
    void withoutTlsThereIsNoSession() {
        Promise<Boolean> none = Promise.create();
        try (WebSocketServer server =
                        WebSocketServer.listen(
                                "127.0.0.1", 0, socket -> none.complete(socket.tls() == null));
                WebSocket socket = WebSocket.connect(server.url())) {
            assertThat(socket.tls()).isNull();
            assertThat(await(none)).isTrue();
        }
    }

    @AsyncTest
    void connectionsAreCountedOnceAndTheirBytesToo() {
        LoopNet net = LoopNet.of(Loop.current());
        try (WebSocketServer server = listen(server(), WebSocketTest::echo)) {
            try (WebSocket socket = connect(server, client())) {
                requireEcho(socket);
                assertThat(net.connections()).isEqualTo(2);
                assertThat(net.bytesRead()).isBetween(600_000L, 700_000L);
                assertThat(net.bytesWritten()).isBetween(600_000L, 700_000L);
            }
        }
        assertThat(net.connections()).isZero();
    }

    // ---- who is who

    @AsyncTest
    void aTrustedCertificateOfAnotherHostIsRefused() {
        try (WebSocketServer server = listen(server(), WebSocketTest::echo)) {
            URI wrong = URI.create(server.url());
            WebSocketOptions options = WebSocketOptions.defaults().tls(client());
            assertThat(requireRefused(Reason.WRONG_HOST, () -> WebSocket.connect(wrong, options)))
                    .hasMessageContaining("is for localhost")
                    .hasMessageContaining("not for 127.0.0.1");
            requireServes(server);
            WebSocketOptions named =
                    WebSocketOptions.defaults().tls(client().serverName("localhost"));
            try (WebSocket socket = WebSocket.connect(wrong, named)) {
                requireEcho(socket);
            }
        }
    }

    @AsyncTest
    void anUnknownIssuerIsRefused() {
        try (WebSocketServer server = listen(server(), WebSocketTest::echo)) {
            String url = url(server.port()).toString();
            assertThat(requireRefused(Reason.UNKNOWN_ISSUER, () -> WebSocket.connect(url)))
                    .hasMessageContaining("CN=Test Authority");
            requireServes(server);
        }
    }

    @AsyncTest
    void anExpiredCertificateIsRefused() {
        ServerTls expired = ServerTls.of(Certs.identity(Certs.valid(-3, -1))).provider(provider());
        try (WebSocketServer server = listen(expired, WebSocketTest::echo)) {
            requireRefused(Reason.EXPIRED, () -> connect(server, client()));
        }
    }

    @AsyncTest
    void aClientsCertificateIsSeenAndMayBeRequired() {
        ServerTls demanding = server().clientCertificates(ClientCertificates.REQUIRED, Certs.TRUST);
        Promise<TlsSession> seen = Promise.create();
        WebSocketHandler handler =
                socket -> {
                    seen.complete(socket.tls());
                    WebSocketTest.echo(socket);
                };
        try (WebSocketServer server = listen(demanding, handler)) {
            // In TLS 1.3 the refusal comes in answer to the HTTP request.
            requireRefused(
                    Reason.CERTIFICATE_REQUIRED,
                    () -> connect(server, client().protocols("TLSv1.3")));
            assertThat(seen.isDone()).isFalse();
            var ada = Certs.issued("ada");
            try (WebSocket socket = connect(server, client().identity(Certs.identity(ada)))) {
                requireEcho(socket);
            }
            assertThat(await(seen).peerCertificates()).first().isEqualTo(ada.getCertificate());
        }
    }

    // ---- strangers

    @AsyncTest
    void whoeverDoesNotSpeakTlsIsClosed() {
        try (WebSocketServer server = listen(server(), WebSocketTest::echo)) {
            assertThatThrownBy(() -> WebSocket.connect("ws://127.0.0.1:" + server.port() + "/"))
                    .isInstanceOf(UncheckedIOException.class);
            requireServes(server);
        }
    }

    @AsyncTest
    void whoeverSpeaksTlsButNoHttpIsAnswered() {
        TcpOptions tls = TcpOptions.defaults().tls(client());
        try (WebSocketServer server = listen(server(), WebSocketTest::echo);
                ByteStream stream = Tcp.connect("localhost", server.port(), tls)) {
            stream.write("EHLO\r\n\r\n");
            assertThat(stream.readLine()).startsWith("HTTP/1.1 400 ");
            stream.readAll(1000); // with an end that is said
        }
    }

    @AsyncTest
    void silentClientsAreClosedAfterEitherLimit() {
        Duration soon = Duration.ofMillis(50);
        for (WebSocketOptions options :
                List.of(
                        WebSocketOptions.defaults().tls(server()).handshakeTimeout(soon),
                        WebSocketOptions.defaults().tls(server().handshakeTimeout(soon)))) {
            try (WebSocketServer server = listen(options, WebSocketTest::echo);
                    ByteStream silent = Tcp.connect("127.0.0.1", server.port())) {
                assertThat(silent.readAll(1000)).hasSizeLessThan(100);
            }
        }
    }

    @AsyncTest
    void aClosingServerDropsThoseInTheMiddleOfTheHandshake() {
        WebSocketServer server = listen(server(), WebSocketTest::echo);
        try (ByteStream silent = Tcp.connect("127.0.0.1", server.port())) {
            requireServes(server); // came later, so the silent one has been accepted
            server.close();
            assertThat(silent.readAll(1000)).hasSizeLessThan(100);
        }
    }

    @AsyncTest
    void aServerThatIsSilentInTheHandshakeTimesOut() {
        Duration limit = Duration.ofMillis(100);
        WebSocketOptions options = WebSocketOptions.defaults().tls(client());
        try (Server silent = Tcp.listen("127.0.0.1", 0, stream -> stream.readAll(10_000))) {
            assertThatThrownBy(() ->
                            WebSocket.connect(url(silent.port()), options.handshakeTimeout(limit)))
                    .isInstanceOfSatisfying(
                            TimedOutException.class, e -> assertThat(e.limit()).isEqualTo(limit))
                    .hasMessageContaining("wss://localhost");
        }
    }

    @AsyncTest
    void cancelledInTheHandshakeItLeavesNothing() {
        Promise<Boolean> begun = Promise.create();
        Promise<Boolean> over = Promise.create();
        WebSocketOptions options = WebSocketOptions.defaults().tls(client());
        try (Server silent =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        stream -> {
                            stream.read();
                            begun.complete(true);
                            try {
                                stream.readAll(10_000);
                            } catch (BrokenConnectionException e) {
                                // reset
                            }
                            over.complete(true);
                        })) {
            Task<WebSocket> connecting =
                    async(() -> WebSocket.connect(url(silent.port()), options));
            await(begun);
            connecting.cancel();
            assertThatThrownBy(() -> await(connecting)).isInstanceOf(CancellationException.class);
            await(over);
        }
    }

    // ---- how it ends

    @AsyncTest
    void codesAndReasonsComeThrough() {
        WebSocketOptions small = WebSocketOptions.defaults().tls(server()).maxMessageBytes(10);
        try (WebSocketServer server = listen(small, WebSocketTest::echo);
                WebSocket socket = connect(server, client())) {
            socket.send("x".repeat(200_000));
            assertThat(socket.receive()).isNull();
            assertThat(socket.closeCode()).isEqualTo(1009);
            assertThat(socket.closeReason()).contains("limit of 10 bytes");
        }
        Promise<Integer> code = Promise.create();
        WebSocketHandler handler =
                socket -> {
                    assertThat(socket.receive()).isNull();
                    code.complete(socket.closeCode());
                };
        try (WebSocketServer server = listen(server(), handler)) {
            connect(server, client()).close(4321, "bye");
            assertThat(await(code)).isEqualTo(4321);
        }
    }

    @AsyncTest
    void aClosingServerSaysThatItGoesAway() {
        WebSocketServer server = listen(server(), WebSocketTest::echo);
        try (WebSocket socket = connect(server, client())) {
            requireEcho(socket);
            Task<Void> closing = async(server::close);
            assertThat(socket.receive()).isNull();
            assertThat(socket.closeCode()).isEqualTo(1001);
            await(closing);
        }
    }

    @AsyncTest
    void aPeerThatVanishesIsBroken() {
        try (WebSocketServer server =
                        listen(
                                server(),
                                socket -> {
                                    socket.receive();
                                    socket.abort();
                                });
                WebSocket socket = connect(server, client())) {
            socket.send("hi");
            assertThatThrownBy(socket::receive).isInstanceOf(BrokenConnectionException.class);
            assertThat(socket.closeCode()).isEqualTo(1006);
        }
    }

    // ---- through a proxy

    @AsyncTest
    void aProxyIsPassedWithAndWithoutTls() {
        List<String> asked = new ArrayList<>();
        try (WebSocketServer secure = listen(server(), WebSocketTest::echo);
                WebSocketServer plain =
                        WebSocketServer.listen("127.0.0.1", 0, WebSocketTest::echo);
                Server proxy =
                        Tcp.listen(
                                "127.0.0.1",
                                0,
                                client -> {
                                    String first = client.readLine();
                                    client.readUntil("\r\n\r\n");
                                    asked.add(first);
                                    client.write("HTTP/1.1 200 OK\r\n\r\n");
                                    int port =
                                            Integer.parseInt(
                                                    first.replaceAll(".*:(\\d+) .*", "$1"));
                                    try (ByteStream target = Tcp.connect("127.0.0.1", port)) {
                                        ByteStream.pipe(client, target);
                                    } catch (UncheckedIOException e) {
                                        // Either end has closed before the other was told.
                                    }
                                })) {
            WebSocketOptions options =
                    WebSocketOptions.defaults()
                            .tls(client())
                            .proxy(Proxy.http("127.0.0.1", proxy.port()));
            for (URI url :
                    List.of(
                            url(secure.port()),
                            URI.create("ws://localhost:" + plain.port() + "/"))) {
                try (WebSocket socket = WebSocket.connect(url, options)) {
                    requireEcho(socket);
                }
            }
            assertThat(asked)
                    .containsExactly(
                            "CONNECT localhost:" + secure.port() + " HTTP/1.1",
                            "CONNECT localhost:" + plain.port() + " HTTP/1.1");
        }
    }

    @AsyncTest
    void aProxysRefusalIsSaid() {
        try (Server proxy =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        client -> {
                            client.readUntil("\r\n\r\n");
                            client.write("HTTP/1.1 403 No\r\n\r\n");
                        })) {
            WebSocketOptions options =
                    WebSocketOptions.defaults().proxy(Proxy.http("127.0.0.1", proxy.port()));
            assertThatThrownBy(() -> WebSocket.connect(URI.create("ws://example.org/"), options))
                    .isInstanceOf(ProxyFailedException.class)
                    .hasMessageContaining("it forbids this destination");
        }
    }

    @AsyncTest
    void limitsMayBeForEver() {
        Duration forEver = ChronoUnit.FOREVER.getDuration();
        WebSocketOptions options =
                WebSocketOptions.defaults().handshakeTimeout(forEver).closeTimeout(forEver);
        ServerTls tls = server().handshakeTimeout(forEver).closeTimeout(forEver);
        ClientTls trusting = client().handshakeTimeout(forEver).closeTimeout(forEver);
        try (WebSocketServer server = listen(options.tls(tls), WebSocketTest::echo);
                WebSocket socket = WebSocket.connect(url(server.port()), options.tls(trusting))) {
            requireEcho(socket);
        }
    }
}
