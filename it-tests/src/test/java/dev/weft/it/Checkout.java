package dev.weft.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** This checkout's launcher and files. */
final class Checkout {
    static final Path ROOT = Path.of(System.getProperty("weft.root", ".."));

    /** The runnable jar. */
    static final Path JAR = ROOT.resolve("websocket-echo/target/weft.jar");

    /** What the launcher compares the jar with. */
    private static final List<String> SOURCES =
            Stream.concat(
                            Stream.of("pom.xml"),
                            Stream.of("runtime", "net", "websocket-echo")
                                    .flatMap(m -> Stream.of(m + "/pom.xml", m + "/src/main")))
                    .toList();

    private Checkout() {}

    /** A file of the tests that is no Java source. */
    static String testFile(String name) {
        return ROOT.resolve("it-tests/src/test").resolve(name).toString();
    }

    /** Runs {@code ./weft} with these arguments. */
    static Program weft(String... arguments) {
        return Program.start(launcher(arguments));
    }

    /** The launcher, ready to start, in an environment without options that make a JVM talk. */
    static ProcessBuilder launcher(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(ROOT.resolve("weft").toString());
        command.addAll(List.of(arguments));
        return quiet(new ProcessBuilder(command));
    }

    static ProcessBuilder quiet(ProcessBuilder builder) {
        requireFreshJar();
        builder.environment()
                .keySet()
                .removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "WEFT_JAVA_OPTIONS"));
        return builder;
    }

    /** A launcher that builds would do so in the middle of the build that runs the tests. */
    private static void requireFreshJar() {
        try {
            FileTime built = Files.getLastModifiedTime(JAR);
            for (String source : SOURCES) {
                // Folders too, as the launcher does: a file may have gone.
                try (Stream<Path> files = Files.walk(ROOT.resolve(source))) {
                    for (Path file : (Iterable<Path>) files::iterator) {
                        if (Files.getLastModifiedTime(file).compareTo(built) > 0) {
                            throw new AssertionError(
                                    file + " is newer than " + JAR + ": build it before the tests");
                        }
                    }
                }
            }
        } catch (IOException e) {
            throw new AssertionError("build " + JAR + " before the tests", e);
        }
    }
}
