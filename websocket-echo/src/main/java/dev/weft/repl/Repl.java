package dev.weft.repl;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.StringJoiner;
import java.util.prefs.Preferences;
import jdk.jshell.tool.JavaShellToolBuilder;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's jshell, in this process, with Weft imported and snippets that run as tasks of a live
 * loop.
 *
 * @param interactive whether a person sits in front of it: with a line editor, a prompt and a
 *     history that is kept, as opposed to bare input and values
 * @param classPath further jars and folders, in the system's notation; null for none
 * @param files what to load before reading standard input
 */
public record Repl(boolean interactive, @Nullable String classPath, List<String> files) {
    /**
     * In the order of precedence: a name that is both in a package imported on demand and in a
     * module is the package's. So {@code Future} and {@code Queue} are Weft's.
     */
    private static final String IMPORTS =
            """
            import module java.base;
            import dev.weft.*;
            import dev.weft.http.*;
            import dev.weft.net.*;
            import dev.weft.websocket.*;
            import static dev.weft.Async.*;
            """;

    /**
     * Runs until {@code /exit} or the end of the input, then closes the loop.
     *
     * @return the exit status, which is 0 or what {@code /exit} was given
     */
    public int run() {
        if (Repl.class.getModule().isNamed()) {
            throw new IllegalStateException(
                    "the prompt needs Weft on the class path, as java -jar weft.jar repl has it");
        }
        try {
            Path folder = Files.createTempDirectory("weft-repl");
            // Not in a finally: a snippet may end the JVM.
            folder.toFile().deleteOnExit();
            Path startup = folder.resolve("imports.jsh");
            startup.toFile().deleteOnExit();
            Files.writeString(startup, IMPORTS);
            Path types = folder.resolve("weft.jar");
            types.toFile().deleteOnExit();
            PlainTypes.write(types);
            return builder().start(arguments(startup, types));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** What SIGINT does: cancels the snippet that runs, if any. */
    public static void interrupt() {
        LoopExecution.interruptCurrent();
    }

    private JavaShellToolBuilder builder() {
        JavaShellToolBuilder builder = JavaShellToolBuilder.builder();
        if (interactive) {
            return builder.interactiveTerminal(true)
                    .persistence(Preferences.userRoot().node("dev/weft/repl"));
        }
        // What is not System.in itself is read without a terminal's ways; the third stream is for
        // prompts.
        return builder.in(new PipedInput(System.in), null)
                .out(System.out, new PrintStream(OutputStream.nullOutputStream()), System.out)
                .persistence(new HashMap<>());
    }

    private String[] arguments(Path startup, Path types) {
        StringJoiner path = new StringJoiner(File.pathSeparator);
        path.add(types.toString());
        path.add(System.getProperty("java.class.path"));
        if (classPath != null) {
            path.add(classPath);
        }
        List<String> arguments = new ArrayList<>();
        arguments.add("--execution");
        arguments.add(LoopExecutionProvider.spec(interactive));
        arguments.add("--startup");
        arguments.add(startup.toString());
        arguments.add("--class-path");
        arguments.add(path.toString());
        if (!interactive) {
            arguments.add("-q");
        }
        arguments.add("--");
        arguments.addAll(files);
        return arguments.toArray(String[]::new);
    }
}
