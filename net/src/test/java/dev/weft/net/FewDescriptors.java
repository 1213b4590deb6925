package dev.weft.net;

import dev.weft.Action;
import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.SchedulerMode;
import dev.weft.Transport;
import dev.weft.testkit.BufferLeaks;
import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A program with few file descriptors, for {@link OutOfDescriptorsTest}: an echo server, {@code
 * FewDescriptors TRANSPORT MODE}. It answers each line of its input with one of its output.
 */
final class FewDescriptors {
    private static final int SPARE = 8;

    private FewDescriptors() {}

    public static void main(String[] args) throws Exception {
        BufferLeaks.watch();
        LoopOptions options =
                LoopOptions.defaults()
                        .transport(Transport.valueOf(args[0]))
                        .scheduler(SchedulerMode.valueOf(args[1]));
        List<FileInputStream> spare = new ArrayList<>();
        for (int i = 0; i < SPARE; i++) {
            spare.add(new FileInputStream("/dev/null"));
        }
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        try (Loop loop = Loop.open(options)) {
            loop.submit(FewDescriptors::warmUp).get();
            limit();
            Server server = loop.<Server>submit(() -> listen()).get();
            System.out.println(server.port());
            for (String line; (line = input.readLine()) != null; ) {
                System.out.println(answer(line, loop, server, spare));
            }
        }
    }

    private static Server listen() {
        return Tcp.listen(
                "127.0.0.1",
                0,
                stream -> {
                    for (String line : stream.lines()) {
                        stream.write(line + "\n");
                    }
                });
    }

    /** Loads the classes: for that, too, a file descriptor may be needed. */
    private static void warmUp() throws ClassNotFoundException {
        try (Server server = listen();
                ByteStream stream = Tcp.connect("127.0.0.1", server.port());
                UdpSocket socket = Udp.bind("127.0.0.1", 0)) {
            stream.write("x\n");
            stream.readLine();
            failureOf(() -> Udp.bind("127.0.0.1", socket.port()));
        }
        for (String name : List.of("ListenFailed", "ConnectFailed", "ConnectRefused")) {
            Class.forName("dev.weft.net." + name + "Exception");
        }
        openAll();
    }

    /** What comes of opening one of each. */
    private static String openAll() {
        return String.join(
                " ",
                failureOf(() -> Tcp.connect("127.0.0.1", 1)),
                failureOf(() -> listen().close()),
                failureOf(() -> Udp.connect("127.0.0.1", 1).close()),
                failureOf(() -> Udp.bind("127.0.0.1", 0).close()),
                failureOf(() -> Unix.connect(Path.of("/no/such/file"))));
    }

    private static String failureOf(Action opening) {
        try {
            Async.timeout(Duration.ofSeconds(5), opening);
            return "none";
        } catch (RuntimeException e) {
            return e.getClass().getSimpleName();
        }
    }

    private static Object answer(
            String command, Loop loop, Server server, List<FileInputStream> spare)
            throws Exception {
        return switch (command) {
            case "connections" -> server.connections();
            case "open" -> loop.submit(FewDescriptors::openAll).get();
            case "free" -> {
                for (FileInputStream file : spare) {
                    file.close();
                }
                yield "freed";
            }
            default -> throw new IllegalArgumentException(command);
        };
    }

    /**
     * Leaves room for a listening socket and some connections. Before there is one, as io_uring
     * heeds the limit that it finds when it begins to accept.
     */
    private static void limit() throws IOException, InterruptedException {
        // A process is started while there is room for its pipes.
        int open = Objects.requireNonNull(new File("/proc/self/fd").list()).length - 1;
        String pid = String.valueOf(ProcessHandle.current().pid());
        int status =
                new ProcessBuilder("prlimit", "--pid", pid, "--nofile=" + (open + 1 + SPARE) + ":")
                        .inheritIO()
                        .start()
                        .waitFor();
        if (status != 0) {
            throw new IOException("prlimit ended with " + status);
        }
    }
}
