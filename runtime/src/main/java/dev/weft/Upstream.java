package dev.weft;

import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber whose side of the subscription may be called from any thread: the calls reach the
 * publisher one at a time, as Reactive Streams wants them (rule 2.7), without a lock. Whoever
 * raises {@code calls} from zero makes them, also those that come meanwhile.
 */
abstract sealed class Upstream<T> implements Flow.Subscriber<T>
        permits FirstItem, PublisherIterator.Inbox {
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicLong wanted = new AtomicLong();
    private volatile boolean cancelled;
    private volatile Flow.@Nullable Subscription subscription;

    /** The publisher knows. Owned by whoever makes the calls. */
    private boolean cancelledThere;

    @Override
    public final void onSubscribe(Flow.Subscription given) {
        Checks.notNull(given, "subscription");
        if (subscription != null) {
            given.cancel(); // rule 2.5
            return;
        }
        subscription = given;
        makeCalls();
    }

    /** Asks for more items; before there is a subscription too. */
    final void request(long n) {
        wanted.addAndGet(n);
        makeCalls();
    }

    final void cancel() {
        cancelled = true;
        makeCalls();
    }

    private void makeCalls() {
        if (calls.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            Flow.Subscription s = subscription;
            if (s != null) {
                makeCalls(s);
            }
            seen = calls.addAndGet(-seen);
        } while (seen != 0);
    }

    private void makeCalls(Flow.Subscription s) {
        try {
            if (!cancelled) {
                long n = wanted.getAndSet(0);
                if (n > 0) {
                    s.request(n);
                }
            } else if (!cancelledThere) {
                cancelledThere = true;
                s.cancel();
            }
        } catch (Throwable e) {
            onError(e); // it must not throw (rules 3.15 and 3.16), and has: nothing will come
        }
    }
}
