package dev.weft.benchmarks;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process of a measurement, spoken to in lines. It ends when its standard input does, and so with
 * this process, however that ends; {@link #close} makes sure.
 */
final class Child implements AutoCloseable {
    /** The same for every JVM that is measured. */
    static final List<String> JVM_FLAGS =
            List.of(
                    "-Xms256m",
                    "-Xmx256m",
                    "-XX:+UseSerialGC",
                    "-Dio.netty.leakDetection.level=disabled",
                    "--add-opens=java.base/java.lang=ALL-UNNAMED",
                    "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow");

    private final String name;
    private final Process process;
    private final BufferedWriter in;
    private final LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private static final String END = "\0";

    private Child(String name, Process process) {
        this.name = name;
        this.process = process;
        this.in = process.outputWriter();
        Thread.ofPlatform().daemon().name("output of " + name).start(this::readLines);
    }

    private void readLines() {
        try (BufferedReader out = process.inputReader()) {
            for (String line; (line = out.readLine()) != null; ) {
                lines.add(line);
            }
        } catch (IOException e) {
            lines.add("error " + e);
        }
        lines.add(END);
    }

    /** Starts a program on a core, or anywhere if it is negative or cannot be chosen here. */
    static Child start(String name, int core, List<String> program) throws IOException {
        List<String> command = new ArrayList<>(Cores.pinned(core));
        command.addAll(program);
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        Child child = new Child(name, process);
        Children.add(child);
        return child;
    }

    /** The command that runs a class of ours in a JVM like this one, with flags of its own. */
    static List<String> java(List<String> flags, Class<?> main, String... args) {
        List<String> command = new ArrayList<>();
        command.add(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.addAll(flags);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(main.getName());
        command.addAll(List.of(args));
        return command;
    }

    long pid() {
        return process.pid();
    }

    String name() {
        return name;
    }

    /** The next line it prints. */
    String line(long seconds) throws IOException, InterruptedException {
        String line = lines.poll(seconds, TimeUnit.SECONDS);
        if (line == null) {
            throw new IOException(name + " did not answer within " + seconds + " s");
        }
        if (line.equals(END)) {
            lines.add(END);
            throw new IOException(name + " ended with status " + process.waitFor());
        }
        if (line.startsWith("error ")) {
            throw new IOException(name + ": " + line.substring("error ".length()));
        }
        return line;
    }

    /** The next line it prints, or null when it has ended. */
    @Nullable String lineOrEnd(long seconds) throws IOException, InterruptedException {
        String line = lines.poll(seconds, TimeUnit.SECONDS);
        if (line == null) {
            throw new IOException(name + " did not answer within " + seconds + " s");
        }
        if (line.equals(END)) {
            int status = process.waitFor();
            if (status != 0) {
                throw new IOException(name + " ended with status " + status);
            }
            return null;
        }
        return line;
    }

    /** The ports on which a server says in its first line that it is listening. */
    int[] ports(long seconds) throws IOException, InterruptedException {
        String line = line(seconds);
        if (!line.startsWith("listening ")) {
            throw new IOException(name + " said: " + line);
        }
        return Arrays.stream(line.substring("listening ".length()).strip().split(" ", -1))
                .mapToInt(Integer::parseInt)
                .toArray();
    }

    /** Sends a line and waits for the answer. */
    String ask(String line, long seconds) throws IOException, InterruptedException {
        in.write(line);
        in.newLine();
        in.flush();
        return line(seconds);
    }

    @Override
    public void close() {
        Children.remove(this);
        process.destroyForcibly();
    }
}
