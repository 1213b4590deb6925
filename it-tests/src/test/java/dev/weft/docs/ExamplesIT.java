package dev.weft.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compiles each Java block of the documentation, so that none shows an API that does not exist.
 * Those of two guides are run, by {@link ComingFromAsyncioIT} and {@code HttpGuideIT}.
 */
class ExamplesIT {
    private static final Path ROOT = Path.of(System.getProperty("weft.root"));
    private static final Pattern BLOCK = Pattern.compile("(?s)\n```java\n(.*?)```\n");

    @TempDir private Path classes;

    @TestFactory
    Stream<DynamicTest> compile() throws IOException {
        try (Stream<Path> guides = Files.list(ROOT.resolve("docs"))) {
            return Stream.concat(Stream.of(ROOT.resolve("README.md")), guides)
                    .filter(file -> file.toString().endsWith(".md") && Files.exists(file))
                    .filter(file -> !file.endsWith("coming-from-asyncio.md"))
                    .filter(file -> !file.endsWith("http-client.md"))
                    .sorted()
                    .flatMap(ExamplesIT::examples)
                    .map(example -> DynamicTest.dynamicTest(example.name(), () -> compile(example)))
                    .toList()
                    .stream();
        }
    }

    private record Example(String name, String source) {}

    private static Stream<Example> examples(Path file) {
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        Matcher block = BLOCK.matcher(text);
        return block.results()
                .map(found -> {
                    long line = text.substring(0, found.start(1)).lines().count() + 1;
                    return new Example(file.getFileName() + ":" + line, source(found.group(1)));
                });
    }

    /** A whole program stays as it is; imports get a body, and statements become one. */
    private static String source(String block) {
        if (block.contains("void main(")) {
            return block;
        }
        if (block.startsWith("import ")) {
            return block + "void main() {}\n";
        }
        return """
        import static dev.weft.Async.*;
        import dev.weft.*;
        import dev.weft.http.*;
        import dev.weft.net.*;
        void main() throws Exception {
        %s
        }
        """
                .formatted(block);
    }

    private void compile(Example example) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        JavaFileObject file =
                new SimpleJavaFileObject(
                        URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return example.source();
                    }
                };
        StringWriter messages = new StringWriter();
        List<String> options =
                List.of(
                        "-proc:none",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-d",
                        classes.toString());
        boolean compiled =
                compiler.getTask(messages, null, null, options, null, List.of(file)).call();
        assertThat(compiled).as("%s%n%s", example.source(), messages).isTrue();
    }
}
