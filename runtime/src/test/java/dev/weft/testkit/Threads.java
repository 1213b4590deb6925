package dev.weft.testkit;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.List;

/** Checks for platform threads that are left over. */
public final class Threads {
    private Threads() {}

    /** The live platform threads whose name starts so. */
    public static List<Thread> alive(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t ->
                        t.getName().startsWith(prefix)
                                && t.isAlive()
                                && !t.getName().endsWith("-runner"))
                .toList();
    }

    /** Fails if a platform thread whose name starts so is alive. */
    public static void failIfAlive(String prefix) {
        List<Thread> alive = alive(prefix);
        if (!alive.isEmpty()) {
            fail("threads left over: " + alive);
        }
    }
}
