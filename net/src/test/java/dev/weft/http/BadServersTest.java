package dev.weft.http;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.http.BadServers.OPTIONS;
import static dev.weft.http.BadServers.answers;
import static dev.weft.http.BadServers.fails;
import static dev.weft.http.BadServers.get;
import static dev.weft.http.BadServers.use;
import static dev.weft.http.RudeServer.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.Async;
import dev.weft.Semaphore;
import dev.weft.Task;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.TimedOutException;
import dev.weft.testkit.AsyncTest;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;

/** Servers that break HTTP/1.1: each call ends in the right error, and nothing is left. */
class BadServersTest {
    private static final Duration SHORT = Duration.ofMillis(500);
    private static final String CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    /** Complete, in every way that a response may end by itself. */
    private static final List<String> WHOLE =
            List.of(
                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello",
                    CHUNKED + "3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nT: x\r\n\r\n");

    // ---- too early

    @AsyncTest
    void afterAFailureEachReadFailsTheSameWay() {
        use(
                OPTIONS,
                RudeServer.of(peer -> {
                    peer.request();
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
                }),
                (client, server) -> {
                    try (HttpResponse response = client.get(server.url())) {
                        assertThat(response.read()).hasSize(3);
                        Throwable first = catchThrowable(response::read);
                        assertThat(first).isInstanceOf(BrokenConnectionException.class);
                        assertThat(catchThrowable(response::read)).isSameAs(first);
                    }
                });
    }

    @AsyncTest
    void aConnectionThatEndsAtAnyByteIsBroken() {
        for (String whole : WHOLE) {
            use(
                    OPTIONS,
                    RudeServer.of(peer -> {
                        String head = peer.request();
                        peer.send(whole.substring(0, at(head)));
                    }),
                    (client, server) -> {
                        for (int at = 0; at < whole.length(); at++) {
                            String url = server.url("/" + at);
                            assertThatThrownBy(() -> get(client, url))
                                    .as("ends at " + at)
                                    .isInstanceOf(BrokenConnectionException.class)
                                    .hasMessageContaining("closed the connection before");
                        }
                        assertThat(get(client, server.url("/" + whole.length())))
                                .isEqualTo("hello");
                    });
        }
    }

    /** Which byte the request asks for. */
    private static int at(String head) {
        return Integer.parseInt(head.substring("GET /".length(), head.indexOf(" HTTP")));
    }

    @AsyncTest
    void aConnectionThatIsResetAtAnyByteIsBroken() {
        for (String whole : WHOLE) {
            use(
                    OPTIONS,
                    RudeServer.of(peer -> {
                        String head = peer.request();
                        peer.send(whole.substring(0, at(head)));
                        peer.reset();
                    }),
                    (client, server) -> {
                        for (int at = 0; at < whole.length(); at++) {
                            String url = server.url("/" + at);
                            assertThatThrownBy(() -> get(client, url))
                                    .as("reset at " + at)
                                    .isInstanceOf(BrokenConnectionException.class);
                        }
                    });
        }
    }

    @AsyncTest
    void aResetInTheMiddleOfALargeBodyIsSeenAfterWhatCame() {
        int sent = 1_000_000;
        use(
                OPTIONS,
                RudeServer.of(peer -> {
                    peer.request();
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n");
                    peer.send("x".repeat(sent));
                    peer.reset();
                }),
                (client, server) -> {
                    try (HttpResponse response = client.get(server.url())) {
                        assertThatThrownBy(response::bytes)
                                .isInstanceOf(BrokenConnectionException.class);
                    }
                });
    }

    @AsyncTest
    void aResetIsNoEndOfABodyWithoutALength() {
        for (String head : List.of("HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n")) {
            fails(
                    BrokenConnectionException.class,
                    peer -> {
                        peer.request();
                        peer.send(head + "hello");
                        peer.reset();
                    });
        }
    }

    @AsyncTest
    void aServerThatNeverAnswersTimesOut() {
        TimedOutException e =
                fails(
                        TimedOutException.class,
                        OPTIONS.responseTimeout(SHORT),
                        peer -> {
                            peer.request();
                            peer.stay();
                        });
        assertThat(e.limit()).isEqualTo(SHORT);
        assertThat(e).hasMessageContaining("responseTimeout");
    }

    // ---- slow

    @AsyncTest
    void aByteAtATimeIsEnoughAndNothingIsGivenTooEarly() {
        for (String whole : WHOLE) {
            Semaphore bytes = Semaphore.create(0);
            use(
                    OPTIONS,
                    RudeServer.of(peer -> {
                        peer.request();
                        for (char c : whole.toCharArray()) {
                            bytes.acquire();
                            peer.send(String.valueOf(c));
                        }
                        peer.stay();
                    }),
                    (client, server) -> {
                        Task<String> call = async(() -> get(client, server.url()));
                        for (int i = 1; i < whole.length(); i++) {
                            bytes.release();
                            Async.yieldNow();
                        }
                        assertThat(call.isDone()).isFalse();
                        bytes.release();
                        assertThat(await(call)).isEqualTo("hello");
                    });
        }
    }

    @AsyncTest
    void aDripThatNeverEndsIsEndedByTheWholeCallsLimit() {
        use(
                OPTIONS,
                RudeServer.of(peer -> {
                    peer.request();
                    peer.send(CHUNKED);
                    while (true) {
                        peer.send("1\r\nx\r\n");
                        Async.sleep(Duration.ofMillis(1)); // slow, as it is
                    }
                }),
                (client, server) -> {
                    HttpRequest request = HttpRequest.get(server.url()).timeout(SHORT);
                    try (HttpResponse response = client.send(request)) {
                        assertThatThrownBy(response::bytes)
                                .isInstanceOfSatisfying(
                                        TimedOutException.class,
                                        e -> assertThat(e.limit()).isEqualTo(SHORT));
                    }
                });
    }

    /** Netty reads over them, and counts only those that come at once. */
    @AsyncTest
    void emptyLinesForEverAreEndedByTheLimitOfTheFirstByte() {
        UncheckedIOException e =
                fails(
                        UncheckedIOException.class,
                        OPTIONS.responseTimeout(SHORT),
                        peer -> {
                            peer.request();
                            while (true) {
                                peer.stream.write("\r\n".repeat(100));
                                Async.yieldNow();
                            }
                        });
        assertThat(e).isInstanceOfAny(TimedOutException.class, HttpProtocolException.class);
    }

    @AsyncTest
    void aBodyThatStandsStillIsEndedByTheIdleLimit() {
        TimedOutException e =
                fails(
                        TimedOutException.class,
                        OPTIONS.readIdleTimeout(SHORT),
                        peer -> {
                            peer.request();
                            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell");
                            peer.stay();
                        });
        assertThat(e).hasMessageContaining("readIdleTimeout");
    }

    // ---- heads

    @AsyncTest
    void whatIsNoStatusLineIsNoHttp() {
        for (String line :
                List.of(
                        "",
                        " ",
                        "<html>no status</html>",
                        "220 mail.example.org ready",
                        "HTTP/1.1",
                        "HTTP/1.1 ",
                        "HTTP/1.1 OK",
                        "HTTP/1.1 20x OK",
                        "HTTP/1.1 2000 OK",
                        "HTTP/1.1 99 OK",
                        "HTTP/1.1 -200 OK",
                        "HTTP/1.1 99999999999 OK",
                        "HTTP/2.0 200 OK",
                        "HTTP/9.9 200 OK",
                        "HTTP/1.1x 200 OK",
                        "HTTPS/1.1 200 OK",
                        "RTSP/1.0 200 OK",
                        "\0\0\0\0",
                        "\u0016\u0003\u0001\0")) {
            HttpProtocolException e =
                    fails(
                            HttpProtocolException.class,
                            line + "\r\nContent-Length: 2\r\n\r\nno".repeat(2));
            assertThat(e).as(line).hasMessageContaining("localhost");
        }
    }

    @AsyncTest
    void anEndlessHeadEndsAtTheLimit() {
        for (String endless :
                List.of(
                        "HTTP/1.1 200 " + "O".repeat(100_000),
                        "HTTP/1.1 200 OK\r\nX: " + "y".repeat(100_000),
                        "HTTP/1.1 200 OK\r\n" + "y".repeat(100_000),
                        "HTTP/1.1 200 OK\r\n" + "X: y\r\n".repeat(20_000),
                        "HTTP/1.1 200 OK\r\nX: y" + "\r\n y".repeat(20_000),
                        CHUNKED + "5;" + "x".repeat(100_000),
                        CHUNKED + "0".repeat(100_000),
                        CHUNKED + "0\r\nX: " + "y".repeat(100_000),
                        CHUNKED + "0\r\n" + "X: y\r\n".repeat(20_000))) {
            HttpProtocolException e =
                    fails(
                            HttpProtocolException.class,
                            peer -> {
                                peer.request();
                                peer.send(endless);
                                peer.flood(endless.substring(endless.length() - 4));
                            });
            assertThat(e).as(endless.substring(0, 20)).hasMessageContaining("localhost");
        }
    }

    @AsyncTest
    void whatSmugglesIsRefused() {
        for (String field :
                List.of(
                        "Content-Le\0ngth: 5",
                        "X: a\0b",
                        "X: a\rb",
                        "X: a\nY: b",
                        ": empty",
                        "nocolon",
                        "no colon",
                        "Content-Length : 5",
                        "Content-Length\t: 5",
                        "(x): y",
                        "Transfer-Encoding: chunked\r\nContent-Length: 5",
                        "Content-Length: 5\r\nTransfer-Encoding: chunked",
                        "Transfer-Encoding: chunked, chunked",
                        "Transfer-Encoding: xchunked",
                        "Transfer-Encoding: chunked, identity",
                        "Transfer-Encoding: \u000bchunked")) {
            HttpProtocolException e =
                    fails(
                            HttpProtocolException.class,
                            "HTTP/1.1 200 OK\r\n" + field + "\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
            assertThat(e).as(field).hasMessageContaining("localhost");
        }
        fails(HttpProtocolException.class, "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello");
        fails(HttpProtocolException.class, CHUNKED.replace("1.1", "1.0") + "0\r\n\r\n");
    }

    @AsyncTest
    void whatIsOldButClearIsTaken() {
        String body = "\r\n\r\nhello";
        assertThat(answers("HTTP/1.1 200 OK\r\nX: a\r\n  b\r\nContent-Length: 5" + body))
                .isEqualTo("hello"); // obs-fold
        assertThat(answers("HTTP/1.1 200\r\nContent-Length: 5" + body)).isEqualTo("hello");
        assertThat(answers("HTTP/1.0 200 OK" + body)).isEqualTo("hello");
        assertThat(answers("HTTP/1.1 200 OK\r\nConnection: close" + body)).isEqualTo("hello");
        assertThat(answers("HTTP/1.1 200 \u00e9t\u00e9\r\nContent-Length:\t 5 " + body))
                .isEqualTo("hello");
        assertThat(answers("HTTP/1.1 299 x\r\nEmpty:\r\nContent-Length:5" + body))
                .isEqualTo("hello");
    }

    // ---- lengths

    @AsyncTest
    void aLengthThatIsNoNumberIsRefused() {
        for (String length :
                List.of(
                        "-1",
                        "+5",
                        "",
                        "x",
                        "5x",
                        "0x5",
                        "5 5",
                        "5.0",
                        "5,6",
                        "5, 5x",
                        "99999999999999999999",
                        "9223372036854775808",
                        "5\r\nContent-Length: 6",
                        "5\r\nX: y\r\ncontent-length: 4")) {
            HttpProtocolException e =
                    fails(
                            HttpProtocolException.class,
                            "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\nhello");
            assertThat(e).as(length).hasMessageContaining("localhost");
        }
    }

    @AsyncTest
    void aLengthThatIsTooLongEndsWithTheConnection() {
        BrokenConnectionException e =
                fails(
                        BrokenConnectionException.class,
                        peer -> {
                            peer.request();
                            peer.send(
                                    "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n"
                                            + "hello");
                        });
        assertThat(e).hasMessageContaining("before the response was complete");
    }

    /** What is no complete line, too, which would be the beginning of the next response's. */
    @AsyncTest
    void whatFollowsALengthThatIsTooShortIsNobodysResponse() {
        for (String junk : List.of(ok("poisoned"), "HTTP/1.1 200 OK\r\nX: ", "x", "\r\n")) {
            for (String end : List.of("", "0\r\n\r\n")) {
                String whole = end.isEmpty() ? ok("hello") : CHUNKED + "5\r\nhello\r\n" + end;
                use(
                        OPTIONS,
                        RudeServer.of(
                                peer -> {
                                    peer.request();
                                    peer.send(whole + junk);
                                    peer.stay();
                                },
                                peer -> {
                                    while (peer.request() != null) {
                                        peer.send(ok("right"));
                                    }
                                }),
                        (client, server) -> {
                            assertThat(get(client, server.url())).isEqualTo("hello");
                            assertThat(get(client, server.url())).as(junk).isEqualTo("right");
                            assertThat(server.connections()).isEqualTo(2);
                        });
            }
        }
    }

    // ---- chunks

    @AsyncTest
    void chunksThatAreWrongAreRefused() {
        for (String chunks :
                List.of(
                        "x\r\nhello\r\n0\r\n\r\n",
                        "-5\r\nhello\r\n0\r\n\r\n",
                        "+5\r\nhello\r\n0\r\n\r\n",
                        "0x5\r\nhello\r\n0\r\n\r\n",
                        "\r\nhello\r\n0\r\n\r\n",
                        ";x=y\r\nhello\r\n0\r\n\r\n",
                        "5 5\r\nhello\r\n0\r\n\r\n",
                        "5x\r\nhello\r\n0\r\n\r\n",
                        "ffffffffffffffff5\r\nhello\r\n0\r\n\r\n",
                        "80000000\r\nhello\r\n0\r\n\r\n",
                        "5\r\nhello0\r\n\r\n",
                        "5\r\nhelloXX0\r\n\r\n",
                        "5\r\nhello\n0\n\n",
                        "5\nhello\r\n0\r\n\r\n",
                        "5\r\nhello\r\n0\r\nno colon\r\n\r\n",
                        "5\r\nhello\r\n0\r\nX : y\r\n\r\n",
                        "5\r\nhello\r\n0\r\nX: a\0b\r\n\r\n")) {
            HttpProtocolException e = fails(HttpProtocolException.class, CHUNKED + chunks);
            assertThat(e).as(chunks).hasMessageContaining("localhost");
        }
    }

    @AsyncTest
    void oddChunksThatAreRightAreTaken() {
        for (String chunks :
                List.of(
                        "005\r\nhello\r\n000\r\n\r\n",
                        "5;a=b;c=\"d;e\"\r\nhello\r\n0;x\r\n\r\n",
                        "5 ;x\r\nhello\r\n0\r\n\r\n",
                        "1\r\nh\r\n4\r\nello\r\n0\r\nContent-Length: 9\r\n\r\n")) {
            assertThat(answers(CHUNKED + chunks)).as(chunks).isEqualTo("hello");
        }
    }
}
