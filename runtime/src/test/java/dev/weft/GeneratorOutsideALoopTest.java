package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Generators whose consumer is a thread of no loop. */
@Timeout(60)
class GeneratorOutsideALoopTest {
    private final List<Object> log = new ArrayList<>();

    private Generator<Integer> upTo(int n) {
        return Generator.of(out -> {
            try {
                for (int i = 0; i < n; i++) {
                    out.emit(i);
                }
            } finally {
                log.add("ends");
            }
        });
    }

    @Test
    void aThreadGetsAllValues() {
        int n = 20_000;
        long begun = System.nanoTime();
        int sum = 0;
        for (int i : upTo(n)) {
            sum += i;
        }
        System.out.printf("plain: %d ns per step%n", (System.nanoTime() - begun) / n);
        assertThat(sum).isEqualTo(n * (n - 1) / 2);
        assertThat(log).containsExactly("ends");
    }

    @Test
    void aVirtualThreadDoesToo() throws Exception {
        Thread thread = Thread.startVirtualThread(() -> upTo(1000).forEachRemaining(log::add));
        thread.join();
        assertThat(log).hasSize(1001);
    }

    @Test
    void closingUnwindsTheBody() {
        Generator<Integer> generator = upTo(10);
        assertThat(generator.next()).isZero();
        generator.close();
        assertThat(log).containsExactly("ends");
        assertThat(generator.hasNext()).isFalse();
        assertThatThrownBy(generator::next).isInstanceOf(NoSuchElementException.class);
        upTo(3).close();
        assertThat(log).hasSize(1);
    }

    @Test
    void closingAfterEachNumberOfStepsOfANest() {
        for (int steps = 0; steps < 60; steps++) {
            log.clear();
            Generator<Integer> generator =
                    Generator.of(out -> {
                        out.emitAll(upTo(20));
                        out.emitAll(upTo(20));
                    });
            int taken = 0;
            while (taken < steps && generator.hasNext()) {
                assertThat(generator.next()).isEqualTo(taken++ % 20);
            }
            generator.close();
            assertThat(log).hasSize(steps == 0 ? 0 : steps <= 20 ? 1 : 2);
        }
    }

    @Test
    void failuresComeOutAsInATask() {
        RuntimeException failure = new IllegalArgumentException("x");
        Generator<Integer> first =
                Generator.of(out -> {
                    throw failure;
                });
        assertThat(catchThrowable(first::next)).isSameAs(failure);
        assertThat(first.hasNext()).isFalse();
        IOException io = new IOException("disk");
        Generator<Integer> second =
                Generator.of(out -> {
                    throw io;
                });
        assertThatThrownBy(second::next).isInstanceOf(UncheckedIOException.class).hasCause(io);
        Generator<Integer> third = Generator.of(out -> Async.yieldNow());
        assertThatThrownBy(third::next)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("needs a task");
    }

    @Test
    void interruptingTheConsumerInterruptsTheBody() throws Exception {
        CountDownLatch inBody = new CountDownLatch(1);
        Generator<Integer> generator =
                Generator.of(out -> {
                    out.emit(1);
                    inBody.countDown();
                    Thread.sleep(100_000);
                });
        Thread consumer =
                Thread.ofPlatform()
                        .start(() -> {
                            log.add(generator.next());
                            log.add(catchThrowable(generator::next));
                            log.add(Thread.currentThread().isInterrupted());
                        });
        inBody.await();
        consumer.interrupt();
        consumer.join();
        assertThat(log.get(0)).isEqualTo(1);
        assertThat((Throwable) log.get(1))
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(InterruptedException.class);
        assertThat(log.get(2)).isEqualTo(false);
    }

    @Test
    void theFlagGoesAlongAsInOneThread() {
        Generator<Boolean> generator =
                Generator.of(out -> {
                    out.emit(Thread.interrupted());
                    Thread.currentThread().interrupt();
                });
        Thread.currentThread().interrupt();
        assertThat(generator.next()).isTrue();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
        assertThat(generator.hasNext()).isFalse();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void oneThreadAtATime() throws Exception {
        CountDownLatch inBody = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Generator<Integer> generator =
                Generator.of(out -> {
                    inBody.countDown();
                    goOn.await();
                    out.emit(1);
                    out.emit(2);
                });
        Thread first = Thread.ofPlatform().name("the first").start(() -> log.add(generator.next()));
        inBody.await();
        assertThatThrownBy(generator::next)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("in use by")
                .hasMessageContaining("the first");
        goOn.countDown();
        first.join();
        assertThat(log).containsExactly(1);
        assertThat(generator.next()).isEqualTo(2);
        generator.close();
    }

    @Test
    void aBodyThatStepsItselfIsTold() {
        List<Generator<Integer>> self = new ArrayList<>();
        self.add(Generator.of(out -> out.emit(self.getFirst().next())));
        assertThatThrownBy(self.getFirst()::next)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("its own body");
    }

    @AsyncTest
    void oneThatAThreadHasBegunIsNotForTasks() throws Exception {
        Generator<Integer> generator = upTo(3);
        Promise<Integer> first = Promise.create();
        Thread.ofPlatform().start(() -> first.complete(generator.next()));
        assertThat(await(first)).isZero();
        Task<Integer> task = async(generator::next);
        assertThatThrownBy(() -> await(task))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("belongs to no loop");
        Promise<Boolean> closed = Promise.create();
        Thread.ofPlatform()
                .start(() -> {
                    generator.close();
                    closed.complete(generator.hasNext());
                });
        assertThat(await(closed)).isFalse();
    }

    @Test
    void oneThatNobodyCanReachIsClosed() throws Exception {
        CountDownLatch ended = new CountDownLatch(1);
        leave(ended);
        boolean closed = false;
        for (int i = 0; i < 200 && !closed; i++) {
            System.gc();
            closed = ended.await(5, TimeUnit.MILLISECONDS); // the cleaner is a thread of the JVM's
        }
        assertThat(closed).isTrue();
    }

    private static void leave(CountDownLatch ended) {
        Generator<Integer> generator =
                Generator.of(out -> {
                    try {
                        out.emit(1);
                    } finally {
                        ended.countDown();
                    }
                });
        generator.next();
    }

    @Test
    void aStackOverflowInTheBodyFailsIt() {
        Generator<Integer> generator =
                Generator.of(out -> GeneratorStressTest.emitsOnTheWayUp(out, new int[1]));
        assertThatThrownBy(() -> generator.forEachRemaining(log::add))
                .isInstanceOf(StackOverflowError.class);
        assertThat(log).hasSize(GeneratorStressTest.STEPS_ON_THE_WAY_UP);
        assertThat(generator.hasNext()).isFalse();
    }
}
