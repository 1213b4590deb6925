package dev.weft.net;

import dev.weft.Loop;
import io.netty.util.internal.PlatformDependent;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;

/** An echo server for {@link ManyConnectionsTest}; tells its port, and what it is asked for. */
final class EchoProgram {
    private EchoProgram() {}

    public static void main(String[] args) throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        try (Loop loop = Loop.open()) {
            Server server =
                    loop.<Server>submit(() -> Tcp.listen("127.0.0.1", 0, EchoProgram::echo)).get();
            System.out.println(server.port());
            for (String line; (line = input.readLine()) != null; ) {
                System.out.println(answer(line, server));
            }
        }
    }

    private static void echo(ByteStream stream) {
        for (ByteView v; (v = stream.readView()) != null; ) {
            stream.write(v);
        }
    }

    private static long answer(String question, Server server) throws Exception {
        return switch (question) {
            case "connections" -> server.connections();
            case "descriptors" -> Descriptors.open();
            case "heap" -> {
                System.gc();
                yield Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
            }
            case "direct" -> PlatformDependent.usedDirectMemory();
            case "resident" -> resident();
            default -> throw new IllegalArgumentException(question);
        };
    }

    private static long resident() throws Exception {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        throw new IllegalStateException("no VmRSS");
    }
}
