package dev.weft.it;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What tests need from the machine. Where it is missing the test is skipped, with what would help;
 * under {@code CI=true} it fails, since there a skip would hide that nothing was tested.
 */
final class Tools {
    private Tools() {}

    static boolean isCi() {
        return "true".equals(System.getenv("CI"));
    }

    /** The tool, or the end of the test. */
    static <T> T require(Optional<T> tool, String missing, String fix) {
        return tool.orElseGet(() -> missing(missing, fix));
    }

    /** Skips the test, or fails it under {@code CI=true}. */
    static <T> T missing(String missing, String fix) {
        String reason = missing + ": " + fix;
        return isCi() ? fail(reason + " (CI=true: a skip is a failure)") : abort(reason);
    }

    /** A program on the {@code PATH} or in the folders of system programs, such as nginx. */
    static Optional<Path> find(String program) {
        return Arrays.stream((System.getenv("PATH") + ":/usr/sbin:/sbin").split(File.pathSeparator))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static final Set<Integer> PORTS = ConcurrentHashMap.newKeySet();

    /**
     * A port that is free, as yet: for programs that do not say which one they found. Each time
     * another one, as a program may want several.
     */
    static int freePort() {
        while (true) {
            try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                if (PORTS.add(socket.getLocalPort())) {
                    return socket.getLocalPort();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Has a program heed a signal that this JVM, and so its children, may have to ignore. */
    static ProcessBuilder heeding(String signal, ProcessBuilder builder) {
        String option = "--default-signal=" + signal;
        if (succeeds("env", option, "true")) {
            builder.command().addAll(0, List.of("env", option));
        }
        return builder;
    }

    /** Whether a short command ends with status 0. */
    static boolean succeeds(String... command) {
        try (Program program = Program.start(new ProcessBuilder(command))) {
            return program.awaitExit() == 0;
        }
    }
}
