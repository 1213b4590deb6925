package dev.weft.echo;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Weft's command line. The launcher {@code weft} handles {@code run} and {@code bench} itself. */
@Command(
        name = "weft",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        subcommands = {
            EchoCommand.class,
            HttpCommand.class,
            ReplCommand.class,
            DoctorCommand.class
        },
        description = "asyncio for Java on Netty.",
        footer = {
            "",
            "The launcher also knows:",
            "  run FILE.java [ARGS]   runs a one-file program with Weft on its class path",
            "  bench [ARGS]           runs the benchmarks"
        })
public final class Main implements Runnable {
    @Spec private CommandSpec spec;

    private Main() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "missing command: such as echo or http");
    }

    /** Runs the command that the arguments name, and exits with its status. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    /** The command line; tests give it writers of their own. */
    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Main());
        // An @ begins what is sent, and names no file of arguments.
        line.setExpandAtFiles(false);
        line.setParameterExceptionHandler(Problems::usage);
        line.setExecutionExceptionHandler(Problems::failure);
        return line;
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            // From the jar's manifest, where the build puts it; there is none when run from class
            // files.
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {
                "weft "
                        + (version == null ? "development" : version)
                        + " (java "
                        + Runtime.version()
                        + ")"
            };
        }
    }
}
