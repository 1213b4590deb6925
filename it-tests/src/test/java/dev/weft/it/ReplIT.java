package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The prompt, with its input from a pipe. {@link ReplTerminalIT} sits at a terminal. */
@Timeout(120)
class ReplIT {
    private enum Mode {
        LOOP,
        PORTABLE
    }

    /** Shared, since to go on whatever happens is what a session is for. */
    private static final Map<Mode, ReplSession> SESSIONS = new EnumMap<>(Mode.class);

    @TempDir private Path folder;

    @AfterAll
    static void endSessions() {
        SESSIONS.values().forEach(ReplSession::close);
    }

    private static ReplSession session(Mode mode) {
        return SESSIONS.computeIfAbsent(mode, m -> ReplSession.open(m.name()));
    }

    private static List<String> eval(String snippets) {
        return session(Mode.LOOP).eval(snippets);
    }

    // ---- tasks

    @ParameterizedTest
    @EnumSource
    void awaitAndAsyncWorkAtThePrompt(Mode mode) {
        assertThat(session(mode).eval("await(async(() -> 6 * 7))\nLoop.current().scheduler()"))
                .containsExactly("$ ==> 42", "$ ==> " + mode);
    }

    @ParameterizedTest
    @EnumSource
    void aTaskLivesOnBetweenSnippets(Mode mode) {
        assertThat(
                        session(mode)
                                .eval(
                                        """
                                        var seen = new ArrayList<Integer>()
                                        var ticker = async("ticker", () -> { for (;;) { seen.add(1); sleep(Duration.ofMillis(5)); } })
                                        int before = seen.size()
                                        while (seen.size() < before + 3) { sleep(Duration.ofMillis(5)); }
                                        ticker
                                        ticker.cancel()
                                        """))
                .containsExactly("ticker ==> ticker[running]", "$ ==> true");
    }

    @Test
    void aTaskWithoutAResultFitsIntoAVariable() {
        // jshell writes the type out, and with its annotation that would be no Java.
        assertThat(
                        eval(
                                """
                                var task = async(() -> sleep(Duration.ofMillis(1)))
                                await(task)
                                /vars task
                                """))
                .last()
                .asString()
                .matches("\\|    Task<Void> task = Task-\\d+\\[success]");
    }

    @Test
    void variablesAndMethodsAreThereInTheNextSnippet() {
        assertThat(
                        eval(
                                """
                                int x = await(async(() -> 20))
                                int twice(int n) {
                                    return await(async(() -> n * 2));
                                }
                                twice(x) + 2
                                """))
                .containsExactly("$ ==> 42");
    }

    @Test
    void aConnectionOpenedInOneSnippetIsUsedInTheNext() {
        assertThat(
                        eval(
                                """
                                var server = Tcp.listen("127.0.0.1", 0, s -> { for (byte[] b; (b = s.read()) != null; ) s.write(b); })
                                var client = Tcp.connect("127.0.0.1", server.port())
                                client.write("hi")
                                new String(client.readExactly(2))
                                """))
                .containsExactly("$ ==> \"hi\"");
    }

    @Test
    void namesOfBothAreWeftsAndTheRestAreJavas() {
        assertThat(
                        eval(
                                """
                                Future.class.getName()
                                List.class.getName()
                                CompletableFuture.class.getName()
                                Tcp.class.getName()
                                WebSocket.class.getName()
                                """))
                .containsExactly(
                        "$ ==> \"dev.weft.Future\"",
                        "$ ==> \"java.util.List\"",
                        "$ ==> \"java.util.concurrent.CompletableFuture\"",
                        "$ ==> \"dev.weft.net.Tcp\"",
                        "$ ==> \"dev.weft.websocket.WebSocket\"");
    }

    @Test
    void snippetsReadLinesOfTheInput() {
        assertThat(
                        eval(
                                """
                                IO.readln("name?\\n")
                                W\u00e9ft
                                IO.readln()

                                1 + 1
                                """))
                .containsExactly("name?", "$ ==> \"W\u00e9ft\"", "$ ==> \"\"", "$ ==> 2");
    }

    // ---- failures

    @Test
    void aFailureIsShownWithoutWeftsInternals() {
        List<String> lines =
                eval(
                        """
                        int fail() { throw new IllegalStateException("boom"); }
                        await(async(() -> { sleep(Duration.ofMillis(1)); return fail(); }))
                        await(async(() -> { throw new IOException("disk"); }))
                        sleep(Duration.ofMillis(-1))
                        nonsense
                        "still here"
                        """);
        assertThat(lines)
                .contains(
                        "|  Exception java.lang.IllegalStateException: boom",
                        "|  Exception java.io.UncheckedIOException: java.io.IOException: disk",
                        "|  Caused by: java.io.IOException: disk",
                        "|    symbol:   variable nonsense")
                .endsWith("$ ==> \"still here\"");
        assertThat(lines)
                .filteredOn(line -> line.startsWith("|        at "))
                .isNotEmpty()
                .allMatch(line -> line.matches(".* at (.*\\(#\\d+:\\d+\\)|Async\\..*)"));
    }

    @Test
    void awaitingATaskThatWasCancelledSaysSo() {
        assertThat(
                        eval(
                                """
                                var sleeper = async("sleeper", () -> sleep(Duration.ofHours(1)))
                                sleeper.cancel("enough")
                                await(sleeper)
                                """))
                .contains(
                        "|  Exception java.util.concurrent.CancellationException: sleeper was"
                                + " cancelled: enough");
    }

    @Test
    void aSnippetThatCancelsItselfIsShownAsCancelled() {
        assertThat(
                        eval(
                                """
                                { Task.current().cancel("me"); sleep(Duration.ofHours(1)); }
                                "next"
                                """))
                .contains("|  Exception dev.weft.CancelledError: me")
                .endsWith("$ ==> \"next\"");
    }

    // ---- Ctrl-C

    /**
     * Interrupts a snippet, one and not several in a line; then the session, its loop and its other
     * tasks go on.
     */
    private static void interrupted(Mode mode, String snippet, String... lines) {
        ReplSession session = session(mode);
        session.eval(
                """
                var ticks = new ArrayList<Integer>()
                void tick() { ticks.add(1); }
                var ticker = async("ticker", () -> { for (;;) { tick(); sleep(Duration.ofMillis(5)); } })
                """);
        session.interrupt(snippet);
        assertThat(
                        session.eval(
                                """
                                int n = ticks.size()
                                while (ticks.size() < n + 3) { sleep(Duration.ofMillis(5)); }
                                ticker
                                ticker.cancel()
                                """))
                .startsWith("ready")
                .contains(lines)
                .endsWith("ticker ==> ticker[running]", "$ ==> true");
    }

    private static final String CANCELLED = "|  Exception dev.weft.CancelledError: Ctrl-C";

    @ParameterizedTest
    @EnumSource
    void sigintCancelsASleep(Mode mode) {
        interrupted(mode, "{ IO.println(\"ready\"); sleep(Duration.ofHours(1)); }", CANCELLED);
    }

    @ParameterizedTest
    @EnumSource
    void sigintLetsTheSnippetCleanUp(Mode mode) {
        interrupted(
                mode,
                "try { IO.println(\"ready\"); sleep(Duration.ofHours(1)); } finally {"
                        + " for (int i = 0; i < 4; i++) sleep(Duration.ofMillis(300));"
                        + " IO.println(\"cleaned up\"); }",
                "cleaned up",
                CANCELLED);
    }

    @ParameterizedTest
    @EnumSource
    void sigintStopsASnippetThatComputes(Mode mode) {
        interrupted(mode, "{ IO.println(\"ready\"); while (true) { } }", CANCELLED);
    }

    @ParameterizedTest
    @EnumSource
    void sigintStopsATaskThatHoldsTheLoop(Mode mode) {
        interrupted(
                mode, "await(async(() -> { IO.println(\"ready\"); while (true) { } }))", CANCELLED);
    }

    @Test
    void sigintCancelsABlockingCallInLoopMode() {
        interrupted(Mode.LOOP, "{ IO.println(\"ready\"); Thread.sleep(3_600_000); }", CANCELLED);
    }

    @Test
    void sigintInterruptsABlockingCallInPortableMode() {
        interrupted(
                Mode.PORTABLE,
                "{ IO.println(\"ready\"); Thread.sleep(3_600_000); }",
                "|  Exception java.lang.InterruptedException");
    }

    @Test
    void sigintThatFindsNothingToCancelIsPassedOver() {
        ReplSession session = session(Mode.LOOP);
        session.eval("1 + 1");
        session.program().interrupt();
        session.program().interrupt();
        assertThat(session.eval("await(async(() -> 42))")).containsExactly("$ ==> 42");
    }

    @Test
    void sigintEndsASessionWhoseTasksDoNotEnd() {
        try (ReplSession session = ReplSession.open("loop")) {
            session.eval(
                    """
                    async(() -> { for (;;) { try { sleep(Duration.ofHours(1)); } catch (CancelledError e) { IO.println("no"); } } })
                    yieldNow()
                    """);
            session.program().endInput();
            session.program().awaitLine("no");
            session.program().interrupt();
            assertThat(session.program().awaitExit()).isEqualTo(130);
        }
    }

    // ---- whole sessions

    /** What a session printed, and its exit status. */
    private record Session(int status, List<String> out, List<String> err) {}

    private static Session run(String input, String... arguments) {
        ProcessBuilder launcher = Checkout.launcher("repl");
        launcher.command().addAll(List.of(arguments));
        try (Program program = Program.start(launcher)) {
            program.send(input);
            program.endInput();
            int status = program.awaitExit();
            return new Session(status, program.out(), program.err());
        }
    }

    @Test
    void onlyValuesArePrintedAndTheLastLineNeedsNoEnd() {
        assertThat(run("1 + 1\nint x = 5\nx"))
                .isEqualTo(new Session(0, List.of("$1 ==> 2", "x ==> 5"), List.of()));
    }

    @Test
    void emptyInputEndsIt() {
        assertThat(run("")).isEqualTo(new Session(0, List.of(), List.of()));
    }

    @Test
    void aFailureThatNobodyAwaitedIsReportedAtTheEndAndIsNoStatus() {
        Session session =
                run(
                        """
                        async("lost", () -> { throw new IllegalStateException("nobody"); })
                        yieldNow()
                        """);
        assertThat(session.status()).isZero();
        assertThat(session.err())
                .startsWith(
                        "|  the failure of lost was never retrieved",
                        "|  java.lang.IllegalStateException: nobody");
    }

    @Test
    void resetAndExitEndTheTasksAndExitGivesTheStatus() {
        Session session =
                run(
                        """
                        void hold(String what) { try { sleep(Duration.ofHours(1)); } finally { IO.println("end of " + what); } }
                        async(() -> hold("one"))
                        yieldNow()
                        /reset
                        async(() -> { try { sleep(Duration.ofHours(1)); } finally { IO.println("end of two"); } })
                        yieldNow()
                        /exit 3
                        "not reached"
                        """);
        assertThat(session.status()).isEqualTo(3);
        assertThat(session.out()).contains("end of one").endsWith("end of two");
        assertThat(session.err()).isEmpty();
    }

    @Test
    void filesAreLoadedFirstAndTheClassPathIsTheirs() throws IOException {
        Path classes = Files.createDirectories(folder.resolve("classes"));
        Path source = folder.resolve("Mine.java");
        Files.writeString(
                source,
                "package mine; public class Mine { public static int six() { return 6; } }");
        assertThat(
                        ToolProvider.getSystemJavaCompiler()
                                .run(null, null, null, "-d", classes.toString(), source.toString()))
                .isZero();
        Path file = folder.resolve("first.jsh");
        Files.writeString(file, "int answer = await(async(() -> mine.Mine.six() * 7));\n");
        assertThat(run("answer\n", "--class-path", classes.toString(), file.toString()))
                .isEqualTo(new Session(0, List.of("answer ==> 42"), List.of()));
    }

    @Test
    void aMissingFileEndsIt() {
        Session session = run("1 + 1\n", folder.resolve("missing.jsh").toString());
        assertThat(session.status()).isEqualTo(1);
        assertThat(session.out()).isEmpty();
        assertThat(session.err()).singleElement().asString().contains("missing.jsh");
    }
}
