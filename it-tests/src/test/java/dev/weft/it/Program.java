package dev.weft.it;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * A process of a test's, ended by {@link #close} at the latest. Both its outputs are read all the
 * time, so it never waits for the test; nobody waits for it longer than 25 seconds, and who waits
 * in vain is told all that it printed.
 */
final class Program implements AutoCloseable {
    private static final long LIMIT_SECONDS = 25;

    private final Process process;
    private final String command;
    private final Lines out;
    private final Lines err;

    private Program(Process process, String command) {
        this.process = process;
        this.command = command;
        out = new Lines(process.getInputStream());
        err = new Lines(process.getErrorStream());
    }

    static Program start(ProcessBuilder builder) {
        List<String> words = new ArrayList<>(builder.command());
        words.set(0, Path.of(words.getFirst()).getFileName().toString());
        try {
            return new Program(builder.start(), String.join(" ", words));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next line of standard output that starts so; those before it are passed over. */
    String awaitLine(String start) {
        return await(out, start, "standard output");
    }

    /** As {@link #awaitLine}, for a task that shares its loop with what it waits for. */
    CompletableFuture<String> line(String start) {
        return CompletableFuture.supplyAsync(() -> awaitLine(start), Thread::startVirtualThread);
    }

    /** As {@link #awaitExit}, for such a task. */
    CompletableFuture<Integer> exit() {
        return CompletableFuture.supplyAsync(this::awaitExit, Thread::startVirtualThread);
    }

    /** The next line on standard error that has this in it. */
    String awaitErrorLine(String part) {
        return await(err, part, "standard error");
    }

    /** As {@link #awaitErrorLine}, for such a task. */
    CompletableFuture<String> errorLine(String part) {
        return CompletableFuture.supplyAsync(
                () -> awaitErrorLine(part), Thread::startVirtualThread);
    }

    private String await(Lines lines, String part, String where) {
        String line = lines.await(l -> lines == out ? l.startsWith(part) : l.contains(part));
        return line != null ? line : fail("no line \"" + part + "\" on " + where + " of " + this);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for the end of the program, and of its outputs. */
    int awaitExit() {
        try {
            int status = process.onExit().get(LIMIT_SECONDS, TimeUnit.SECONDS).exitValue();
            CompletableFuture.allOf(out.ended, err.ended).get(LIMIT_SECONDS, TimeUnit.SECONDS);
            return status;
        } catch (TimeoutException e) {
            return fail("did not end: " + this, e);
        } catch (ExecutionException | InterruptedException e) {
            return fail("while waiting for " + this, e);
        }
    }

    /** All lines of standard output so far. */
    List<String> out() {
        return out.all();
    }

    /** All lines of standard error so far. */
    List<String> err() {
        return err.all();
    }

    /** Writes to standard input. */
    void send(String text) {
        try {
            OutputStream in = process.getOutputStream();
            in.write(text.getBytes(StandardCharsets.UTF_8));
            in.flush();
        } catch (IOException e) {
            fail("cannot write to " + this, e);
        }
    }

    /** The end of standard input. */
    void endInput() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            fail("cannot close the input of " + this, e);
        }
    }

    /** SIGTERM. */
    void terminate() {
        process.destroy();
    }

    /** SIGINT, as Ctrl-C does. */
    void interrupt() {
        signal("INT");
    }

    /** SIGHUP, which servers take for: read your files again. */
    void hangUp() {
        signal("HUP");
    }

    private void signal(String name) {
        if (!Tools.succeeds("kill", "-" + name, String.valueOf(process.pid()))) {
            fail("cannot send SIG" + name + " to " + this);
        }
    }

    /** SIGKILL: it has no time for good-byes. */
    void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.onExit().join();
    }

    @Override
    public String toString() {
        String state = process.isAlive() ? "running" : "status " + process.exitValue();
        return "%s (%s)%nstandard output: %s%nstandard error: %s"
                .formatted(command, state, out.all(), err.all());
    }

    /** The lines of a stream, read by a thread of its own. */
    private static final class Lines {
        private final ReentrantLock lock = new ReentrantLock();
        private final Condition more = lock.newCondition();
        private final CompletableFuture<Void> ended = new CompletableFuture<>();

        // Guarded by the lock.
        private final List<String> lines = new ArrayList<>();
        private int taken;

        Lines(InputStream stream) {
            Thread.ofPlatform().daemon().name("lines-of-a-program").start(() -> read(stream));
        }

        private void read(InputStream stream) {
            try (BufferedReader reader =
                    new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line; (line = reader.readLine()) != null; ) {
                    lock.lock();
                    try {
                        lines.add(line);
                        more.signalAll();
                    } finally {
                        lock.unlock();
                    }
                }
            } catch (IOException e) {
                // The process was ended while this read.
            } finally {
                lock.lock();
                try {
                    ended.complete(null);
                    more.signalAll();
                } finally {
                    lock.unlock();
                }
            }
        }

        /** Null if the stream ends, or the time, before such a line. */
        String await(Predicate<String> wanted) {
            long left = TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
            lock.lock();
            try {
                for (; ; ) {
                    while (taken < lines.size()) {
                        String line = lines.get(taken++);
                        if (wanted.test(line)) {
                            return line;
                        }
                    }
                    if (ended.isDone() || left <= 0) {
                        return null;
                    }
                    left = more.awaitNanos(left);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return null;
            } finally {
                lock.unlock();
            }
        }

        List<String> all() {
            lock.lock();
            try {
                return List.copyOf(lines);
            } finally {
                lock.unlock();
            }
        }
    }
}
