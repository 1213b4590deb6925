package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Guarantee 1: tasks and callbacks of one loop never run at the same time. */
class MutualExclusionTest {
    private final AtomicInteger inside = new AtomicInteger();
    private int unguarded;

    @AsyncTest(seconds = 60)
    void tasksCallbacksAndForeignCompletionsNeverOverlap() throws InterruptedException {
        Loop loop = Loop.current();
        int tasks = 50;
        int rounds = 200;
        List<Task<?>> running = new ArrayList<>();
        List<Promise<Integer>> fromOutside = new ArrayList<>();
        for (int i = 0; i < rounds; i++) {
            fromOutside.add(Promise.create());
        }
        for (int t = 0; t < tasks; t++) {
            running.add(
                    async(() -> {
                        for (Promise<Integer> promise : fromOutside) {
                            exclusively();
                            yieldNow();
                            exclusively();
                            loop.callSoon(this::exclusively);
                            // each of the tasks needs its own: awaiting is shared, cancelling would
                            // not be
                            await(promise);
                        }
                    }));
        }
        Thread completer = Thread.ofPlatform().start(() -> fromOutside.forEach(p -> p.complete(1)));
        List<Thread> submitters = new ArrayList<>();
        AtomicInteger submitted = new AtomicInteger();
        for (int i = 0; i < 4; i++) {
            submitters.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                for (int j = 0; j < rounds; j++) {
                                    loop.submit(() -> {
                                        exclusively();
                                        submitted.incrementAndGet();
                                    });
                                }
                            }));
        }
        running.forEach(Async::await);
        while (submitted.get() < 4 * rounds) {
            yieldNow();
        }
        for (Thread thread : submitters) {
            thread.join();
        }
        completer.join();
        yieldNow();
        assertThat(unguarded).isEqualTo(tasks * rounds * 3 + 4 * rounds);
    }

    /** Would lose counts, and see company, if two ran at once. */
    private void exclusively() {
        assertThat(inside.incrementAndGet()).isEqualTo(1);
        int before = unguarded;
        for (int i = 0; i < 20; i++) {
            Thread.onSpinWait();
        }
        unguarded = before + 1;
        inside.decrementAndGet();
    }
}
