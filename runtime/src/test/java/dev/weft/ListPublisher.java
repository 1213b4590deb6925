package dev.weft;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Flow;

/**
 * A publisher that sends a list's items as they are asked for, on the asking thread, and records
 * the calls it gets.
 */
final class ListPublisher<T> implements Flow.Publisher<T> {
    final List<String> calls = new ArrayList<>();
    private final List<T> items;

    ListPublisher(List<T> items) {
        this.items = items;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super T> subscriber) {
        Iterator<T> iterator = items.iterator();
        subscriber.onSubscribe(
                new Flow.Subscription() {
                    private boolean over;

                    @Override
                    public void request(long n) {
                        calls.add("request " + n);
                        for (long i = 0; i < n && !over && iterator.hasNext(); i++) {
                            subscriber.onNext(iterator.next());
                        }
                        if (!over && !iterator.hasNext()) {
                            over = true;
                            subscriber.onComplete();
                        }
                    }

                    @Override
                    public void cancel() {
                        calls.add("cancel");
                        over = true;
                    }
                });
    }
}
