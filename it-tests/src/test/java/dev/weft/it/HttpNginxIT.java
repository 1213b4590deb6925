package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.http.HttpBody;
import dev.weft.http.HttpClient;
import dev.weft.http.HttpOptions;
import dev.weft.http.HttpRequest;
import dev.weft.http.HttpResponse;
import dev.weft.http.HttpStatusException;
import dev.weft.http.HttpVersion;
import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;

/** The HTTP client and nginx, over HTTP/1.1 and HTTP/2, with TLS and without. */
class HttpNginxIT {
    @TempDir private Path folder;

    /** What is done with a client that goes one way. */
    @FunctionalInterface
    private interface Visit {
        void with(HttpClient http, HttpNginx.Way way) throws Exception;
    }

    private void eachWay(Visit visit) {
        try (HttpNginx nginx = HttpNginx.start(folder)) {
            for (HttpNginx.Way way : nginx.ways()) {
                try (HttpClient http = HttpClient.open(way.options())) {
                    visit.with(http, way);
                    assertThat(http.activeCalls()).as("%s", way).isZero();
                } catch (Exception | AssertionError e) {
                    throw new AssertionError("over " + way, e);
                }
            }
        }
    }

    /** Of a response whose body nobody wants. */
    private static int status(HttpResponse response) {
        try (response) {
            return response.status();
        }
    }

    @AsyncTest(seconds = 60)
    void aPageComesOverTheVersionThatWasChosen() {
        eachWay((http, way) -> {
            HttpResponse page = http.get(way.url("/page.txt"));
            assertThat(page.status()).isEqualTo(200);
            assertThat(page.version()).isEqualTo(way.version());
            assertThat(page.headers().first("Content-Type")).isEqualTo("text/plain");
            assertThat(page.text()).isEqualTo("Hello from nginx\n");
            String protocol = way.version() == HttpVersion.HTTP_2 ? "HTTP/2.0" : "HTTP/1.1";
            assertThat(http.get(way.url("/protocol")).text()).isEqualTo(protocol + " GET");
            HttpResponse head = http.head(way.url("/page.txt"));
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.text()).isEmpty();
        });
    }

    @AsyncTest(seconds = 60)
    void whatIsCompressedIsReadAsItWas() {
        eachWay((http, way) -> {
            HttpResponse page = http.get(way.url("/long.txt"));
            assertThat(page.headers().first("Content-Encoding")).isEqualTo("gzip");
            assertThat(page.text()).isEqualTo("0123456789".repeat(100_000));
            HttpRequest plain = HttpRequest.get(way.url("/long.txt"));
            HttpResponse identity = http.send(plain.header("Accept-Encoding", "identity"));
            assertThat(identity.headers().contains("Content-Encoding")).isFalse();
            assertThat(identity.text()).hasSize(1_000_000);
        });
    }

    @AsyncTest(seconds = 60)
    void aPartIsAPart() {
        eachWay((http, way) -> {
            HttpRequest page =
                    HttpRequest.get(way.url("/long.txt")).header("Accept-Encoding", "identity");
            HttpResponse part = http.send(page.range(15, 24));
            assertThat(part.status()).isEqualTo(206);
            assertThat(part.headers().first("Content-Range")).isEqualTo("bytes 15-24/1000000");
            assertThat(part.text()).isEqualTo("5678901234");
            assertThat(http.send(page.rangeFrom(999_997)).text()).isEqualTo("789");
            assertThat(status(http.send(page.rangeFrom(2_000_000)))).isEqualTo(416);
        });
    }

    @AsyncTest(seconds = 60)
    void whatHasNotChangedIsNotSentAgain() {
        eachWay((http, way) -> {
            HttpRequest page =
                    HttpRequest.get(way.url("/page.txt")).header("Accept-Encoding", "identity");
            HttpResponse first = http.send(page);
            String etag = first.headers().first("ETag");
            assertThat(first.text()).isNotEmpty();
            HttpResponse second = http.send(page.ifNoneMatch(etag));
            assertThat(second.status()).isEqualTo(304);
            assertThat(second.text()).isEmpty();
            assertThat(status(http.send(page.ifMatch("other")))).isEqualTo(412);
        });
    }

    @AsyncTest(seconds = 60)
    void theRightPasswordOpens() {
        eachWay((http, way) -> {
            String url = way.url("/private/");
            HttpResponse refused = http.get(url);
            assertThat(refused.status()).isEqualTo(401);
            assertThat(refused.headers().first("WWW-Authenticate")).contains("the private part");
            refused.close();
            HttpRequest request = HttpRequest.get(url);
            assertThat(status(http.send(request.basicAuth("ada", "Secret")))).isEqualTo(401);
            assertThat(http.send(request.basicAuth("ada", "secret")).text())
                    .isEqualTo("Hello from nginx\n");
            String withUser = url.replace("://", "://ada:secret@");
            assertThat(http.get(withUser).text()).isEqualTo("Hello from nginx\n");
        });
    }

    @AsyncTest(seconds = 60)
    void anErrorPageIsAResponse() {
        eachWay((http, way) -> {
            HttpResponse missing = http.get(way.url("/nowhere"));
            assertThat(missing.status()).isEqualTo(404);
            assertThat(missing.text()).isEqualTo("<h1>nothing here</h1>");
            assertThatThrownBy(() -> http.get(way.url("/nowhere")).requireSuccess())
                    .isInstanceOfSatisfying(
                            HttpStatusException.class,
                            e -> {
                                assertThat(e.status()).isEqualTo(404);
                                assertThat(e.body()).isEqualTo("<h1>nothing here</h1>");
                            });
        });
    }

    @AsyncTest(seconds = 60)
    void redirectsAreFollowed() {
        eachWay((http, way) -> {
            HttpResponse end = http.get(way.url("/redirect"));
            assertThat(end.text()).endsWith(" GET");
            assertThat(end.history()).hasSize(1);
            assertThat(http.post(way.url("/redirect-post"), HttpBody.text("12345")).text())
                    .isEqualTo("POST 5");
        });
    }

    @AsyncTest(seconds = 60)
    void bodiesGoWithALengthAndWithout() {
        eachWay((http, way) -> {
            String url = way.url("/upload");
            assertThat(http.post(url, HttpBody.text("12345")).text()).isEqualTo("POST 5");
            assertThat(http.put(url, HttpBody.of(new byte[3_000_000])).text())
                    .isEqualTo("PUT 3000000");
            HttpBody stream =
                    HttpBody.stream(sink -> {
                        for (int i = 0; i < 1000; i++) {
                            sink.write(new byte[777]);
                        }
                    });
            assertThat(http.post(url, stream).text()).isEqualTo("POST 777000");
            Path file = Files.write(folder.resolve("upload"), new byte[5_000_000]);
            assertThat(http.post(url, HttpBody.file(file)).text()).isEqualTo("POST 5000000");
        });
    }

    @AsyncTest(seconds = 60)
    void aBodyWaitsUntilItIsWanted() {
        eachWay((http, way) -> {
            HttpRequest request =
                    HttpRequest.post(way.url("/upload"), HttpBody.of(new byte[100_000]))
                            .expectContinue(true);
            assertThat(http.send(request).text()).isEqualTo("POST 100000");
            int[] written = {0};
            HttpBody unwanted =
                    HttpBody.stream(
                            1_000_000,
                            sink -> {
                                written[0]++;
                                sink.write(new byte[1_000_000]);
                            });
            HttpResponse refused =
                    http.send(HttpRequest.post(way.url("/limited"), unwanted).expectContinue(true));
            assertThat(refused.status()).isEqualTo(413);
            refused.close();
            assertThat(written[0]).isZero();
        });
    }

    @AsyncTest(seconds = 60)
    void aBodyThatIsTooLongIsAnAnswer413() {
        eachWay((http, way) -> {
            HttpResponse refused = http.post(way.url("/limited"), HttpBody.of(new byte[1_000_000]));
            assertThat(refused.status()).isEqualTo(413);
            assertThat(refused.text()).contains("413");
            assertThat(http.get(way.url("/page.txt")).text()).isEqualTo("Hello from nginx\n");
        });
    }

    @AsyncTest(seconds = 90)
    void aLargeFileIsSaved() {
        eachWay((http, way) -> {
            Path file = folder.resolve("saved");
            long[] last = {0};
            long saved =
                    http.get(way.url("/large"))
                            .saveTo(
                                    file,
                                    (bytes, total) -> {
                                        assertThat(total).isEqualTo(HttpNginx.LARGE);
                                        assertThat(bytes).isGreaterThan(last[0]);
                                        last[0] = bytes;
                                    });
            assertThat(saved).isEqualTo(HttpNginx.LARGE);
            assertThat(file).hasSize(HttpNginx.LARGE);
            Files.delete(file);
        });
    }

    @AsyncTest(seconds = 60)
    void whoStopsReadingGoesOnWithTheNext() {
        eachWay((http, way) -> {
            for (int i = 0; i < 5; i++) {
                try (HttpResponse large = http.get(way.url("/large"))) {
                    assertThat(large.read()).isNotEmpty();
                }
                assertThat(http.get(way.url("/page.txt")).text()).isEqualTo("Hello from nginx\n");
            }
        });
    }

    @AsyncTest(seconds = 60)
    void aServerThatEndsItsConnectionsIsAskedOnANewOne() {
        eachWay((http, way) -> {
            // nginx ends a connection after 20 calls: with Connection: close, or GOAWAY.
            Set<String> connections = new HashSet<>();
            for (int i = 0; i < 70; i++) {
                connections.add(http.get(way.url("/connection")).text().split(" ")[0]);
            }
            assertThat(connections).hasSizeBetween(4, 5);
        });
    }

    @AsyncTest(seconds = 60)
    void manyCallsAtOnceAllSucceed() {
        eachWay((http, way) -> {
            List<Integer> numbers = IntStream.range(0, 300).boxed().toList();
            List<String> answers =
                    Async.map(
                            numbers,
                            50,
                            n ->
                                    http.send(
                                                    HttpRequest.get(way.url("/echo-header"))
                                                            .header("X-Echo", "number " + n))
                                            .text());
            assertThat(answers).isEqualTo(numbers.stream().map(n -> "number " + n).toList());
        });
    }

    @AsyncTest(seconds = 60)
    void theServerChoosesTheVersionOverTls() throws IOException {
        try (HttpNginx nginx = HttpNginx.start(folder)) {
            HttpOptions both = nginx.ways().getLast().options().versions(HttpVersion.values());
            try (HttpClient http = HttpClient.open(both)) {
                HttpResponse page = http.get("https://localhost:" + nginx.secure() + "/protocol");
                assertThat(page.version()).isEqualTo(HttpVersion.HTTP_2);
                assertThat(page.text()).isEqualTo("HTTP/2.0 GET");
                HttpResponse plain = http.get("http://localhost:" + nginx.plain() + "/protocol");
                assertThat(plain.version()).isEqualTo(HttpVersion.HTTP_1_1);
                assertThat(plain.text()).isEqualTo("HTTP/1.1 GET");
            }
        }
    }
}
