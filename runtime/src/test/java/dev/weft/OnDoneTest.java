package dev.weft;

import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Callbacks of futures, as CPython's test_futures.py has them. */
class OnDoneTest {
    private final Promise<String> promise = Promise.create();
    private final List<Object> log = new ArrayList<>();

    private List<Handle> registerThree() {
        List<Handle> handles = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            int n = i;
            handles.add(promise.onDone(p -> log.add(n)));
        }
        return handles;
    }

    @AsyncTest
    void theFirstMayBeRemoved() {
        Handle first = registerThree().getFirst();
        assertThat(first.cancel()).isTrue();
        assertThat(first.cancel()).isFalse();
        promise.complete("x");
        yieldNow();
        assertThat(log).containsExactly(2, 3);
    }

    @AsyncTest
    void theFirstTwoMayBeRemoved() {
        List<Handle> handles = registerThree();
        handles.get(0).cancel();
        handles.get(1).cancel();
        promise.complete("x");
        yieldNow();
        assertThat(log).containsExactly(3);
    }

    @AsyncTest
    void theLastMayBeRemoved() throws Exception {
        registerThree().getLast().cancel();
        assertThat(GatherTest.waiters(promise)).isEqualTo(2);
        promise.complete("x");
        yieldNow();
        assertThat(log).containsExactly(1, 2);
    }

    @AsyncTest
    void allMayBeRemoved() throws Exception {
        registerThree().forEach(Handle::cancel);
        assertThat(GatherTest.waiters(promise)).isZero();
        promise.complete("x");
        yieldNow();
        assertThat(log).isEmpty();
    }

    @AsyncTest
    void theyAreCalledForAFailureAndForACancellationToo() {
        RuntimeException failure = new RuntimeException("x");
        promise.onDone(p -> log.add(p.exceptionNow()));
        promise.fail(failure);
        Promise<String> cancelled = Promise.create();
        cancelled.onDone(p -> log.add(p.isCancelled()));
        cancelled.cancel();
        assertThat(log).isEmpty();
        yieldNow();
        assertThat(log).containsExactly(failure, true);
    }

    @AsyncTest
    void oneThatIsRegisteredTwiceIsCalledTwice() {
        java.util.function.Consumer<Future<String>> callback = p -> log.add(p);
        promise.onDone(callback);
        promise.onDone(callback);
        promise.complete("x");
        yieldNow();
        assertThat(log).containsExactly(promise, promise);
    }

    @AsyncTest
    void oneMayRemoveAnotherThatIsAboutToBeCalled() {
        List<Handle> later = new ArrayList<>();
        promise.onDone(p -> later.forEach(Handle::cancel));
        later.add(promise.onDone(p -> log.add("never")));
        later.add(promise.onDone(p -> log.add("never")));
        promise.complete("x");
        yieldNow();
        assertThat(log).isEmpty();
        assertThat(later).allMatch(Handle::isCancelled);
    }

    @AsyncTest
    void oneMayRegisterAnotherWhichIsCalledLater() {
        promise.onDone(p -> {
            p.onDone(again -> log.add("second"));
            log.add("first");
        });
        promise.complete("x");
        yieldNow();
        yieldNow();
        assertThat(log).containsExactly("first", "second");
    }

    @AsyncTest
    void oneThatHasRunCannotBeCancelled() {
        Handle handle = promise.onDone(p -> log.add("ran"));
        promise.complete("x");
        yieldNow();
        assertThat(handle.cancel()).isFalse();
        assertThat(handle.isCancelled()).isFalse();
        assertThat(log).containsExactly("ran");
    }

    @AsyncTest(seconds = 60)
    void aPendingPromiseThatNobodyHoldsIsCollectedInSilence() {
        WeakReference<Object> forgotten = forget();
        for (int i = 0; i < 200 && forgotten.get() != null; i++) {
            System.gc();
            Async.sleep(Duration.ofMillis(5));
        }
        assertThat(forgotten.get()).isNull();
    }

    private static WeakReference<Object> forget() {
        Promise<String> pending = Promise.create();
        pending.onDone(p -> {});
        return new WeakReference<>(pending);
    }

    @AsyncTest
    void aFailureThatWasReadIsNotReported() {
        Promise<String> read = Promise.create();
        RuntimeException failure = new RuntimeException("x");
        read.fail(failure);
        assertThat(read.exceptionNow()).isSameAs(failure);
        Promise<String> thrown = Promise.create();
        thrown.fail(failure);
        assertThatThrownBy(thrown::resultNow).hasCause(failure);
    }

    @AsyncTest
    void whatIsMissingIsNamed() {
        assertThatThrownBy(() -> promise.onDone(null)).hasMessage("function must not be null");
        assertThatThrownBy(() -> promise.onDone(null, p -> {})).hasMessage("loop must not be null");
        assertThatThrownBy(() -> promise.fail(null)).hasMessage("failure must not be null");
        promise.complete("x");
        assertThat(await(promise)).isEqualTo("x");
    }
}
