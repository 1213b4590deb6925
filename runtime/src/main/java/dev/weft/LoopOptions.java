package dev.weft;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How a loop is made. Immutable: each setter returns a changed copy.
 *
 * {@snippet file="SnippetsTest.java" region="options"}
 */
public final class LoopOptions {
    private final Transport transport;
    private final SchedulerMode scheduler;
    private final @Nullable String name;
    private final boolean debug;
    private final @Nullable SleepProbe probe;

    private LoopOptions(
            Transport transport,
            SchedulerMode scheduler,
            @Nullable String name,
            boolean debug,
            @Nullable SleepProbe probe) {
        this.transport = transport;
        this.scheduler = scheduler;
        this.name = name;
        this.debug = debug;
        this.probe = probe;
    }

    /**
     * The defaults: transport and scheduler AUTO, no debug mode, a name with a number. The system
     * properties {@code weft.transport}, {@code weft.scheduler} (names of the enum constants, in
     * any case) and {@code weft.debug} ({@code true}) change them for a whole program.
     *
     * @return the options
     * @throws IllegalArgumentException if one of the properties has a value that does not exist
     */
    public static LoopOptions defaults() {
        return new LoopOptions(
                property("weft.transport", Transport.class, Transport.AUTO),
                property("weft.scheduler", SchedulerMode.class, SchedulerMode.AUTO),
                null,
                Boolean.getBoolean("weft.debug"),
                null);
    }

    private static <E extends Enum<E>> E property(String name, Class<E> type, E otherwise) {
        String value = System.getProperty(name);
        if (value == null || value.isBlank()) {
            return otherwise;
        }
        try {
            return Enum.valueOf(type, value.strip().toUpperCase(Locale.ROOT).replace('-', '_'));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "system property "
                            + name
                            + " must be one of "
                            + java.util.Arrays.toString(type.getEnumConstants())
                                    .toLowerCase(Locale.ROOT)
                            + ", was "
                            + value,
                    e);
        }
    }

    /**
     * Sets the transport.
     *
     * @param value the transport; one that does not work here makes {@link Loop#open} fail
     * @return the changed copy
     */
    public LoopOptions transport(Transport value) {
        return new LoopOptions(Checks.notNull(value, "transport"), scheduler, name, debug, probe);
    }

    /**
     * Sets the scheduler.
     *
     * @param value the mode; {@code LOOP} without its JVM flag makes {@link Loop#open} fail
     * @return the changed copy
     */
    public LoopOptions scheduler(SchedulerMode value) {
        return new LoopOptions(transport, Checks.notNull(value, "scheduler"), name, debug, probe);
    }

    /**
     * Sets the loop's name, which its threads bear too.
     *
     * @param value the name
     * @return the changed copy
     */
    public LoopOptions name(String value) {
        return new LoopOptions(transport, scheduler, Checks.notNull(value, "name"), debug, probe);
    }

    /**
     * Switches debug mode on or off: a watch that reports a task or callback which holds the loop
     * for more than 100 ms, while it does, with its stack. Counterpart of asyncio's debug mode.
     *
     * @param value whether debug mode is on
     * @return the changed copy
     */
    public LoopOptions debug(boolean value) {
        return new LoopOptions(transport, scheduler, name, value, probe);
    }

    /** For tests: see {@link SleepProbe}. */
    LoopOptions probe(SleepProbe value) {
        return new LoopOptions(transport, scheduler, name, debug, value);
    }

    /**
     * The transport.
     *
     * @return what was set, or {@code AUTO}
     */
    public Transport transport() {
        return transport;
    }

    /**
     * The scheduler mode.
     *
     * @return what was set, or {@code AUTO}
     */
    public SchedulerMode scheduler() {
        return scheduler;
    }

    /**
     * The name.
     *
     * @return what was set, or null: the loop numbers itself
     */
    public @Nullable String name() {
        return name;
    }

    /**
     * Whether debug mode is on.
     *
     * @return what was set, or false
     */
    public boolean debug() {
        return debug;
    }

    @Nullable SleepProbe probe() {
        return probe;
    }

    @Override
    public String toString() {
        return "LoopOptions[transport="
                + transport
                + ", scheduler="
                + scheduler
                + ", name="
                + name
                + ", debug="
                + debug
                + "]";
    }
}
