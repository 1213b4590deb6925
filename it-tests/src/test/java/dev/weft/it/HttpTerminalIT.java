package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./weft http} at a terminal. */
@Timeout(120)
class HttpTerminalIT {
    private static final String CTRL_C = "\u0003";

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

    private static ProcessBuilder command(String... arguments) {
        List<String> words = new ArrayList<>(List.of("http"));
        words.addAll(List.of(arguments));
        return Checkout.launcher(words.toArray(String[]::new));
    }

    private static List<String> shown(String... arguments) {
        try (Program http = Program.start(Terminal.of(command(arguments)))) {
            assertThat(http.awaitExit()).describedAs("%s", http).isZero();
            return http.out();
        }
    }

    @Test
    void headersAreShownAndJsonIsLaidOut() {
        assertThat(shown(site.url("/json")))
                .startsWith("HTTP/1.1 200 OK")
                .contains("Content-type: application/json")
                .endsWith(
                        "",
                        "{",
                        "    \"a\": [",
                        "        1,",
                        "        \"two\"",
                        "    ],",
                        "    \"b\": null",
                        "}");
    }

    @Test
    void theyAreColoured() {
        ProcessBuilder builder = Terminal.withEscapes(command(site.url("/json")));
        builder.environment().remove("NO_COLOR");
        try (Program http = Program.start(builder)) {
            assertThat(http.awaitExit()).isZero();
            assertThat(http.out())
                    .startsWith("\u001b[34mHTTP/1.1\u001b[0m \u001b[1;32m200 OK\u001b[0m")
                    .contains("    \u001b[34m\"a\"\u001b[0m: [", "        \u001b[36m1\u001b[0m,");
        }
        builder = Terminal.withEscapes(command(site.url("/json")));
        builder.environment().put("NO_COLOR", "1");
        try (Program http = Program.start(builder)) {
            assertThat(http.awaitExit()).isZero();
            assertThat(http.out()).startsWith("HTTP/1.1 200 OK").contains("    \"a\": [");
        }
    }

    @Test
    void aServerDoesNotSpeakToTheTerminal() {
        ProcessBuilder builder = Terminal.withEscapes(command(site.url("/text")));
        builder.environment().put("NO_COLOR", "1");
        builder.environment().put("LC_ALL", "C.UTF-8");
        try (Program http = Program.start(builder)) {
            assertThat(http.awaitExit()).isZero();
            assertThat(http.out()).contains("just\ufffd[2J text");
        }
        assertThat(shown(site.url("/binary")))
                .contains("(binary data: not shown on a terminal; use --output FILE, or a pipe)");
    }

    @Test
    void whatIsTypedIsNoBody() {
        assertThat(shown(site.url("/echo"))).contains("GET /echo");
    }

    @Test
    void aDownloadTellsHowFarItIs() {
        Path file = folder.resolve("file");
        assertThat(shown("-o", file.toString(), site.url("/bytes/30000000")))
                .anyMatch(line -> line.contains("30.0 MB of 30.0 MB, 100 %"));
        assertThat(file).hasSize(30_000_000);
    }

    @Test
    void thePasswordIsAskedFor() {
        try (Program http =
                Program.start(Terminal.of(command("--auth", "ada", site.url("/echo"))))) {
            http.send("secret\n");
            assertThat(http.awaitExit()).describedAs("%s", http).isZero();
            assertThat(http.out())
                    .contains("Authorization: Basic YWRhOnNlY3JldA==")
                    .anyMatch(line -> line.contains("Password of ada: "));
        }
    }

    @Test
    void ctrlCEndsIt() throws Exception {
        try (Program http = Program.start(Terminal.of(command(site.url("/stuck"))))) {
            site.asked.get(25, TimeUnit.SECONDS);
            http.awaitLine("Content-length");
            http.send(CTRL_C);
            assertThat(http.awaitExit()).describedAs("%s", http).isEqualTo(130);
        }
    }
}
