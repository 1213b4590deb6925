package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.CancelledError;
import dev.weft.Handle;
import dev.weft.Loop;
import dev.weft.Promise;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Waiting with a limit. */
public final class Waits {
    private Waits() {}

    /**
     * Awaits a promise, which fails when a time has passed.
     *
     * @param promise what to wait for, nobody else's
     * @param limit how long at most
     * @param tooLate makes the failure
     * @param <T> the type of the result
     * @return the result
     */
    public static <T extends @Nullable Object> T within(
            Promise<T> promise, Duration limit, Supplier<RuntimeException> tooLate) {
        Handle timer =
                Loop.current()
                        .callLater(
                                limit,
                                () -> {
                                    if (!promise.isDone()) {
                                        promise.tryFail(tooLate.get());
                                    }
                                });
        try {
            return Async.await(promise);
        } catch (CancelledError e) {
            if (promise.state() == Future.State.FAILED) {
                promise.exceptionNow(); // it came too late, and is not lost
            }
            throw e;
        } finally {
            timer.cancel();
        }
    }

    /**
     * Awaits a promise for a limited time.
     *
     * @param promise what to wait for, nobody else's
     * @param limit how long at most
     * @return whether it was completed in time
     */
    public static boolean completes(Promise<Boolean> promise, Duration limit) {
        Handle timer = Loop.current().callLater(limit, () -> promise.tryComplete(false));
        try {
            return Async.await(promise);
        } finally {
            timer.cancel();
        }
    }
}
