package dev.weft;

import org.jspecify.annotations.Nullable;

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
}
