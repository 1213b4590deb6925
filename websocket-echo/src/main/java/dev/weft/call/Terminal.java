package dev.weft.call;

import java.io.Console;
import org.jspecify.annotations.Nullable;

/**
 * Which of the three standard streams a person sits at.
 *
 * @param in whether standard input is a terminal
 * @param out whether standard output is
 * @param err whether standard error is
 * @param colours whether colours are wanted there
 */
public record Terminal(boolean in, boolean out, boolean err, boolean colours) {
    /** What the launcher has found out, which Java cannot: the numbers of those that are. */
    private static final String PROPERTY = "weft.terminal";

    /**
     * Finds out.
     *
     * @return what it is for this process
     */
    @SuppressWarnings("SystemConsoleNull") // in JDK 25 it is again, without a terminal
    public static Terminal detect() {
        String given = System.getProperty(PROPERTY);
        Console console = given == null ? System.console() : null;
        boolean all = console != null && console.isTerminal();
        return new Terminal(
                is(given, '0', all), is(given, '1', all), is(given, '2', all), wantsColours());
    }

    private static boolean is(@Nullable String given, char number, boolean otherwise) {
        return given == null ? otherwise : given.indexOf(number) >= 0;
    }

    /** As no-color.org has it, and terminfo's for those that have none. */
    private static boolean wantsColours() {
        String no = System.getenv("NO_COLOR");
        return (no == null || no.isEmpty()) && !"dumb".equals(System.getenv("TERM"));
    }

    Paint paint() {
        return new Paint(out && colours);
    }
}
