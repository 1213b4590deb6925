package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What can only be seen in a JVM of its own: what happens first in it, and its flags. */
class FreshJvmTest {
    /** The program: trap 1, whose victims are the JDK's own socket pollers. */
    static final class FirstBlockingRead {
        public static void main(String[] args) throws Exception {
            try (Loop loop = Loop.open()) {
                System.out.println(loop.scheduler());
                System.out.println(
                        "in a task: "
                                + loop.run(() -> await(async(FirstBlockingRead::readOneByte))));
            }
            int[] read = {-1};
            Thread thread = Thread.startVirtualThread(() -> read[0] = readOneByte());
            thread.join(20_000);
            System.out.println("in a plain virtual thread: " + read[0]);
            System.exit(read[0] == 42 ? 0 : 1);
        }

        /** Reads what another thread writes only later, so that the read has to wait. */
        private static int readOneByte() {
            try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
                    Socket accepted = server.accept()) {
                Thread reader = Thread.currentThread();
                Thread writer =
                        Thread.ofPlatform()
                                .start(() -> {
                                    while (reader.getState() == Thread.State.RUNNABLE) {
                                        Thread.onSpinWait();
                                    }
                                    try {
                                        accepted.getOutputStream().write(42);
                                    } catch (IOException e) {
                                        throw new UncheckedIOException(e);
                                    }
                                });
                int read = client.getInputStream().read();
                writer.join();
                return read;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** The program: which mode AUTO picks, and what asking for LOOP says. */
    static final class Modes {
        public static void main(String[] args) {
            try (Loop loop = Loop.open()) {
                System.out.println("AUTO is " + loop.scheduler());
            }
            try (Loop loop = Loop.open(LoopOptions.defaults().scheduler(SchedulerMode.LOOP))) {
                System.out.println("LOOP is " + loop.scheduler());
            } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    private record Result(int status, String output) {}

    private static Result java(Class<?> main, String... flags)
            throws IOException, InterruptedException {
        return java(System.getProperty("java.class.path"), main, flags);
    }

    private static Result java(String classPath, Class<?> main, String... flags)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(flags));
        command.addAll(List.of("-cp", classPath, main.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            throw new AssertionError(
                    main
                            + " did not end: "
                            + new String(
                                    process.getInputStream().readAllBytes(),
                                    StandardCharsets.UTF_8));
        }
        return new Result(
                process.exitValue(),
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }

    private static final String FLAG = "--add-opens=java.base/java.lang=ALL-UNNAMED";

    @Test
    void theFirstBlockingReadOfAJvmInATaskDoesNotHangLaterOnes() throws Exception {
        Result result = java(FirstBlockingRead.class, FLAG);
        assertThat(result.output)
                .contains("LOOP", "in a task: 42", "in a plain virtual thread: 42");
        assertThat(result.status).isZero();
    }

    @Test
    void theSameInPortableMode() throws Exception {
        Result result = java(FirstBlockingRead.class);
        assertThat(result.output)
                .contains("PORTABLE", "in a task: 42", "in a plain virtual thread: 42");
        assertThat(result.status).isZero();
    }

    @Test
    void withoutTheFlagAutoIsPortableAndNamesIt() throws Exception {
        Result result = java(Modes.class);
        assertThat(result.output)
                .contains(
                        "AUTO is PORTABLE",
                        "portable mode",
                        "loop mode is not available",
                        "--add-opens java.base/java.lang=ALL-UNNAMED");
        assertThat(result.status).isZero();
    }

    @Test
    void jdkJavaOptionsAndTheFlagTurnLoopModeOn() throws Exception {
        assertThat(java(Modes.class, FLAG).output).contains("AUTO is LOOP", "LOOP is LOOP");
    }

    @Test
    void aPropertyChoosesTheModeForAWholeProgram() throws Exception {
        assertThat(java(Modes.class, FLAG, "-Dweft.scheduler=portable").output)
                .contains("AUTO is PORTABLE");
        Result typo = java(Modes.class, "-Dweft.scheduler=porteble");
        assertThat(typo.output)
                .contains(
                        "system property weft.scheduler must be one of [loop, portable, auto], was porteble");
        assertThat(typo.status).isOne();
    }

    @Test
    void micrometerIsOptional() throws Exception {
        String without =
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry ->
                                !entry.contains("micrometer")
                                        && !entry.contains("context-propagation"))
                        .collect(Collectors.joining(File.pathSeparator));
        assertThat(without).doesNotContain("micrometer").contains("netty");
        Result result = java(without, FirstBlockingRead.class, FLAG);
        assertThat(result.output).contains("in a task: 42").doesNotContain("NoClassDefFound");
        assertThat(result.status).isZero();
    }
}
