package dev.weft;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Another library's future as ours: cancelling it cancels that too. */
final class AdaptedFuture<T extends @Nullable Object> extends PromiseImpl<T> {
    private final String description;
    private final Runnable onCancel;

    AdaptedFuture(String description, Runnable onCancel) {
        super(Fiber.current());
        this.description = description;
        this.onCancel = onCancel;
    }

    static <T extends @Nullable Object> AdaptedFuture<T> of(CompletionStage<T> stage) {
        AdaptedFuture<T> future =
                new AdaptedFuture<>(
                        "the stage " + stage, () -> stage.toCompletableFuture().cancel(true));
        var _ =
                stage.whenComplete((result, failure) -> {
                    if (failure == null) {
                        future.tryComplete(result);
                    } else {
                        future.failOnce(failure);
                    }
                });
        return future;
    }

    /** Ends it as a stage does that was given the failure. */
    void failOnce(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure;
        if (cause instanceof CancellationException) {
            end(new Cancelled(cause.getMessage()));
        } else {
            tryFail(cause);
        }
    }

    private void reportCancelFailure(Throwable e) {
        UnhandledFailure unhandled =
                new UnhandledFailure("cancelling " + description + " failed", e, description);
        ScopeImpl owner = reportTo();
        if (owner == null) {
            unhandled.log();
        } else {
            owner.loop().report(unhandled);
        }
    }

    @Override
    String description() {
        return description;
    }

    @Override
    boolean cancelBecause(Request request) {
        boolean cancelled = super.cancelBecause(request);
        if (cancelled) {
            try {
                onCancel.run();
            } catch (Throwable e) {
                // Whoever cancels may be a scope that has more tasks to cancel.
                reportCancelFailure(e);
            }
        }
        return cancelled;
    }
}
