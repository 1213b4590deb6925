package dev.weft.benchmarks;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line of the benchmarks, behind {@code weft bench}. */
@Command(
        name = "weft bench",
        mixinStandardHelpOptions = true,
        description = "Benchmarks of Weft.",
        subcommands = {TcpEcho.class, HttpClients.class, Tasks.class})
public final class Main implements Runnable {
    @Spec private CommandSpec spec;

    private Main() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "missing command");
    }

    /** The command line; a server or child that fails is one line and status 1. */
    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    command.getErr()
                            .println(command.getCommandSpec().qualifiedName() + ": " + failure);
                    return 1;
                });
    }

    /** Runs the benchmark that the arguments name, and exits with its status. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }
}
