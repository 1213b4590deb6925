package dev.weft.it;

import java.util.ArrayList;
import java.util.List;

/** A {@code weft repl} whose input is a pipe, and which is asked again and again. */
final class ReplSession implements AutoCloseable {
    private final Program program;
    private int seen;
    private int marks;

    private ReplSession(Program program) {
        this.program = program;
    }

    /**
     * Starts one.
     *
     * @param mode the scheduler's
     */
    static ReplSession open(String mode) {
        ProcessBuilder repl = Checkout.launcher("repl");
        // A shell's background job, as the build may be, ignores SIGINT, and so would this.
        List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
        command.addAll(repl.command());
        repl.command(command);
        repl.environment()
                .put(
                        "WEFT_JAVA_OPTIONS",
                        "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dweft.scheduler=" + mode);
        return new ReplSession(Program.start(repl));
    }

    /** What the snippets print, with {@code $} for the names of values. */
    List<String> eval(String snippets) {
        String mark = "---- " + ++marks;
        program.send(snippets + "\nIO.println(\"" + mark + "\")\n");
        program.awaitLine(mark);
        List<String> all = program.out();
        List<String> lines = all.subList(seen, all.indexOf(mark));
        seen = all.indexOf(mark) + 1;
        return lines.stream().map(line -> line.replaceFirst("^\\$\\d+ ==>", "\\$ ==>")).toList();
    }

    /** Starts a snippet that prints {@code ready}, and sends SIGINT when it has. */
    void interrupt(String snippet) {
        program.send(snippet + "\n");
        program.awaitLine("ready");
        program.interrupt();
    }

    Program program() {
        return program;
    }

    /** Ends it as its input does, so that it leaves nothing behind. */
    @Override
    public void close() {
        try (program) {
            program.endInput();
            program.awaitExit();
        }
    }
}
