package dev.weft.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** Runs each right side of {@code docs/coming-from-asyncio.md}, which must print what it says. */
@Timeout(120)
@ResourceLock(Resources.SYSTEM_OUT)
class ComingFromAsyncioIT {
    private static final Path GUIDE =
            Path.of(System.getProperty("weft.root"), "docs", "coming-from-asyncio.md");

    /** A heading, then somewhere below it a program and what it prints. */
    private static final Pattern EXAMPLE =
            Pattern.compile(
                    "(?s)\n## ([^\n]+)\n(?:(?!\n## ).)*?\n```java\n(.*?)```\n(?:(?!\n## ).)*?\n```text\n(.*?)```\n");

    @TempDir private Path folder;

    private record Example(String title, String program, String prints) {}

    @TestFactory
    Stream<DynamicTest> rightSides() throws Exception {
        String guide = Files.readString(GUIDE);
        List<Example> examples =
                EXAMPLE.matcher(guide)
                        .results()
                        .map(m -> new Example(m.group(1), m.group(2), m.group(3)))
                        .toList();
        assertThat(examples).hasSize((int) guide.lines().filter(l -> l.startsWith("## ")).count());
        return examples.stream()
                .flatMap(example ->
                        Stream.of("LOOP", "PORTABLE")
                                .map(mode ->
                                        DynamicTest.dynamicTest(
                                                example.title() + ", " + mode,
                                                () -> run(example, mode))));
    }

    private void run(Example example, String mode) throws Exception {
        Path classes = Files.createTempDirectory(folder, "example");
        compile(example, classes);
        String before = System.getProperty("weft.scheduler");
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setProperty("weft.scheduler", mode);
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try (URLClassLoader loader =
                new URLClassLoader(
                        new URL[] {classes.toUri().toURL()}, getClass().getClassLoader())) {
            Class<?> program = loader.loadClass("Example");
            Constructor<?> constructor = program.getDeclaredConstructor();
            constructor.setAccessible(true);
            Method main = program.getDeclaredMethod("main");
            main.setAccessible(true);
            main.invoke(constructor.newInstance());
        } finally {
            System.setOut(out);
            if (before == null) {
                System.clearProperty("weft.scheduler");
            } else {
                System.setProperty("weft.scheduler", before);
            }
        }
        assertThat(printed.toString(StandardCharsets.UTF_8)).isEqualTo(example.prints());
    }

    private static void compile(Example example, Path classes) {
        String body = example.program();
        String source =
                "import static dev.weft.Async.*;\nimport dev.weft.*;\n"
                        + (body.contains("void main()")
                                ? body
                                : "void main() {\nAsync.run(() -> {\n" + body + "});\n}\n");
        JavaFileObject file =
                new SimpleJavaFileObject(
                        URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        StringWriter messages = new StringWriter();
        boolean compiled =
                ToolProvider.getSystemJavaCompiler()
                        .getTask(
                                messages,
                                null,
                                null,
                                List.of(
                                        "-proc:none",
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        "-d",
                                        classes.toString()),
                                null,
                                List.of(file))
                        .call();
        assertThat(compiled).as("%s%n%s", source, messages).isTrue();
    }
}
