package dev.weft.http;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Task;
import dev.weft.net.StreamClosedException;
import dev.weft.net.TimedOutException;
import dev.weft.testkit.AsyncTest;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Calls of HTTP/1.1 as a user makes them. */
class HttpClientTest {
    @AsyncTest
    void aGetReturnsTheText() {
        try (TestServer server = TestServer.of(c -> c.answer(200, "text/plain", "Hello"))) {
            String url = server.url("/greeting");
            // @start region="get"
            try (HttpClient http = HttpClient.open()) {
                String text = http.get(url).text();
                // @end region="get"
                assertThat(text).isEqualTo("Hello");
            }
        }
    }

    @AsyncTest
    void theRequestArrivesAsItWasMade() {
        try (TestServer server =
                        TestServer.of(c ->
                                c.answer(
                                        200,
                                        "text/plain",
                                        c.method()
                                                + " "
                                                + c.target()
                                                + " "
                                                + c.header("x-a")
                                                + " "
                                                + c.body()));
                HttpClient http = HttpClient.open()) {
            HttpRequest request =
                    HttpRequest.post(server.url("/a b"), HttpBody.text("Grüße"))
                            .query("q", "ä&b")
                            .header("X-A", "1");
            assertThat(http.send(request).text()).isEqualTo("POST /a%20b?q=%C3%A4%26b 1 Grüße");
        }
    }

    @AsyncTest
    void aConnectionIsUsedAgain() {
        try (TestServer server = TestServer.of(c -> c.answer(200, "text/plain", "x"));
                HttpClient http = HttpClient.open()) {
            for (int i = 0; i < 10; i++) {
                assertThat(http.get(server.url("/")).text()).isEqualTo("x");
                assertThat(http.activeCalls()).isZero();
            }
            assertThat(server.connections()).isEqualTo(1);
            assertThat(http.connections()).isEqualTo(1);
        }
    }

    @AsyncTest
    void aHundredCallsRunAtOnce() {
        try (TestServer server = TestServer.holdingUntil(100);
                HttpClient http = HttpClient.open()) {
            List<Task<String>> calls = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                calls.add(async(() -> http.get(server.url("/")).text()));
            }
            assertThat(Async.gather(calls)).hasSize(100).containsOnly("all here");
            assertThat(http.activeCalls()).isZero();
        }
    }

    @AsyncTest
    void aLargeBodyComesInPartsAndGoesInParts() {
        byte[] large = new byte[3_000_000];
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) (i * 31 + (i >> 8));
        }
        try (TestServer server =
                        TestServer.of(c -> c.answer(200, "application/octet-stream", c.bytes()));
                HttpClient http = HttpClient.open()) {
            assertThat(http.post(server.url("/"), HttpBody.of(large)).bytes()).isEqualTo(large);
            HttpBody streamed =
                    HttpBody.stream(sink -> {
                        for (int at = 0; at < large.length; at += 100_000) {
                            sink.write(large, at, 100_000);
                        }
                    });
            assertThat(http.post(server.url("/"), streamed).bytes()).isEqualTo(large);
            assertThat(http.connections()).isEqualTo(1);
        }
    }

    @AsyncTest
    void viewsShowTheBodyWithoutACopy() {
        byte[] large = new byte[300_000];
        Arrays.fill(large, (byte) 7);
        try (TestServer server =
                        TestServer.of(c -> c.answer(200, "application/octet-stream", large));
                HttpClient http = HttpClient.open()) {
            int seen = 0;
            HttpResponse response = http.get(server.url("/"));
            for (ByteBuffer view; (view = response.readView()) != null; ) {
                assertThat(view.isReadOnly()).isTrue();
                seen += view.remaining();
                assertThat(view.get(view.limit() - 1)).isEqualTo((byte) 7);
            }
            assertThat(seen).isEqualTo(large.length);
            // Closed in the middle: what a view showed is released.
            HttpResponse other = http.get(server.url("/"));
            assertThat(other.readView()).isNotNull();
            other.close();
            assertThatThrownBy(other::readView).isInstanceOf(StreamClosedException.class);
        }
    }

    @AsyncTest
    void aFailingBodyFailsTheCall() {
        try (TestServer server = TestServer.of(c -> c.answer(200, "text/plain", "x"));
                HttpClient http = HttpClient.open()) {
            HttpBody broken =
                    HttpBody.stream(sink -> {
                        sink.write("begun");
                        throw new IllegalStateException("mine");
                    });
            assertThatThrownBy(() -> http.post(server.url("/"), broken))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("mine");
            assertThat(http.activeCalls()).isZero();
            assertThat(http.get(server.url("/")).text()).isEqualTo("x");
        }
    }

    @AsyncTest
    void redirectsAreFollowedAndTold() {
        try (TestServer server =
                        TestServer.of(c -> {
                            if (c.target().equals("/end")) {
                                c.answer(200, "text/plain", c.method());
                            } else {
                                c.answer(302, Map.of("Location", "end"), "moved");
                            }
                        });
                HttpClient http = HttpClient.open()) {
            HttpResponse response = http.post(server.url("/begin"), HttpBody.text("x"));
            assertThat(response.text()).isEqualTo("GET");
            assertThat(response.history()).hasSize(1);
            assertThat(response.url().getPath()).isEqualTo("/end");
            assertThat(response.attempts()).isEqualTo(2);
        }
    }

    @AsyncTest
    void aRedirectToRawBytesGoesWhereTheyPoint() {
        try (TestServer server =
                        TestServer.of(c -> {
                            if (c.target().equals("/begin")) {
                                // "ü" in UTF-8, as servers send it that do not encode.
                                c.answer(302, Map.of("Location", "/\u00c3\u00bc"), "moved");
                            } else {
                                c.answer(200, "text/plain", c.target());
                            }
                        });
                HttpClient http = HttpClient.open()) {
            assertThat(http.get(server.url("/begin")).text()).isEqualTo("/%C3%BC");
        }
    }

    @AsyncTest
    void redirectsAreRelativeAsRfc3986SaysAndCarryTheFragment() {
        Map<String, String> locations =
                Map.of(
                        "../x", "/a/x",
                        "./y?q", "/a/b/y?q",
                        "?z", "/a/b/c?z",
                        "../../../../up", "/up",
                        "", "/a/b/c");
        try (TestServer server =
                        TestServer.of(c -> {
                            String to = c.header("x-to");
                            if (c.target().equals("/a/b/c") && !to.isEmpty()) {
                                c.answer(307, Map.of("Location", to), "moved");
                            } else {
                                c.answer(200, "text/plain", c.target());
                            }
                        });
                HttpClient http = HttpClient.open()) {
            locations.forEach((location, expected) -> {
                HttpResponse response =
                        http.send(
                                HttpRequest.get(server.url("/a/b/c#part"))
                                        .header("x-to", location));
                assertThat(response.text()).as(location).isEqualTo(expected);
                assertThat(response.url().getRawFragment()).isEqualTo("part");
            });
        }
    }

    @AsyncTest
    void credentialsAreNotPassedToAnotherOrigin() {
        try (TestServer other =
                        TestServer.of(c ->
                                c.answer(
                                        200,
                                        "text/plain",
                                        c.header("authorization") + " " + c.header("cookie")));
                TestServer server =
                        TestServer.of(c ->
                                c.answer(302, Map.of("Location", other.url("/there")), "moved"));
                HttpClient http = HttpClient.open()) {
            HttpRequest request =
                    HttpRequest.get(server.url("/")).bearer("secret").header("Cookie", "a=1");
            assertThat(http.send(request).text()).isEqualTo("none none");
        }
    }

    @AsyncTest
    void aCircleOfRedirectsEnds() {
        try (TestServer server =
                        TestServer.of(c -> c.answer(302, Map.of("Location", "/"), "round"));
                HttpClient http = HttpClient.open()) {
            assertThatThrownBy(() -> http.get(server.url("/")))
                    .isInstanceOfSatisfying(
                            TooManyRedirectsException.class, e -> assertThat(e.urls()).hasSize(12))
                    .hasMessageContaining("maxRedirects of 10")
                    .hasMessageContaining("where it has been before");
            assertThat(http.activeCalls()).isZero();
        }
    }

    @AsyncTest
    void aPoolThatIsFullSaysWhoHasTheConnections() {
        HttpOptions options =
                HttpOptions.defaults()
                        .maxConnectionsPerOrigin(1)
                        .poolTimeout(Duration.ofMillis(50));
        try (TestServer server = TestServer.holdingUntil(2);
                HttpClient http = HttpClient.open(options)) {
            Task<String> holder = async("the holder", () -> http.get(server.url("/held")).text());
            server.awaitHeld(1);
            assertThatThrownBy(() -> http.get(server.url("/")))
                    .isInstanceOf(TimedOutException.class)
                    .hasMessageContaining("poolTimeout of 50 ms")
                    .hasMessageContaining("/held")
                    .hasMessageContaining("in the holder");
            holder.cancel();
        }
    }

    @AsyncTest
    void aServerThatDoesNotAnswerIsGivenUp() {
        HttpOptions options = HttpOptions.defaults().responseTimeout(Duration.ofMillis(50));
        try (TestServer server = TestServer.holdingUntil(9);
                HttpClient http = HttpClient.open(options)) {
            assertThatThrownBy(() -> http.get(server.url("/")))
                    .isInstanceOf(TimedOutException.class)
                    .hasMessageContaining("responseTimeout of 50 ms");
            assertThatThrownBy(() ->
                            http.send(
                                    HttpRequest.get(server.url("/"))
                                            .timeout(Duration.ofMillis(20))))
                    .isInstanceOf(TimedOutException.class)
                    .hasMessageContaining("timeout of 20 ms");
            assertThat(http.activeCalls()).isZero();
        }
    }

    @AsyncTest
    void aRetryPolicyTriesAgainAfterAStatus() {
        int[] calls = {0};
        HttpOptions options =
                HttpOptions.defaults()
                        .retries(
                                new RetryPolicy(
                                        3,
                                        Duration.ofMillis(1),
                                        Duration.ofMillis(2),
                                        Set.of(503)));
        try (TestServer server =
                        TestServer.of(
                                c -> c.answer(++calls[0] < 3 ? 503 : 200, "text/plain", "x"));
                HttpClient http = HttpClient.open(options)) {
            HttpResponse response = http.get(server.url("/"));
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.attempts()).isEqualTo(3);
            response.text();
            calls[0] = 0;
            assertThat(http.post(server.url("/"), HttpBody.text("x")).status()).isEqualTo(503);
        }
    }

    @AsyncTest
    void anInterceptorSeesEachCall() {
        try (TestServer server =
                TestServer.of(c -> c.answer(200, "text/plain", c.header("x-id")))) {
            // @start region="interceptor"
            HttpInterceptor identified =
                    (request, next) -> next.proceed(request.header("X-Id", "42"));
            try (HttpClient http =
                    HttpClient.open(HttpOptions.defaults().interceptor(identified))) {
                // @end region="interceptor"
                assertThat(http.get(server.url("/")).text()).isEqualTo("42");
            }
        }
    }

    @AsyncTest
    void linesComeOneByOne() {
        try (TestServer server = TestServer.of(c -> c.answer(200, "text/plain", "a\r\nb\n\nc"));
                HttpClient http = HttpClient.open()) {
            String url = server.url("/");
            List<String> seen = new ArrayList<>();
            // @start region="lines"
            try (HttpResponse response = http.get(url)) {
                for (String line : response.lines()) {
                    seen.add(line);
                }
            }
            // @end region="lines"
            assertThat(seen).containsExactly("a", "b", "", "c");
        }
    }

    @AsyncTest
    void aClosedClientMakesNoCalls() {
        try (TestServer server = TestServer.of(c -> c.answer(200, "text/plain", "x"))) {
            HttpClient http = HttpClient.open();
            assertThat(http.get(server.url("/")).text()).isEqualTo("x");
            http.close();
            http.close();
            assertThat(http.connections()).isZero();
            assertThatThrownBy(() -> http.get(server.url("/")))
                    .isInstanceOf(StreamClosedException.class)
                    .hasMessageContaining("client is closed");
        }
    }

    @AsyncTest
    void closingEndsTheCallsThatAreUnderWay() {
        try (TestServer server = TestServer.holdingUntil(2)) {
            HttpClient http = HttpClient.open();
            Task<String> call = async(() -> http.get(server.url("/")).text());
            server.awaitHeld(1);
            http.close();
            assertThatThrownBy(() -> await(call)).isInstanceOf(StreamClosedException.class);
            assertThat(http.activeCalls()).isZero();
        }
    }
}
