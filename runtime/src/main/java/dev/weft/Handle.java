package dev.weft;

/**
 * A callback that is still to run, as {@link Loop#callSoon}, {@link Loop#callLater} and {@link
 * Loop#callAt} return it.
 */
public interface Handle {
    /**
     * Cancels the callback, so that it will not run. Idempotent; from any thread, but from another
     * thread than the loop's the callback may just be starting.
     *
     * @return whether this call kept it from running
     */
    boolean cancel();

    /**
     * Tells whether the callback was cancelled.
     *
     * @return whether {@link #cancel} kept it from running
     */
    boolean isCancelled();
}
