package dev.weft;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The items of a {@link java.util.concurrent.Flow.Publisher}, for a loop whose steps suspend until
 * there is one.
 *
 * <p>The publisher is asked for no more than a given number of items ahead, and for more as they
 * are taken: a slow consumer slows it down. Its items may come from any thread; the iterator
 * belongs to the tasks of one loop. It is an {@code Iterable} too, of itself, for a for-each loop.
 *
 * <p>Close it, to cancel the subscription when the loop is left early.
 *
 * {@snippet file="AdapterSnippetsTest.java" region="publisherIterator"}
 *
 * @param <T> the type of the items
 */
@SuppressWarnings("IterableAndIterator") // it exists to be looped over, and that once
public final class PublisherIterator<T> implements Iterator<T>, Iterable<T>, AutoCloseable {
    private final Bell bell = new Bell("the next item of a publisher");
    private final Inbox<T> inbox;

    /** So many at a time are asked for, when so many have been taken. */
    private final int batch;

    /** How many were taken since; owned by the loop, as all below. */
    private int taken;

    private boolean failureThrown;
    private boolean closed;

    private PublisherIterator(int prefetch) {
        inbox = new Inbox<>(bell);
        batch = Math.max(1, prefetch - prefetch / 4);
        inbox.ask(prefetch);
    }

    /**
     * Subscribes to a publisher. Does not suspend; the publisher may begin at once.
     *
     * @param publisher what to subscribe to
     * @param prefetch how many items may be there or under way that have not been taken, 1 or more
     * @param <T> the type of the items
     * @return an iterator over its items
     */
    public static <T> PublisherIterator<T> of(Flow.Publisher<? extends T> publisher, int prefetch) {
        Checks.notNull(publisher, "publisher");
        PublisherIterator<T> iterator =
                new PublisherIterator<>(Checks.atLeast(prefetch, 1, "prefetch"));
        publisher.subscribe(iterator.inbox);
        return iterator;
    }

    /** What the publisher fills, on its threads. */
    static final class Inbox<T> extends Upstream<T> {
        private final Bell bell;
        final ConcurrentLinkedQueue<T> items = new ConcurrentLinkedQueue<>();

        /** How the stream has ended. A failure that is never thrown is reported, as a promise's. */
        final PromiseImpl<@Nullable Void> end = new PromiseImpl<>(Fiber.current());

        private final AtomicLong allowed = new AtomicLong();

        Inbox(Bell bell) {
            this.bell = bell;
        }

        void ask(int n) {
            allowed.addAndGet(n);
            request(n);
        }

        boolean hasNews() {
            return !items.isEmpty() || end.isDone();
        }

        @Override
        public void onNext(T item) {
            Checks.notNull(item, "item");
            if (end.isDone()) {
                return;
            }
            if (allowed.decrementAndGet() < 0) {
                end.tryFail(
                        new IllegalStateException("the publisher sent more than it was asked for"));
                cancel();
            } else {
                items.add(item);
            }
            bell.ring();
        }

        @Override
        public void onError(Throwable failure) {
            end.tryFail(Checks.notNull(failure, "failure"));
            bell.ring();
        }

        @Override
        public void onComplete() {
            end.tryComplete(null);
            bell.ring();
        }
    }

    /**
     * Suspends until there is an item or the publisher has ended.
     *
     * <p><b>Cancellation</b>: nothing has been taken; the subscription stands until {@link #close}.
     *
     * @return whether there is an item; false after {@link #close}, and after a failure was thrown
     * @throws IllegalStateException outside a task, if it would have to wait; the publisher's
     *     failure is thrown as {@code await} would, once, after the items that came before it
     */
    @Override
    public boolean hasNext() {
        while (!closed) {
            bell.await(inbox::hasNews, Timers.NONE);
            boolean ended = inbox.end.isDone(); // to be read first: then no item can follow
            if (closed) {
                break;
            }
            if (!inbox.items.isEmpty()) {
                return true;
            }
            if (ended) {
                if (!failureThrown) {
                    failureThrown = true;
                    inbox.end.awaited();
                }
                return false;
            }
        }
        return false;
    }

    /**
     * Suspends until there is an item, and takes it.
     *
     * <p><b>Cancellation</b>: nothing has been taken; the subscription stands until {@link #close}.
     *
     * @return the item
     * @throws NoSuchElementException if there are no more, or after {@link #close}
     * @throws IllegalStateException outside a task, if it would have to wait; the publisher's
     *     failure is thrown as {@code await} would, once, after the items that came before it
     */
    @Override
    public T next() {
        T item = hasNext() ? inbox.items.poll() : null;
        if (item == null) {
            throw new NoSuchElementException(
                    closed ? "the iterator is closed" : "the publisher has no more items");
        }
        if (++taken == batch) {
            taken = 0;
            inbox.ask(batch);
        }
        return item;
    }

    /**
     * Cancels the subscription, and drops what was not taken. Does not suspend; idempotent. A
     * failure that had come and was not thrown is reported to the loop's exception handler; one
     * that comes later is not.
     */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            inbox.cancel();
            inbox.end.tryComplete(null);
            inbox.items.clear();
            bell.ring();
        }
    }

    /**
     * Itself.
     *
     * @return this iterator
     */
    @Override
    public Iterator<T> iterator() {
        return this;
    }
}
