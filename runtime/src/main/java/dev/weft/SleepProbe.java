package dev.weft;

/**
 * A seam for tests: called at each step of the sleep protocol, so that a pause there can widen
 * every race.
 */
@FunctionalInterface
interface SleepProbe {
    /** A step of the protocol in {@link Carrier}. */
    enum Step {
        PUSHED,
        BEFORE_RING,
        BEFORE_KERNEL_FLAG,
        BEFORE_KERNEL,
        AFTER_KERNEL,
        BEFORE_PARK_FLAG,
        BEFORE_PARK,
        AFTER_PARK
    }

    /** Called by the thread that takes the step. */
    void at(Step step);
}
