package dev.weft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RunQueueTest {
    private static final class Node extends RunQueue.Entry {
        final int producer;
        final int number;
        final AtomicInteger runs = new AtomicInteger();

        Node(int producer, int number) {
            this.producer = producer;
            this.number = number;
        }

        @Override
        void run() {
            runs.incrementAndGet();
        }
    }

    private final RunQueue queue = new RunQueue();

    @Test
    void entriesComeOutInTheOrderInWhichTheyWentIn() {
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.poll()).isNull();
        List<Node> nodes = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i <= round; i++) {
                Node node = new Node(0, i);
                nodes.add(node);
                assertThat(queue.push(node)).isTrue();
            }
            assertThat(queue.count(e -> true)).isEqualTo(round + 1);
            for (Node node : nodes) {
                assertThat(queue.poll()).isSameAs(node);
            }
            nodes.clear();
            assertThat(queue.isEmpty()).isTrue();
            assertThat(queue.poll()).isNull();
        }
    }

    @Test
    void theConsumersOwnPushesKeepTheirPlaceAmongOthers() {
        List<Node> nodes = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            nodes.add(new Node(0, i));
        }
        queue.pushLocal(nodes.get(0));
        queue.pushLocal(nodes.get(1));
        queue.push(nodes.get(2));
        assertThat(queue.last()).isSameAs(nodes.get(2));
        queue.pushLocal(nodes.get(3)); // behind the one from elsewhere
        assertThat(queue.pushLocal(nodes.get(0))).as("in the queue already").isFalse();
        assertThat(queue.push(nodes.get(1))).as("in the queue already").isFalse();
        assertThat(queue.count(e -> true)).isEqualTo(4);
        for (int i = 0; i < 4; i++) {
            assertThat(queue.isEmpty()).isFalse();
            assertThat(queue.poll()).isSameAs(nodes.get(i));
        }
        assertThat(queue.isEmpty()).isTrue();
        queue.pushLocal(nodes.get(4));
        assertThat(queue.last()).isSameAs(nodes.get(4));
        queue.pushLocal(nodes.get(5));
        assertThat(queue.last()).isSameAs(nodes.get(5));
        assertThat(queue.poll()).isSameAs(nodes.get(4));
        assertThat(queue.poll()).isSameAs(nodes.get(5));
        assertThat(queue.poll()).isNull();
    }

    private List<Integer> shuffled(long seed) {
        queue.reshuffle(seed);
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            queue.pushLocal(new Node(0, i));
        }
        for (Node node; (node = (Node) queue.poll()) != null; ) {
            order.add(node.number);
        }
        return order;
    }

    @Test
    void aShuffledQueueGivesTheSameOrderForTheSameSeedWhateverWasBefore() {
        assertThatThrownBy(() -> queue.reshuffle(1)).hasMessageContaining("not shuffled");
        Node background = new Node(1, -1);
        queue.shuffle(0L, background);
        List<Integer> first = shuffled(1);
        List<Integer> other = shuffled(2);
        assertThat(first).isNotEqualTo(other).containsExactlyInAnyOrderElementsOf(other);
        for (int i = 0; i < 5; i++) {
            queue.pushLocal(new Node(0, i));
            queue.poll();
            assertThat(shuffled(1)).hasSize(10).doesNotHaveDuplicates();
        }
        assertThat(shuffled(1)).isEqualTo(first);
        assertThat(shuffled(2)).isEqualTo(other);
    }

    @Test
    void theBackgroundEntryChangesNothingForTheOthersButHasItsTurn() {
        Node background = new Node(1, -1);
        queue.shuffle(0L, background);
        List<Integer> alone = shuffled(7);
        queue.push(background);
        List<Integer> together = shuffled(7);
        assertThat(together.indexOf(-1)).as("after at most 7 others").isBetween(0, 7);
        assertThat(queue.isEmpty()).isTrue();
        together.remove((Integer) (-1));
        assertThat(together).isEqualTo(alone);
    }

    @Test
    void aShuffledQueueCountsWhatItIsAskedFor() {
        Node background = new Node(1, -1);
        queue.shuffle(0L, background);
        queue.push(background);
        queue.push(new Node(0, 1));
        queue.push(new Node(0, 2));
        queue.poll();
        assertThat(queue.count(e -> e != background)).isEqualTo(1);
    }

    @Test
    void anEntryStandsInTheQueueOnce() {
        Node node = new Node(0, 0);
        assertThat(queue.push(node)).isTrue();
        assertThat(queue.push(node)).isFalse();
        assertThat(queue.poll()).isSameAs(node);
        assertThat(queue.poll()).isNull();
        assertThat(queue.push(node)).isTrue();
        assertThat(queue.poll()).isSameAs(node);
    }

    @Test
    void nothingIsLostOrReorderedUnderManyProducers() throws InterruptedException {
        int producers = 4;
        int each = 100_000;
        List<Thread> threads = new ArrayList<>();
        for (int p = 0; p < producers; p++) {
            int producer = p;
            threads.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                for (int i = 0; i < each; i++) {
                                    queue.push(new Node(producer, i));
                                }
                            }));
        }
        int[] next = new int[producers];
        for (int taken = 0; taken < producers * each; ) {
            Node node = (Node) queue.poll();
            if (node != null) {
                assertThat(node.number).isEqualTo(next[node.producer]++);
                taken++;
            }
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(queue.poll()).isNull();
    }

    @Test
    void aPushThatIsDroppedIsSeenByTheRunThatFollows() throws InterruptedException {
        // The invariant of wake-ups: after a push of the same entry returned, some run begins that
        // sees what came before it.
        int rounds = 200_000;
        AtomicInteger wanted = new AtomicInteger();
        int[] seen = {0};
        RunQueue.Entry entry =
                new RunQueue.Entry() {
                    @Override
                    void run() {
                        seen[0] = wanted.get();
                    }
                };
        Thread producer =
                Thread.ofPlatform()
                        .start(() -> {
                            for (int i = 1; i <= rounds; i++) {
                                wanted.set(i);
                                queue.push(entry);
                            }
                        });
        while (producer.isAlive() || !queue.isEmpty()) {
            RunQueue.Entry e = queue.poll();
            if (e != null) {
                e.run();
            }
        }
        producer.join();
        RunQueue.Entry last = queue.poll();
        if (last != null) {
            last.run();
        }
        assertThat(seen[0]).isEqualTo(rounds);
    }
}
