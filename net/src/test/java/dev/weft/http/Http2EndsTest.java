package dev.weft.http;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.http.Http2ClientTest.H2C;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Task;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.TimedOutException;
import dev.weft.testkit.AsyncTest;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** How streams and connections of HTTP/2 end, and how many there may be. */
class Http2EndsTest {
    private static final Http2Server.Options DEFAULTS = Http2Server.Options.defaults();

    private static final HttpBody ENDLESS =
            HttpBody.stream(sink -> {
                while (true) {
                    sink.write(new byte[1_000]);
                }
            });

    private static Http2Settings streams(long most) {
        return Http2Settings.defaultSettings().maxConcurrentStreams(most);
    }

    private static List<Task<String>> calls(HttpClient http, Http2Server server, int count) {
        List<Task<String>> calls = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String path = "/" + i;
            calls.add(async(() -> http.get(server.url(path)).text()));
        }
        return calls;
    }

    // ---- refused

    @AsyncTest
    void whatTheServerRefusesIsSentAgain() {
        AtomicInteger seen = new AtomicInteger();
        try (Http2Server server =
                        Http2Server.of(r -> {
                            if (seen.incrementAndGet() % 2 == 1) {
                                r.reset(Http2Error.REFUSED_STREAM);
                            } else {
                                r.answer("right " + r.received);
                            }
                        });
                HttpClient http = HttpClient.open(H2C)) {
            HttpResponse response = http.post(server.url("/"), HttpBody.text("four"));
            assertThat(response.text()).isEqualTo("right 4");
            assertThat(response.attempts()).isEqualTo(2);
            HttpBody once = HttpBody.stream(sink -> sink.write("x"));
            assertThatThrownBy(() -> http.post(server.url("/"), once))
                    .isInstanceOf(BrokenConnectionException.class)
                    .hasMessageContaining("REFUSED_STREAM");
            assertThat(http.activeCalls()).isZero();
            assertThat(server.connections).hasValue(1);
        }
    }

    // ---- GOAWAY

    @AsyncTest
    void afterGoAwayTheProcessedGoOnAndTheOthersAreSentAgain() {
        List<Http2Server.Request> first = new CopyOnWriteArrayList<>();
        try (Http2Server server =
                        Http2Server.of(r -> {
                            if (first.size() == 10) {
                                r.answer("second");
                                return;
                            }
                            first.add(r);
                            if (first.size() == 10) {
                                r.goAway(first.get(4).stream.id(), Http2Error.NO_ERROR);
                                for (int i = 0; i < 5; i++) {
                                    first.get(i).answer("first");
                                }
                            }
                        });
                HttpClient http = HttpClient.open(H2C)) {
            List<String> texts = Async.gather(calls(http, server, 10));
            assertThat(texts.subList(0, 5)).containsOnly("first");
            assertThat(texts.subList(5, 10)).containsOnly("second");
            assertThat(server.connections).hasValue(2);
            assertThat(http.activeCalls()).isZero();
            // The first connection has closed with its last stream.
            server.await(() -> server.closed.get() == 1);
            assertThat(http.connections()).isEqualTo(1);
        }
    }

    @AsyncTest
    void goAwayOfAnIdleConnectionClosesIt() {
        List<Http2Server.Request> seen = new CopyOnWriteArrayList<>();
        try (Http2Server server =
                        Http2Server.of(r -> {
                            seen.add(r);
                            r.answer("right");
                        });
                HttpClient http = HttpClient.open(H2C)) {
            assertThat(http.get(server.url("/")).text()).isEqualTo("right");
            Http2Server.Request r = seen.getFirst();
            r.execute(() -> r.goAway(r.stream.id(), Http2Error.NO_ERROR));
            server.await(() -> server.closed.get() == 1);
            HttpResponse response = http.get(server.url("/"));
            assertThat(response.text()).isEqualTo("right");
            assertThat(response.attempts()).isEqualTo(1);
            assertThat(server.connections).hasValue(2);
        }
    }

    @AsyncTest
    void goAwayWithAnErrorIsNamed() {
        try (Http2Server server =
                        Http2Server.of(r -> {
                            if (r.path().equals("/processed")) {
                                r.goAway(r.stream.id(), Http2Error.INTERNAL_ERROR, "");
                                r.cut();
                            } else {
                                r.goAway(0, Http2Error.ENHANCE_YOUR_CALM, "slow\ndown");
                            }
                        });
                HttpClient http = HttpClient.open(H2C)) {
            HttpBody once = HttpBody.stream(sink -> sink.write("x"));
            assertThatThrownBy(() -> http.post(server.url("/"), once))
                    .isInstanceOf(BrokenConnectionException.class)
                    .hasMessageContaining("ENHANCE_YOUR_CALM (slow?down)");
            assertThatThrownBy(() -> http.get(server.url("/processed")))
                    .isInstanceOf(BrokenConnectionException.class)
                    .hasMessageContaining("before it answered, after GOAWAY: INTERNAL_ERROR");
        }
    }

    // ---- how many

    @AsyncTest
    void theLimitMayChangeAtAnyTime() {
        List<Http2Server.Request> held = new CopyOnWriteArrayList<>();
        AtomicInteger phase = new AtomicInteger();
        try (Http2Server server =
                        Http2Server.of(
                                DEFAULTS.settings(streams(10)),
                                r -> {
                                    if (phase.get() == 0) {
                                        held.add(r);
                                    } else {
                                        r.later(() -> r.answer(r.path()));
                                    }
                                });
                HttpClient http = HttpClient.open(H2C)) {
            List<Task<String>> all = calls(http, server, 50);
            server.await(() -> held.size() == 10);
            Http2Server.Request r = held.getFirst();
            phase.set(1);
            r.execute(() -> {
                r.settings(streams(2));
                r.answerAll(held, () -> server.mostActive.set(0));
            });
            assertThat(Async.gather(all)).hasSize(50);
            assertThat(server.mostActive.get()).isBetween(1, 2);
            server.mostActive.set(0);
            phase.set(0);
            held.clear();
            r.execute(() -> r.settings(streams(20)));
            List<Task<String>> more = calls(http, server, 30);
            server.await(() -> held.size() == 20);
            phase.set(1);
            r.execute(() -> r.answerAll(held, () -> {}));
            assertThat(Async.gather(more)).hasSize(30);
            assertThat(server.mostActive.get()).isEqualTo(20);
            assertThat(server.connections).hasValue(1);
        }
    }

    @AsyncTest
    void noStreamsAtAllIsAllowed() {
        List<Http2Server.Request> seen = new CopyOnWriteArrayList<>();
        try (Http2Server server =
                        Http2Server.of(r -> {
                            seen.add(r);
                            r.settings(streams(0));
                            r.answer("right");
                        });
                HttpClient http = HttpClient.open(H2C.poolTimeout(Duration.ofMillis(200)))) {
            assertThat(http.get(server.url("/")).text()).isEqualTo("right");
            assertThatThrownBy(() -> http.get(server.url("/")))
                    .isInstanceOf(TimedOutException.class)
                    .hasMessageContaining("poolTimeout");
            Http2Server.Request r = seen.getFirst();
            r.execute(() -> r.settings(streams(1)));
            server.await(() -> server.acknowledged.get() == 3);
            assertThat(http.get(server.url("/")).text()).isEqualTo("right");
            assertThat(server.connections).hasValue(1);
        }
    }

    // ---- cancelled

    @AsyncTest
    void aCallThatIsCancelledEndsAlone() {
        try (Http2Server server =
                        Http2Server.of(
                                DEFAULTS.whenHeadHasCome(),
                                r -> {
                                    switch (r.path()) {
                                        case "/right" -> r.answer("right");
                                        case "/body" -> {
                                            r.head(200, false);
                                            r.data(new byte[1_000_000], false);
                                        }
                                        default -> {}
                                    }
                                });
                HttpClient http = HttpClient.open(H2C)) {
            assertThat(http.get(server.url("/right")).text()).isEqualTo("right");
            // before it was sent
            Task<HttpResponse> early = async(() -> http.get(server.url("/silent")));
            early.cancel();
            assertThatThrownBy(() -> await(early)).isNotNull();
            // before a response
            Task<HttpResponse> silent = async(() -> http.get(server.url("/silent")));
            server.await(() -> server.requests.get() == 2);
            silent.cancel();
            server.await(() -> server.resets.get() == 1);
            // while the body is sent
            Task<HttpResponse> sending = async(() -> http.post(server.url("/silent"), ENDLESS));
            server.await(() -> server.received.get() > 100_000);
            sending.cancel();
            server.await(() -> server.resets.get() == 2);
            // while the body comes
            HttpResponse response = http.get(server.url("/body"));
            assertThat(response.read()).isNotEmpty();
            response.close();
            server.await(() -> server.resets.get() == 3);
            // and while it is awaited
            HttpResponse more = http.get(server.url("/body"));
            Task<byte[]> reading = async(() -> more.bytes());
            server.await(() -> server.sent.get() >= 2_000_000);
            reading.cancel();
            assertThatThrownBy(() -> await(reading)).isNotNull();
            more.close();
            server.await(() -> server.resets.get() == 4);
            assertThat(http.get(server.url("/right")).text()).isEqualTo("right");
            assertThat(server.codes).containsOnly(Http2Error.CANCEL.code());
            assertThat(server.connections).hasValue(1);
            assertThat(http.activeCalls()).isZero();
        }
    }

    @AsyncTest
    void manyCancelledCallsLeaveTheirPlacesToOthers() {
        try (Http2Server server =
                        Http2Server.of(
                                DEFAULTS.settings(streams(5)),
                                r -> {
                                    if (r.path().equals("/right")) {
                                        r.answer("right");
                                    }
                                });
                HttpClient http = HttpClient.open(H2C)) {
            // Its limit is known then: Netty takes it for an error if a stream that it has refused
            // is reset by the client, whose reset was under way.
            assertThat(http.get(server.url("/right")).text()).isEqualTo("right");
            for (int i = 0; i < 50; i++) {
                int before = server.requests.get();
                List<Task<String>> all = calls(http, server, 7);
                server.await(() -> server.requests.get() == before + 5);
                all.forEach(Task::cancel);
                assertThat(http.get(server.url("/right")).text()).isEqualTo("right");
            }
            assertThat(server.connections).hasValue(1);
            assertThat(server.mostActive.get()).isLessThanOrEqualTo(5);
            assertThat(http.activeCalls()).isZero();
        }
    }

    // ---- broken

    @AsyncTest
    void aResetInTheBodyIsAnErrorOfThatCall() {
        try (Http2Server server =
                        Http2Server.of(r -> {
                            r.head(200, false);
                            if (r.path().equals("/bad")) {
                                r.data("begun".getBytes(UTF_8), false);
                                r.reset(Http2Error.INTERNAL_ERROR);
                            } else {
                                r.data("right".getBytes(UTF_8), true);
                            }
                        });
                HttpClient http = HttpClient.open(H2C)) {
            HttpResponse response = http.get(server.url("/bad"));
            assertThat(new String(response.read(), UTF_8)).isEqualTo("begun");
            assertThatThrownBy(response::read)
                    .isInstanceOf(BrokenConnectionException.class)
                    .hasMessageContaining("INTERNAL_ERROR");
            assertThat(http.get(server.url("/")).text()).isEqualTo("right");
            assertThat(server.connections).hasValue(1);
        }
    }

    @AsyncTest
    void aLostConnectionFailsAllItsCalls() {
        AtomicInteger seen = new AtomicInteger();
        try (Http2Server server =
                        Http2Server.of(r -> {
                            if (r.path().equals("/right")) {
                                r.answer("right");
                            } else if (seen.incrementAndGet() == 50) {
                                r.cut();
                            }
                        });
                HttpClient http = HttpClient.open(H2C)) {
            for (Task<String> call : calls(http, server, 50)) {
                assertThatThrownBy(() -> await(call))
                        .isInstanceOf(BrokenConnectionException.class)
                        .hasMessageContaining("before it answered");
            }
            assertThat(http.activeCalls()).isZero();
            assertThat(http.get(server.url("/right")).text()).isEqualTo("right");
            assertThat(server.connections).hasValue(2);
        }
    }

    @AsyncTest
    void callsOnAUsedConnectionThatIsLostAreMadeAgainTogether() {
        AtomicInteger seen = new AtomicInteger();
        try (Http2Server server =
                        Http2Server.of(r -> {
                            if (r.path().equals("/first") || seen.get() >= 50) {
                                r.answer("right");
                            } else if (seen.incrementAndGet() == 50) {
                                r.cut();
                            }
                        });
                HttpClient http = HttpClient.open(H2C)) {
            assertThat(http.get(server.url("/first")).text()).isEqualTo("right");
            assertThat(Async.gather(calls(http, server, 50))).containsOnly("right");
            assertThat(server.connections).hasValue(2);
            assertThat(http.activeCalls()).isZero();
        }
    }

    @AsyncTest
    void headersBeyondTheLimitAreRefused() {
        try (Http2Server server =
                        Http2Server.of(r -> {
                            if (r.path().equals("/bad")) {
                                r.head(200, true, "x-large", "y".repeat(9_000));
                            } else {
                                r.answer("right");
                            }
                        });
                HttpClient http = HttpClient.open(H2C.maxHeaderBytes(8_192))) {
            assertThatThrownBy(() -> http.get(server.url("/bad")))
                    .isInstanceOf(HttpProtocolException.class)
                    .hasMessageContaining("maxHeaderBytes of 8192");
            assertThat(http.get(server.url("/")).text()).isEqualTo("right");
            assertThat(server.connections).hasValue(1);
        }
    }

    @AsyncTest
    void aRequestWhoseHeadersTheServerDoesNotTakeFails() {
        try (Http2Server server =
                        Http2Server.of(
                                DEFAULTS.settings(streams(100).maxHeaderListSize(1_000)),
                                r -> r.answer("right"));
                HttpClient http = HttpClient.open(H2C)) {
            assertThat(http.get(server.url("/")).text()).isEqualTo("right");
            HttpRequest large = HttpRequest.get(server.url("/")).header("X", "y".repeat(1_000));
            assertThatThrownBy(() -> http.send(large)).hasMessageContaining("headers");
            assertThat(http.activeCalls()).isZero();
            assertThat(http.get(server.url("/")).text()).isEqualTo("right");
        }
    }

    @AsyncTest
    void lengthsThatDoNotMatchAreRefused() {
        try (Http2Server server =
                        Http2Server.of(r -> {
                            switch (r.path()) {
                                case "/short" -> {
                                    r.head(200, false, "content-length", "5");
                                    r.data(new byte[4], true);
                                }
                                case "/none" -> r.head(200, true, "content-length", "5");
                                case "/head" -> {
                                    r.head(200, false);
                                    r.data(new byte[1], true);
                                }
                                default -> r.answer("right");
                            }
                        });
                HttpClient http = HttpClient.open(H2C)) {
            assertThatThrownBy(() -> http.get(server.url("/short")).bytes())
                    .isInstanceOf(HttpProtocolException.class);
            assertThatThrownBy(() -> http.get(server.url("/none")).bytes())
                    .isInstanceOf(HttpProtocolException.class);
            assertThatThrownBy(() -> http.head(server.url("/head")).bytes())
                    .isInstanceOf(HttpProtocolException.class);
            assertThat(http.get(server.url("/")).text()).isEqualTo("right");
            assertThat(server.connections).hasValue(1);
        }
    }

    // ---- silence

    @AsyncTest
    void aSilentConnectionIsGivenUp() {
        List<Http2Server.Request> seen = new CopyOnWriteArrayList<>();
        try (Http2Server server =
                        Http2Server.of(r -> {
                            seen.add(r);
                            if (server(r).connections.get() == 1) {
                                r.deaf();
                            } else {
                                r.answer("right");
                            }
                        });
                HttpClient http = HttpClient.open(H2C)) {
            Task<String> waiting = async(() -> http.get(server.url("/long")).text());
            HttpRequest hasty = HttpRequest.get(server.url("/")).timeout(Duration.ofMillis(1_100));
            while (!waiting.isDone()) { // the server is asked once nothing has come for a second
                try {
                    http.send(hasty).close();
                } catch (TimedOutException | BrokenConnectionException e) {
                    assertThat(seen).isNotEmpty();
                }
            }
            assertThatThrownBy(() -> await(waiting))
                    .isInstanceOf(BrokenConnectionException.class)
                    .hasMessageContaining("PING");
            assertThat(http.get(server.url("/")).text()).isEqualTo("right");
            assertThat(server.connections).hasValue(2);
        }
    }

    private static Http2Server server(Http2Server.Request r) {
        return r.server();
    }
}
