package dev.weft;

import static dev.weft.Interleavings.require;
import static dev.weft.Interleavings.requireEqual;

import dev.weft.Interleavings.Run;
import dev.weft.LockInterleavingsTest.Waiters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Queues in thousands of orders, putters and takers cancelled, timed out and served at random: each
 * item that was put is taken once, in order; nobody waits for what is there, or for ever.
 */
@Tag("loop-mode") // here it explores both modes; without the flag it would explore one of them
// again
class QueueInterleavingsTest {
    private static final Duration LATE = Duration.ofMillis(1);

    /** What should be in a queue. */
    private record Model(Consumer<Integer> add, Supplier<Integer> take, IntSupplier size) {}

    @Test
    void queues() {
        Interleavings.explore(
                "queues",
                run -> {
                    List<Integer> items = new ArrayList<>();
                    Queue<Integer> queue = Queue.bounded(1 + run.random().nextInt(2));
                    explore(run, queue, new Model(items::add, items::removeFirst, items::size));
                });
    }

    @Test
    void lifoQueues() {
        Interleavings.explore(
                "LIFO queues",
                run -> {
                    List<Integer> items = new ArrayList<>();
                    Queue<Integer> queue = LifoQueue.bounded(1 + run.random().nextInt(2));
                    explore(run, queue, new Model(items::add, items::removeLast, items::size));
                });
    }

    @Test
    void priorityQueues() {
        Interleavings.explore(
                "priority queues",
                run -> {
                    TreeSet<Integer> items = new TreeSet<>();
                    Queue<Integer> queue = PriorityQueue.bounded(1 + run.random().nextInt(2));
                    explore(run, queue, new Model(items::add, items::pollFirst, items::size));
                });
    }

    private static void explore(Run run, Queue<Integer> queue, Model model) {
        Waiters putters = new Waiters(run, queue.capacity(), queue.capacity());
        Waiters takers = new Waiters(run, queue.capacity(), queue.capacity());
        boolean[] stop = {false};
        int[] waiting = {0, 0};
        for (int i = 0; i < 2; i++) {
            int first = 100 * i;
            int[] next = {0};
            putters.actor(
                    3,
                    () -> {
                        int item = run.random().nextInt(10) * 1000 + first + next[0]++;
                        guarded(stop, waiting, 0, () -> put(run, putters, queue, model, item));
                    });
            takers.actor(3, () -> guarded(stop, waiting, 1, () -> take(run, takers, queue, model)));
        }
        putters.cancelSome(2);
        takers.cancelSome(2);
        run.actor("stopper", () -> stop(run, queue, model, stop, waiting));
        run.atEnd(() -> drain(queue, model));
    }

    /** Counts who waits; a shut down queue is no failure. */
    private static void guarded(boolean[] stop, int[] waiting, int side, Action step)
            throws Exception {
        waiting[side]++;
        try {
            step.run();
        } catch (QueueShutDownException e) {
            require(stop[0], "shut down by nobody");
        } finally {
            waiting[side]--;
        }
    }

    private static void put(Run run, Waiters line, Queue<Integer> queue, Model model, int item)
            throws Exception {
        if (run.oneIn(5)) {
            if (queue.tryPut(item)) {
                model.add().accept(item);
            }
        } else {
            line.inLine(() -> {
                queue.put(item);
                model.add().accept(item);
            });
        }
        require(model.size().getAsInt() <= queue.capacity(), "too many items", queue);
    }

    private static void take(Run run, Waiters line, Queue<Integer> queue, Model model)
            throws Exception {
        if (run.oneIn(5)) {
            Integer item = queue.tryTake();
            if (item != null) {
                taken(queue, model, item);
            }
        } else {
            line.inLine(() -> taken(queue, model, queue.take()));
        }
    }

    private static void taken(Queue<Integer> queue, Model model, Integer item) {
        requireEqual(item, model.take().get(), "item");
        queue.taskDone();
    }

    private static void stop(
            Run run, Queue<Integer> queue, Model model, boolean[] stop, int[] waiting) {
        Async.sleep(LATE);
        requireEqual(queue.size(), model.size().getAsInt(), "size");
        require(waiting[1] == 0 || queue.isEmpty(), "somebody waits for what is there", queue);
        require(waiting[0] == 0 || queue.isFull(), "somebody waits for what is free", queue);
        stop[0] = true;
        queue.shutdown();
        if (run.oneIn(2)) {
            run.pause();
        }
    }

    private static void drain(Queue<Integer> queue, Model model) {
        while (!queue.isEmpty()) {
            taken(queue, model, queue.tryTake());
        }
        requireEqual(model.size().getAsInt(), 0, "items that were lost");
        queue.join();
        require(!queue.toString().contains("ers:"), "nobody waits", queue);
    }
}
