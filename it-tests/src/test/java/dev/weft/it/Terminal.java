package dev.weft.it;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A terminal for a program, which {@code terminal.py} makes. */
final class Terminal {
    private Terminal() {}

    /** Has the program run at a terminal of its own, whose escape sequences are dropped. */
    static ProcessBuilder of(ProcessBuilder builder) {
        Optional<String> python =
                Stream.concat(
                                Tools.find("python3").stream(),
                                Stream.of(Path.of("/usr/bin/python3")))
                        .filter(Files::isExecutable)
                        .map(Path::toString)
                        .filter(p -> Tools.succeeds(p, "-c", "import pty, termios"))
                        .findFirst();
        List<String> command = new ArrayList<>();
        command.add(
                Tools.require(python, "no python3 with the module pty", "apt-get install python3"));
        command.add(Checkout.testFile("python/terminal.py"));
        command.addAll(builder.command());
        builder.command(command);
        builder.environment().put("PYTHONIOENCODING", "utf-8");
        return builder;
    }

    /** As the other, with its escape sequences. */
    static ProcessBuilder withEscapes(ProcessBuilder builder) {
        ProcessBuilder terminal = of(builder);
        terminal.environment().put("TERMINAL_ESCAPES", "shown");
        return terminal;
    }
}
