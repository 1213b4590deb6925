package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.offload;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Ctrl-C while a body runs: in JVMs of their own, in this JVM's mode, since it is about the main
 * thread, the exit status, and what comes first in the process. A program prints {@code ready} when
 * it wants its SIGINT.
 */
@Timeout(120)
class InterruptsTest {
    private static final Duration LONG = Duration.ofHours(1);

    /** The programs, by name. */
    static final class Programs {
        private static final Map<String, Action> BY_NAME =
                Map.ofEntries(
                        Map.entry("caught", Programs::caught),
                        Map.entry("uncaught", () -> Async.run(() -> readyToSleep())),
                        Map.entry("stubborn", Programs::stubborn),
                        Map.entry("busy", Programs::busy),
                        Map.entry("offloaded", Programs::offloaded),
                        Map.entry("swallowed", Programs::swallowed),
                        Map.entry("failing", Programs::failing),
                        Map.entry("cancelledTwice", Programs::cancelledTwice),
                        Map.entry("otherThread", Programs::otherThread),
                        Map.entry("handled", Programs::handled),
                        Map.entry("afterwards", Programs::afterwards),
                        Map.entry("severalRuns", Programs::severalRuns),
                        Map.entry("unavailable", Programs::unavailable),
                        Map.entry("moduleless", Programs::moduleless));

        public static void main(String[] args) throws Exception {
            Action program = BY_NAME.get(args[0]);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> say("hook")));
            program.run();
        }

        private static void say(String line) {
            System.out.println(line);
            System.out.flush();
        }

        private static void readyToSleep() {
            say("ready");
            try {
                sleep(LONG);
            } finally {
                yieldNow();
                say("cleaned up");
            }
        }

        private static void caught() {
            try {
                Async.run(() -> readyToSleep());
            } catch (InterruptedRunException e) {
                say(e.getMessage() + ", cause " + e.getCause().getMessage());
            }
        }

        private static void stubborn() {
            Async.run(() -> {
                try {
                    say("ready");
                    sleep(LONG);
                } finally {
                    say("ready");
                    sleep(LONG);
                }
            });
        }

        private static void busy() {
            Async.run(() -> {
                say("ready");
                for (; ; ) {
                    yieldNow();
                }
            });
        }

        private static void offloaded() {
            Async.run(() ->
                    offload(() -> {
                        say("ready");
                        try {
                            new CountDownLatch(1).await();
                        } finally {
                            say("body interrupted");
                        }
                    }));
        }

        private static void swallowed() {
            String result =
                    Async.run(() -> {
                        try {
                            readyToSleep();
                        } catch (CancelledError e) {
                            return "swallowed " + e.getMessage();
                        }
                        return "slept";
                    });
            say(result);
        }

        private static void failing() {
            try {
                Async.run(() -> {
                    try {
                        readyToSleep();
                    } catch (CancelledError e) {
                        throw new IllegalStateException("failed");
                    }
                });
            } catch (IllegalStateException e) {
                say(e.getMessage());
            }
        }

        private static void cancelledTwice() {
            try {
                Async.run(() -> {
                    Task<?> main = Task.current();
                    async(() -> {
                        try {
                            sleep(LONG);
                        } finally {
                            main.cancel("by its child");
                        }
                    });
                    yieldNow();
                    readyToSleep();
                });
            } catch (CancellationException e) {
                say(e.getClass().getSimpleName() + ": " + e.getMessage());
            }
        }

        private static void otherThread() throws InterruptedException {
            Thread.ofPlatform().start(() -> Async.run(() -> readyToSleep())).join();
        }

        private static void handled() {
            Object before =
                    NativeSignals.install(
                            "INT", NativeSignals.handler("INT", s -> say("my handler")));
            Async.run(() -> {
                say("ready");
                sleep(Duration.ofSeconds(2));
            });
            say("not cancelled, and it was " + NativeSignals.isDefault(before));
        }

        private static void afterwards() throws InterruptedException {
            Async.run(() -> yieldNow());
            say("ready");
            new CountDownLatch(1).await();
        }

        private static void severalRuns() {
            try (Runner runner = Runner.open()) {
                for (int i = 0; i < 2; i++) {
                    try {
                        runner.run(() -> readyToSleep());
                    } catch (InterruptedRunException e) {
                        say("interrupted");
                    }
                }
                say(runner.run(() -> await(async(() -> "goes on"))));
            }
        }

        /** SIGINT is ignored, or the JVM leaves it alone: nothing to install, and no failure. */
        private static void unavailable() {
            say(Async.run(() -> await(async(() -> "ran"))));
        }

        private static void moduleless() {
            Async.run(() -> {
                try {
                    Signals.on("TERM", () -> {});
                } catch (UnsupportedOperationException e) {
                    say(e.getMessage());
                }
            });
        }
    }

    private record Result(int status, List<String> lines) {}

    private static Result run(String program, String... flags) throws Exception {
        return start("--default-signal=INT", program, flags);
    }

    /** Runs a program and sends it a SIGINT for each {@code ready} that it prints. */
    private static Result start(String signals, String program, String... flags) throws Exception {
        List<String> command = new ArrayList<>(List.of("env", signals));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (SchedulerMode.LOOP.unavailableBecause() == null) {
            command.add("--add-opens=java.base/java.lang=ALL-UNNAMED");
        }
        command.addAll(
                List.of(
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC"));
        command.addAll(List.of(flags));
        command.addAll(
                List.of(
                        "-cp",
                        System.getProperty("java.class.path"),
                        Programs.class.getName(),
                        program));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            List<String> lines = linesOf(process);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
            return new Result(process.exitValue(), lines);
        } finally {
            process.destroyForcibly();
        }
    }

    private static List<String> linesOf(Process process) throws Exception {
        List<String> lines = new ArrayList<>();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line; (line = out.readLine()) != null; ) {
                if (line.equals("ready")) {
                    Kill.send("INT", process.pid());
                } else {
                    lines.add(line);
                }
            }
        }
        return lines;
    }

    @Test
    void theFirstCancelsTheBodyWhichCleansUpAndRunThrows() throws Exception {
        Result result = run("caught");
        assertThat(result.lines)
                .first(org.assertj.core.api.InstanceOfAssertFactories.STRING)
                .isEqualTo("cleaned up");
        assertThat(result.lines.get(1))
                .startsWith("SIGINT has cancelled the body of run, cause ")
                .contains("was cancelled: SIGINT");
        assertThat(result.status).as("main has caught it").isZero();
    }

    @Test
    void uncaughtItEndsTheProgramQuietlyWith130() throws Exception {
        Result result = run("uncaught");
        assertThat(result.lines).containsExactly("cleaned up", "hook");
        assertThat(result.status).isEqualTo(130);
    }

    @Test
    void theSecondEndsTheProcessAtOnceWith130() throws Exception {
        Result result = run("stubborn");
        assertThat(result.lines).as("not even hooks").isEmpty();
        assertThat(result.status).isEqualTo(130);
    }

    @Test
    void aBodyThatNeverWaitsIsCancelledToo() throws Exception {
        assertThat(run("busy").status).isEqualTo(130);
    }

    @Test
    void offloadedWorkIsInterrupted() throws Exception {
        Result result = run("offloaded");
        assertThat(result.lines).containsExactly("body interrupted", "hook");
        assertThat(result.status).isEqualTo(130);
    }

    @Test
    void aBodyThatSwallowsTheCancellationGivesItsResult() throws Exception {
        Result result = run("swallowed");
        assertThat(result.lines).containsExactly("cleaned up", "swallowed SIGINT", "hook");
        assertThat(result.status).isZero();
    }

    @Test
    void aFailureOfTheBodyGoesFirst() throws Exception {
        Result result = run("failing");
        assertThat(result.lines).containsExactly("cleaned up", "failed", "hook");
    }

    @Test
    void aBodyThatOthersCancelledTooIsMerelyCancelled() throws Exception {
        Result result = run("cancelledTwice");
        assertThat(result.lines.get(1)).startsWith("CancellationException: ");
        assertThat(result.status).isZero();
    }

    @Test
    void onAnotherThreadThanMainTheJvmDoesAsEver() throws Exception {
        Result result = run("otherThread");
        assertThat(result.lines).containsExactly("hook");
        assertThat(result.status).isEqualTo(130);
    }

    @Test
    void whoeverHandlesTheSignalKeepsIt() throws Exception {
        Result result = run("handled");
        assertThat(result.lines)
                .containsExactly("my handler", "not cancelled, and it was true", "hook");
        assertThat(result.status).isZero();
    }

    @Test
    void afterTheRunTheJvmDoesAsEver() throws Exception {
        Result result = run("afterwards");
        assertThat(result.lines).containsExactly("hook");
        assertThat(result.status).isEqualTo(130);
    }

    @Test
    void eachRunOfARunnerCountsAnew() throws Exception {
        Result result = run("severalRuns");
        assertThat(result.lines)
                .containsExactly(
                        "cleaned up",
                        "interrupted",
                        "cleaned up",
                        "interrupted",
                        "goes on",
                        "hook");
        assertThat(result.status).isZero();
    }

    @Test
    void whereTheSignalIsIgnoredOrTheJvmLeavesItAloneRunRuns() throws Exception {
        Result ignored = start("--ignore-signal=INT", "unavailable");
        assertThat(ignored.lines).containsExactly("ran", "hook");
        assertThat(ignored.status).isZero();
        Result reduced = run("unavailable", "-Xrs");
        assertThat(reduced.lines).containsExactly("ran", "hook");
        assertThat(reduced.status).isZero();
    }

    @Test
    void withoutTheModuleRunRunsAndSignalsSaysWhatIsMissing() throws Exception {
        Result result = run("moduleless", "--limit-modules=java.base,java.logging");
        assertThat(result.lines)
                .anyMatch(line -> line.contains("module jdk.unsupported"))
                .endsWith("hook");
        assertThat(result.status).isZero();
    }
}
