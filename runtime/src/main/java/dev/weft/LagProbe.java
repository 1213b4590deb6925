package dev.weft;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Measures how long a loop's queue is, in time: a callback that is sent through it when somebody
 * looks, at most one at a time. So a loop at which nobody looks pays nothing. From any thread.
 */
final class LagProbe {
    private final Loop loop;

    /** When the probe was sent that is under way. */
    private final AtomicReference<@Nullable Long> sent = new AtomicReference<>();

    /** How long the last one took, in nanoseconds. */
    private volatile long last;

    LagProbe(Loop loop) {
        this.loop = loop;
    }

    /** How long the last probe waited, or the present one waits; sends one if none is under way. */
    long nanos() {
        long now = System.nanoTime();
        Long underWay = sent.get();
        if (underWay != null) {
            return Math.max(last, now - underWay);
        }
        if (!loop.isClosed() && sent.compareAndSet(null, now)) {
            loop.post(() -> {
                last = System.nanoTime() - now;
                sent.set(null);
            });
        }
        return last;
    }
}
