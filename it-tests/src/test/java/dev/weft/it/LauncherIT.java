package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher, the JDK that it finds, and the commands that say what is here. */
@Timeout(120)
class LauncherIT {
    private static final String OWN_JDK = System.getProperty("java.home");

    @TempDir private Path folder;

    @Test
    void theJarRunsWithoutAnyFlag() {
        ProcessBuilder java =
                new ProcessBuilder(
                        OWN_JDK + "/bin/java", "-jar", Checkout.JAR.toString(), "echo", "hi");
        try (Program echo = Program.start(Checkout.quiet(java))) {
            assertThat(echo.awaitExit()).isZero();
            assertThat(echo.out()).containsExactly("hi");
            assertThat(echo.err()).isEmpty();
        }
    }

    @Test
    void doctorSaysThatTheLauncherGivesLoopMode() {
        try (Program doctor = Checkout.weft("doctor")) {
            assertThat(doctor.awaitExit()).isZero();
            assertThat(doctor.err()).isEmpty();
            assertThat(doctor.out())
                    .anyMatch(line -> line.matches("java +" + Runtime.version().feature() + ".*"))
                    .anyMatch(line -> line.matches("scheduler +loop mode.*"))
                    .anyMatch(line -> line.matches("transport +(EPOLL|KQUEUE|NIO|epoll|kqueue).*"));
        }
    }

    @Test
    void doctorSaysWhyThereIsNoLoopModeAndHowToGetIt() {
        ProcessBuilder java =
                new ProcessBuilder(
                        OWN_JDK + "/bin/java",
                        "-cp",
                        Checkout.JAR.toString(),
                        "dev.weft.echo.Main",
                        "doctor");
        try (Program doctor = Program.start(Checkout.quiet(java))) {
            assertThat(doctor.awaitExit()).isZero();
            assertThat(doctor.out())
                    .anyMatch(line -> line.matches("scheduler +portable mode.*"))
                    .anyMatch(line -> line.contains("--add-opens java.base/java.lang=ALL-UNNAMED"));
        }
    }

    @Test
    void versionIsOneLine() {
        try (Program weft = Checkout.weft("--version")) {
            assertThat(weft.awaitExit()).isZero();
            assertThat(weft.out())
                    .singleElement()
                    .asString()
                    .matches("weft \\d+\\.\\S+ \\(java .*\\)");
            assertThat(weft.err()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "echo --help", "repl --help", "doctor --help", "run --help"})
    void helpIsNoFailure(String arguments) {
        try (Program weft = Checkout.weft(arguments.split(" "))) {
            assertThat(weft.awaitExit()).isZero();
            assertThat(weft.out()).anyMatch(line -> line.toLowerCase().startsWith("usage: weft"));
            assertThat(weft.err()).isEmpty();
        }
    }

    @Test
    void runWithoutAFileSaysWhatIsMissing() {
        try (Program weft = Checkout.weft("run", folder.resolve("Missing.java").toString())) {
            assertThat(weft.awaitExit()).isEqualTo(2);
            assertThat(weft.err()).singleElement().asString().contains("Missing.java");
        }
    }

    @Test
    void runHandsArgumentsAndStatusOn() throws IOException {
        Path file = folder.resolve("Sum.java");
        Files.writeString(
                file,
                """
                void main(String[] args) {
                    IO.println(String.join("|", args) + " " + dev.weft.SchedulerMode.LOOP.unavailableBecause());
                    System.exit(7);
                }
                """);
        try (Program weft = Checkout.weft("run", file.toString(), "a b", "--help", "*")) {
            assertThat(weft.awaitExit()).isEqualTo(7);
            assertThat(weft.out()).containsExactly("a b|--help|* null");
            assertThat(weft.err()).isEmpty();
        }
    }

    @Test
    void aChosenJdkThatIsNoneEndsIt() {
        ProcessBuilder launcher = Checkout.launcher("--version");
        launcher.environment().put("WEFT_JAVA_HOME", "/nonsense");
        refused(launcher, "WEFT_JAVA_HOME=/nonsense", "no such folder");
    }

    @Test
    void aChosenJdkThatIsTooOldEndsIt() throws IOException {
        ProcessBuilder launcher = Checkout.launcher("--version");
        Path old = oldJdk();
        launcher.environment().put("WEFT_JAVA_HOME", old.toString());
        refused(launcher, "WEFT_JAVA_HOME=" + old, "version 17.0.9");
    }

    @Test
    void aMachineWithoutAUsableJdkIsToldWhatWasLookedAt() throws IOException {
        // A copy that wants a JDK which nobody has yet, on a PATH with an old one.
        Path copy = folder.resolve("checkout");
        Files.createDirectories(copy.resolve(".mvn"));
        Path weft = Files.copy(Checkout.ROOT.resolve("weft"), copy.resolve("weft"));
        String finder = Files.readString(Checkout.ROOT.resolve(".mvn/find-jdk.sh"));
        String demanding = finder.replace("weft_jdk_min=25", "weft_jdk_min=999");
        assertThat(demanding).isNotEqualTo(finder);
        Files.writeString(copy.resolve(".mvn/find-jdk.sh"), demanding);

        ProcessBuilder launcher = new ProcessBuilder("sh", weft.toString(), "echo", "hi");
        launcher.environment().remove("WEFT_JAVA_HOME");
        launcher.environment().remove("JAVA_HOME");
        Path old = oldJdk();
        launcher.environment().merge("PATH", old + "/bin", (path, bin) -> bin + ":" + path);
        refused(
                launcher,
                "no JDK 999 or later found",
                "JAVA_HOME: not set",
                "java on the PATH (" + old + "/bin/java): version 17.0.9",
                "Install a JDK 999");
    }

    @Test
    void anOldJavaOnThePathDoesNotMatter() throws IOException {
        ProcessBuilder launcher = Checkout.launcher("echo", "hi");
        Path old = oldJdk();
        launcher.environment().merge("PATH", old + "/bin", (path, bin) -> bin + ":" + path);
        launcher.environment().put("JAVA_HOME", OWN_JDK);
        try (Program weft = Program.start(launcher)) {
            assertThat(weft.awaitExit()).isZero();
            assertThat(weft.out()).containsExactly("hi");
        }
    }

    private static void refused(ProcessBuilder launcher, String... parts) {
        try (Program weft = Program.start(launcher)) {
            assertThat(weft.awaitExit()).isEqualTo(1);
            assertThat(weft.out()).isEmpty();
            assertThat(String.join("\n", weft.err()))
                    .startsWith("weft: ")
                    .contains(parts)
                    .contains("WEFT_JAVA_HOME to ");
        }
    }

    /** What looks like a JDK 17, and cannot run anything. */
    private Path oldJdk() throws IOException {
        Path jdk = folder.resolve("jdk-17");
        Files.createDirectories(jdk.resolve("bin"));
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"17.0.9\"\n");
        for (String tool : new String[] {"java", "javac"}) {
            Path program = jdk.resolve("bin").resolve(tool);
            Files.writeString(program, "#!/bin/sh\necho 'an old java was run' >&2\nexit 1\n");
            Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        return jdk;
    }
}
