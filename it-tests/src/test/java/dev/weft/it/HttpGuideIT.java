package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
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

/**
 * Compiles and runs each Java block of {@code docs/http-client.md}, with a server in the place of
 * {@code https://example.org}.
 */
@Timeout(120)
class HttpGuideIT {
    private static final Path GUIDE = Checkout.ROOT.resolve("docs/http-client.md");
    private static final Pattern BLOCK = Pattern.compile("(?s)\n```java\n(.*?)```\n");

    @TempDir private Path folder;

    @TestFactory
    Stream<DynamicTest> blocks() throws IOException {
        String guide = Files.readString(GUIDE);
        List<DynamicTest> tests =
                BLOCK.matcher(guide)
                        .results()
                        .map(m -> {
                            long line = guide.substring(0, m.start(1)).lines().count() + 1;
                            return DynamicTest.dynamicTest("line " + line, () -> run(m.group(1)));
                        })
                        .toList();
        assertThat(tests).hasSizeGreaterThan(15);
        return tests.stream();
    }

    private static HttpSite site() {
        HttpSite site = HttpSite.open();
        site.on("/", e -> HttpSite.answer(e, 200, "text/plain", "Hello\nagain\n"));
        site.on("/missing", e -> HttpSite.answer(e, 404, "text/plain", "nothing here"));
        site.on("/orders", e -> HttpSite.answer(e, 200, "application/json", "{\"count\":2}"));
        return site;
    }

    private void run(String block) throws Exception {
        try (HttpSite site = site()) {
            String local =
                    block.replace("https://example.org", site.url(""))
                            .replace("Path.of(\"", "Path.of(\"" + folder + "/");
            Path classes = Files.createTempDirectory(folder, "block");
            compile(source(local), classes);
            try (URLClassLoader loader =
                    new URLClassLoader(
                            new URL[] {classes.toUri().toURL()}, getClass().getClassLoader())) {
                Class<?> program = loader.loadClass("Example");
                Constructor<?> constructor = program.getDeclaredConstructor();
                constructor.setAccessible(true);
                Method main = program.getDeclaredMethod("main");
                main.setAccessible(true);
                main.invoke(constructor.newInstance());
            } catch (InvocationTargetException e) {
                throw new AssertionError(local, e.getCause());
            }
        }
    }

    private static String source(String block) {
        if (block.startsWith("import ")) {
            return block + "void main() {}\n";
        }
        return """
        import static dev.weft.Async.*;
        import dev.weft.*;
        import dev.weft.http.*;
        import dev.weft.net.*;
        void main() {
        Async.run(() -> {
        try (HttpClient http = HttpClient.open()) {
        %s
        }
        });
        }
        """
                .formatted(block);
    }

    private static void compile(String source, Path classes) {
        JavaFileObject file =
                new SimpleJavaFileObject(
                        URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
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
                ToolProvider.getSystemJavaCompiler()
                        .getTask(messages, null, null, options, null, List.of(file))
                        .call();
        assertThat(compiled).as("%s%n%s", source, messages).isTrue();
    }
}
