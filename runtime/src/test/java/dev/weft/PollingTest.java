package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Loop mode: tasks that are ready without end do not keep the loop from its I/O and timers. */
class PollingTest {
    private static void compute(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void longSegmentsAfterManyShortOnesLeaveTimersTheirTurn() {
        int worst = 0;
        for (int i = 0; i < 20; i++) {
            List<Task<Void>> shortOnes = new ArrayList<>();
            for (int task = 0; task < 3; task++) {
                int yields = 500 + 37 * i;
                shortOnes.add(
                        async(() -> {
                            for (int n = 0; n < yields; n++) {
                                yieldNow();
                            }
                        }));
            }
            for (Task<Void> task : shortOnes) {
                await(task);
            }
            sleep(Duration.ofNanos(1)); // all is idle: the loop polls because nothing else is ready
            AtomicBoolean fired = new AtomicBoolean();
            Loop.current().callLater(Duration.ofMillis(1), () -> fired.set(true));
            int segments = 0;
            while (!fired.get()) {
                compute(500_000);
                yieldNow();
                segments++;
            }
            worst = Math.max(worst, segments);
        }
        assertThat(worst).as("segments of 0.5 ms until a timer of 1 ms fired").isLessThan(8);
    }
}
