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
    static List<Python> find() {
        List<Python> found = new ArrayList<>();
        for (String loop : List.of("asyncio", "uvloop")) {
            Python python = find(loop, loop);
            if (python != null) {
                found.add(python);
            }
        }
        return found;
    }

    /**
     * The first Python that has a loop, and modules with the names given; null if there is none.
     */
    static @Nullable Python find(String loop, String modules) {
        for (String interpreter : List.of("/usr/bin/python3", "python3")) {
            String version = version(interpreter, modules);
            if (version != null) {
                return new Python(interpreter, version, loop);
            }
        }
        return null;
    }

    private static @Nullable String version(String interpreter, String modules) {
        return output(interpreter, "import sys, " + modules + "; print(sys.version.split()[0])");
    }

    /** What a line of Python prints; null if it fails. */
    @Nullable String output(String program) {
        return output(interpreter, program);
    }

    private static @Nullable String output(String interpreter, String program) {
        try {
            Process process =
                    new ProcessBuilder(interpreter, "-c", program)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            process.getOutputStream().close();
            String printed =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                            .strip();
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0
                    ? printed
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
