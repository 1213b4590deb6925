package dev.weft.net;

import dev.weft.Event;
import dev.weft.Loop;
import io.netty.util.internal.PlatformDependent;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An echo server, which tells its port, and what it is asked for. With an argument it reads nothing
 * before it is told to {@code go}.
 */
final class EchoProgram {
    private EchoProgram() {}

    public static void main(String[] args) throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        try (Loop loop = Loop.open()) {
            Event go = loop.submit(Event::create).get();
            if (args.length == 0) {
                loop.submit(go::set).get();
            }
            StreamHandler handler =
                    stream -> {
                        go.await();
                        echo(stream);
                    };
            Server server = loop.<Server>submit(() -> Tcp.listen("127.0.0.1", 0, handler)).get();
            System.out.println(server.port());
            for (String line; (line = input.readLine()) != null; ) {
                if (line.equals("go")) {
                    loop.submit(go::set).get();
                }
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
            case "go", "connections" -> server.connections();
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
