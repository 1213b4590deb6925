package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What README shows works as it stands there. */
@Timeout(120)
class ReadmeIT {
    @TempDir private Path folder;

    @Test
    void theTcpEchoServerAnswersAForeignClient() throws IOException {
        String source = example("tcp-echo");
        assertThat(source.lines()).hasSizeLessThanOrEqualTo(20);
        Path file = Files.writeString(folder.resolve("EchoServer.java"), source);
        try (Program server = Checkout.weft("run", file.toString())) {
            String line = server.awaitLine("listening");
            Matcher port = Pattern.compile("(\\d+)\\D*$").matcher(line);
            assertThat(port.find()).describedAs("a port in: %s", line).isTrue();
            try (Program client = foreignClient(port.group(1))) {
                assertThat(client.awaitExit()).describedAs("%s", client).isZero();
                assertThat(client.out()).containsExactly("hello from elsewhere");
            }
            server.terminate();
            server.awaitExit();
            assertThat(server.err()).isEmpty();
        }
    }

    /** The fenced block after a marker, an HTML comment that readers do not see. */
    private static String example(String name) throws IOException {
        List<String> lines = Files.readAllLines(Checkout.ROOT.resolve("README.md"));
        int marker = lines.indexOf("<!-- example: " + name + " -->");
        assertThat(marker).describedAs("README has an example %s", name).isNotNegative();
        List<String> block = lines.stream().skip(marker + 1).dropWhile(String::isBlank).toList();
        assertThat(block.getFirst()).isEqualTo("```java");
        return block.stream()
                .skip(1)
                .takeWhile(line -> !line.equals("```"))
                .reduce("", (all, line) -> all + line + "\n");
    }

    /** Sends a line to a port of this machine, and prints the line that comes back. */
    private static Program foreignClient(String port) {
        Optional<Path> python = Tools.find("python3");
        if (python.isPresent()) {
            String script =
                    """
                    import socket, sys
                    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20) as s:
                        s.sendall(b"hello from elsewhere\\n")
                        print(s.makefile().readline(), end="")
                        s.shutdown(socket.SHUT_WR)
                        assert s.recv(1) == b""
                    """;
            return Program.start(new ProcessBuilder(python.get().toString(), "-c", script, port));
        }
        Path bash =
                Tools.require(
                        Tools.find("bash"), "neither python3 nor bash", "apt-get install python3");
        String script =
                "exec 3<>/dev/tcp/127.0.0.1/$0; echo hello from elsewhere >&3; read -r a <&3; echo \"$a\"";
        return Program.start(new ProcessBuilder(bash.toString(), "-c", script, port));
    }
}
