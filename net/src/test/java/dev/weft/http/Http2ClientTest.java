package dev.weft.http;

import static dev.weft.Async.async;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Task;
import dev.weft.net.Certs;
import dev.weft.net.ClientTls;
import dev.weft.net.ServerTls;
import dev.weft.net.TcpOptions;
import dev.weft.net.TlsException;
import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Calls of HTTP/2 as a user makes them. */
class Http2ClientTest {
    static final HttpOptions H2C = HttpOptions.defaults().versions(HttpVersion.HTTP_2);
    static final HttpOptions TLS =
            HttpOptions.defaults().tls(ClientTls.defaults().trust(Certs.TRUST));

    @AsyncTest
    void aGetReturnsTheTextByPriorKnowledge() {
        try (Http2Server server = Http2Server.of(r -> r.answer("Hello " + r.path()));
                HttpClient http = HttpClient.open(H2C)) {
            HttpResponse response = http.get(server.url("/greeting"));
            assertThat(response.version()).isEqualTo(HttpVersion.HTTP_2);
            assertThat(response.text()).isEqualTo("Hello /greeting");
            assertThat(http.activeCalls()).isZero();
        }
    }

    @AsyncTest
    void aGetReturnsTheTextOverTls() {
        try (Http2Server server =
                        Http2Server.of(
                                Http2Server.Options.defaults().tls(),
                                r -> r.answer("Hello " + r.path()));
                HttpClient http = HttpClient.open(TLS)) {
            HttpResponse response = http.get(server.url("/greeting"));
            assertThat(response.version()).isEqualTo(HttpVersion.HTTP_2);
            assertThat(response.text()).isEqualTo("Hello /greeting");
            assertThat(http.activeCalls()).isZero();
        }
    }

    @AsyncTest
    void aThousandCallsShareAConnectionAndNeverExceedTheLimit() {
        try (Http2Server server = Http2Server.of(r -> r.later(() -> r.answer(r.path())));
                HttpClient http = HttpClient.open(H2C)) {
            List<Task<String>> calls = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                String path = "/" + i;
                calls.add(
                        async(() -> {
                            HttpResponse response = http.get(server.url(path));
                            assertThat(response.attempts()).isEqualTo(1);
                            return response.text();
                        }));
            }
            List<String> texts = Async.gather(calls);
            for (int i = 0; i < 1_000; i++) {
                assertThat(texts.get(i)).isEqualTo("/" + i);
            }
            assertThat(server.connections).hasValue(1);
            assertThat(server.mostActive.get()).isBetween(2, 100);
            assertThat(http.activeCalls()).isZero();
        }
    }

    @AsyncTest
    void theHeadIsAsHttp2HasIt() {
        try (Http2Server server =
                        Http2Server.of(r ->
                                r.answer(
                                        String.join(
                                                "|",
                                                r.headers.method(),
                                                r.headers.scheme(),
                                                r.headers.authority(),
                                                r.headers.path(),
                                                r.header("x-upper"),
                                                r.header("host"),
                                                r.header("connection"),
                                                r.header("keep-alive"),
                                                r.header("upgrade"),
                                                r.header("te"),
                                                r.header("content-length"),
                                                r.header("cookie"))));
                HttpClient http = HttpClient.open(H2C)) {
            HttpRequest request =
                    HttpRequest.post(server.url("/a?b=c"), HttpBody.text("four"))
                            .header("X-Upper", "Case")
                            .header("Host", "example.org")
                            .header("Connection", "close")
                            .header("Keep-Alive", "timeout=5")
                            .header("Upgrade", "h3")
                            .header("TE", "trailers")
                            .header("Cookie", "a=b; c=d");
            assertThat(http.send(request).text())
                    .isEqualTo(
                            "POST|http|example.org|/a?b=c|Case|null|null|null|null|trailers|4|"
                                    + "a=b; c=d");
            assertThat(http.send(request.header("TE", "gzip")).text()).contains("|null|4|");
        }
    }

    @AsyncTest
    void trailersComeAfterTheBody() {
        try (Http2Server server =
                        Http2Server.of(r -> {
                            r.head(200, false, "content-length", "4");
                            r.data("body".getBytes(UTF_8), false);
                            r.trailers("x-sum", "42");
                        });
                HttpClient http = HttpClient.open(H2C)) {
            HttpResponse response = http.get(server.url("/"));
            assertThat(response.text()).isEqualTo("body");
            assertThat(response.trailers().first("X-Sum")).isEqualTo("42");
        }
    }

    @AsyncTest
    void aHeadHasALengthAndNoBody() {
        try (Http2Server server = Http2Server.of(r -> r.head(200, true, "content-length", "7"));
                HttpClient http = HttpClient.open(H2C)) {
            HttpResponse response = http.head(server.url("/"));
            assertThat(response.headers().first("content-length")).isEqualTo("7");
            assertThat(response.text()).isEmpty();
        }
    }

    @AsyncTest
    void aBodyIsSentWhenTheServerSaysSo() {
        AtomicInteger before = new AtomicInteger(-1);
        try (Http2Server server =
                        Http2Server.of(
                                Http2Server.Options.defaults().whenHeadHasCome(),
                                r -> {
                                    before.set(r.received.get());
                                    r.head(100, false);
                                    r.whenComplete(() -> r.answer("got " + r.received));
                                });
                HttpClient http = HttpClient.open(H2C.continueTimeout(Duration.ofSeconds(20)))) {
            HttpRequest request =
                    HttpRequest.post(server.url("/"), HttpBody.text("hello")).expectContinue(true);
            assertThat(http.send(request).text()).isEqualTo("got 5");
            assertThat(before).hasValue(0);
        }
    }

    @AsyncTest
    void anEarlyResponseEndsTheRequest() {
        try (Http2Server server =
                        Http2Server.of(
                                Http2Server.Options.defaults().whenHeadHasCome().withoutWindows(),
                                r -> {
                                    if (r.path().equals("/large")) {
                                        r.head(413, false);
                                        r.data("too large".getBytes(UTF_8), true);
                                    } else {
                                        r.answer("right");
                                    }
                                });
                HttpClient http = HttpClient.open(H2C)) {
            HttpBody endless =
                    HttpBody.stream(sink -> {
                        while (true) {
                            sink.write(new byte[10_000]);
                        }
                    });
            HttpResponse response = http.post(server.url("/large"), endless);
            assertThat(response.status()).isEqualTo(413);
            assertThat(response.text()).isEqualTo("too large");
            server.await(() -> server.resets.get() == 1);
            assertThat(http.get(server.url("/")).text()).isEqualTo("right");
            assertThat(server.connections).hasValue(1);
            assertThat(http.activeCalls()).isZero();
        }
    }

    @AsyncTest
    void http1IsSpokenWhereTheServerWantsIt() {
        try (TestServer server =
                        TestServer.of(
                                TcpOptions.defaults()
                                        .tls(
                                                ServerTls.of(Certs.identity(Certs.LOCALHOST))
                                                        .applicationProtocols("http/1.1")),
                                c -> c.answer(200, "text/plain", "one"));
                HttpClient both = HttpClient.open(TLS);
                HttpClient two = HttpClient.open(TLS.versions(HttpVersion.HTTP_2))) {
            String url = server.url("/").replace("127.0.0.1", "localhost");
            HttpResponse response = both.get(url);
            assertThat(response.version()).isEqualTo(HttpVersion.HTTP_1_1);
            assertThat(response.text()).isEqualTo("one");
            assertThatThrownBy(() -> two.get(url))
                    .satisfiesAnyOf(
                            e ->
                                    assertThat(e)
                                            .isInstanceOf(HttpProtocolException.class)
                                            .hasMessageContaining("HttpOptions.versions"),
                            e -> assertThat(e).isInstanceOf(TlsException.class));
            assertThat(two.activeCalls()).isZero();
        }
    }
}
