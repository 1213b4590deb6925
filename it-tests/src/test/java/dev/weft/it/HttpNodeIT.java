package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.http.HttpBody;
import dev.weft.http.HttpClient;
import dev.weft.http.HttpOptions;
import dev.weft.http.HttpResponse;
import dev.weft.http.HttpVersion;
import dev.weft.net.ClientTls;
import dev.weft.testkit.AsyncTest;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;

/** The HTTP client and node's HTTP/2. */
class HttpNodeIT {
    private static final HttpOptions PRIOR_KNOWLEDGE =
            HttpOptions.defaults().versions(HttpVersion.HTTP_2);

    @TempDir private Path folder;

    private static Program node(String... arguments) {
        Path node = Tools.require(Tools.find("node"), "no node", "apt-get install nodejs");
        List<String> words = new ArrayList<>();
        words.add(node.toString());
        words.add(Checkout.testFile("node/http2.js"));
        words.addAll(List.of(arguments));
        return Program.start(new ProcessBuilder(words));
    }

    private static int port(Program server) {
        return Integer.parseInt(Async.await(server.line("listening ")).split(" ")[1]);
    }

    /** What is done with a server at a URL. */
    @FunctionalInterface
    private interface Visit {
        void with(HttpClient http, String url);
    }

    private static void visit(Visit visit) {
        try (Program server = node()) {
            String url = "http://127.0.0.1:" + port(server);
            try (HttpClient http = HttpClient.open(PRIOR_KNOWLEDGE)) {
                visit.with(http, url);
                assertThat(http.activeCalls()).isZero();
            }
        }
    }

    @AsyncTest(seconds = 60)
    void bothSidesSpeakHttp2() {
        visit((http, url) -> {
            HttpResponse response = http.post(url + "/echo?a=b", HttpBody.text("12345"));
            assertThat(response.version()).isEqualTo(HttpVersion.HTTP_2);
            assertThat(response.reason()).isEmpty();
            assertThat(response.text())
                    .contains("\"version\":\"2.0\"", "\"method\":\"POST\"", "\"length\":5")
                    .contains("\"path\":\"/echo?a=b\"", "\":scheme\":\"http\"")
                    .contains("\"user-agent\":\"weft\"", "\"content-length\":\"5\"");
        });
    }

    @AsyncTest(seconds = 60)
    void overTlsTheVersionIsAgreedOn() {
        Pki pki = Pki.make(folder);
        try (Program server =
                node(pki.file("localhost.key").toString(), pki.file("localhost.pem").toString())) {
            String url = "https://localhost:" + port(server) + "/echo";
            HttpOptions options =
                    HttpOptions.defaults().tls(ClientTls.defaults().trust(pki.trust()));
            try (HttpClient http = HttpClient.open(options)) {
                assertThat(http.get(url).text()).contains("\"version\":\"2.0\"");
                assertThat(http.connections()).isEqualTo(1);
            }
            HttpOptions old = options.versions(HttpVersion.HTTP_1_1);
            try (HttpClient http = HttpClient.open(old)) {
                assertThat(http.get(url).text()).contains("\"version\":\"1.1\"");
            }
        }
    }

    @AsyncTest(seconds = 60)
    void oneConnectionCarriesManyCallsAtOnce() {
        visit((http, url) -> {
            List<Integer> numbers = IntStream.range(0, 100).boxed().toList();
            assertThat(Async.map(numbers, 100, n -> http.get(url + "/hold/100").text()))
                    .containsOnly("all here");
            assertThat(http.connections()).isEqualTo(1);
            // More than the server takes at once: 100 each.
            List<Integer> more = IntStream.range(0, 400).boxed().toList();
            assertThat(Async.map(more, 400, n -> http.get(url + "/bytes/1000").bytes().length))
                    .hasSize(400)
                    .containsOnly(1000);
        });
    }

    @AsyncTest(seconds = 60)
    void longBodiesGoBothWays() {
        visit((http, url) -> {
            assertThat(http.get(url + "/bytes/10000000").bytes()).hasSize(10_000_000);
            HttpBody body =
                    HttpBody.stream(sink -> {
                        for (int i = 0; i < 100; i++) {
                            sink.write(new byte[50_000]);
                        }
                    });
            assertThat(http.post(url + "/echo", body).text()).contains("\"length\":5000000");
        });
    }

    @AsyncTest(seconds = 60)
    void aReaderThatIsSlowHoldsBackItsOwnStreamAlone() {
        visit((http, url) -> {
            try (HttpResponse slow = http.get(url + "/bytes/5000000")) {
                assertThat(slow.read()).isNotEmpty();
                assertThat(http.get(url + "/bytes/3000000").bytes()).hasSize(3_000_000);
                int rest = 0;
                for (byte[] part; (part = slow.read()) != null; ) {
                    rest += part.length;
                }
                assertThat(rest).isGreaterThan(4_000_000);
            }
            assertThat(http.connections()).isEqualTo(1);
        });
    }

    @AsyncTest(seconds = 60)
    void trailersAndEarlyHintsAreUnderstood() {
        visit((http, url) -> {
            HttpResponse response = http.get(url + "/trailers");
            assertThat(response.text()).isEqualTo("body");
            assertThat(response.trailers().first("X-Sum")).isEqualTo("42");
            HttpResponse hinted = http.get(url + "/hints");
            assertThat(hinted.status()).isEqualTo(200);
            assertThat(hinted.text()).isEqualTo("after hints");
        });
    }

    @AsyncTest(seconds = 60)
    void aStreamThatIsResetFailsAndTheConnectionGoesOn() {
        visit((http, url) -> {
            HttpResponse response = http.get(url + "/reset");
            assertThat(response.status()).isEqualTo(200);
            assertThatThrownBy(response::text)
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("INTERNAL_ERROR");
            assertThat(http.get(url + "/bytes/10").bytes()).hasSize(10);
            assertThat(http.connections()).isEqualTo(1);
        });
    }

    @AsyncTest(seconds = 60)
    void whatTheServerRefusedIsAskedAgain() {
        visit((http, url) -> {
            HttpResponse response = http.get(url + "/refuse");
            assertThat(response.text()).isEqualTo("at last");
            assertThat(response.attempts()).isEqualTo(2);
        });
    }

    @AsyncTest(seconds = 60)
    void afterGoawayThereIsANewConnection() {
        visit((http, url) -> {
            String first = http.get(url + "/goaway").text();
            String second = http.get(url + "/goaway").text();
            assertThat(second).isNotEqualTo(first);
        });
    }

    @AsyncTest(seconds = 60)
    void anAnswerMayComeBeforeTheBodyIsSent() {
        visit((http, url) -> {
            HttpBody body =
                    HttpBody.stream(sink -> {
                        for (int i = 0; i < 1000; i++) {
                            sink.write(new byte[10_000]);
                        }
                    });
            HttpResponse response = http.post(url + "/early", body);
            assertThat(response.status()).isEqualTo(403);
            assertThat(response.text()).isEqualTo("no need for that");
            assertThat(http.get(url + "/bytes/10").bytes()).hasSize(10);
        });
    }
}
