package dev.weft;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Micrometer's context-propagation; initialised only where that is there. What is registered is
 * looked up each time, since it may be so only after the first loop was opened.
 */
final class Propagation {
    private static final Logger LOG = LoggerFactory.getLogger(Propagation.class);

    private static final ContextRegistry REGISTRY = ContextRegistry.getInstance();

    /** Clearing what is missing keeps apart what shares a thread: callbacks, a pool's work. */
    private static final ContextSnapshotFactory SNAPSHOTS =
            ContextSnapshotFactory.builder().contextRegistry(REGISTRY).clearMissing(true).build();

    private static final AtomicBoolean WARNED = new AtomicBoolean();

    private Propagation() {}

    /** Initialises this class. */
    static void load() {}

    /** For a body that runs in a thread of its own, where nothing is to be cleared. */
    static <T extends @Nullable Object> Body<T> wrapForNewThread(Body<T> body) {
        ContextSnapshot snapshot = capture();
        boolean empty = snapshot instanceof Map<?, ?> values && values.isEmpty();
        return snapshot == null || empty ? body : wrap(snapshot, body);
    }

    static <T extends @Nullable Object> Body<T> wrap(Body<T> body) {
        ContextSnapshot snapshot = capture();
        return snapshot == null ? body : wrap(snapshot, body);
    }

    private static <T extends @Nullable Object> Body<T> wrap(
            ContextSnapshot snapshot, Body<T> body) {
        return () -> {
            try (var _ = snapshot.setThreadLocals()) {
                return body.run();
            }
        };
    }

    private record Wrapped(ContextSnapshot snapshot, Runnable callback) implements Runnable {
        @Override
        public void run() {
            try (var _ = snapshot.setThreadLocals()) {
                callback.run();
            }
        }

        @Override
        public String toString() {
            return callback.toString(); // in the report of its failure
        }
    }

    static Runnable wrap(Runnable callback) {
        ContextSnapshot snapshot = capture();
        return snapshot == null ? callback : new Wrapped(snapshot, callback);
    }

    /**
     * Null where nothing is registered, or an accessor fails: that must not keep a loop from
     * closing.
     */
    private static @Nullable ContextSnapshot capture() {
        if (REGISTRY.getThreadLocalAccessors().isEmpty()) {
            return null;
        }
        try {
            return SNAPSHOTS.captureAll();
        } catch (RuntimeException e) {
            if (WARNED.compareAndSet(false, true)) {
                LOG.warn("a ThreadLocalAccessor failed: no ThreadLocals go along (said once)", e);
            }
            return null;
        }
    }
}
