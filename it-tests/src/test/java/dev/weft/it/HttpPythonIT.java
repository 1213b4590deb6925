package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.http.Cookies;
import dev.weft.http.HttpBody;
import dev.weft.http.HttpClient;
import dev.weft.http.HttpOptions;
import dev.weft.http.HttpRequest;
import dev.weft.http.HttpResponse;
import dev.weft.http.Multipart;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.TimedOutException;
import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

/** The HTTP client and Python's servers: the one that comes with it, and aiohttp's. */
class HttpPythonIT {
    @TempDir private Path folder;

    private static String python(String module, String fix) {
        Optional<String> python =
                Stream.concat(
                                Tools.find("python3").stream(),
                                Stream.of(Path.of("/usr/bin/python3")))
                        .filter(Files::isExecutable)
                        .map(Path::toString)
                        .filter(p -> Tools.succeeds(p, "-c", "import " + module))
                        .findFirst();
        return Tools.require(python, "no python3 that can import " + module, fix);
    }

    // ---- http.server, which speaks HTTP/1.0

    private Program files(int port) throws IOException {
        Files.writeString(folder.resolve("page.txt"), "Hello from Python\n");
        Files.write(folder.resolve("large"), new byte[10_000_000]);
        String python = python("http.server", "apt-get install python3");
        return Ports.start(
                new ProcessBuilder(
                        python,
                        "-m",
                        "http.server",
                        String.valueOf(port),
                        "--bind",
                        "127.0.0.1",
                        "--directory",
                        folder.toString()),
                port);
    }

    @AsyncTest(seconds = 60)
    void aServerOfHttp10IsAskedOnANewConnectionEachTime() throws IOException {
        int port = Tools.freePort();
        String url = "http://127.0.0.1:" + port;
        try (Program server = files(port);
                HttpClient http = HttpClient.open()) {
            assertThat(server.isAlive()).isTrue();
            for (int i = 0; i < 3; i++) {
                assertThat(http.get(url + "/page.txt").text()).isEqualTo("Hello from Python\n");
                assertThat(http.activeCalls()).isZero();
            }
            assertThat(http.get(url + "/large").saveTo(folder.resolve("saved")))
                    .isEqualTo(10_000_000);
            HttpResponse missing = http.get(url + "/nowhere");
            assertThat(missing.status()).isEqualTo(404);
            assertThat(missing.reason()).isEqualTo("File not found");
            assertThat(missing.text()).contains("Error code: 404");
            assertThat(http.head(url + "/page.txt").headers().first("Content-Length"))
                    .isEqualTo("18");
            HttpResponse refused = http.post(url + "/page.txt", HttpBody.text("x"));
            assertThat(refused.status()).isEqualTo(501);
            refused.close();
        }
    }

    // ---- aiohttp

    private static Program aiohttp() {
        String python = python("aiohttp", "apt-get install python3-aiohttp");
        return Program.start(
                new ProcessBuilder(python, Checkout.testFile("python/http_server.py")));
    }

    private static String url(Program server) {
        return "http://127.0.0.1:" + Async.await(server.line("listening ")).split(" ")[1];
    }

    /** What is done with a server at a URL. */
    @FunctionalInterface
    private interface Visit {
        void with(HttpClient http, String url) throws Exception;
    }

    private static void visit(HttpOptions options, Visit visit) {
        try (Program server = aiohttp()) {
            String url = url(server);
            try (HttpClient http = HttpClient.open(options)) {
                visit.with(http, url);
                assertThat(http.activeCalls()).isZero();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    private static void visit(Visit visit) {
        visit(HttpOptions.defaults(), visit);
    }

    @AsyncTest(seconds = 60)
    void aiohttpUnderstandsWhatIsAsked() {
        visit((http, url) -> {
            HttpRequest right =
                    HttpRequest.post(url + "/echo", HttpBody.text("Grüße"))
                            .query("q", "ä & b=c")
                            .query("q", "")
                            .header("X-One", "1");
            assertThat(http.send(right).text())
                    .contains("\"method\": \"POST\"", "\"path\": \"/echo\"")
                    .contains("[[\"q\", \"\\u00e4 & b=c\"], [\"q\", \"\"]]")
                    .contains("\"x-one\": \"1\"", "\"content-type\": \"text/plain; charset=utf-8\"")
                    .contains("\"content-length\": \"7\"", "\"body\": \"Gr\\u00fc\\u00dfe\"");
        });
    }

    @AsyncTest(seconds = 60)
    void aiohttpUnderstandsForms() throws IOException {
        Path file = Files.write(folder.resolve("q\"uote.txt"), new byte[100_000]);
        visit((http, url) -> {
            assertThat(http.post(url + "/form", HttpBody.form("a", "1 2&", "ä", "é")).text())
                    .isEqualTo("[[\"a\", \"1 2&\"], [\"\\u00e4\", \"\\u00e9\"]]");
            Multipart form =
                    Multipart.of()
                            .field("title", "Grüße")
                            .file("upload", file)
                            .file("made", "m.bin", "application/x-made", new byte[3]);
            assertThat(http.post(url + "/parts", HttpBody.multipart(form)).text())
                    .contains("[\"title\", null, null, 7]")
                    .contains("\"text/plain\", 100000]")
                    .contains("[\"made\", \"m.bin\", \"application/x-made\", 3]");
        });
    }

    @AsyncTest(seconds = 60)
    void aBodyWithoutALengthArrivesWhole() {
        visit((http, url) -> {
            HttpBody stream =
                    HttpBody.stream(sink -> {
                        for (int i = 0; i < 1000; i++) {
                            sink.write("line " + i + "\n");
                        }
                    });
            assertThat(http.post(url + "/echo", stream).text())
                    .contains("\"transfer-encoding\": \"chunked\"", "line 999\\n\"");
        });
    }

    @AsyncTest(seconds = 60)
    void linesComeAsTheyAreSent() {
        visit((http, url) -> {
            List<String> lines = new ArrayList<>();
            http.get(url + "/lines").lines().forEach(lines::add);
            assertThat(lines).isEqualTo(IntStream.range(0, 10).mapToObj(i -> "line " + i).toList());
            assertThat(http.get(url + "/deflate").text()).isEqualTo("compressed ".repeat(1000));
        });
    }

    @AsyncTest(seconds = 60)
    void cookiesComeBackWhereTheyBelong() {
        visit(
                HttpOptions.defaults().cookies(Cookies.inMemory()),
                (http, url) -> {
                    assertThat(http.get(url + "/cookies").text()).isEqualTo("{}");
                    assertThat(http.get(url + "/cookies").text())
                            .isEqualTo("{\"session\": \"s 1\"}");
                });
    }

    @AsyncTest(seconds = 60)
    void aHundredCallsWaitAtOnce() {
        visit((http, url) -> {
            List<Integer> numbers = IntStream.range(0, 100).boxed().toList();
            assertThat(Async.map(numbers, 100, n -> http.get(url + "/hold?n=100").text()))
                    .containsOnly("all here");
        });
    }

    @AsyncTest(seconds = 60)
    void whatTakesTooLongOrBreaksOffIsTold() {
        visit((http, url) -> {
            Duration limit = Duration.ofMillis(200);
            assertThatThrownBy(() -> http.send(HttpRequest.get(url + "/slow").timeout(limit)))
                    .isInstanceOf(TimedOutException.class)
                    .hasMessageContaining("200 ms");
            assertThatThrownBy(() -> http.get(url + "/half").text())
                    .isInstanceOf(BrokenConnectionException.class);
            assertThat(http.get(url + "/slow").text()).isEqualTo("slow");
        });
    }
}
