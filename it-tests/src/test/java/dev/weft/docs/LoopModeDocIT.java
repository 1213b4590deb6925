package dev.weft.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Does what {@code docs/loop-mode.md} says, in a project of a user's, and looks which mode runs.
 */
class LoopModeDocIT {
    private static final Path ROOT = Path.of(System.getProperty("weft.root"));
    private static final String CLASS_PATH = System.getProperty("java.class.path");

    private static final String MAIN =
            """
            package com.example;

            import dev.weft.Async;
            import dev.weft.Loop;

            public class Main {
                public static void main(String[] args) {
                    Async.run(() -> System.out.println(Loop.current().scheduler()));
                }
            }
            """;

    private static final String MODE_TEST =
            """
            package com.example;

            import dev.weft.Async;
            import dev.weft.Loop;
            import java.nio.file.Files;
            import java.nio.file.Path;
            import org.junit.jupiter.api.Test;

            class ModeTest {
                @Test
                void writesItsMode() {
                    Async.run(() -> {
                        Files.writeString(Path.of("target/mode"), Loop.current().scheduler().toString());
                    });
                }
            }
            """;

    @TempDir private Path project;

    @Test
    void surefireRunsTestsInLoopMode() throws Exception {
        compile("com/example/ModeTest.java", MODE_TEST, "target/test-classes");
        maven("maven-surefire-plugin", "test", block("surefire"), classPathElements());
        assertThat(project.resolve("target/mode")).hasContent("LOOP");
    }

    @Test
    void javaMinusJarRunsInLoopMode() throws Exception {
        compile("com/example/Main.java", MAIN, "target/classes");
        maven("maven-jar-plugin", "jar", block("manifest"), classPathEntry());
        String jar = project.resolve("target/app-1.jar").toString();
        assertThat(run(java(), "-jar", jar)).contains("LOOP\n").doesNotContain("WARNING");
        assertThat(run(java(), "-cp", jar, "com.example.Main")).contains("PORTABLE\n");
    }

    @Test
    void jdkJavaOptionsTurnsLoopModeOn() throws Exception {
        compile("com/example/Main.java", MAIN, "target/classes");
        String classPath = project.resolve("target/classes") + File.pathSeparator + CLASS_PATH;
        String program = "exec '" + java() + "' -cp '" + classPath + "' com.example.Main";
        assertThat(run("sh", "-c", block("jdk-java-options") + program))
                .contains("Picked up JDK_JAVA_OPTIONS", "LOOP\n")
                .doesNotContain("WARNING");
        assertThat(run("sh", "-c", program)).contains("PORTABLE\n");
    }

    /** The fenced block after the comment that marks it as tested under this name. */
    private static String block(String name) throws IOException {
        return group(
                ROOT.resolve("docs/loop-mode.md"),
                "(?s)<!-- tested: " + name + " -->\n```\\w*\n(.*?\n)```\n");
    }

    private static String group(Path file, String pattern) throws IOException {
        Matcher matcher = Pattern.compile(pattern).matcher(Files.readString(file));
        assertThat(matcher.find()).as("%s matches %s", file, pattern).isTrue();
        return matcher.group(1);
    }

    private void compile(String name, String source, String target) throws IOException {
        Path file = project.resolve("src").resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, source);
        String classes = Files.createDirectories(project.resolve(target)).toString();
        int status =
                ToolProvider.getSystemJavaCompiler()
                        .run(
                                null,
                                null,
                                null,
                                "-proc:none",
                                "-cp",
                                CLASS_PATH,
                                "-d",
                                classes,
                                file.toString());
        assertThat(status).isZero();
    }

    /** What a dependency on weft-runtime would do, which no repository has yet. */
    private static String classPathElements() {
        return Arrays.stream(CLASS_PATH.split(File.pathSeparator))
                .collect(
                        Collectors.joining(
                                "</element><element>",
                                "<additionalClasspathElements><element>",
                                "</element></additionalClasspathElements>"));
    }

    /** The same, for the manifest. */
    private static String classPathEntry() {
        return Arrays.stream(CLASS_PATH.split(File.pathSeparator))
                .map(entry -> Path.of(entry).toUri().toString())
                .collect(
                        Collectors.joining(
                                " ",
                                "<archive><manifestEntries><Class-Path>",
                                "</Class-Path></manifestEntries></archive>"));
    }

    /** Runs one goal of a plugin in a project that has the plugin as the documentation shows it. */
    private void maven(String plugin, String goal, String documented, String classPath)
            throws Exception {
        Path parent = ROOT.resolve("pom.xml");
        String version =
                group(
                        parent,
                        "<artifactId>" + plugin + "</artifactId>\\s*<version>(.*?)</version>");
        String junit = group(parent, "<junit.version>(.*?)</junit.version>");
        Files.writeString(
                project.resolve("pom.xml"),
                """
                <project xmlns="http://maven.apache.org/POM/4.0.0">
                    <modelVersion>4.0.0</modelVersion>
                    <groupId>com.example</groupId>
                    <artifactId>app</artifactId>
                    <version>1</version>
                    <properties>
                        <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
                    </properties>
                    <dependencies>
                        <dependency>
                            <groupId>org.junit.jupiter</groupId>
                            <artifactId>junit-jupiter</artifactId>
                            <version>%s</version>
                            <scope>test</scope>
                        </dependency>
                    </dependencies>
                    <build>
                        <pluginManagement>
                            <plugins>
                                <plugin>
                                    <groupId>org.apache.maven.plugins</groupId>
                                    <artifactId>%s</artifactId>
                                    <version>%s</version>
                                    <configuration>%s</configuration>
                                </plugin>
                            </plugins>
                        </pluginManagement>
                        <plugins>
                %s
                        </plugins>
                    </build>
                </project>
                """
                        .formatted(junit, plugin, version, classPath, documented));
        List<String> command = new ArrayList<>();
        command.add(ROOT.resolve("mvnw").toString());
        // Offline: the build that runs this test has fetched all that is needed.
        command.addAll(List.of("-o", "-q", "-B", "-f", project.resolve("pom.xml").toString()));
        String repository = System.getProperty("localRepository"); // set by Surefire and Failsafe
        if (repository != null) {
            command.add("-Dmaven.repo.local=" + repository);
        }
        command.add("org.apache.maven.plugins:" + plugin + ":" + version + ":" + goal);
        run(command.toArray(String[]::new));
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** Runs a program that has to succeed; its output, standard error included. */
    private String run(String... command) throws Exception {
        Path output = Files.createTempFile(project, "output", ".txt");
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .directory(project.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
        Process process = builder.start();
        process.getOutputStream().close();
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
            throw new AssertionError(
                    List.of(command) + " did not end: " + Files.readString(output));
        }
        String text = Files.readString(output);
        assertThat(process.exitValue()).as("%s: %s", List.of(command), text).isZero();
        return text;
    }
}
