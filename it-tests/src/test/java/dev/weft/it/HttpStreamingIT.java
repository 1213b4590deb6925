package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code ./weft http} with bodies that are longer than its memory. */
@Timeout(120)
class HttpStreamingIT {
    private static final long LONG = 300L * 1024 * 1024;

    private HttpSite site;

    @BeforeEach
    void open() {
        site = HttpSite.open();
    }

    @AfterEach
    void close() {
        site.close();
    }

    /** With less memory than the body. */
    private static Process start(String... arguments) throws IOException {
        ProcessBuilder builder = Checkout.launcher(arguments);
        builder.environment()
                .put(
                        "WEFT_JAVA_OPTIONS",
                        "-Xmx48m -XX:MaxDirectMemorySize=48m -XX:+UseSerialGC"
                                + " -XX:+ExitOnOutOfMemoryError");
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        return builder.start();
    }

    @Test
    void aLongResponseGoesThroughAPipe() throws Exception {
        Process http = start("http", "GET", site.url("/bytes/" + LONG));
        try (InputStream out = http.getInputStream()) {
            byte[] piece = new byte[64 * 1024];
            // The first part only: what is not read must be waited for, at the server.
            long read = out.readNBytes(piece, 0, piece.length);
            long ahead = stillMoved();
            assertThat(ahead).isLessThan(LONG / 4);
            for (int n; (n = out.read(piece)) >= 0; ) {
                read += n;
            }
            assertThat(read).isEqualTo(LONG);
            assertThat(http.waitFor(25, TimeUnit.SECONDS)).isTrue();
            assertThat(http.exitValue()).isZero();
        } finally {
            end(http);
        }
    }

    /** How much the server has sent once it can send no more: it stays the same for a while. */
    private long stillMoved() throws InterruptedException {
        for (long before = -1; ; ) {
            long now = site.moved.get();
            if (now == before && now > 0) {
                return now;
            }
            before = now;
            CompletableFuture<Void> never = new CompletableFuture<>();
            try {
                never.get(300, TimeUnit.MILLISECONDS);
            } catch (TimeoutException | ExecutionException e) {
                // A while has passed.
            }
        }
    }

    @Test
    void aLongRequestComesThroughAPipe() throws Exception {
        Process http = start("http", site.url("/count"));
        try {
            try (OutputStream in = http.getOutputStream()) {
                byte[] piece = new byte[64 * 1024];
                for (long sent = 0; sent < LONG; sent += piece.length) {
                    in.write(piece);
                }
            }
            String said = new String(http.getInputStream().readAllBytes());
            assertThat(said).isEqualTo("POST " + LONG);
            assertThat(http.waitFor(25, TimeUnit.SECONDS)).isTrue();
            assertThat(http.exitValue()).isZero();
        } finally {
            end(http);
        }
    }

    @Test
    void aReaderThatHasEnoughEndsItInSilence() throws Exception {
        Path out = Files.createTempFile("weft-http", null);
        String line = "\"$0\" http GET \"$1\" 2>\"$2\" | head -c 10 | wc -c; echo ${PIPESTATUS[0]}";
        ProcessBuilder builder =
                new ProcessBuilder(
                        "bash",
                        "-c",
                        line,
                        Checkout.ROOT.resolve("weft").toString(),
                        site.url("/bytes/" + LONG),
                        out.toString());
        try (Program shell = Program.start(Checkout.quiet(builder))) {
            assertThat(shell.awaitExit()).isZero();
            assertThat(shell.out()).isEqualTo(List.of("10", "141"));
            assertThat(out).isEmptyFile();
        } finally {
            Files.delete(out);
        }
    }

    private static void end(Process http) {
        http.descendants().forEach(ProcessHandle::destroyForcibly);
        http.destroyForcibly();
    }
}
