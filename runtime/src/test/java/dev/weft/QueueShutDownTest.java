package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.IntFunction;

/** Queue.shutdown, as in Python 3.13, on all kinds of queue. */
class QueueShutDownTest {
    private static List<Queue<String>> kinds(int capacity) {
        List<IntFunction<Queue<String>>> kinds =
                List.of(Queue::bounded, LifoQueue::bounded, PriorityQueue::bounded);
        List<Queue<String>> queues = new ArrayList<>();
        kinds.forEach(kind -> queues.add(kind.apply(capacity)));
        return queues;
    }

    private static void assertShutDown(Action action) {
        assertThatThrownBy(action::run)
                .isInstanceOf(QueueShutDownException.class)
                .hasMessageContaining("shut down");
    }

    private static void assertGivesAndTakesNothing(Queue<String> queue) {
        assertShutDown(() -> queue.put("late"));
        assertShutDown(() -> queue.tryPut("late"));
        assertShutDown(queue::take);
        assertShutDown(queue::tryTake);
    }

    @AsyncTest
    void anEmptyQueueWakesItsTakersAndJoiners() {
        for (Queue<String> queue : kinds(10)) {
            Task<String> taker = async(queue::take);
            yieldNow();
            assertThat(queue.isShutDown()).isFalse();
            queue.shutdown();
            assertThat(queue.isShutDown()).isTrue();
            assertThat(queue.size()).isZero();
            queue.join();
            assertShutDown(() -> await(taker));
            assertGivesAndTakesNothing(queue);
        }
    }

    @AsyncTest
    void whatIsInItCanStillBeTaken() {
        for (Queue<String> queue : kinds(1)) {
            queue.put("data");
            Task<Void> joiner = async(queue::join);
            Task<Void> putter = async(() -> queue.put("data2"));
            yieldNow();
            assertThat(putter.isDone()).isFalse();
            queue.shutdown();
            assertThat(queue.size()).isEqualTo(1);
            assertShutDown(() -> await(putter));
            assertThat(queue.take()).isEqualTo("data");
            yieldNow();
            assertThat(joiner.isDone()).isFalse();
            assertGivesAndTakesNothing(queue);
            queue.taskDone();
            await(joiner);
            assertThatThrownBy(queue::taskDone).isInstanceOf(IllegalStateException.class);
        }
    }

    @AsyncTest
    void immediatelyDropsTheItemsAsDone() {
        for (Queue<String> queue : kinds(10)) {
            queue.put("data");
            Task<Void> joiner = async(queue::join);
            yieldNow();
            queue.shutdown(true);
            assertThat(queue.size()).isZero();
            await(joiner);
            assertGivesAndTakesNothing(queue);
            assertThatThrownBy(queue::taskDone).isInstanceOf(IllegalStateException.class);
        }
    }

    @AsyncTest
    void immediatelyStillWaitsForWhatWasTaken() {
        for (Queue<String> queue : kinds(10)) {
            queue.put("data");
            queue.put("data");
            Task<Void> joiner = async(queue::join);
            assertThat(queue.take()).isEqualTo("data");
            queue.shutdown(true);
            yieldNow();
            assertThat(joiner.isDone()).isFalse();
            assertGivesAndTakesNothing(queue);
            queue.taskDone();
            await(joiner);
            assertThatThrownBy(queue::taskDone).isInstanceOf(IllegalStateException.class);
        }
    }

    @AsyncTest
    void whoWasAboutToTakeStillGetsItsItemUnlessItIsDropped() {
        for (Queue<String> queue : kinds(10)) {
            Task<String> taker = async(queue::take);
            yieldNow();
            queue.put("data");
            queue.shutdown();
            assertThat(await(taker)).isEqualTo("data");
        }
        for (Queue<String> queue : kinds(10)) {
            Task<String> taker = async(queue::take);
            yieldNow();
            queue.put("data");
            queue.shutdown(true);
            assertThat(queue.size()).isZero();
            assertShutDown(() -> await(taker));
            assertThat(queue.size()).isZero();
        }
    }

    @AsyncTest
    void theItemOfACancelledTakerGoesToTheNextThoughItWasShutDown() {
        for (Queue<String> queue : kinds(10)) {
            Task<String> first = async(queue::take);
            Task<String> second = async(queue::take);
            yieldNow();
            queue.put("data");
            queue.shutdown();
            first.cancel();
            assertThat(await(second)).isEqualTo("data");
            assertThatThrownBy(() -> await(first)).isInstanceOf(CancellationException.class);
        }
    }

    @AsyncTest
    void whoWasAboutToPutIsTold() {
        for (Queue<String> queue : kinds(1)) {
            queue.put("data");
            Task<Void> putter = async(() -> queue.put("data2"));
            yieldNow();
            queue.take();
            queue.shutdown();
            assertShutDown(() -> await(putter));
            assertGivesAndTakesNothing(queue);
        }
    }

    @AsyncTest
    void allWhoWaitAreToldAndTwiceIsNoMoreThanOnce() {
        for (Queue<String> queue : kinds(1)) {
            List<Task<String>> takers = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                takers.add(async(queue::take));
            }
            yieldNow();
            queue.shutdown();
            queue.shutdown();
            queue.shutdown(true);
            takers.forEach(taker -> assertShutDown(() -> await(taker)));
        }
    }

    @AsyncTest
    void toStringSaysSo() {
        Queue<String> queue = Queue.create();
        queue.shutdown();
        assertThat(queue.toString()).endsWith("[size:0, shut down]");
    }
}
