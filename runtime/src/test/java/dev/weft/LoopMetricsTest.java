package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Each meter is driven to a value that is known, and read back. */
class LoopMetricsTest {
    private final MeterRegistry registry = new SimpleMeterRegistry();

    private double tasks(String state) {
        return registry.get("weft.loop.tasks").tag("state", state).gauge().value();
    }

    private double queue() {
        return registry.get("weft.loop.queue").gauge().value();
    }

    private double lagMillis() {
        return registry.get("weft.loop.lag").timeGauge().value(TimeUnit.MILLISECONDS);
    }

    @AsyncTest
    void tasksAreCountedByState() {
        new LoopMetrics(Loop.current()).bindTo(registry);
        Promise<Void> promise = Promise.create();
        List<Task<?>> tasks = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            tasks.add(async(() -> await(promise)));
        }
        assertThat(tasks("ready")).as("this one and three that have not begun").isEqualTo(4);
        assertThat(tasks("awaiting")).isZero();
        yieldNow();
        assertThat(tasks("ready")).isEqualTo(1);
        assertThat(tasks("awaiting")).isEqualTo(3);
        promise.complete(null);
        tasks.forEach(Async::await);
        assertThat(tasks("awaiting")).isZero();
        assertThat(tasks("blocked")).isZero();
        assertThat(registry.get("weft.loop.queue").tag("loop", Loop.current().name()).gauge())
                .isNotNull();
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void tasksInJdkCallsAreBlocked() {
        new LoopMetrics(Loop.current()).bindTo(registry);
        CountDownLatch latch = new CountDownLatch(1);
        Task<Void> task = async(() -> latch.await());
        yieldNow();
        assertThat(tasks("blocked")).isEqualTo(1);
        assertThat(tasks("awaiting")).isZero();
        latch.countDown();
        await(task);
        assertThat(tasks("blocked")).isZero();
    }

    @AsyncTest
    void theQueueIsCountedWhileTheLoopIsHeld() {
        Loop loop = Loop.current();
        new LoopMetrics(loop).bindTo(registry);
        yieldNow();
        Task<Integer> two = async(() -> 2);
        for (int i = 0; i < 4; i++) {
            loop.callSoon(() -> {});
        }
        Handle cancelled = loop.callSoon(() -> {});
        cancelled.cancel();
        assertThat(queue()).as("one task and four callbacks").isEqualTo(5);
        await(two);
        yieldNow();
        yieldNow();
        assertThat(queue()).isZero();
    }

    @AsyncTest
    void theLagShowsThatTheLoopIsHeldWhileItIsAndAfterwards() {
        Loop loop = Loop.current();
        new LoopMetrics(loop).bindTo(registry);
        lagMillis(); // sends the probe
        double[] during = new double[1];
        Thread reader = Thread.ofPlatform().unstarted(() -> during[0] = lagMillis());
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(30);
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        reader.start();
        while (reader.isAlive()) {
            Thread.onSpinWait(); // a join would give the loop free
        }
        assertThat(during[0]).isGreaterThanOrEqualTo(30);
        yieldNow();
        yieldNow();
        assertThat(lagMillis()).isGreaterThanOrEqualTo(30);
        yieldNow();
        yieldNow();
        assertThat(lagMillis()).isLessThan(during[0]);
    }
}
