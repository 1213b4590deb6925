package dev.weft;

import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;

/** The examples in the Javadoc of what other libraries bring: compiled and run. */
class AdapterSnippetsTest {
    @AsyncTest
    void fromFuture() {
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            // @start region="fromFuture"
            int answer = await(Future.from(executor.submit(() -> 6 * 7)));
            // @end
            assertThat(answer).isEqualTo(42);
        }
    }

    @AsyncTest
    void fromPublisher() {
        Flow.Publisher<String> publisher = new ListPublisher<>(List.of("a", "b"));
        // @start region="fromPublisher"
        String first = await(Future.from(publisher));
        // @end
        assertThat(first).isEqualTo("a");
    }

    @AsyncTest
    void publisherIterator() {
        List<Integer> seen = new ArrayList<>();
        SubmissionPublisher<Integer> source = new SubmissionPublisher<>();
        Flow.Publisher<Integer> numbers =
                subscriber -> {
                    source.subscribe(subscriber);
                    List.of(1, 2, 3).forEach(source::submit);
                    source.close();
                };
        // @start region="publisherIterator"
        try (PublisherIterator<Integer> items = PublisherIterator.of(numbers, 16)) {
            for (int item : items) {
                seen.add(item);
            }
        }
        // @end
        assertThat(seen).containsExactly(1, 2, 3);
    }
}
