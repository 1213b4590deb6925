package dev.weft.net.internal;

import static dev.weft.Async.async;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.net.TimedOutException;
import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Waiting with a limit. */
class WaitsTest {
    private static final Duration LIMIT = Duration.ofNanos(5);

    private static void waitInVain() {
        Promise<@Nullable Void> never = Promise.create();
        Waits.within(never, LIMIT, () -> new TimedOutException("too late", LIMIT));
    }

    /** A failure that nobody sees would be reported, and fail this test. */
    @AsyncTest(virtual = true)
    void aLimitThatComesWithACancellationIsNoLostFailure() {
        List<Task<?>> waiters = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            boolean first = i % 2 == 0;
            Task<?> waiter = first ? async(WaitsTest::waitInVain) : null;
            List<Task<?>> target = new ArrayList<>();
            async(() -> {
                Async.sleep(LIMIT);
                target.forEach(Task::cancel);
            });
            target.add(waiter != null ? waiter : async(WaitsTest::waitInVain));
            waiters.addAll(target);
        }
        Async.awaitAll(waiters);
        for (Task<?> waiter : waiters) {
            if (!waiter.isCancelled()) {
                assertThat(waiter.exceptionNow()).isInstanceOf(TimedOutException.class);
            }
        }
    }
}
