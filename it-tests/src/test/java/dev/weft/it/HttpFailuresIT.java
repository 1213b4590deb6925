package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code ./weft http}, when something is wrong: a status of its own, and one line that says what.
 */
@Timeout(120)
class HttpFailuresIT {
    private static final int FAILED = 1;
    private static final int USAGE = 2;
    private static final int NOT_CONNECTED = 3;
    private static final int TLS = 4;
    private static final int TIMED_OUT = 5;
    private static final int BROKEN = 6;
    private static final int INTERRUPTED = 130;

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

    /** Runs the command, which has to print one line on standard error. */
    private static String complaint(int status, String... arguments) {
        try (Program http = Program.start(command(arguments))) {
            http.endInput();
            assertThat(http.awaitExit()).describedAs("%s", http).isEqualTo(status);
            assertThat(http.err()).hasSize(1);
            assertThat(http.err().getFirst()).startsWith("weft http: ").doesNotContain("Exception");
            return http.err().getFirst();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "--frobnicate :1",
                ":1 word",
                ":1 n:={a}",
                ":1 --form n:=1",
                ":1 f@pom.xml",
                ":1 @missing-file",
                ":1 Bad|Name():x",
                "ftp://localhost/",
                "http://",
                ":99999/",
                "--http1 --http2 :1",
                "--auth a:b --bearer c :1",
                "--auth nobody-asks-for-the-password :1",
                "--insecure --follow :1",
                "--continue :1",
                "--timeout 0 :1",
                "--timeout NaN :1",
                "--timeout soon :1",
                "--proxy gopher://x :1",
                "--trust sha256/AAAA https://localhost",
            })
    void aWrongCallIsToldWhereHelpIs(String arguments) {
        String[] words = arguments.isEmpty() ? new String[0] : arguments.split(" ");
        assertThat(complaint(USAGE, words)).contains("--help");
    }

    @Test
    void anUnknownHostIsNamed() {
        assertThat(complaint(NOT_CONNECTED, "http://nonexistent.invalid/"))
                .contains("nonexistent.invalid");
    }

    @Test
    void aRefusedConnectionIsNamed() throws IOException {
        // Bound but not listening: nobody else can take the port meanwhile.
        try (Socket bound = new Socket()) {
            bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            String address = "127.0.0.1:" + bound.getLocalPort();
            assertThat(complaint(NOT_CONNECTED, address)).contains("127.0.0.1", "nobody listens");
            assertThat(complaint(NOT_CONNECTED, "--proxy", "http://" + address, site.url("/echo")))
                    .contains("127.0.0.1", "nobody listens");
        }
    }

    @Test
    void aServerThatDoesNotAnswerIsATimeOut() {
        assertThat(complaint(TIMED_OUT, "--timeout", "0.5", site.url("/never")))
                .contains("/never", "500 ms");
        assertThat(complaint(TIMED_OUT, "--timeout", "0.5", site.url("/stuck")))
                .contains("/stuck", "500 ms");
    }

    @Test
    void whatIsNoHttpIsNamed() throws Exception {
        assertThat(answered(BROKEN, "http://", "220 welcome to mail\r\n")).contains("HTTP");
        assertThat(answered(BROKEN, "http://", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"))
                .contains("127.0.0.1");
        assertThat(answered(BROKEN, "http://", "")).contains("127.0.0.1");
    }

    private static String answered(int status, String scheme, String answer) throws Exception {
        Thread server;
        String complaint;
        try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            server = Thread.startVirtualThread(() -> answerAll(listener, answer));
            complaint = complaint(status, scheme + "127.0.0.1:" + listener.getLocalPort());
        }
        server.join();
        return complaint;
    }

    private static void answerAll(ServerSocket listener, String answer) {
        while (true) {
            try (Socket socket = listener.accept()) {
                socket.getInputStream().read(new byte[1000]);
                socket.getOutputStream().write(answer.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                if (listener.isClosed()) {
                    return;
                }
            }
        }
    }

    @Test
    void tooManyRedirectsAreNamed() {
        assertThat(complaint(BROKEN, "--follow", site.url("/loop"))).contains("/loop", "redirect");
    }

    @Test
    void tlsToAServerWithoutItIsNamed() throws Exception {
        assertThat(answered(TLS, "https://", "HTTP/1.1 400 Bad Request\r\n\r\n"))
                .contains("does not speak TLS");
    }

    @Test
    void aFileThatCannotBeWrittenIsNamed() {
        Path file = folder.resolve("no/such/folder");
        assertThat(complaint(FAILED, "-o", file.toString(), site.url("/json")))
                .contains(folder.resolve("no/such").toString());
    }

    @Test
    void aFullDiskIsNamed() {
        Tools.require(
                Optional.of(Path.of("/dev/full")).filter(Files::exists), "no /dev/full", "Linux");
        String line = "exec \"$0\" http GET \"$1\" > /dev/full";
        String weft = Checkout.ROOT.resolve("weft").toString();
        ProcessBuilder shell = new ProcessBuilder("sh", "-c", line, weft, site.url("/json"));
        try (Program http = Program.start(Checkout.quiet(shell))) {
            assertThat(http.awaitExit()).describedAs("%s", http).isEqualTo(FAILED);
            assertThat(http.err())
                    .containsExactly(
                            "weft http: cannot write to standard output: No space left on device");
        }
    }

    @Test
    void ctrlCEndsItAtOnceWhileItWaitsForTheServer() throws Exception {
        endsAtOnce("GET", site.url("/never"));
    }

    @Test
    void ctrlCEndsItAtOnceInTheMiddleOfABody() throws Exception {
        endsAtOnce("GET", site.url("/stuck"));
    }

    @Test
    void ctrlCEndsItAtOnceWhileItSavesAndLeavesNothing() throws Exception {
        endsAtOnce("-o", folder.resolve("file").toString(), "GET", site.url("/stuck"));
        assertThat(folder).isEmptyDirectory();
    }

    private void endsAtOnce(String... arguments) throws Exception {
        try (Program http = Program.start(Tools.heeding("INT", command(arguments)))) {
            site.asked.get(25, TimeUnit.SECONDS);
            interrupted(http);
        }
    }

    private static void interrupted(Program http) {
        long began = System.nanoTime();
        http.interrupt();
        assertThat(http.awaitExit()).describedAs("%s", http).isEqualTo(INTERRUPTED);
        assertThat(http.err()).isEmpty();
        // Less than any limit that would let it go: offloaded work has 5 s, closing a client too.
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began)).isLessThan(4000);
    }

    @Test
    void ctrlCEndsItAtOnceWhileItWaitsForItsInput() {
        ProcessBuilder builder = Tools.heeding("INT", command(site.url("/echo"), "@-"));
        try (Program http = Program.start(builder)) {
            http.awaitErrorLine("waiting for the body");
            http.interrupt();
            assertThat(http.awaitExit()).describedAs("%s", http).isEqualTo(INTERRUPTED);
        }
    }

    @Test
    void ctrlCEndsItAtOnceWhileNobodyReads() throws Exception {
        // With a pipe that is not read: Program would read it.
        ProcessBuilder builder = Tools.heeding("INT", command("GET", site.url("/bytes/100000000")));
        Process http = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            http.getInputStream().readNBytes(10);
            long began = System.nanoTime();
            Tools.succeeds("kill", "-INT", String.valueOf(http.pid()));
            assertThat(http.waitFor(25, TimeUnit.SECONDS)).isTrue();
            assertThat(http.exitValue()).isEqualTo(INTERRUPTED);
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began)).isLessThan(4000);
        } finally {
            http.destroyForcibly();
        }
    }

    @Test
    void withDebugTheStackTraceFollowsTheLine() {
        try (Program http =
                Program.start(command("GET", "--debug", "http://nonexistent.invalid/"))) {
            assertThat(http.awaitExit()).isEqualTo(NOT_CONNECTED);
            assertThat(http.err().getFirst()).startsWith("weft http: ");
            assertThat(http.err()).anyMatch(line -> line.startsWith("\tat dev.weft."));
        }
    }
}
