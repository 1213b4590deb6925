package dev.weft.net;

import dev.weft.Async;
import java.io.File;
import java.util.Objects;

/** This process's file descriptors; on Linux. */
final class Descriptors {
    private Descriptors() {}

    /** How many are open. */
    static int open() {
        return Objects.requireNonNull(new File("/proc/self/fd").list()).length - 1;
    }

    /** Lets others go on until no more are open than before; the test's limit ends the wait. */
    static void awaitAtMost(int before) {
        while (open() > before) {
            Async.yieldNow();
        }
    }
}
