package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./weft http} in a pipe, when all goes well. */
@Timeout(120)
class HttpCommandIT {
    @TempDir private Path folder;
    private HttpSite site;

    @BeforeEach
    void open() {
        site = HttpSite.open();
    }

    @AfterEach
    void close() {
        site.close();
    }

    /** What the command prints, which has to succeed and to complain of nothing. */
    private static List<String> printed(String... arguments) {
        try (Program http = start(arguments)) {
            http.endInput();
            assertThat(http.awaitExit()).describedAs("%s", http).isZero();
            assertThat(http.err()).isEmpty();
            return http.out();
        }
    }

    private static Program start(String... arguments) {
        List<String> words = new ArrayList<>(List.of("http"));
        words.addAll(List.of(arguments));
        return Checkout.weft(words.toArray(String[]::new));
    }

    @Test
    void inAPipeThereIsTheBodyAlone() {
        assertThat(printed(site.url("/json"))).containsExactly("{\"a\":[1,\"two\"],\"b\":null}");
        assertThat(printed(":" + site.port() + "/status/404")).containsExactly("said 404");
    }

    @Test
    void aHeadIsSentAndPrintedIfAskedFor() {
        assertThat(printed("-i", "HEAD", site.url("/text")))
                .startsWith("HTTP/1.1 200 OK")
                .anyMatch(line -> line.equalsIgnoreCase("content-type: text/plain"))
                .endsWith("");
        assertThat(printed("head", site.url("/text"))).isEmpty();
    }

    @Test
    void headersAndParametersAreSent() {
        assertThat(
                        printed(
                                site.url("/echo?a=1"),
                                "X-One:1",
                                "X-One:2",
                                "b==x y",
                                "b==&",
                                "Accept:a/b"))
                .startsWith("GET /echo?a=1&b=x%20y&b=%26")
                .contains("X-one: 1", "X-one: 2", "Accept: a/b", "Accept-encoding: gzip, deflate")
                .anyMatch(line -> line.startsWith("User-agent: weft/"));
    }

    @Test
    void fieldsAreJson() {
        assertThat(
                        printed(
                                site.url("/echo"),
                                "name=Ada \"L\"",
                                "born:=1815",
                                "tags:=[\"a\", \"b\"]"))
                .startsWith("POST /echo")
                .contains(
                        "Content-type: application/json",
                        "Accept: application/json, */*;q=0.5",
                        "Content-length: 55")
                .endsWith(
                        "{\"name\": \"Ada \\\"L\\\"\", \"born\": 1815, \"tags\": [\"a\", \"b\"]}");
    }

    @Test
    void fieldsAreAForm() {
        assertThat(printed("--form", "PUT", site.url("/echo"), "a=1 2", "a=&"))
                .startsWith("PUT /echo")
                .contains("Content-type: application/x-www-form-urlencoded")
                .endsWith("a=1+2&a=%26");
    }

    @Test
    void filesAreUploadedInParts() throws IOException {
        Path file = Files.writeString(folder.resolve("f.txt"), "of the file");
        assertThat(printed("-f", site.url("/echo"), "a=1", "up@" + file))
                .anyMatch(line -> line.startsWith("Content-type: multipart/form-data; boundary="))
                .containsSequence("Content-Disposition: form-data; name=\"a\"", "", "1")
                .containsSequence(
                        "Content-Disposition: form-data; name=\"up\"; filename=\"f.txt\"",
                        "Content-Type: text/plain",
                        "",
                        "of the file");
    }

    @Test
    void aFileIsTheBody() throws IOException {
        Path file = Files.writeString(folder.resolve("f.json"), "[1]");
        assertThat(printed(site.url("/echo"), "@" + file))
                .startsWith("POST /echo")
                .contains("Content-type: application/json", "Content-length: 3")
                .endsWith("[1]");
        assertThat(printed(site.url("/echo"), "n:=@" + file, "t=@" + file))
                .endsWith("{\"n\": [1], \"t\": \"[1]\"}");
    }

    @Test
    void standardInputIsTheBody() {
        try (Program http = start(site.url("/echo"))) {
            http.send("{\"typed\": ");
            http.send("true}");
            http.endInput();
            assertThat(http.awaitExit()).describedAs("%s", http).isZero();
            assertThat(http.out())
                    .startsWith("POST /echo")
                    .contains("Content-type: application/json", "Content-length: 15")
                    .endsWith("{\"typed\": true}");
        }
        try (Program http = start("PUT", site.url("/echo"), "Content-Type:x/y", "@-")) {
            http.send("body");
            http.endInput();
            assertThat(http.awaitExit()).isZero();
            assertThat(http.out()).contains("Content-type: x/y").endsWith("body");
        }
    }

    @Test
    void whoeverAsksForNoneHasNoBody() {
        // Standard input stays open, and nobody waits for it.
        try (Program get = start("GET", site.url("/echo"));
                Program ignoring = start("--ignore-stdin", site.url("/echo"));
                Program field = start(site.url("/echo"), "a=b")) {
            assertThat(get.awaitExit()).isZero();
            assertThat(get.out()).startsWith("GET /echo");
            assertThat(ignoring.awaitExit()).isZero();
            assertThat(ignoring.out()).startsWith("GET /echo");
            assertThat(field.awaitExit()).isZero();
            assertThat(field.out()).endsWith("{\"a\": \"b\"}");
        }
    }

    @Test
    void whoeverWaitsForInputSaysSo() {
        try (Program http = start(site.url("/echo"))) {
            http.awaitErrorLine("waiting for the body on standard input (--ignore-stdin");
            http.endInput();
            assertThat(http.awaitExit()).isZero();
            assertThat(http.out()).startsWith("GET /echo");
        }
    }

    @Test
    void credentialsAreSent() {
        assertThat(printed("-a", "Ada:a:b", site.url("/echo")))
                .contains("Authorization: Basic QWRhOmE6Yg==");
        assertThat(printed("http://Ada:a%3Ab@127.0.0.1:" + site.port() + "/echo"))
                .contains("Authorization: Basic QWRhOmE6Yg==");
        assertThat(printed("--bearer", "token", site.url("/echo")))
                .contains("Authorization: Bearer token");
    }

    @Test
    void redirectsAreFollowedIfAskedFor() {
        assertThat(printed(site.url("/redirect"))).containsExactly("elsewhere");
        assertThat(printed("--no-follow", site.url("/redirect"))).containsExactly("elsewhere");
        assertThat(printed("--follow", site.url("/redirect"))).startsWith("GET /echo");
    }

    @Test
    void verboseTellsEachPhaseOnStandardError() {
        String url = site.url("/echo").replace("127.0.0.1", "localhost");
        try (Program http = start("-v", "--follow", url.replace("echo", "redirect"), "X-A:b")) {
            http.endInput();
            assertThat(http.awaitExit()).isZero();
            assertThat(http.out()).startsWith("GET /echo");
            List<String> lines = http.err();
            assertThat(lines)
                    .anyMatch(l -> l.matches("\\* resolved in [0-9.]+ ms: .*127\\.0\\.0\\.1.*"))
                    .anyMatch(
                            l -> l.matches("\\* connected to .*:" + site.port() + " in [0-9.]+ ms"))
                    .contains(
                            "> GET /redirect HTTP/1.1",
                            "> X-A: b",
                            "> Host: localhost:" + site.port())
                    .anyMatch(l -> l.matches("\\* again, after status 302: " + url))
                    .contains("* a connection that is used again", "> GET /echo HTTP/1.1")
                    .contains("< HTTP/1.1 200 OK")
                    .last()
                    .asString()
                    .matches(
                            "\\* times: pool [0-9.]+ ms, DNS [0-9.]+ ms, connect [0-9.]+ ms, TLS 0\\.0 ms,"
                                    + " first byte [0-9.]+ ms, body [0-9.]+ ms");
        }
    }

    @Test
    void theBodyIsSavedInAFile() throws IOException {
        Path file = folder.resolve("saved");
        assertThat(printed("-o", file.toString(), site.url("/bytes/1000000"))).isEmpty();
        assertThat(file).hasSize(1_000_000);
        assertThat(printed("-o", file.toString(), site.url("/json"))).isEmpty();
        assertThat(file).hasContent("{\"a\":[1,\"two\"],\"b\":null}");
        try (Program http = start("GET", "-o", file.toString(), site.url("/status/500"))) {
            assertThat(http.awaitExit()).isEqualTo(22);
            assertThat(http.err())
                    .containsExactly(
                            "weft http: the server answered 500 Internal Server Error: "
                                    + file
                                    + " was not written");
        }
        assertThat(file).hasContent("{\"a\":[1,\"two\"],\"b\":null}");
    }

    @Test
    void whatIsNoFileIsWrittenToAndNotReplaced() throws IOException {
        printed("-o", "/dev/null", site.url("/json"));
        assertThat(Files.isRegularFile(Path.of("/dev/null"))).isFalse();
        Path file = Files.writeString(folder.resolve("target"), "something longer than what comes");
        Path link = Files.createSymbolicLink(folder.resolve("link"), file);
        printed("-o", link.toString(), site.url("/json"));
        assertThat(link).isSymbolicLink();
        assertThat(file).hasContent("{\"a\":[1,\"two\"],\"b\":null}");
    }

    @Test
    void aFileIsContinued() throws IOException {
        String text = "0123456789abcdef";
        site.on(
                "/part",
                e -> {
                    String range = e.getRequestHeaders().getFirst("Range");
                    int from = range == null ? 0 : Integer.parseInt(range.replaceAll("[^0-9]", ""));
                    if (from >= text.length()) {
                        e.getResponseHeaders().set("Content-Range", "bytes */" + text.length());
                        e.sendResponseHeaders(416, -1);
                        return;
                    }
                    if (from > 0) {
                        e.getResponseHeaders()
                                .set("Content-Range", "bytes " + from + "-15/" + text.length());
                    }
                    HttpSite.answer(e, from > 0 ? 206 : 200, "text/plain", text.substring(from));
                });
        Path file = folder.resolve("part");
        String[] command = {"-c", "-o", file.toString(), site.url("/part")};
        printed(command);
        assertThat(file).hasContent(text);
        Files.writeString(file, text.substring(0, 7));
        printed(command);
        assertThat(file).hasContent(text);
        printed(command); // there is nothing more
        assertThat(file).hasContent(text);
        // A server that knows no ranges sends all again.
        Files.writeString(file, "something longer than what comes now");
        printed("-c", "-o", file.toString(), site.url("/json"));
        assertThat(file).hasContent("{\"a\":[1,\"two\"],\"b\":null}");
    }

    @Test
    void checkedStatusIsTheExitStatus() {
        try (Program http = start("GET", "--check-status", site.url("/status/404"))) {
            assertThat(http.awaitExit()).isEqualTo(22);
            assertThat(http.out()).containsExactly("said 404");
            assertThat(http.err()).containsExactly("weft http: the server answered 404 Not Found");
        }
        assertThat(printed("--check-status", site.url("/status/299"))).containsExactly("said 299");
    }
}
