package dev.weft;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What a loop's timers go by: the system's monotonic clock, or a virtual one for tests, which
 * stands still while anything runs and jumps to the next timer when all is idle.
 *
 * <p>A loop on a virtual clock has no I/O ({@link Transport#NONE}): a test of timeouts, retries and
 * schedules takes no time, and takes it the same way each time. Work handed to {@code offload}
 * holds the clock until it is done. A task in a blocking JDK call ({@code Thread.sleep}) does not:
 * the clock knows nothing of it.
 *
 * {@snippet file="SnippetsTest.java" region="virtual"}
 */
public final class LoopClock {
    private static final LoopClock SYSTEM = new LoopClock(false);

    private final boolean virtual;
    private final AtomicBoolean taken = new AtomicBoolean();

    /** What a virtual clock shows, in nanoseconds; advanced by its loop's event loop. */
    private volatile long now;

    private LoopClock(boolean virtual) {
        this.virtual = virtual;
    }

    /**
     * The system's monotonic clock, {@link System#nanoTime}: the default.
     *
     * @return the clock
     */
    public static LoopClock system() {
        return SYSTEM;
    }

    /**
     * A new virtual clock, for one loop.
     *
     * @return a clock that shows zero
     */
    public static LoopClock virtual() {
        return new LoopClock(true);
    }

    /**
     * Whether this is a virtual clock.
     *
     * @return false for the system's
     */
    public boolean isVirtual() {
        return virtual;
    }

    /**
     * What the clock shows; from any thread.
     *
     * @return the time since an arbitrary origin, which for a virtual clock is its creation
     */
    public Duration time() {
        return Duration.ofNanos(nanoTime());
    }

    long nanoTime() {
        return virtual ? now : System.nanoTime();
    }

    /** Advances a virtual clock; on its event loop. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void advance(long nanos) {
        now += nanos;
    }

    /** Makes a virtual clock that of one loop. */
    void take() {
        if (virtual && !taken.compareAndSet(false, true)) {
            throw new IllegalStateException(
                    "this virtual clock belongs to another loop already: make one for each with LoopClock.virtual()");
        }
    }

    @Override
    public String toString() {
        return virtual ? "LoopClock[virtual, " + time() + "]" : "LoopClock[system]";
    }
}
