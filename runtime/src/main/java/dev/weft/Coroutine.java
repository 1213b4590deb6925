package dev.weft;

/**
 * Lets a generator's consumer and its body take turns: each runs while the other waits. {@code
 * enter} to {@code leave} are the consumer's side, the others the body's.
 */
abstract sealed class Coroutine permits FiberCoroutine, ThreadCoroutine {
    /**
     * Makes the caller the consumer.
     *
     * @throws IllegalStateException if there is one already, or the caller cannot be
     */
    abstract void enter();

    /** Whether the body's thread was started. */
    abstract boolean hasBegun();

    /** Starts the body's thread, which waits; the handle shows whether anybody can still ask. */
    abstract void begin(Generator<?> handle);

    /** Runs the body till it suspends or ends. */
    abstract void resume();

    /** Lets others be the consumer. */
    abstract void leave();

    /** The first act of the body's thread: waits until it is resumed. */
    abstract void awaitFirst();

    /** Whether the caller is the body. */
    abstract boolean isBody();

    /** Lets the consumer go on, and waits until the body is resumed. */
    abstract void suspend();

    /** The last act of the body's thread: lets the consumer go on. */
    abstract void end();

    static IllegalStateException inUse(boolean byItsOwnBody, String by) {
        return new IllegalStateException(
                byItsOwnBody
                        ? "the generator is running: its own body cannot step or close it"
                        : "the generator is in use by "
                                + by
                                + ": one at a time can step or close it");
    }
}
