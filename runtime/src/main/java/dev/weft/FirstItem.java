package dev.weft;

import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** The first item of a publisher as a future. */
final class FirstItem<T> extends Upstream<T> {
    private final AdaptedFuture<@Nullable T> future;

    private FirstItem(Flow.Publisher<? extends T> publisher) {
        future = new AdaptedFuture<>("the first item of " + publisher, this::cancel);
        request(1);
    }

    static <T> Future<@Nullable T> of(Flow.Publisher<? extends T> publisher) {
        FirstItem<T> first = new FirstItem<>(publisher);
        publisher.subscribe(first);
        return first.future;
    }

    @Override
    public void onNext(T item) {
        future.tryComplete(Checks.notNull(item, "item"));
        cancel();
    }

    @Override
    public void onError(Throwable failure) {
        future.failOnce(Checks.notNull(failure, "failure"));
    }

    @Override
    public void onComplete() {
        future.tryComplete(null);
    }
}
