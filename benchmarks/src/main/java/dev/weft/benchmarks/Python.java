package dev.weft.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A Python interpreter and an event loop that it has.
 *
 * @param interpreter its command
 * @param version as in 3.13.1
 * @param loop {@code asyncio} or {@code uvloop}
 */
record Python(String interpreter, String version, String loop) {
    /**
     * The first Python with asyncio, and the first with uvloop: the system's if it has them, so
     * that both are the same; a Python on the path need not be the system's, whose packages it then
     * lacks.
     */
    static List<Python> find() throws IOException {
        List<Python> found = new ArrayList<>();
        for (String loop : List.of("asyncio", "uvloop")) {
            for (String interpreter : List.of("/usr/bin/python3", "python3")) {
                String version = version(interpreter, loop);
                if (version != null) {
                    found.add(new Python(interpreter, version, loop));
                    break;
                }
            }
        }
        return found;
    }

    private static @Nullable String version(String interpreter, String loop) {
        try {
            Process process =
                    new ProcessBuilder(
                                    interpreter,
                                    "-c",
                                    "import sys, " + loop + "; print(sys.version.split()[0])")
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            process.getOutputStream().close();
            String version =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                            .strip();
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0
                    ? version
                    : null;
        } catch (IOException e) {
            return null; // there is none
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    String id() {
        return loop;
    }

    String title() {
        return loop + " (Python " + version + ")";
    }

    /** The command that runs a script of ours on this loop. */
    List<String> command(String script, String... args) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(Python.class.getResourceAsStream(script), script)) {
            List<String> command = new ArrayList<>(List.of(interpreter, "-c"));
            command.add(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            command.add(loop);
            command.addAll(List.of(args));
            return command;
        }
    }
}
