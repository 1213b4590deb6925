package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The prompt at a terminal, which {@code terminal.py} makes. */
@Timeout(120)
class ReplTerminalIT {
    private static final String CTRL_C = "\u0003";
    private static final String CTRL_D = "\u0004";

    @TempDir private Path home;

    private Program repl() {
        ProcessBuilder launcher = Terminal.of(Checkout.launcher("repl"));
        // Where the history is kept.
        launcher.environment().put("WEFT_JAVA_OPTIONS", "-Djava.util.prefs.userRoot=" + home);
        return Program.start(launcher);
    }

    @Test
    void ctrlCCancelsWhatRunsAndElseClearsTheLine() {
        try (Program repl = repl()) {
            repl.awaitLine("jshell>");
            // The line itself is shown, too, so what is printed must not stand in it.
            repl.send("{ IO.println(\"rea\" + \"dy\"); sleep(Duration.ofHours(1)); }\n");
            repl.awaitLine("ready");
            repl.send(CTRL_C);
            repl.awaitLine("|  Exception dev.weft.CancelledError: Ctrl-C");
            repl.awaitLine("jshell>");
            repl.send("half a line that is no Java" + CTRL_C);
            repl.awaitLine("jshell>");
            repl.send("await(async(() -> 6 * 7))\n");
            repl.awaitLine("$2 ==> 42");
            repl.send("/exit 3\n");
            assertThat(repl.awaitExit()).isEqualTo(3);
        }
    }

    @Test
    void aBannerGreetsASnippetReadsWhatIsTypedAndCtrlDEndsIt() {
        try (Program repl = repl()) {
            assertThat(repl.awaitLine("Weft ")).contains("JDK", "Loop[weft-1, LOOP");
            repl.awaitLine("await(");
            repl.awaitLine("|  Welcome to JShell");
            repl.awaitLine("jshell>");
            repl.send("String name = IO.readln(\"na\" + \"me?\\n\")\n");
            repl.awaitLine("name?");
            repl.send("weft\n");
            repl.awaitLine("name ==> \"weft\"");
            repl.send(CTRL_D);
            assertThat(repl.awaitExit()).isZero();
        }
    }
}
