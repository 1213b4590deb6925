package dev.weft.echo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Loop;
import dev.weft.net.Server;
import dev.weft.net.Tcp;
import dev.weft.websocket.WebSocketHandler;
import dev.weft.websocket.WebSocketOptions;
import dev.weft.websocket.WebSocketServer;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What people see of the command line. */
class MainTest {
    private record Outcome(int status, String out, String err) {
        void isOneLineOnStandardError(int expected, String... parts) {
            assertThat(status).isEqualTo(expected);
            assertThat(out).isEmpty();
            assertThat(err.lines()).singleElement().asString().contains(parts);
            assertThat(err).doesNotContain("Exception").endsWith("\n");
        }
    }

    private static Outcome run(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out));
        line.setErr(new PrintWriter(err));
        int status = line.execute(args);
        return new Outcome(status, out.toString(), err.toString());
    }

    /** Runs the command against a WebSocket server with the handler given. */
    private static Outcome against(
            WebSocketOptions options, WebSocketHandler handler, String... messages) {
        try (Loop loop = Loop.open()) {
            WebSocketServer server =
                    loop.submit(() -> WebSocketServer.listen("127.0.0.1", 0, options, handler))
                            .toCompletableFuture()
                            .join();
            return run(prepend(server.url(), messages));
        }
    }

    private static String[] prepend(String url, String... messages) {
        String[] args = new String[messages.length + 3];
        args[0] = "echo";
        args[1] = "--connect";
        args[2] = url;
        System.arraycopy(messages, 0, args, 3, messages.length);
        return args;
    }

    @Test
    void aMessageComesBack() {
        Outcome outcome = run("echo", "Hello World!");
        assertThat(outcome).isEqualTo(new Outcome(0, "Hello World!" + nl(), ""));
    }

    private static String nl() {
        return System.lineSeparator();
    }

    @Test
    void eachReplyIsALineOfItsOwn() {
        Outcome outcome =
                against(
                        WebSocketOptions.defaults(),
                        socket -> {
                            for (String text; (text = socket.receiveText()) != null; ) {
                                socket.send(text.toUpperCase(java.util.Locale.ROOT));
                            }
                        },
                        "a",
                        "",
                        "b c");
        assertThat(outcome).isEqualTo(new Outcome(0, "A" + nl() + nl() + "B C" + nl(), ""));
    }

    @Test
    void aMessageAboveTheServersLimitSaysSo() {
        run("echo", "--max-message-bytes", "3", "hello")
                .isOneLineOnStandardError(1, "5 bytes", "limit of 3 bytes", "shorter");
    }

    @Test
    void aServerThatClosesInsteadOfReplyingSaysSo() {
        against(WebSocketOptions.defaults(), socket -> socket.close(4000, "go away"), "x")
                .isOneLineOnStandardError(1, "4000", "go away");
    }

    @Test
    void aServerThatVanishesSaysSo() {
        against(
                        WebSocketOptions.defaults(),
                        socket -> {
                            socket.receive();
                            socket.abort();
                        },
                        "x")
                .isOneLineOnStandardError(1, "broken");
    }

    @ParameterizedTest
    @ValueSource(strings = {"404 Not Found", "200 OK"})
    void anHttpServerIsNamedWithItsAnswer(String status) {
        try (Loop loop = Loop.open()) {
            Server server =
                    loop.submit(() ->
                                    Tcp.listen(
                                            "127.0.0.1",
                                            0,
                                            stream -> {
                                                stream.read();
                                                stream.write(
                                                        "HTTP/1.1 "
                                                                + status
                                                                + "\r\nContent-Length: 0\r\n\r\n");
                                            }))
                            .toCompletableFuture()
                            .join();
            run("echo", "--connect", "ws://127.0.0.1:" + server.port() + "/x", "y")
                    .isOneLineOnStandardError(1, status, "path");
        }
    }

    @Test
    void theEchoComesBackOverTls() {
        Outcome outcome = run("echo", "--tls", "one", "two");
        assertThat(outcome).isEqualTo(new Outcome(0, "one%ntwo%n".formatted(), ""));
    }

    @Test
    void aFileToTrustThatIsNotThereIsNamed() {
        run("echo", "--trust", "nosuch.pem", "--connect", "wss://127.0.0.1:1/", "x")
                .isOneLineOnStandardError(1, "nosuch.pem");
    }

    @Test
    void aTakenPortAndARefusedConnectionAreNamed() {
        int port;
        try (Loop loop = Loop.open()) {
            Server server =
                    loop.submit(() -> Tcp.listen("127.0.0.1", 0, stream -> {}))
                            .toCompletableFuture()
                            .join();
            port = server.port();
            run("echo", "--serve", "--port", String.valueOf(port))
                    .isOneLineOnStandardError(1, String.valueOf(port), "in use");
        }
        run("echo", "--connect", "ws://127.0.0.1:" + port + "/", "x")
                .isOneLineOnStandardError(1, "nobody listens", String.valueOf(port));
    }

    @Test
    void anUnknownHostIsNamed() {
        run("echo", "--connect", "ws://nosuchhost.invalid/", "x")
                .isOneLineOnStandardError(1, "nosuchhost.invalid");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "echo",
                "echo --nonsense x",
                "echo --serve x",
                "echo --serve --connect ws://x/",
                "echo --serve --port 70000",
                "echo --serve --port x",
                "echo --port 1 x",
                "echo --host h x",
                "echo --max-message-bytes 0 x",
                "echo --connect http://127.0.0.1/ x",
                "echo --connect ws: x",
                "echo --connect ws://x:99999/ x",
                "echo --connect ws://127.0.0.1/",
                "echo --tls --connect wss://127.0.0.1/ x",
                "echo --trust sha256/AAAA --connect wss://127.0.0.1/ x",
                "echo --trust x.pem --connect ws://127.0.0.1/ x",
                "echo --trust x.pem x",
                "echo --trust x.pem --serve",
            })
    void wrongUsageIsOneLineAndStatus2(String line) {
        String[] args = line.isEmpty() ? new String[0] : line.split(" ");
        run(args).isOneLineOnStandardError(2, "--help");
    }

    @Test
    void debugAddsTheStackTrace() {
        Outcome outcome = run("echo", "--debug", "--connect", "ws://nosuchhost.invalid/", "x");
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err()).contains("HostNotFoundException", "\tat ");
    }

    @Test
    void helpNamesTheOptions() {
        Outcome outcome = run("echo", "--help");
        assertThat(outcome.status()).isZero();
        assertThat(outcome.out()).contains("--serve", "--connect", "--port", "MESSAGE");
        assertThat(run("--help").out()).contains("echo", "doctor");
    }

    @Test
    void doctorSaysWhatAProgramGets() {
        Outcome outcome = run("doctor");
        assertThat(outcome.status()).isZero();
        assertThat(outcome.out())
                .contains("loop mode", "transport", "NIO       works", "java", "natives");
    }
}
