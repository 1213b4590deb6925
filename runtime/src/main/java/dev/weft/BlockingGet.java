package dev.weft;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A JDK future as ours: a virtual thread waits in its {@code get()}. Started in a task it is a
 * stranger there, and so runs on the JDK's scheduler.
 */
final class BlockingGet<T extends @Nullable Object> implements Runnable {
    private final java.util.concurrent.Future<T> source;
    private final AdaptedFuture<T> target;
    private final Thread thread =
            Thread.ofVirtual()
                    .name("weft-get")
                    .inheritInheritableThreadLocals(false)
                    .unstarted(this);

    private BlockingGet(java.util.concurrent.Future<T> source) {
        this.source = source;
        target = new AdaptedFuture<>("the future " + source, this::cancel);
    }

    static <T extends @Nullable Object> Future<T> of(java.util.concurrent.Future<T> source) {
        if (source instanceof Future<T> ours) {
            return ours;
        }
        if (source instanceof CompletionStage<?>) {
            @SuppressWarnings("unchecked") // nobody implements both with different types
            CompletionStage<T> stage = (CompletionStage<T>) source;
            return AdaptedFuture.of(stage);
        }
        BlockingGet<T> get = new BlockingGet<>(source);
        if (source.isDone()) {
            get.run();
        } else {
            get.thread.start();
        }
        return get.target;
    }

    @Override
    public void run() {
        try {
            target.tryComplete(source.get());
        } catch (ExecutionException e) {
            target.failOnce(e.getCause() != null ? e.getCause() : e);
        } catch (InterruptedException e) {
            // By cancel(), which has ended the target already; or by a source that throws it.
            target.failOnce(new CancellationException("interrupted while waiting for " + source));
        } catch (Throwable e) {
            target.failOnce(e);
        }
    }

    private void cancel() {
        try {
            source.cancel(true);
        } finally {
            thread.interrupt(); // one that cannot be cancelled need not keep the thread
        }
    }
}
