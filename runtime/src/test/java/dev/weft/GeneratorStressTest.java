package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/** Generators: many steps, each step disturbed, and what a step costs. */
class GeneratorStressTest {
    private static final int STEPS = 100_000;
    static final int STEPS_ON_THE_WAY_UP = 100;

    private static Generator<Integer> upTo(int n) {
        return Generator.of(out -> {
            for (int i = 0; i < n; i++) {
                out.emit(i);
            }
        });
    }

    @AsyncTest(seconds = 120)
    void aHundredThousandSteps() {
        for (int round = 0; round < 3; round++) {
            long begun = System.nanoTime();
            long sum = 0;
            for (int i : upTo(STEPS)) {
                sum += i;
            }
            long nanos = System.nanoTime() - begun;
            assertThat(sum).isEqualTo(STEPS * (STEPS - 1L) / 2);
            System.out.printf("%s: %d ns per step%n", Loop.current().scheduler(), nanos / STEPS);
        }
        long begun = System.nanoTime();
        for (int i = 0; i < 10_000; i++) {
            upTo(1).next();
        }
        System.out.printf(
                "%s: %d ns a generator begun, stepped once and left%n",
                Loop.current().scheduler(), (System.nanoTime() - begun) / 10_000);
    }

    @AsyncTest(seconds = 60)
    void closingAfterEachNumberOfSteps() {
        for (int steps = 0; steps < 200; steps++) {
            boolean[] unwound = {false};
            Generator<Integer> generator =
                    Generator.of(out -> {
                        try {
                            for (int i = 0; i < 150; i++) {
                                if (i % 3 == 0) {
                                    yieldNow();
                                }
                                out.emit(i);
                            }
                        } finally {
                            yieldNow();
                            unwound[0] = true;
                        }
                    });
            int taken = 0;
            for (int i = 0; i < steps && generator.hasNext(); i++) {
                assertThat(generator.next()).isEqualTo(taken++);
            }
            generator.close();
            assertThat(unwound[0]).isEqualTo(steps > 0);
            assertThat(generator.hasNext()).isFalse();
        }
    }

    @AsyncTest(seconds = 60)
    void cancellingAfterEachNumberOfTurns() {
        for (int turns = 0; turns < 200; turns++) {
            int[] begunAndUnwound = {0, 0};
            Task<Integer> task =
                    async(() -> {
                        int sum = 0;
                        try (Generator<Integer> generator = twoLevels(begunAndUnwound)) {
                            for (int i : generator) {
                                sum += i;
                                if (i % 5 == 0) {
                                    yieldNow();
                                }
                            }
                        }
                        return sum;
                    });
            for (int i = 0; i < turns && !task.isDone(); i++) {
                yieldNow();
            }
            task.cancel();
            Throwable failure = catchThrowable(() -> await(task));
            if (failure == null) {
                assertThat(await(task)).isEqualTo(780);
            } else {
                assertThat(failure).isInstanceOf(CancellationException.class);
            }
            assertThat(begunAndUnwound[1]).as("turns %d", turns).isEqualTo(begunAndUnwound[0]);
        }
    }

    private static Generator<Integer> twoLevels(int[] begunAndUnwound) {
        Generator<Integer> inner =
                Generator.of(out -> {
                    begunAndUnwound[0]++;
                    try {
                        for (int i = 0; i < 40; i++) {
                            if (i % 2 == 0) {
                                yieldNow();
                            }
                            out.emit(i);
                        }
                    } finally {
                        begunAndUnwound[1]++;
                    }
                });
        return Generator.of(out -> {
            begunAndUnwound[0]++;
            try {
                yieldNow();
                out.emitAll(inner);
                yieldNow();
            } finally {
                begunAndUnwound[1]++;
            }
        });
    }

    @AsyncTest(seconds = 60)
    void nestedDeeply() {
        int depth = 200;
        int[] unwound = {0};
        Generator<Integer> generator = nested(depth, 50, unwound);
        int taken = 0;
        for (int i : generator) {
            assertThat(i).isEqualTo(taken++);
        }
        assertThat(taken).isEqualTo(50);
        assertThat(unwound[0]).isEqualTo(depth);
        Generator<Integer> left = nested(depth, 50, unwound);
        left.next();
        left.close();
        assertThat(unwound[0]).isEqualTo(2 * depth);
    }

    private static Generator<Integer> nested(int depth, int n, int[] unwound) {
        return Generator.of(out -> {
            try {
                out.emitAll(depth == 1 ? upTo(n) : nested(depth - 1, n, unwound));
            } finally {
                unwound[0]++;
            }
        });
    }

    @AsyncTest(seconds = 60)
    void manyTasksStepTheirOwnInARandomOrderOfSuspensions() {
        List<Task<Long>> tasks = new ArrayList<>();
        for (int t = 0; t < 50; t++) {
            Random random = new Random(t);
            tasks.add(
                    async(() -> {
                        Generator<Integer> generator =
                                Generator.of(out -> {
                                    for (int i = 0; i < 200; i++) {
                                        if (random.nextInt(3) == 0) {
                                            yieldNow();
                                        }
                                        out.emit(i);
                                    }
                                });
                        long sum = 0;
                        for (int i : generator) {
                            if (random.nextInt(3) == 0) {
                                yieldNow();
                            }
                            sum += i;
                        }
                        return sum;
                    }));
        }
        for (Task<Long> task : tasks) {
            assertThat(await(task)).isEqualTo(199 * 100);
        }
    }

    /**
     * A stranger unparks both threads, interrupts them and reads their stacks, while another task
     * is ready all the time: it must not run in between.
     */
    @AsyncTest(seconds = 120)
    void disturbedByAStrangerItStillGoesStraight() throws Exception {
        AtomicReference<Thread> body = new AtomicReference<>();
        Thread consumer = Thread.currentThread();
        Thread stranger = Thread.ofPlatform().start(() -> disturb(consumer, body));
        boolean[] stepping = {false, false};
        Task<Integer> other =
                async(() -> {
                    int runs = 0;
                    while (!stepping[1]) {
                        assertThat(stepping[0]).as("amid a step").isFalse();
                        runs++;
                        yieldNow();
                    }
                    return runs;
                });
        Generator<Integer> generator =
                Generator.of(out -> {
                    body.set(Thread.currentThread());
                    for (int i = 0; ; i++) {
                        out.emit(i);
                    }
                });
        for (int i = 0; i < 20_000; i++) {
            stepping[0] = true;
            assertThat(generator.next()).isEqualTo(i);
            stepping[0] = false;
            if (i % 10 == 0) {
                yieldNow();
            }
        }
        stepping[1] = true;
        assertThat(await(other)).isGreaterThan(100);
        stranger.interrupt();
        while (stranger.isAlive()) {
            yieldNow();
        }
        generator.close();
        Thread.interrupted();
    }

    private static void disturb(Thread consumer, AtomicReference<Thread> body) {
        while (!Thread.interrupted()) {
            Thread other = body.get();
            for (Thread thread : other == null ? List.of(consumer) : List.of(consumer, other)) {
                LockSupport.unpark(thread);
                thread.interrupt();
                assertThat(thread.getStackTrace()).isNotNull();
            }
        }
    }

    // ---- no stack left: a virtual thread gets a new one each time it parks, so neither overflows
    // by
    // steps alone. These step on the way up, when little is left.

    @AsyncTest(seconds = 60)
    void aConsumerThatOverflowsItsStackLeavesGeneratorAndLoopWhole() {
        for (int i = 0; i < 3; i++) {
            Generator<Integer> generator = upTo(Integer.MAX_VALUE);
            int[] taken = {0};
            Task<Void> task = async(() -> stepsOnTheWayUp(generator, taken));
            // The last that was thrown: no stack left, or still too much to be put aside.
            assertThat(catchThrowable(() -> await(task)))
                    .isInstanceOfAny(StackOverflowError.class, IllegalStateException.class);
            assertThat(taken[0])
                    .as("last: %s", catchThrowable(() -> await(task)))
                    .isEqualTo(STEPS_ON_THE_WAY_UP);
            // More where the stack overflowed between the step and the counting.
            assertThat(generator.next()).isBetween(taken[0], taken[0] + 100);
            generator.close();
            assertThat(await(async(() -> "fine"))).isEqualTo("fine");
        }
    }

    @SuppressWarnings("InfiniteRecursion") // that is the point
    private static void stepsOnTheWayUp(Generator<Integer> generator, int[] taken) {
        try {
            stepsOnTheWayUp(generator, taken);
        } finally {
            if (taken[0] < STEPS_ON_THE_WAY_UP) {
                assertThat(generator.next()).isGreaterThanOrEqualTo(taken[0]);
                taken[0]++;
            }
        }
    }

    @AsyncTest(seconds = 60)
    void aBodyThatOverflowsItsStackFailsItsGeneratorAlone() {
        for (int i = 0; i < 3; i++) {
            int[] emitted = {0};
            Generator<Integer> generator = Generator.of(out -> emitsOnTheWayUp(out, emitted));
            int[] taken = {0};
            assertThat(
                            catchThrowable(() -> {
                                while (generator.hasNext()) {
                                    assertThat(generator.next()).isEqualTo(taken[0]++);
                                }
                            }))
                    .isInstanceOfAny(StackOverflowError.class, IllegalStateException.class);
            assertThat(taken[0]).isEqualTo(STEPS_ON_THE_WAY_UP);
            assertThat(generator.hasNext()).isFalse();
            assertThat(await(async(() -> "fine"))).isEqualTo("fine");
        }
    }

    @SuppressWarnings("InfiniteRecursion") // that is the point
    static void emitsOnTheWayUp(Generator.Emitter<Integer> out, int[] emitted) {
        try {
            emitsOnTheWayUp(out, emitted);
        } finally {
            if (emitted[0] < STEPS_ON_THE_WAY_UP) {
                out.emit(emitted[0]);
                emitted[0]++;
            }
        }
    }
}
