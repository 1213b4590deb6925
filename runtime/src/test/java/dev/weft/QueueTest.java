package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class QueueTest {
    private final List<Object> log = new ArrayList<>();

    private static void assertCancelled(Task<?> task) {
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
    }

    private static <T> List<T> takeAll(Queue<T> queue) {
        List<T> items = new ArrayList<>();
        while (!queue.isEmpty()) {
            items.add(queue.take());
        }
        return items;
    }

    // ---- one task

    @AsyncTest
    void itemsComeOutInTheOrderOfTheQueuesKind() {
        List<Queue<Integer>> queues =
                List.of(Queue.create(), LifoQueue.create(), PriorityQueue.create());
        for (Queue<Integer> queue : queues) {
            for (int i : List.of(1, 3, 2)) {
                queue.put(i);
            }
            log.add(takeAll(queue));
        }
        assertThat(log).containsExactly(List.of(1, 3, 2), List.of(2, 3, 1), List.of(1, 2, 3));
    }

    @AsyncTest
    void aPriorityQueueGivesEqualItemsInTheOrderInWhichTheyWerePut() {
        PriorityQueue<String> queue = PriorityQueue.create(Comparator.comparing(String::length));
        for (String item : List.of("bb", "a", "cc", "d", "e", "aa")) {
            queue.put(item);
        }
        assertThat(takeAll(queue)).containsExactly("a", "d", "e", "bb", "cc", "aa");
    }

    @AsyncTest
    void puttingAndTakingWithoutNeedToWaitDoesNotSuspend() {
        async(() -> log.add("other"));
        Queue<Integer> queue = Queue.bounded(2);
        queue.put(1);
        queue.put(2);
        assertThat(queue.take()).isEqualTo(1);
        assertThat(log).isEmpty();
        yieldNow();
    }

    @AsyncTest
    void sizeEmptyAndFullTellWhatItHolds() {
        Queue<Integer> queue = Queue.bounded(2);
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.capacity()).isEqualTo(2);
        queue.put(1);
        assertThat(queue.isEmpty()).isFalse();
        assertThat(queue.isFull()).isFalse();
        assertThat(queue.tryPut(2)).isTrue();
        assertThat(queue.isFull()).isTrue();
        assertThat(queue.size()).isEqualTo(2);
        assertThat(queue.tryPut(3)).isFalse();
        assertThat(queue.tryTake()).isEqualTo(1);
        assertThat(queue.tryTake()).isEqualTo(2);
        assertThat(queue.tryTake()).isNull();
        assertThat(queue.size()).isZero();
    }

    @AsyncTest
    void oneWithoutABoundIsNeverFull() {
        Queue<Integer> queue = Queue.create();
        for (int i = 0; i < 100_000; i++) {
            assertThat(queue.tryPut(i)).isTrue();
        }
        assertThat(queue.isFull()).isFalse();
        assertThat(queue.capacity()).isEqualTo(Integer.MAX_VALUE);
        assertThat(queue.size()).isEqualTo(100_000);
    }

    @Test
    void aCapacityBelowOneIsRefused() {
        assertThatThrownBy(() -> Queue.bounded(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("capacity must be >= 1, was 0");
        assertThatThrownBy(() -> LifoQueue.bounded(-1)).hasMessageContaining("was -1");
        assertThatThrownBy(() -> PriorityQueue.<Integer>bounded(0)).hasMessageContaining("was 0");
    }

    @AsyncTest
    void nullIsRefusedAsItMeansThatThereIsNothing() {
        Queue<Integer> queue = Queue.create();
        assertThatThrownBy(() -> queue.put(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("item must not be null");
        assertThatThrownBy(() -> queue.tryPut(null)).hasMessage("item must not be null");
        assertThat(queue.size()).isZero();
    }

    @AsyncTest
    void aComparatorThatThrowsPutsNothingAndKeepsNobodyWaiting() {
        PriorityQueue<Integer> queue =
                PriorityQueue.bounded(
                        2,
                        (a, b) -> {
                            if (a == 13 || b == 13) {
                                throw new IllegalArgumentException("13");
                            }
                            return Integer.compare(a, b);
                        });
        queue.put(1);
        queue.put(2);
        Task<Void> unlucky = async(() -> queue.put(13));
        Task<Void> next = async(() -> queue.put(3));
        yieldNow();
        queue.take();
        await(next);
        assertThatThrownBy(() -> await(unlucky)).hasMessage("13");
        assertThat(takeAll(queue)).containsExactly(2, 3);
    }

    // ---- waiting to take

    @AsyncTest
    void aTakerWaitsForAnItem() {
        Queue<Integer> queue = Queue.create();
        Task<Integer> taker = async(queue::take);
        yieldNow();
        assertThat(taker.isDone()).isFalse();
        Loop.current().callLater(Duration.ofMillis(5), () -> queue.tryPut(1));
        assertThat(await(taker)).isEqualTo(1);
    }

    @AsyncTest
    void takersAreServedInTheOrderInWhichTheyCame() {
        Queue<Integer> queue = Queue.create();
        List<Task<Integer>> takers = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            takers.add(async(queue::take));
        }
        yieldNow();
        for (int i = 0; i < 5; i++) {
            queue.put(i);
        }
        for (int i = 0; i < 5; i++) {
            assertThat(await(takers.get(i))).isEqualTo(i);
        }
    }

    @AsyncTest
    void anItemIsKeptForWhoWaitsAndNobodyBargesIn() {
        Queue<Integer> queue = Queue.create();
        Task<Integer> taker = async(queue::take);
        yieldNow();
        queue.put(1);
        assertThat(queue.size()).isZero();
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.tryTake()).isNull();
        Task<Integer> later = async(queue::take);
        assertThat(await(taker)).isEqualTo(1);
        queue.put(2);
        assertThat(await(later)).isEqualTo(2);
    }

    @AsyncTest
    void whoWasWokenByALesserItemStillGetsTheBest() {
        PriorityQueue<Integer> priority = PriorityQueue.create();
        LifoQueue<Integer> lifo = LifoQueue.create();
        Task<Integer> best = async(priority::take);
        Task<Integer> last = async(lifo::take);
        yieldNow();
        for (int i : List.of(5, 1, 3)) {
            priority.put(i);
            lifo.put(i);
        }
        assertThat(await(best)).isEqualTo(1);
        assertThat(await(last)).isEqualTo(3);
    }

    @AsyncTest
    void aCancelledTakerLeavesTheLine() {
        Queue<Integer> queue = Queue.create();
        Task<Integer> t1 = async(queue::take);
        Task<Integer> t2 = async(queue::take);
        yieldNow();
        t1.cancel();
        yieldNow();
        assertThat(t1.isCancelled()).isTrue();
        assertThat(queue.toString()).contains("takers:1");
        queue.put(1);
        assertThat(await(t2)).isEqualTo(1);
        assertThat(queue.toString()).doesNotContain("takers");
    }

    @AsyncTest
    void aTakerCancelledAfterAnItemWasKeptForItLosesNoItemAndNoOrder() {
        Queue<Integer> queue = Queue.create();
        Task<Integer> taker = async(queue::take);
        yieldNow();
        queue.put(1);
        queue.put(2);
        taker.cancel();
        assertCancelled(taker);
        assertThat(queue.size()).isEqualTo(2);
        assertThat(queue.take()).isEqualTo(1);
    }

    @AsyncTest
    void aTakerCancelledAfterAnItemWasKeptForItPassesItToTheNext() {
        Queue<Integer> queue = Queue.create();
        List<Task<Integer>> takers =
                List.of(async(queue::take), async(queue::take), async(queue::take));
        yieldNow();
        queue.put(1);
        queue.put(2);
        takers.get(0).cancel();
        assertCancelled(takers.get(0));
        assertThat(await(takers.get(1))).isEqualTo(1);
        assertThat(await(takers.get(2))).isEqualTo(2);
    }

    @AsyncTest
    void takingWhatIsThereThrowsNoPendingRequestAsInAsyncio() {
        Queue<Integer> queue = Queue.create();
        queue.put(1);
        Task<Void> task =
                async(() -> {
                    Task.current().cancel();
                    log.add(queue.take());
                    log.add(queue.take());
                });
        assertCancelled(task);
        assertThat(log).containsExactly(1);
        assertThat(queue.toString()).doesNotContain("takers");
    }

    // ---- waiting to put

    @AsyncTest
    void aPutterWaitsForAFreePlace() {
        Queue<Integer> queue = Queue.bounded(2);
        Task<Void> putter =
                async(() -> {
                    for (int i = 0; i < 3; i++) {
                        queue.put(i);
                        log.add(i);
                    }
                });
        yieldNow();
        yieldNow();
        assertThat(log).containsExactly(0, 1);
        assertThat(queue.take()).isEqualTo(0);
        yieldNow();
        assertThat(log).containsExactly(0, 1, 2);
        assertThat(takeAll(queue)).containsExactly(1, 2);
        await(putter);
    }

    @AsyncTest
    void aCallbackThatTakesLetsThePutterGoOn() {
        Queue<Integer> queue = Queue.bounded(1);
        Loop.current().callLater(Duration.ofMillis(5), queue::tryTake);
        queue.put(1);
        queue.put(2);
        assertThat(queue.take()).isEqualTo(2);
    }

    @AsyncTest
    void puttersAreServedInTheOrderInWhichTheyCame() {
        Queue<String> queue = Queue.bounded(1);
        List<Task<Void>> putters = new ArrayList<>();
        for (String item : List.of("a", "b", "c", "d")) {
            putters.add(async(() -> queue.put(item)));
        }
        for (String item : List.of("a", "b", "c", "d")) {
            assertThat(queue.take()).isEqualTo(item);
        }
        putters.forEach(Async::await);
    }

    @AsyncTest
    void aFreePlaceIsKeptForWhoWaitsAndNobodyBargesIn() {
        Queue<Integer> queue = Queue.bounded(1);
        queue.put(1);
        Task<Void> putter = async(() -> queue.put(2));
        yieldNow();
        queue.take();
        assertThat(queue.isFull()).isTrue();
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.tryPut(3)).isFalse();
        await(putter);
        assertThat(takeAll(queue)).containsExactly(2);
    }

    @AsyncTest
    void aFullQueueThatIsEmptiedAtOnceLetsAllPuttersGoOn() {
        Queue<Integer> queue = Queue.bounded(2);
        List<Task<Void>> putters = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int item = i;
            putters.add(async(() -> queue.put(item)));
        }
        yieldNow();
        for (int n = queue.size(); n > 0; n--) {
            log.add(queue.tryTake());
        }
        putters.forEach(Async::await);
        assertThat(log).containsExactly(0, 1);
        assertThat(takeAll(queue)).containsExactly(2, 3);
    }

    @AsyncTest
    void aCancelledPutterHasPutNothing() {
        Queue<String> queue = Queue.bounded(1);
        queue.put("a");
        Task<Void> b = async(() -> queue.put("b"));
        Task<Void> x = async(() -> queue.put("X"));
        yieldNow();
        assertThat(queue.toString()).contains("putters:2");
        x.cancel();
        yieldNow();
        assertThat(x.isCancelled()).isTrue();
        assertThat(queue.toString()).contains("putters:1");
        assertThat(queue.tryTake()).isEqualTo("a");
        await(b);
        assertThat(takeAll(queue)).containsExactly("b");
        assertThat(queue.toString()).doesNotContain("putters");
    }

    @AsyncTest
    void aPutterCancelledAfterAPlaceWasKeptForItHasPutNothingAndMayTryAgain() {
        Queue<Integer> queue = Queue.bounded(1);
        queue.put(1);
        Task<Void> writer = async(() -> queue.put(2));
        yieldNow();
        assertThat(queue.tryTake()).isEqualTo(1);
        writer.cancel();
        assertCancelled(writer);
        assertThat(queue.isEmpty()).isTrue();
        queue.put(2);
        assertThat(takeAll(queue)).containsExactly(2);
    }

    @AsyncTest
    void aPutterCancelledAfterAPlaceWasKeptForItPassesItToTheNext() {
        Queue<Integer> queue = Queue.bounded(1);
        queue.put(1);
        Task<Void> second = async(() -> queue.put(2));
        Task<Void> third = async(() -> queue.put(3));
        yieldNow();
        queue.take();
        second.cancel();
        await(third);
        assertCancelled(second);
        assertThat(takeAll(queue)).containsExactly(3);
    }

    @AsyncTest
    void aProducerAndAConsumerOnOnePlaceTakeTurns() {
        Queue<Integer> queue = Queue.bounded(1);
        Task<Void> producer =
                async(() -> {
                    for (int i = 0; i < 1000; i++) {
                        queue.put(i);
                    }
                });
        for (int i = 0; i < 1000; i++) {
            assertThat(queue.take()).isEqualTo(i);
        }
        await(producer);
    }

    // ---- joining

    @AsyncTest
    void joinWaitsUntilEachItemIsDone() {
        for (Queue<Integer> queue :
                List.of(
                        Queue.<Integer>create(),
                        LifoQueue.<Integer>create(),
                        PriorityQueue.<Integer>create())) {
            for (int i = 0; i < 100; i++) {
                queue.put(i);
            }
            int[] sum = {0};
            List<Task<Void>> workers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                workers.add(
                        async(() -> {
                            for (; ; ) {
                                int item = queue.take();
                                yieldNow();
                                sum[0] += item;
                                queue.taskDone();
                            }
                        }));
            }
            queue.join();
            assertThat(sum[0]).isEqualTo(4950);
            workers.forEach(Future::cancel);
            yieldNow();
        }
    }

    @AsyncTest
    void joiningAnUnusedQueueDoesNotSuspend() {
        async(() -> log.add("other"));
        Queue<Integer> queue = Queue.create();
        queue.join();
        queue.join();
        assertThat(log).isEmpty();
        yieldNow();
    }

    @AsyncTest
    void severalMayJoinAndOneMayBeCancelled() {
        Queue<Integer> queue = Queue.create();
        queue.put(1);
        List<Task<Void>> joiners =
                List.of(async(queue::join), async(queue::join), async(queue::join));
        yieldNow();
        joiners.get(1).cancel();
        queue.take();
        queue.taskDone();
        queue.put(2); // too late to hold up those who were woken
        await(joiners.get(0));
        await(joiners.get(2));
        assertCancelled(joiners.get(1));
    }

    @AsyncTest
    void sayingDoneTooOftenIsAnError() {
        for (Queue<Integer> queue :
                List.of(
                        Queue.<Integer>create(),
                        LifoQueue.<Integer>create(),
                        PriorityQueue.<Integer>create())) {
            assertThatThrownBy(queue::taskDone)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("more often than items were put");
        }
    }

    // ---- describing

    @AsyncTest
    void toStringTellsSizeBoundAndHowManyWait() {
        Queue<Integer> queue = Queue.create();
        assertThat(queue.toString()).matches("Queue@[0-9a-f]+\\[size:0]");
        Task<Integer> taker = async(queue::take);
        yieldNow();
        assertThat(queue.toString()).endsWith("[size:0, takers:1]");
        queue.put(1);
        assertThat(queue.toString()).endsWith("[size:0, unfinished:1]");
        await(taker);
        LifoQueue<Integer> bounded = LifoQueue.bounded(1);
        bounded.put(1);
        Task<Void> putter = async(() -> bounded.put(2));
        yieldNow();
        assertThat(bounded.toString())
                .matches("LifoQueue@.*\\[size:1, capacity:1, putters:1, unfinished:1]");
        bounded.take();
        await(putter);
        assertThat(PriorityQueue.<Integer>create().toString()).startsWith("PriorityQueue@");
    }
}
