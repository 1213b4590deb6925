package dev.weft.echo;

import dev.weft.InterruptedRunException;
import dev.weft.call.CallFailedException;
import java.io.UncheckedIOException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExitCodeExceptionMapper;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Says what went wrong: one line on standard error, that names the problem and the fix. */
final class Problems {
    private static final String DEBUG = "--debug";
    private static final int INTERRUPTED = 130; // as a shell says it: 128 + SIGINT

    private Problems() {}

    /** The command was called wrongly: status 2. */
    static int usage(ParameterException e, String[] args) {
        CommandLine line = e.getCommandLine();
        String name = line.getCommandSpec().qualifiedName();
        line.getErr().println(name + ": " + oneLine(e) + " (see " + name + " --help)");
        if (List.of(args).contains(DEBUG)) {
            e.printStackTrace(line.getErr());
        }
        line.getErr().flush();
        return ExitCode.USAGE;
    }

    /**
     * The command could not do its work: status 1, or its own; or was stopped by Ctrl-C: 130, in
     * silence.
     */
    static int failure(Exception e, CommandLine line, ParseResult result) {
        if (e instanceof InterruptedRunException) {
            return INTERRUPTED;
        }
        line.getErr().println(line.getCommandSpec().qualifiedName() + ": " + oneLine(e));
        if (result.originalArgs().contains(DEBUG)) {
            e.printStackTrace(line.getErr());
        }
        line.getErr().flush();
        return line.getCommand() instanceof IExitCodeExceptionMapper command
                ? command.getExitCode(e)
                : ExitCode.SOFTWARE;
    }

    private static String oneLine(Exception e) {
        String message = e.getMessage();
        boolean expected =
                e instanceof UncheckedIOException
                        || e instanceof ParameterException
                        || e instanceof CallFailedException
                        || e instanceof EchoFailedException;
        String text =
                message == null || !expected
                        ? "unexpected failure, run again with " + DEBUG + " for details: " + e
                        : message;
        return text.strip().replaceAll("\\s*[\\r\\n]+\\s*", "; ");
    }
}
