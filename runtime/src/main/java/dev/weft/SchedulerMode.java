package dev.weft;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a loop schedules its tasks: see {@code docs/execution-model.md}. */
public enum SchedulerMode {
    /**
     * The loop's own carrier thread runs all its tasks; blocking JDK calls suspend the task alone.
     * Needs the JVM flag {@code --add-opens java.base/java.lang=ALL-UNNAMED}.
     */
    LOOP,
    /**
     * Ordinary virtual threads that take turns: no flag needed; a blocking JDK call holds the loop,
     * as in asyncio.
     */
    PORTABLE,
    /** {@link #LOOP} where the flag is given, else {@link #PORTABLE}. */
    AUTO;

    /**
     * Why this mode is not available in this JVM.
     *
     * @return the reason, naming the flag that mends it, or null when it is available
     */
    public @Nullable String unavailableBecause() {
        return this == LOOP ? VirtualThreads.unavailableBecause() : null;
    }

    /** The mode that is meant, one that is available here; a program's log says which. */
    SchedulerMode resolve() {
        String why = VirtualThreads.unavailableBecause();
        if (this == LOOP && why != null) {
            throw new IllegalStateException("loop mode is not available: " + why);
        }
        SchedulerMode mode = this != AUTO ? this : why == null ? LOOP : PORTABLE;
        if (Announced.MODE.getAndSet(mode) != mode) {
            announce(mode, why);
        }
        return mode;
    }

    private static void announce(SchedulerMode mode, @Nullable String why) {
        if (mode == LOOP) {
            Announced.LOG.info("loop mode: tasks run on their loop's own thread");
        } else {
            Announced.LOG.info(
                    "portable mode: a blocking JDK call in a task holds its loop; {}",
                    why == null ? "asked for by an option" : "no loop mode, as " + why);
        }
    }

    /** What was said last. */
    private static final class Announced {
        static final Logger LOG = LoggerFactory.getLogger(Loop.class);
        static final AtomicReference<@Nullable SchedulerMode> MODE = new AtomicReference<>();
    }
}
