package dev.weft.net;

import dev.weft.Promise;
import dev.weft.net.internal.Waits;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How a handshake ends, for the task that waits for it: the first to tell is heard. The failure is
 * not the promise's, as it would be reported as lost when that task is cancelled at the same time.
 */
final class TlsHandshake {
    private final Promise<Boolean> ended = Promise.create();

    /** A session or a failure. */
    private final AtomicReference<@Nullable Object> outcome = new AtomicReference<>();

    void succeed(TlsSession session) {
        end(session);
    }

    void fail(RuntimeException failure) {
        end(failure);
    }

    private void end(Object how) {
        if (outcome.compareAndSet(null, how)) {
            ended.tryComplete(true);
        }
    }

    boolean isDone() {
        return ended.isDone();
    }

    /** Waits for the end; suspends. */
    TlsSession await(Duration limit, Supplier<RuntimeException> tooLate) {
        if (!Waits.completes(ended, limit)) {
            throw tooLate.get();
        }
        if (outcome.get() instanceof TlsSession session) {
            return session;
        }
        if (outcome.get() instanceof RuntimeException failure) {
            throw failure;
        }
        throw new AssertionError("ended without an outcome");
    }
}
