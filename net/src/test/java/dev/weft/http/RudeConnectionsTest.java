package dev.weft.http;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.http.BadServers.OPTIONS;
import static dev.weft.http.BadServers.answers;
import static dev.weft.http.BadServers.awaitTrue;
import static dev.weft.http.BadServers.fails;
import static dev.weft.http.BadServers.get;
import static dev.weft.http.BadServers.use;
import static dev.weft.http.RudeServer.ok;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Semaphore;
import dev.weft.Task;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.ByteStream;
import dev.weft.net.LimitExceededException;
import dev.weft.net.Server;
import dev.weft.net.StreamClosedException;
import dev.weft.net.Tcp;
import dev.weft.net.TimedOutException;
import dev.weft.net.TlsException;
import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Servers that misuse a connection, or what stands in a response that is well-formed. */
class RudeConnectionsTest {
    /** A script that goes on to answer. */
    private static final RudeServer.Script RIGHT =
            peer -> {
                while (peer.request() != null) {
                    peer.send(ok("right"));
                }
            };

    // ---- what nobody asked for

    @AsyncTest
    void whatComesOnAnIdleConnectionAnswersNoLaterRequest() {
        for (String junk : List.of(ok("poisoned"), "HTTP/1.1 200 OK\r\nX: ", "\r", "x")) {
            Semaphore idle = Semaphore.create(0);
            use(
                    OPTIONS,
                    RudeServer.of(
                            peer -> {
                                peer.request();
                                peer.send(ok("hello"));
                                idle.acquire();
                                peer.send(junk);
                                peer.stay();
                            },
                            RIGHT),
                    (client, server) -> {
                        assertThat(get(client, server.url())).isEqualTo("hello");
                        assertThat(client.connections()).isEqualTo(2);
                        idle.release();
                        awaitTrue("closed", () -> client.connections() == 1);
                        assertThat(get(client, server.url())).as(junk).isEqualTo("right");
                    });
        }
    }

    @AsyncTest
    void aConnectionClosedRightAfterItsResponseCarriesNoRequestThatCannotBeRepeated()
            throws Exception {
        for (boolean stream : List.of(false, true)) {
            try (HasteServer server = new HasteServer();
                    HttpClient client = HttpClient.open(OPTIONS)) {
                assertThat(get(client, server.url())).isEqualTo("right");
                while (!server.hasClosed) {
                    Thread.onSpinWait(); // the task does not suspend: the loop cannot see it
                }
                HttpBody body =
                        stream
                                ? HttpBody.stream(5, sink -> sink.write("12345".getBytes(UTF_8)))
                                : HttpBody.text("12345");
                try (HttpResponse response = client.post(server.url(), body)) {
                    assertThat(response.text()).isEqualTo("right");
                    assertThat(response.attempts()).isEqualTo(1);
                }
                assertThat(client.connections()).isLessThanOrEqualTo(1);
            }
        }
    }

    @AsyncTest
    void aResponseBeforeTheRequestIsNoneOrThisOne() {
        // It can come when the request is under way: nobody can tell, but nothing may hang.
        use(
                OPTIONS,
                RudeServer.of(
                        peer -> {
                            peer.send(ok("eager"));
                            peer.stay();
                        },
                        RIGHT),
                (client, server) -> {
                    String body;
                    try {
                        body = get(client, server.url());
                    } catch (HttpProtocolException | BrokenConnectionException e) {
                        body = "eager";
                    }
                    assertThat(body).isIn("eager", "right");
                });
    }

    @AsyncTest
    void bodiesWhereThereIsNoneAreJunk() {
        for (String head :
                List.of(
                        "HTTP/1.1 204 No Content\r\n\r\n",
                        "HTTP/1.1 204 No Content\r\nContent-Length: 8\r\n\r\n",
                        "HTTP/1.1 304 Not Modified\r\nContent-Length: 8\r\n\r\n",
                        "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n")) {
            use(
                    OPTIONS,
                    RudeServer.of(
                            peer -> {
                                peer.request();
                                peer.send(head + "poisoned");
                                peer.stay();
                            },
                            RIGHT),
                    (client, server) -> {
                        assertThat(get(client, server.url())).as(head).isEmpty();
                        assertThat(get(client, server.url())).as(head).isEqualTo("right");
                        assertThat(server.connections()).isEqualTo(2);
                    });
        }
    }

    @AsyncTest
    void theBodyOfAnAnswerToHeadIsJunk() {
        for (String head : List.of(ok("poisoned"), "HTTP/1.1 200 OK\r\n\r\npoisoned")) {
            use(
                    OPTIONS,
                    RudeServer.of(
                            peer -> {
                                peer.request();
                                peer.send(head);
                                peer.stay();
                            },
                            RIGHT),
                    (client, server) -> {
                        try (HttpResponse response = client.head(server.url())) {
                            assertThat(response.bytes()).isEmpty();
                        }
                        assertThat(get(client, server.url())).isEqualTo("right");
                        assertThat(server.connections()).isEqualTo(2);
                    });
        }
    }

    @AsyncTest
    void aFloodOf1xxIsRefused() {
        for (String part :
                List.of(
                        "HTTP/1.1 100 Continue\r\n\r\n",
                        "HTTP/1.1 102 Processing\r\n\r\n",
                        "HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n")) {
            HttpProtocolException e =
                    fails(
                            HttpProtocolException.class,
                            peer -> {
                                peer.request();
                                peer.flood(part);
                            });
            assertThat(e).hasMessageContaining("1xx");
        }
        assertThat(answers("HTTP/1.1 103 Hints\r\nX: y\r\n\r\n".repeat(3) + ok("hello")))
                .isEqualTo("hello");
    }

    @AsyncTest
    void switchingProtocolsUnaskedIsRefused() {
        HttpProtocolException e =
                fails(
                        HttpProtocolException.class,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n"
                                + "Connection: upgrade\r\n\r\nhello");
        assertThat(e).hasMessageContaining("101");
    }

    // ---- uploads

    @AsyncTest
    void aServerThatReadsNoBodyTimesOut() {
        use(
                OPTIONS,
                RudeServer.of(peer -> {
                    peer.stream.readUntil("\r\n\r\n");
                    Async.sleep(Duration.ofHours(1));
                }),
                (client, server) -> {
                    HttpRequest request =
                            HttpRequest.post(server.url(), HttpBody.of(new byte[64 << 20]))
                                    .timeout(Duration.ofMillis(300));
                    assertThatThrownBy(() -> client.send(request))
                            .isInstanceOf(TimedOutException.class);
                });
    }

    @AsyncTest
    void aConnectionOnWhichARequestIsStillBeingSentIsNotUsedAgain() {
        use(
                OPTIONS,
                RudeServer.of(
                        peer -> {
                            peer.stream.readUntil("\r\n\r\n");
                            peer.send(ok("early"));
                            Async.sleep(Duration.ofHours(1)); // and does not read on
                        },
                        RIGHT),
                (client, server) -> {
                    HttpBody body = HttpBody.of(new byte[64 << 20]);
                    try (HttpResponse response = client.post(server.url(), body)) {
                        assertThat(response.text()).isEqualTo("early");
                    }
                    assertThat(get(client, server.url())).isEqualTo("right");
                });
    }

    @AsyncTest
    void anAnswerBeforeTheWholeBodyWasSentIsSeen() {
        use(
                OPTIONS,
                RudeServer.of(
                        peer -> {
                            peer.stream.readUntil("\r\n\r\n");
                            peer.send(
                                    "HTTP/1.1 413 Too Large\r\nConnection: close\r\n"
                                            + "Content-Length: 2\r\n\r\nno");
                            peer.stay();
                        },
                        RIGHT),
                (client, server) -> {
                    try (HttpResponse response =
                            client.post(server.url(), HttpBody.of(new byte[64 << 20]))) {
                        assertThat(response.status()).isEqualTo(413);
                        assertThat(response.text()).isEqualTo("no");
                    }
                    assertThat(get(client, server.url())).isEqualTo("right");
                });
    }

    // ---- redirects, cookies

    @AsyncTest
    void redirectsThatGoRoundEnd() {
        for (String location : List.of("/", "?x", "x/../x/y", "./", "")) {
            use(
                    OPTIONS,
                    RudeServer.of(peer -> {
                        while (peer.request() != null) {
                            peer.send(
                                    "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
                                            + location
                                            + "\r\n\r\n");
                        }
                    }),
                    (client, server) -> {
                        assertThatThrownBy(() -> client.get(server.url()))
                                .isInstanceOf(TooManyRedirectsException.class);
                        assertThat(server.requests).hasSize(OPTIONS.maxRedirects() + 1);
                    });
        }
    }

    @AsyncTest
    void redirectsToNowhereFailClearly() {
        for (String location :
                List.of(
                        "http://",
                        "http://[",
                        "http://a b/",
                        "ftp://localhost/",
                        "file:///etc/passwd",
                        "javascript:alert(1)",
                        "http://localhost:99999/",
                        "http://x" + "y".repeat(10_000) + "/")) {
            use(
                    OPTIONS,
                    RudeServer.of(peer -> {
                        peer.request();
                        peer.send(
                                "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
                                        + location
                                        + "\r\n\r\n");
                        peer.stay();
                    }),
                    (client, server) ->
                            assertThatThrownBy(() -> client.get(server.url()))
                                    .as(location)
                                    .isInstanceOf(UncheckedIOException.class));
        }
    }

    @AsyncTest
    void aRedirectWithAnEndlessBodyIsFollowed() {
        use(
                OPTIONS,
                RudeServer.of(
                        peer -> {
                            peer.request();
                            peer.send("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n");
                            peer.flood("x");
                        },
                        RIGHT),
                (client, server) -> assertThat(get(client, server.url())).isEqualTo("right"));
    }

    @AsyncTest
    void cookieBombsAreBounded() {
        Cookies cookies = Cookies.inMemory();
        use(
                OPTIONS.cookies(cookies),
                RudeServer.of(peer -> {
                    for (int i = 0; peer.request() != null; i++) {
                        StringBuilder head = new StringBuilder("HTTP/1.1 200 OK\r\n");
                        for (int j = 0; j < 100; j++) {
                            head.append("Set-Cookie: c" + i + "x" + j + "=")
                                    .append("y".repeat(100))
                                    .append("\r\n");
                        }
                        peer.send(head + "Content-Length: 5\r\n\r\nhello");
                    }
                }),
                (client, server) -> {
                    for (int i = 0; i < 60; i++) {
                        assertThat(get(client, server.url())).isEqualTo("hello");
                    }
                    assertThat(cookies.all().size()).isLessThanOrEqualTo(3_000);
                    String last = server.requests.getLast();
                    System.out.printf(
                            "6,000 cookies sent, %d kept, a request of %d bytes%n",
                            cookies.all().size(), last.length());
                    assertThat(last.length()).isLessThan(16 << 10);
                });
    }

    // ---- codings

    @AsyncTest(seconds = 60)
    void bombsInEachCodingEndAtTheLimit() {
        for (Codec codec : Codec.values()) {
            byte[] bomb = codec.bomb(64);
            use(
                    OPTIONS,
                    RudeServer.of(peer -> {
                        peer.request();
                        peer.send(
                                "HTTP/1.1 200 OK\r\nContent-Encoding: "
                                        + codec.coding
                                        + "\r\nContent-Length: "
                                        + bomb.length
                                        + "\r\n\r\n");
                        peer.send(bomb);
                    }),
                    (client, server) -> {
                        try (HttpResponse response = client.get(server.url())) {
                            long[] bytes = new long[1];
                            assertThatThrownBy(
                                            () -> {
                                                for (byte[] part;
                                                        (part = response.read()) != null; ) {
                                                    bytes[0] += part.length;
                                                }
                                            })
                                    .as("" + codec)
                                    .isInstanceOf(LimitExceededException.class)
                                    .hasMessageContaining("maxInflatedBytes");
                            assertThat(bytes[0]).isBetween(15L << 20, 16L << 20);
                        }
                    });
        }
    }

    @AsyncTest
    void encodedBodiesThatAreCorruptOrCutAreRefused() {
        byte[] plain = "hello hello hello hello".getBytes(StandardCharsets.UTF_8);
        for (Codec codec : Codec.values()) {
            byte[] right = codec.encode(plain);
            byte[] cut = Arrays.copyOf(right, right.length - 1);
            byte[] more = Arrays.copyOf(right, right.length + 1);
            for (byte[] wrong : List.of(cut, more)) {
                HttpProtocolException e =
                        fails(
                                HttpProtocolException.class,
                                peer -> {
                                    peer.request();
                                    peer.send(
                                            "HTTP/1.1 200 OK\r\nContent-Encoding: "
                                                    + codec.coding
                                                    + "\r\nContent-Length: "
                                                    + wrong.length
                                                    + "\r\n\r\n");
                                    peer.send(wrong);
                                    peer.stay();
                                });
                assertThat(e).hasMessageContaining("cannot decode the body");
            }
        }
    }

    /** What was fed to it, and of two codings what lies between them. */
    @AsyncTest(unhandled = true)
    void aForgottenResponseFreesItsDecoder() {
        byte[] body = Codec.BROTLI.encode(Codec.GZIP.bomb(4));
        use(
                OPTIONS,
                RudeServer.of(peer -> {
                    peer.request();
                    peer.send(
                            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, br\r\nContent-Length: "
                                    + (body.length + 1)
                                    + "\r\n\r\n");
                    peer.send(body);
                    peer.stay();
                }),
                (client, server) -> {
                    readsOnce(client, server.url());
                    awaitTrue(
                            "collected",
                            () -> {
                                System.gc();
                                return client.activeCalls() == 0;
                            });
                });
    }

    private static void readsOnce(HttpClient client, String url) {
        HttpResponse response = client.get(url);
        assertThat(response.read()).isNotEmpty();
    }

    // ---- TLS

    @AsyncTest(seconds = 60)
    void aTlsConnectionThatIsCutAtAnyByteIsBroken() {
        String close = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello";
        use(
                OPTIONS,
                RudeServer.tls(peer -> {
                    peer.request();
                    peer.send(close);
                }),
                (client, server) -> {
                    int all = cut(client, server, Integer.MAX_VALUE);
                    int cuts = 0;
                    for (int at = all - 120; at < all; at++) {
                        if (cut(client, server, at) == at) {
                            cuts++;
                        }
                    }
                    assertThat(cuts).isGreaterThan(100);
                });
    }

    /**
     * Gets what a server has, of whose bytes only so many come.
     *
     * @return how many came; if it is not all, the call must have failed
     */
    private static int cut(HttpClient client, RudeServer from, int bytes) {
        int[] came = new int[1];
        boolean[] isCut = new boolean[1];
        try (Server cutter = cutter(from.port(), bytes, came, isCut)) {
            String body = get(client, "https://localhost:" + cutter.port() + "/");
            assertThat(body).isEqualTo("hello");
            assertThat(isCut[0]).as("taken for whole, cut at " + bytes).isFalse();
        } catch (BrokenConnectionException | TlsException e) {
            assertThat(isCut[0]).as("whole, but " + e).isTrue();
        }
        return came[0];
    }

    /** Hands on so many bytes of a server's, then ends. */
    private static Server cutter(int port, int bytes, int[] came, boolean[] isCut) {
        return Tcp.listen(
                "localhost",
                0,
                here -> {
                    try (ByteStream there = Tcp.connect("localhost", port)) {
                        Task<@Nullable Void> asking = async(() -> handOn(here, there));
                        byte[] part;
                        while (came[0] < bytes && (part = there.read(bytes - came[0])) != null) {
                            here.write(part);
                            came[0] += part.length;
                        }
                        isCut[0] = there.read() != null;
                        here.shutdownOutput();
                        await(asking);
                    } catch (BrokenConnectionException | StreamClosedException e) {
                        here.abort();
                    }
                });
    }

    private static void handOn(ByteStream from, ByteStream to) {
        try {
            for (byte[] part; (part = from.read()) != null; ) {
                to.write(part);
            }
        } catch (BrokenConnectionException | StreamClosedException e) {
            // Nobody wants it.
        }
    }

    /**
     * Closes each connection with its first answer, and does not say so; on a thread of its own.
     */
    private static final class HasteServer implements AutoCloseable {
        private final ServerSocket socket;
        private final Thread thread;

        /** Whether the first connection has been closed. */
        volatile boolean hasClosed;

        HasteServer() throws IOException {
            socket = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
            thread = Thread.ofPlatform().start(this::serve);
        }

        String url() {
            return "http://127.0.0.1:" + socket.getLocalPort() + "/";
        }

        private void serve() {
            while (true) {
                try (Socket connection = socket.accept()) {
                    readRequest(connection.getInputStream());
                    connection.getOutputStream().write(RudeServer.latin1(ok("right")));
                } catch (SocketException e) {
                    return; // closed
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                hasClosed = true;
            }
        }

        /** Of one that has a body, that is 12345. */
        private static void readRequest(InputStream in) throws IOException {
            StringBuilder text = new StringBuilder();
            while (!text.toString().endsWith("\r\n\r\n")) {
                text.append((char) in.read());
            }
            if (text.toString().startsWith("POST")) {
                in.readNBytes(5);
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
            while (thread.isAlive()) {
                Thread.onSpinWait(); // accept() fails at once
            }
        }
    }
}
