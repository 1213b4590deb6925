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

class EventTest {
    private final Event event = Event.create();
    private final List<Object> log = new ArrayList<>();

    private Task<Void> waiter(Object name) {
        return async(() -> {
            event.await();
            log.add(name);
        });
    }

    @AsyncTest
    void settingItWakesAllInTheOrderInWhichTheyCame() {
        Task<Void> t1 = waiter(1);
        Task<Void> t2 = waiter(2);
        yieldNow();
        assertThat(log).isEmpty();
        Task<Void> t3 = waiter(3); // has not begun when the event is set, and then need not wait
        event.set();
        yieldNow();
        assertThat(log).containsExactly(3, 1, 2);
        assertThat(List.of(t1, t2, t3)).allMatch(Future::isDone);
    }

    @AsyncTest
    void awaitingASetEventDoesNotSuspend() {
        event.set();
        Task<Void> other = waiter("other");
        event.await();
        assertThat(log).isEmpty();
        await(other);
    }

    @AsyncTest
    void awaitingASetEventThrowsNoPendingRequestAsInAsyncio() {
        event.set();
        Task<Void> task =
                async(() -> {
                    Task.current().cancel();
                    event.await();
                    log.add("went on");
                    yieldNow();
                });
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("went on");
    }

    @AsyncTest
    void aCancelledWaiterLeavesTheLine() {
        Task<Void> task = waiter("never");
        Loop.current().callSoon(task::cancel);
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(event.toString()).endsWith("[unset]");
        event.set();
        assertThat(log).isEmpty();
    }

    @AsyncTest
    void aWaiterCancelledAfterItWasWokenIsCancelledAndTheOthersAreNot() {
        Task<Void> t1 = waiter(1);
        Task<Void> t2 = waiter(2);
        yieldNow();
        event.set();
        t1.cancel();
        await(t2);
        assertThatThrownBy(() -> await(t1)).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly(2);
    }

    @AsyncTest
    void clearingItMakesTasksWaitAgain() {
        assertThat(event.isSet()).isFalse();
        event.set();
        assertThat(event.isSet()).isTrue();
        event.clear();
        assertThat(event.isSet()).isFalse();
        Task<Void> task = waiter(1);
        yieldNow();
        assertThat(log).isEmpty();
        event.set();
        await(task);
    }

    @AsyncTest
    void whoWasWokenGoesOnThoughItIsClearedBefore() {
        Task<Void> task = waiter(1);
        yieldNow();
        event.set();
        event.clear();
        event.set();
        event.set();
        event.clear();
        yieldNow();
        assertThat(log).containsExactly(1);
        assertThat(task.isDone()).isTrue();
        assertThat(event.toString()).endsWith("[unset]");
    }

    @AsyncTest
    void whoWaitsAgainAfterItWasClearedIsNotWokenByTheOldSet() {
        Task<Void> task =
                async(() -> {
                    event.await();
                    log.add(1);
                    event.clear();
                    event.await();
                    log.add(2);
                });
        yieldNow();
        event.set();
        yieldNow();
        yieldNow();
        assertThat(log).containsExactly(1);
        event.set();
        await(task);
        assertThat(log).containsExactly(1, 2);
    }

    @AsyncTest
    void toStringTellsTheFlagAndHowManyWait() {
        assertThat(event.toString()).matches("Event@[0-9a-f]+\\[unset]");
        Task<Void> task = waiter(1);
        yieldNow();
        assertThat(event.toString()).endsWith("[unset, waiters:1]");
        event.set();
        assertThat(event.toString()).endsWith("[set]");
        await(task);
    }
}
