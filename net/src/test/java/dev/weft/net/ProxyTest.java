package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;

/** Connecting through proxies by HTTP's CONNECT, and what all kinds of proxies have in common. */
class ProxyTest {
    private static final String OK = "HTTP/1.1 200 Connection established\r\n\r\n";

    static TcpOptions through(Proxy proxy) {
        return TcpOptions.defaults().proxy(proxy);
    }

    private static TcpOptions through(FakeProxy proxy) {
        return through(Proxy.http("127.0.0.1", proxy.port()));
    }

    private static ByteStream connect(FakeProxy proxy) {
        return Tcp.connect("example.org", 443, through(proxy));
    }

    /** Serves CONNECT as real proxies do. */
    private static void serve(ByteStream client) {
        String head = FakeProxy.text(client.readUntil("\r\n\r\n"));
        String target = head.split(" ")[1];
        int colon = target.lastIndexOf(':');
        try (ByteStream server =
                Tcp.connect(
                        target.substring(0, colon),
                        Integer.parseInt(target.substring(colon + 1)))) {
            client.write(OK);
            ByteStream.pipe(client, server);
        }
    }

    @AsyncTest
    void connectsThroughTheProxy() {
        try (Server echo = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo);
                Server server = Tcp.listen("127.0.0.1", 0, ProxyTest::serve)) {
            int port = echo.port();
            // @start region="proxy"
            Proxy proxy = Proxy.http("127.0.0.1", server.port()).credentials("ada", "secret");
            TcpOptions options = TcpOptions.defaults().proxy(proxy);
            try (ByteStream stream = Tcp.connect("127.0.0.1", port, options)) {
                stream.write("hello\n");
                assertThat(stream.readLine()).isEqualTo("hello");
            }
            // @end
        }
    }

    @AsyncTest
    void manyBytesPassBothWays() {
        byte[] much = new byte[1 << 20];
        new java.util.Random(1).nextBytes(much);
        try (Server echo = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo);
                Server server = Tcp.listen("127.0.0.1", 0, ProxyTest::serve);
                ByteStream stream =
                        Tcp.connect(
                                "127.0.0.1",
                                echo.port(),
                                through(Proxy.http("127.0.0.1", server.port())))) {
            Task<Void> writing =
                    async(() -> {
                        stream.write(much);
                        stream.shutdownOutput();
                    });
            assertThat(stream.readAll(much.length)).isEqualTo(much);
            await(writing);
        }
    }

    @AsyncTest
    void theNameGoesToTheProxyAsItStands() {
        try (FakeProxy proxy = FakeProxy.http(client -> client.write(OK))) {
            connect(proxy).close();
            Tcp.connect("::1", 80, through(proxy)).close();
            Tcp.connect("[::1]", 80, through(proxy)).close();
            Tcp.connect("127.0.0.1", 80, through(proxy)).close();
            Tcp.connect("bücher.example", 80, through(proxy)).close();
            assertThat(proxy.asked)
                    .extracting(head -> head.substring(0, head.indexOf('\r')))
                    .containsExactly(
                            "CONNECT example.org:443 HTTP/1.1",
                            "CONNECT [::1]:80 HTTP/1.1",
                            "CONNECT [::1]:80 HTTP/1.1",
                            "CONNECT 127.0.0.1:80 HTTP/1.1",
                            "CONNECT xn--bcher-kva.example:80 HTTP/1.1");
        }
    }

    @AsyncTest
    void credentialsGoByBasicAuthentication() {
        try (FakeProxy proxy = FakeProxy.http(client -> client.write(OK))) {
            Proxy known =
                    Proxy.http("127.0.0.1", proxy.port()).credentials("Aladdin", "open sesame");
            Tcp.connect("example.org", 1, through(known)).close();
            assertThat(proxy.asked.getFirst())
                    .containsIgnoringCase(
                            "proxy-authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
        }
    }

    @AsyncTest
    void nothingIsLostOfAServerThatTalksFirst() {
        try (FakeProxy proxy = FakeProxy.http(client -> client.write(OK + "220 ready\r\n"));
                ByteStream stream = connect(proxy)) {
            assertThat(stream.readLine()).isEqualTo("220 ready");
            assertThat(stream.read()).isNull();
        }
        byte[] bytes = (OK + "220 ready\r\n").getBytes(StandardCharsets.UTF_8);
        try (FakeProxy proxy = FakeProxy.http(client -> FakeProxy.trickle(client, bytes));
                ByteStream stream = connect(proxy)) {
            assertThat(stream.readLine()).isEqualTo("220 ready");
            assertThat(stream.read()).isNull();
        }
    }

    @AsyncTest
    void muchThatComesWithTheAnswerIsThereInOrder() {
        byte[] much = new byte[300_000];
        new java.util.Random(2).nextBytes(much);
        try (FakeProxy proxy =
                        FakeProxy.http(client -> {
                            client.write(OK);
                            client.write(much);
                        });
                ByteStream stream = connect(proxy)) {
            assertThat(stream.readExactly(much.length)).isEqualTo(much);
        }
    }

    @AsyncTest
    void anInterimAnswerIsNone() {
        try (FakeProxy proxy =
                        FakeProxy.http(client ->
                                client.write(
                                        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
                                                + "HTTP/1.1 100 Continue\r\n\r\n"
                                                + OK
                                                + "hi\n"));
                ByteStream stream = connect(proxy)) {
            assertThat(stream.readLine()).isEqualTo("hi");
        }
    }

    @AsyncTest
    void refusalsSayWhoRefusedWhatAndWhy() {
        record Case(String answer, int code, String text) {}
        for (Case c :
                List.of(
                        new Case("407 Auth", 407, "it wants a user and password: give Proxy."),
                        new Case("403 Forbidden", 403, "it forbids this destination"),
                        new Case("502 Bad Gateway", 502, "it cannot reach the destination"),
                        new Case("504 Slow", 504, "did not answer it in time"),
                        new Case("302 Found", 302, "it answered 302 Found"),
                        new Case("101 Switching", 101, "it answered 101 Switching"),
                        new Case("500 \u001b[31m" + "x".repeat(500), 500, "500 ?[31mxxx"))) {
            try (FakeProxy proxy =
                    FakeProxy.http(client -> client.write("HTTP/1.1 " + c.answer + "\r\n\r\n"))) {
                assertThatThrownBy(() -> connect(proxy))
                        .isInstanceOfSatisfying(
                                ProxyFailedException.class,
                                e -> {
                                    assertThat(e.code()).isEqualTo(c.code);
                                    assertThat(e.host()).isEqualTo("example.org");
                                    assertThat(e.port()).isEqualTo(443);
                                    assertThat(e.proxyHost()).isEqualTo("127.0.0.1");
                                    assertThat(e.proxyPort()).isEqualTo(proxy.port());
                                    assertThat(e.getMessage()).hasSizeLessThan(400);
                                })
                        .hasMessageContaining("HTTP proxy 127.0.0.1 port " + proxy.port())
                        .hasMessageContaining("did not connect to example.org port 443")
                        .hasMessageContaining(c.text);
            }
        }
    }

    @AsyncTest
    void wrongCredentialsAreSaidAndNotShown() {
        for (String status : List.of("407", "401")) {
            String answer = "HTTP/1.1 " + status + " No\r\n\r\n";
            try (FakeProxy proxy = FakeProxy.http(client -> client.write(answer))) {
                Proxy known =
                        Proxy.http("127.0.0.1", proxy.port()).credentials("ada-the-user", "s3cret");
                assertThatThrownBy(() -> Tcp.connect("example.org", 1, through(known)))
                        .isInstanceOf(ProxyFailedException.class)
                        .hasMessageContaining("it does not accept this user and password")
                        .hasMessageNotContainingAny("ada-the-user", "s3cret");
                assertThat(known + " " + through(known)).doesNotContain("ada-the-user", "s3cret");
            }
        }
    }

    @AsyncTest
    void aRefusalWithABodyThatNeverEndsIsARefusalAtOnce() {
        for (String head :
                List.of(
                        "Content-Length: 1000000\r\n\r\n",
                        "X: y\r\n\r\n",
                        "\r\n" + "x".repeat(99_999))) {
            try (FakeProxy proxy =
                    FakeProxy.http(client -> {
                        client.write("HTTP/1.1 407 No\r\n" + head);
                        client.read();
                    })) {
                assertThatThrownBy(() -> connect(proxy)).hasMessageContaining("407 No");
            }
        }
    }

    @AsyncTest
    void anAnswerThatIsNotHttpIsSaid() {
        for (String answer :
                List.of(
                        "SSH-2.0-OpenSSH_9.2p1\r\n",
                        "\u0005\u00ff\r\n\r\n",
                        "HTTP/1.1 two hundred\r\n\r\n",
                        "CONNECT example.org:443 HTTP/1.1\r\n\r\n")) {
            try (FakeProxy proxy =
                    FakeProxy.http(client -> {
                        client.write(answer);
                        client.read();
                    })) {
                assertThatThrownBy(() -> connect(proxy))
                        .isInstanceOfSatisfying(
                                ProxyFailedException.class, e -> assertThat(e.code()).isEqualTo(-1))
                        .hasMessageContaining("none of that protocol")
                        .hasMessageContaining("is this the proxy's port, and its kind?");
            }
        }
    }

    @AsyncTest
    void anAnswerWithoutEndIsCutOff() {
        for (String part : List.of("x".repeat(1000), "X-Header: " + "y".repeat(1000) + "\r\n")) {
            try (FakeProxy proxy =
                    FakeProxy.http(client -> {
                        client.write("HTTP/1.1 200 OK\r\nX: ");
                        for (int i = 0; i < 100_000; i++) {
                            client.write(part);
                        }
                    })) {
                assertThatThrownBy(() -> connect(proxy))
                        .isInstanceOf(ProxyFailedException.class)
                        .hasMessageContaining("none of that protocol");
            }
        }
    }

    @AsyncTest
    void aProxyThatHangsUpIsSaid() {
        for (FakeProxy.Answer answer :
                List.<FakeProxy.Answer>of(
                        client -> {},
                        client -> client.write("HTTP/1.1 200"),
                        ByteStream::shutdownOutput,
                        ByteStream::abort)) {
            try (FakeProxy proxy = FakeProxy.http(answer)) {
                assertThatThrownBy(() -> connect(proxy))
                        .isInstanceOf(ProxyFailedException.class)
                        .hasMessageContaining("HTTP proxy 127.0.0.1 port " + proxy.port())
                        .hasMessageMatching(".*(closed the connection|to it broke|none of).*");
            }
        }
    }

    @AsyncTest
    void aSilentProxyIsGivenUp() {
        Promise<Boolean> ended = Promise.create();
        try (FakeProxy proxy =
                FakeProxy.http(client -> {
                    try {
                        ended.complete(client.read() == null);
                    } catch (BrokenConnectionException e) {
                        ended.complete(true);
                    }
                })) {
            TcpOptions options = through(proxy).connectTimeout(Duration.ofMillis(200));
            assertThatThrownBy(() -> Tcp.connect("example.org", 443, options))
                    .isInstanceOfSatisfying(
                            TimedOutException.class,
                            e -> assertThat(e.limit()).isEqualTo(Duration.ofMillis(200)))
                    .hasMessageContaining("connecting to example.org port 443 through HTTP proxy")
                    .hasMessageContaining("127.0.0.1 port " + proxy.port())
                    .hasMessageContaining("TcpOptions.connectTimeout");
            assertThat(await(ended)).isTrue();
        }
    }

    @AsyncTest
    void aProxyThatTricklesIsGivenUpAllTheSame() {
        try (FakeProxy proxy =
                FakeProxy.http(client -> {
                    client.write("HTTP/1.1 200 OK\r\nX: ");
                    while (client.isOpen()) {
                        client.write("x");
                        Async.sleep(Duration.ofMillis(20));
                    }
                })) {
            TcpOptions options = through(proxy).connectTimeout(Duration.ofMillis(200));
            assertThatThrownBy(() -> Tcp.connect("example.org", 443, options))
                    .isInstanceOf(TimedOutException.class);
        }
    }

    @AsyncTest
    void aCancelledCallerLeavesNothingOpen() {
        Promise<Boolean> asked = Promise.create();
        Promise<Boolean> ended = Promise.create();
        try (FakeProxy proxy =
                FakeProxy.http(client -> {
                    asked.complete(true);
                    try {
                        ended.complete(client.read() == null);
                    } catch (BrokenConnectionException e) {
                        ended.complete(true);
                    }
                })) {
            Task<ByteStream> connecting = async(() -> connect(proxy));
            await(asked);
            connecting.cancel();
            assertThatThrownBy(() -> await(connecting)).isInstanceOf(CancellationException.class);
            assertThat(await(ended)).isTrue();
        }
    }

    @AsyncTest
    void callersCancelledAtAnyMomentLeaveNothingBehind() {
        try (FakeProxy proxy =
                FakeProxy.http(client -> {
                    client.write(OK);
                    client.read();
                })) {
            for (int i = 0; i < 60; i++) {
                Task<ByteStream> connecting = async(() -> connect(proxy));
                for (int n = 0; n < i % 12; n++) {
                    Async.yieldNow();
                }
                connecting.cancel();
                try {
                    await(connecting).close();
                } catch (CancellationException e) {
                    assertThat(connecting.isCancelled()).isTrue();
                }
            }
        }
    }

    @AsyncTest
    void aProxyThatIsNotThereIsNamed() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = free.getLocalPort();
        }
        assertThatThrownBy(() ->
                        Tcp.connect("example.org", 443, through(Proxy.http("127.0.0.1", port))))
                .isInstanceOf(ProxyFailedException.class)
                .hasMessageContaining("cannot reach HTTP proxy 127.0.0.1 port " + port)
                .hasMessageContaining("on the way to example.org port 443")
                .hasMessageContaining("nobody listens on");
        assertThatThrownBy(() ->
                        Tcp.connect("example.org", 443, through(Proxy.http("p.invalid", 3128))))
                .isInstanceOf(ProxyFailedException.class)
                .hasMessageContaining("cannot reach HTTP proxy p.invalid port 3128")
                .hasMessageContaining("no address found");
    }

    @AsyncTest
    void theProxysAddressesAreRacedAndTheDestinationIsNotLookedUp() throws Exception {
        try (FakeProxy proxy =
                FakeProxy.http(client -> {
                    client.write(OK);
                    client.read();
                })) {
            TcpOptions options =
                    through(Proxy.http("proxy.internal", proxy.port()))
                            .resolver(host -> {
                                assertThat(host).isEqualTo("proxy.internal");
                                return List.of(
                                        InetAddress.getByName("127.0.0.9"),
                                        InetAddress.getByName("127.0.0.1"));
                            });
            try (ByteStream stream = Tcp.connect("example.invalid", 443, options)) {
                assertThat(stream.isOpen()).isTrue();
            }
            assertThat(proxy.asked).singleElement().asString().contains("example.invalid:443");
        }
    }

    @AsyncTest
    void aHostThatWouldChangeTheRequestIsRefused() {
        try (FakeProxy proxy = FakeProxy.http(client -> client.write(OK))) {
            for (String host :
                    List.of(
                            "",
                            "a\r\nX: y",
                            "a b",
                            "a\0b",
                            "user@host",
                            "host:80",
                            "a/b",
                            "[::1",
                            "a".repeat(64),
                            "a.".repeat(128) + "b")) {
                assertThatThrownBy(() -> Tcp.connect(host, 80, through(proxy)))
                        .describedAs(host)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageStartingWith("host must");
            }
            for (int port : new int[] {-1, 0, 65_536}) {
                assertThatThrownBy(() -> Tcp.connect("a", port, through(proxy)))
                        .hasMessage("port must be 1 to 65535, was " + port);
            }
            assertThat(proxy.asked).isEmpty();
        }
    }

    @AsyncTest
    void argumentsAreChecked() {
        assertThatThrownBy(() -> Proxy.http("", 1)).hasMessage("host must not be empty");
        assertThatThrownBy(() -> Proxy.http("h", 0)).hasMessage("port must be 1 to 65535, was 0");
        Proxy http = Proxy.http("h", 1);
        assertThatThrownBy(() -> http.credentials("a:b", "x")).hasMessageContaining("no colon");
        assertThatThrownBy(() -> http.credentials("a\r\nb", "x"))
                .hasMessage("user must have no control characters");
        assertThatThrownBy(() -> http.credentials("a", "secret\n"))
                .hasMessage("password must have no control characters");
        assertThatThrownBy(() -> http.credentials("", "x"))
                .hasMessage("user must have 1 to 255 bytes for HTTP, had 0");
        Proxy socks = Proxy.socks5("h", 1);
        assertThatThrownBy(() -> socks.credentials("ü".repeat(128), "x"))
                .hasMessage("user must have 1 to 255 bytes for SOCKS 5, had 256");
        assertThatThrownBy(() -> socks.credentials("a", ""))
                .hasMessage("password must have 1 to 255 bytes for SOCKS 5, had 0");
        assertThatThrownBy(() -> Proxy.socks4("h", 1).credentials("a", "x"))
                .hasMessage("password must have 0 to 0 bytes for SOCKS 4, had 1");
        assertThat(http.credentials("ada", "secret")).hasToString("Proxy[HTTP at h port 1]");
    }
}
