package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.stream.IntStream;

/** {@code Future.from} a publisher, and {@code PublisherIterator}. */
class PublisherTest {
    private final List<Object> log = new ArrayList<>();

    /** A publisher by hand: the test says what it sends, and when. */
    private static final class Manual implements Flow.Publisher<String>, Flow.Subscription {
        final List<String> calls = new ArrayList<>();
        Flow.Subscriber<? super String> subscriber;

        @Override
        public void subscribe(Flow.Subscriber<? super String> given) {
            subscriber = given;
            given.onSubscribe(this);
        }

        @Override
        public void request(long n) {
            calls.add("request " + n);
        }

        @Override
        public void cancel() {
            calls.add("cancel");
        }
    }

    private final Manual manual = new Manual();

    // ---- the first item

    @AsyncTest
    void theFirstItemIsTheResultAndTheSubscriptionIsCancelled() {
        Future<String> first = Future.from(manual);
        assertThat(manual.calls).containsExactly("request 1");
        manual.subscriber.onNext("a");
        assertThat(manual.calls).containsExactly("request 1", "cancel");
        manual.subscriber.onNext("b");
        manual.subscriber.onComplete();
        assertThat(await(first)).isEqualTo("a");
    }

    @AsyncTest
    void aPublisherThatSendsWhileItIsAskedIsCancelledAfterIt() {
        ListPublisher<String> publisher = new ListPublisher<>(List.of("a", "b"));
        assertThat(await(Future.from(publisher))).isEqualTo("a");
        assertThat(publisher.calls).containsExactly("request 1", "cancel");
    }

    @AsyncTest
    void completionWithoutAnItemGivesNull() {
        String nothing = await(Future.from(new ListPublisher<String>(List.of())));
        assertThat(nothing).isNull();
    }

    @AsyncTest
    void theFailureOfAPublisherIsThrown() {
        Future<String> first = Future.from(manual);
        manual.subscriber.onError(new IOException("disk"));
        assertThatThrownBy(() -> await(first)).isInstanceOf(UncheckedIOException.class);
    }

    @AsyncTest
    void cancellingTheFutureCancelsTheSubscription() {
        Task<String> task = async(() -> await(Future.from(manual)));
        yieldNow();
        task.cancel();
        assertThat(manual.calls).containsExactly("request 1", "cancel");
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        manual.subscriber.onError(new RuntimeException("after cancel, which is allowed"));
    }

    @AsyncTest
    void cancellingBeforeThereIsASubscriptionCancelsItWhenItComes() {
        List<Flow.Subscriber<? super String>> subscribers = new ArrayList<>();
        Future<String> first = Future.from((Flow.Publisher<String>) subscribers::add);
        first.cancel();
        subscribers.getFirst().onSubscribe(manual);
        assertThat(manual.calls).containsExactly("cancel");
    }

    @AsyncTest
    void aSecondSubscriptionIsCancelled() {
        Future<String> first = Future.from(manual);
        Manual second = new Manual();
        manual.subscriber.onSubscribe(second);
        assertThat(second.calls).containsExactly("cancel");
        manual.subscriber.onNext("a");
        assertThat(await(first)).isEqualTo("a");
    }

    @AsyncTest
    void aSubscriptionThatThrowsFailsTheFuture() {
        RuntimeException failure = new RuntimeException("against the rules");
        Flow.Publisher<String> publisher =
                subscriber ->
                        subscriber.onSubscribe(
                                new Flow.Subscription() {
                                    @Override
                                    public void request(long n) {
                                        throw failure;
                                    }

                                    @Override
                                    public void cancel() {
                                        log.add("cancel");
                                    }
                                });
        assertThat(catchThrowable(() -> await(Future.from(publisher)))).isSameAs(failure);
    }

    @AsyncTest
    void nullsAreRefusedAsTheRulesSay() {
        Future<String> first = Future.from(manual);
        assertThatThrownBy(() -> manual.subscriber.onNext(null))
                .isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> manual.subscriber.onError(null))
                .isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> manual.subscriber.onSubscribe(null))
                .isInstanceOf(NullPointerException.class);
        first.cancel();
    }

    // ---- all items

    private static List<Integer> numbers(int n) {
        return IntStream.range(0, n).boxed().toList();
    }

    @AsyncTest
    void allItemsComeInOrder() {
        List<Integer> seen = new ArrayList<>();
        try (var items = PublisherIterator.of(new ListPublisher<>(numbers(100)), 8)) {
            for (int item : items) {
                seen.add(item);
            }
            assertThat(items.hasNext()).isFalse();
            assertThatThrownBy(items::next)
                    .isInstanceOf(NoSuchElementException.class)
                    .hasMessage("the publisher has no more items");
        }
        assertThat(seen).isEqualTo(numbers(100));
    }

    @AsyncTest
    void noMoreIsAskedForThanPrefetchAllows() {
        PublisherIterator<String> items = PublisherIterator.of(manual, 4);
        assertThat(manual.calls).containsExactly("request 4");
        for (int i = 0; i < 4; i++) {
            manual.subscriber.onNext("item " + i);
        }
        items.next();
        items.next();
        assertThat(manual.calls).containsExactly("request 4");
        items.next();
        assertThat(manual.calls).containsExactly("request 4", "request 3");
        items.close();
    }

    @AsyncTest
    void aPrefetchOfOneAsksForOneAfterTheOther() {
        ListPublisher<Integer> publisher = new ListPublisher<>(numbers(3));
        PublisherIterator<Integer> items = PublisherIterator.of(publisher, 1);
        items.forEachRemaining(log::add);
        assertThat(log).containsExactly(0, 1, 2);
        assertThat(publisher.calls).hasSize(4).containsOnly("request 1");
        items.close();
    }

    @AsyncTest
    void nextSuspendsUntilThereIsAnItem() {
        PublisherIterator<String> items = PublisherIterator.of(manual, 4);
        Task<String> task = async(items::next);
        yieldNow();
        assertThat(task.isDone()).isFalse();
        manual.subscriber.onNext("a");
        assertThat(await(task)).isEqualTo("a");
        items.close();
    }

    @AsyncTest
    void theFailureComesAfterTheItemsAndOnce() {
        RuntimeException failure = new RuntimeException("x");
        try (PublisherIterator<String> items = PublisherIterator.of(manual, 4)) {
            manual.subscriber.onNext("a");
            manual.subscriber.onError(failure);
            assertThat(items.next()).isEqualTo("a");
            assertThat(catchThrowable(items::next)).isSameAs(failure);
            assertThat(items.hasNext()).isFalse();
        }
    }

    @AsyncTest
    void closingCancelsTheSubscriptionOnceAndEndsTheItems() {
        PublisherIterator<String> items = PublisherIterator.of(manual, 4);
        manual.subscriber.onNext("never taken");
        items.close();
        items.close();
        manual.subscriber.onNext("too late");
        manual.subscriber.onError(new RuntimeException("too late, which is allowed"));
        assertThat(manual.calls).containsExactly("request 4", "cancel");
        assertThat(items.hasNext()).isFalse();
        assertThatThrownBy(items::next)
                .isInstanceOf(NoSuchElementException.class)
                .hasMessage("the iterator is closed");
    }

    @AsyncTest
    void closingWakesATaskThatWaits() {
        PublisherIterator<String> items = PublisherIterator.of(manual, 4);
        Task<Boolean> task = async(items::hasNext);
        yieldNow();
        items.close();
        assertThat(await(task)).isFalse();
    }

    @AsyncTest
    void cancellingTheCallerTakesNothing() {
        try (PublisherIterator<String> items = PublisherIterator.of(manual, 4)) {
            Task<String> task = async(items::next);
            yieldNow();
            task.cancel();
            assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
            assertThat(manual.calls).containsExactly("request 4");
            manual.subscriber.onNext("a");
            assertThat(items.next()).isEqualTo("a");
        }
    }

    @AsyncTest(unhandled = true)
    void aFailureThatWasNotThrownWhenItIsClosedIsNotLost() {
        List<Throwable> reports = new ArrayList<>();
        Loop.current().onUnhandled(r -> reports.add(r.failure()));
        RuntimeException failure = new RuntimeException("unseen");
        fails(failure);
        for (int i = 0; i < 200 && reports.isEmpty(); i++) {
            System.gc();
            Async.sleep(java.time.Duration.ofMillis(5));
        }
        assertThat(reports).containsExactly(failure);
    }

    private static void fails(Throwable failure) {
        Manual publisher = new Manual();
        try (PublisherIterator<String> items = PublisherIterator.of(publisher, 1)) {
            publisher.subscriber.onError(failure);
            assertThat(items.iterator() == items).isTrue();
        }
    }

    @AsyncTest
    void aPublisherThatSendsMoreThanItWasAskedForFails() {
        try (PublisherIterator<String> items = PublisherIterator.of(manual, 1)) {
            manual.subscriber.onNext("a");
            manual.subscriber.onNext("b");
            assertThat(manual.calls).containsExactly("request 1", "cancel");
            assertThat(items.next()).isEqualTo("a");
            assertThatThrownBy(items::next)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the publisher sent more than it was asked for");
        }
    }

    @AsyncTest
    void argumentsAreChecked() {
        assertThatThrownBy(() -> PublisherIterator.of(manual, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("prefetch must be >= 1, was 0");
        assertThatThrownBy(() -> PublisherIterator.of(null, 1))
                .hasMessage("publisher must not be null");
    }

    @AsyncTest
    void anotherLibrarysThreadsPublishToATask() {
        int n = 5_000;
        List<Integer> seen = new ArrayList<>();
        SubmissionPublisher<Integer> publisher = new SubmissionPublisher<>();
        try (PublisherIterator<Integer> items = PublisherIterator.of(publisher, 16)) {
            Thread.ofPlatform()
                    .start(() -> {
                        for (int i = 0; i < n; i++) {
                            publisher.submit(i);
                        }
                        publisher.close();
                    });
            items.forEachRemaining(seen::add);
        }
        assertThat(seen).isEqualTo(numbers(n));
    }
}
