package dev.weft.echo;

import dev.weft.SchedulerMode;
import dev.weft.Transport;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says what a program would get here, and why. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Says which scheduler mode and transport a program gets here, and why.")
final class DoctorCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Option(names = "--debug", description = "Print stack traces of what does not work.")
    private boolean debug;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        line(out, "java", Runtime.version() + " (" + System.getProperty("java.vendor") + ")");
        line(
                out,
                "system",
                System.getProperty("os.name")
                        + " "
                        + System.getProperty("os.version")
                        + ", "
                        + System.getProperty("os.arch")
                        + ", "
                        + Runtime.getRuntime().availableProcessors()
                        + " processors");
        scheduler(out);
        transports(out);
        natives(out);
        out.flush();
    }

    private static void line(PrintWriter out, String what, String text) {
        out.printf("%-11s %s%n", what, text);
    }

    private static void scheduler(PrintWriter out) {
        String why = SchedulerMode.LOOP.unavailableBecause();
        if (why == null) {
            line(out, "scheduler", "loop mode: tasks run on their loop's own thread");
        } else {
            line(out, "scheduler", "portable mode: a blocking JDK call in a task holds its loop");
            line(out, "", "loop mode is not available: " + why);
            line(out, "", "to get it: java --add-opens java.base/java.lang=ALL-UNNAMED ...,");
            line(out, "", "or Add-Opens: java.base/java.lang in the manifest of a runnable jar");
        }
    }

    private void transports(PrintWriter out) {
        Transport chosen = null;
        for (Transport transport :
                new Transport[] {Transport.EPOLL, Transport.KQUEUE, Transport.NIO}) {
            if (chosen == null && transport.unavailableBecause() == null) {
                chosen = transport;
            }
        }
        line(out, "transport", chosen + " (the first that works of epoll, kqueue, NIO)");
        for (Transport transport : Transport.values()) {
            if (transport == Transport.AUTO || transport == Transport.NONE) {
                continue;
            }
            Throwable why = transport.unavailableBecause();
            line(
                    out,
                    "",
                    "%-9s %s"
                            .formatted(
                                    transport,
                                    why == null ? "works" : "does not work: " + reason(why)));
            if (why != null && debug) {
                why.printStackTrace(out);
            }
        }
    }

    /** The innermost cause says it best. */
    private static String reason(Throwable failure) {
        Throwable last = failure;
        while (last.getCause() != null) {
            last = last.getCause();
        }
        String text = last.getMessage() == null ? last.toString() : last.getMessage();
        return text.lines().findFirst().orElse(text);
    }

    private static void natives(PrintWriter out) {
        boolean allowed = DoctorCommand.class.getModule().isNativeAccessEnabled();
        line(
                out,
                "natives",
                allowed
                        ? "allowed"
                        : "the JVM warns of native access; add"
                                + " --enable-native-access=ALL-UNNAMED");
        String unsafe = System.getProperty("sun.misc.unsafe.memory.access");
        line(
                out,
                "unsafe",
                "allow".equals(unsafe)
                        ? "allowed: Netty's fast path"
                        : "not used by Netty; --sun-misc-unsafe-memory-access=allow makes buffers"
                                + " faster");
    }
}
