package dev.weft.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The cores that this process may use, and how to keep a child on one of them: not with the system
 * property {@code weft.bench.unpinned}, for tests that have no use for figures.
 */
final class Cores {
    private static final List<Integer> ALLOWED = allowed();
    private static final boolean TASKSET = hasTaskset();

    private Cores() {}

    private static List<Integer> allowed() {
        List<Integer> cores = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("Cpus_allowed_list:")) {
                    for (String range :
                            line.substring(line.indexOf(':') + 1).strip().split(",", -1)) {
                        int dash = range.indexOf('-');
                        int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
                        int last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1));
                        for (int core = first; core <= last; core++) {
                            cores.add(core);
                        }
                    }
                }
            }
        } catch (IOException e) {
            return List.of(); // no Linux: nothing can be pinned
        }
        return cores;
    }

    private static boolean hasTaskset() {
        if (Boolean.getBoolean("weft.bench.unpinned")) {
            return false;
        }
        for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
            if (Files.isExecutable(Path.of(folder, "taskset"))) {
                return true;
            }
        }
        return false;
    }

    /** Whether a server and its load can have a core each. */
    static boolean canSeparate() {
        return TASKSET && ALLOWED.size() > 1;
    }

    /** The core for what is measured; negative where it cannot be chosen. */
    static int measured() {
        return canSeparate() ? ALLOWED.get(0) : -1;
    }

    /** The core for the load; negative where it cannot be chosen. */
    static int load() {
        return canSeparate() ? ALLOWED.get(1) : -1;
    }

    /** What to put before a command to keep it on a core. */
    static List<String> pinned(int core) {
        return core < 0 ? List.of() : List.of("taskset", "-c", Integer.toString(core));
    }
}
