package dev.weft.echo;

import static picocli.CommandLine.Option.NULL_VALUE;

import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.Signals;
import dev.weft.Transport;
import dev.weft.repl.Repl;
import java.io.Console;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** jshell with Weft. */
@Command(
        name = "repl",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Opens jshell with Weft imported, on a live loop: await(...), async(...) and",
            "sleep(...) work at the prompt. Ctrl-C cancels what runs; /exit or Ctrl-D ends it,",
            "and with it all tasks. Input may come from a pipe: values are printed, no prompts."
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:the input has ended, whether or not a snippet failed, or /exit was given",
            "n:/exit n was given",
            "1:a file could not be loaded",
            "2:it was called wrongly"
        })
final class ReplCommand implements Callable<Integer> {
    @Option(
            names = {"--class-path", "-cp"},
            paramLabel = "PATH",
            defaultValue = NULL_VALUE,
            description = "Further jars and folders of classes, as for java.")
    private @Nullable String classPath;

    @Parameters(
            paramLabel = "FILE",
            arity = "0..*",
            description = "Snippets and commands of jshell's, to run before the input.")
    private List<String> files = List.of();

    @Override
    @SuppressWarnings("SystemConsoleNull") // in JDK 25 it is again, without a terminal
    public Integer call() {
        Console console = System.console();
        boolean interactive = console != null && console.isTerminal();
        // A loop of its own, since a snippet that computes holds the other.
        LoopOptions options =
                LoopOptions.defaults().transport(Transport.NONE).name("weft-repl-int");
        try (Loop signals = Loop.open(options)) {
            Signals.on(signals, "INT", Repl::interrupt);
            return new Repl(interactive, classPath, files).run();
        }
    }
}
