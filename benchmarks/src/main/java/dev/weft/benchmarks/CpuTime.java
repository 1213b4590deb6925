package dev.weft.benchmarks;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * What a process has used of its core so far, over all its threads. The kernel counts nanoseconds
 * per thread, but tells user and system time only in ticks of 10 ms; so the sum comes from the
 * former, its split, over many slots, from the latter.
 *
 * @param running nanoseconds on a core, by thread
 * @param waiting nanoseconds ready to run but not running, by thread: the trace of what disturbs
 * @param userTicks user time, in ticks
 * @param systemTicks system time, in ticks
 */
record CpuTime(
        Map<String, Long> running, Map<String, Long> waiting, long userTicks, long systemTicks) {
    static final CpuTime NONE = new CpuTime(Map.of(), Map.of(), 0, 0);

    /**
     * Reads it from {@code /proc}; where there is none, the JDK's figure stands for one thread's.
     */
    static CpuTime of(long pid) throws IOException {
        Path process = Path.of("/proc", Long.toString(pid));
        Map<String, Long> running = new HashMap<>();
        Map<String, Long> waiting = new HashMap<>();
        if (!Files.isReadable(process.resolve("schedstat"))) {
            running.put(
                    "all",
                    ProcessHandle.of(pid)
                            .flatMap(p -> p.info().totalCpuDuration())
                            .orElse(Duration.ZERO)
                            .toNanos());
            return new CpuTime(running, waiting, 0, 0);
        }
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(process.resolve("task"))) {
            for (Path thread : threads) {
                read(thread, running, waiting);
            }
        }
        String stat = Files.readString(process.resolve("stat"));
        // The command's name, in parentheses, may hold blanks; utime and stime are fields 14 and
        // 15.
        String[] words = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return new CpuTime(running, waiting, Long.parseLong(words[11]), Long.parseLong(words[12]));
    }

    /** How much memory of a process is resident; 0 where there is no {@code /proc}. */
    static long residentBytes(long pid) throws IOException {
        Path status = Path.of("/proc", Long.toString(pid), "status");
        if (!Files.isReadable(status)) {
            return 0;
        }
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith("VmRSS:")) {
                return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        return 0;
    }

    private static void read(Path thread, Map<String, Long> running, Map<String, Long> waiting)
            throws IOException {
        String id = String.valueOf(thread.getFileName());
        String[] words;
        try {
            words = Files.readString(thread.resolve("schedstat")).strip().split(" ", -1);
        } catch (NoSuchFileException e) {
            return; // the thread has ended
        }
        running.put(id, Long.parseLong(words[0]));
        waiting.put(id, Long.parseLong(words[1]));
    }

    /** Nanoseconds on a core since an earlier reading. */
    long nanosSince(CpuTime before) {
        return since(running, before.running);
    }

    /** Nanoseconds of waiting for a core since an earlier reading. */
    long waitedSince(CpuTime before) {
        return since(waiting, before.waiting);
    }

    /** The kernel's share of the time on a core since an earlier reading. */
    double systemShareSince(CpuTime before) {
        double user = userTicks - before.userTicks;
        double system = systemTicks - before.systemTicks;
        return user + system == 0 ? 0 : system / (user + system);
    }

    private static long since(Map<String, Long> now, Map<String, Long> before) {
        long sum = 0;
        for (Map.Entry<String, Long> e : now.entrySet()) {
            sum += e.getValue() - before.getOrDefault(e.getKey(), 0L);
        }
        return sum;
    }
}
