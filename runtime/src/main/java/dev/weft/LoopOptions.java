package dev.weft;

import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;
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
    private final Duration slowSegment;
    private final LoopClock clock;
    private final @Nullable Long seed;
    private final @Nullable SleepProbe probe;
    private final OffloadLimits offload;

    private LoopOptions(Values values) {
        transport = values.transport;
        scheduler = values.scheduler;
        name = values.name;
        debug = values.debug;
        slowSegment = values.slowSegment;
        clock = values.clock;
        seed = values.seed;
        probe = values.probe;
        offload = values.offload;
    }

    /** What a setter changes before it becomes the copy's. */
    private static final class Values {
        Transport transport = Transport.AUTO;
        SchedulerMode scheduler = SchedulerMode.AUTO;
        @Nullable String name;
        boolean debug;
        Duration slowSegment = Duration.ofMillis(100);
        LoopClock clock = LoopClock.system();
        @Nullable Long seed;
        @Nullable SleepProbe probe;
        OffloadLimits offload = OffloadLimits.defaults();
    }

    private LoopOptions with(Consumer<Values> change) {
        Values values = new Values();
        values.transport = transport;
        values.scheduler = scheduler;
        values.name = name;
        values.debug = debug;
        values.slowSegment = slowSegment;
        values.clock = clock;
        values.seed = seed;
        values.probe = probe;
        values.offload = offload;
        change.accept(values);
        return new LoopOptions(values);
    }

    /**
     * The defaults: transport and scheduler AUTO, no debug mode, a name with a number, and for
     * offloaded work 4 threads more than there are cores (at most 32), 1,024 waiting, 5 seconds of
     * grace. The system properties {@code weft.transport}, {@code weft.scheduler} (names of the
     * enum constants, in any case) and {@code weft.debug} ({@code true}) change them for a whole
     * program.
     *
     * @return the options
     * @throws IllegalArgumentException if one of the properties has a value that does not exist
     */
    public static LoopOptions defaults() {
        Values values = new Values();
        values.transport = property("weft.transport", Transport.class, Transport.AUTO);
        values.scheduler = property("weft.scheduler", SchedulerMode.class, SchedulerMode.AUTO);
        values.debug = Boolean.getBoolean("weft.debug");
        return new LoopOptions(values);
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
        Checks.notNull(value, "transport");
        return with(v -> v.transport = value);
    }

    /**
     * Sets the scheduler.
     *
     * @param value the mode; {@code LOOP} without its JVM flag makes {@link Loop#open} fail
     * @return the changed copy
     */
    public LoopOptions scheduler(SchedulerMode value) {
        Checks.notNull(value, "scheduler");
        return with(v -> v.scheduler = value);
    }

    /**
     * Sets the loop's name, which its threads bear too.
     *
     * @param value the name
     * @return the changed copy
     */
    public LoopOptions name(String value) {
        Checks.notNull(value, "name");
        return with(v -> v.name = value);
    }

    /**
     * Switches debug mode on or off: a watch that reports a task or callback which holds the loop
     * for more than 100 ms, while it does, with its stack. Counterpart of asyncio's debug mode.
     *
     * @param value whether debug mode is on
     * @return the changed copy
     */
    public LoopOptions debug(boolean value) {
        return with(v -> v.debug = value);
    }

    /**
     * Sets what debug mode's watch calls long: how long a task or callback may hold the loop before
     * it is reported. Counterpart of {@code slow_callback_duration}.
     *
     * @param value the time, more than 0; the watch looks twice in it, but at most every
     *     millisecond. Default: 100 ms
     * @return the changed copy
     */
    public LoopOptions slowSegment(Duration value) {
        Checks.positiveNanos(value, "slowSegment");
        return with(v -> v.slowSegment = value);
    }

    /**
     * Sets the clock of the loop's timers. A virtual one needs a loop without I/O: with it, {@link
     * Transport#AUTO} means {@link Transport#NONE}.
     *
     * @param value the clock; a virtual one belongs to the first loop that is opened with it
     * @return the changed copy
     */
    public LoopOptions clock(LoopClock value) {
        Checks.notNull(value, "clock");
        return with(v -> v.clock = value);
    }

    /**
     * Runs what is ready not first in, first out but in an order that a random generator chooses,
     * the same for the same seed: for tests that look for an order in which a program fails.
     * Together with a virtual clock a run can be repeated exactly, as long as no other thread takes
     * part.
     *
     * @param value the seed
     * @return the changed copy
     */
    public LoopOptions seed(long value) {
        return with(v -> v.seed = value);
    }

    /** For tests: see {@link SleepProbe}. */
    LoopOptions probe(SleepProbe value) {
        return with(v -> v.probe = value);
    }

    /**
     * Sets how many threads the loop's own executor may have, for {@link Async#offload(Body)}.
     *
     * @param value the number, 1 or more; by default 4 more than there are cores, at most 32
     * @return the changed copy
     */
    public LoopOptions offloadThreads(int value) {
        return offload(offload.threads(value));
    }

    /**
     * Sets how many functions may wait for a thread of the loop's own executor before its {@code
     * execute} rejects more. {@link Async#offload(Body)} is never rejected: its caller waits.
     *
     * @param value the number, 0 or more; by default 1,024
     * @return the changed copy
     */
    public LoopOptions offloadQueue(int value) {
        return offload(offload.queue(value));
    }

    /**
     * Sets how long an offloaded body that was cancelled, and so interrupted, may go on before its
     * caller gives up on it; and how long {@link Loop#close} waits for what else runs on the loop's
     * own executor.
     *
     * @param value the time, 0 or more; by default 5 seconds
     * @return the changed copy
     */
    public LoopOptions offloadGrace(Duration value) {
        return offload(offload.grace(value));
    }

    private LoopOptions offload(OffloadLimits value) {
        return with(v -> v.offload = value);
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

    /**
     * How long a task or callback may hold the loop before debug mode reports it.
     *
     * @return what was set, or 100 ms
     */
    public Duration slowSegment() {
        return slowSegment;
    }

    /**
     * The clock.
     *
     * @return what was set, or the system's
     */
    public LoopClock clock() {
        return clock;
    }

    /**
     * The seed of the run queue's order.
     *
     * @return what was set, or null: first in, first out
     */
    public @Nullable Long seed() {
        return seed;
    }

    @Nullable SleepProbe probe() {
        return probe;
    }

    /**
     * How many threads the loop's own executor may have.
     *
     * @return what was set, or the default
     */
    public int offloadThreads() {
        return offload.threads();
    }

    /**
     * How many functions may wait for a thread of the loop's own executor.
     *
     * @return what was set, or 1,024
     */
    public int offloadQueue() {
        return offload.queue();
    }

    /**
     * How long an offloaded body may go on after it was cancelled.
     *
     * @return what was set, or 5 seconds
     */
    public Duration offloadGrace() {
        return offload.grace();
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
                + ", clock="
                + clock
                + ", seed="
                + seed
                + ", offload="
                + offload
                + "]";
    }
}
