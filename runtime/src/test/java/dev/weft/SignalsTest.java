package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Signals that this JVM gets, by SIGUSR1: without a handler it would end. */
@ResourceLock("signals")
class SignalsTest {
    private static final String SIGNAL = "USR1";

    static Stream<LoopOptions> modes() {
        return LoopTest.modes();
    }

    @AsyncTest
    void theFunctionRunsOnTheLoopEachTimeTheSignalArrives() throws Exception {
        List<Loop> loops = new ArrayList<>();
        Handle handle = Signals.on(SIGNAL, () -> loops.add(Loop.current()));
        for (int i = 1; i <= 3; i++) {
            Kill.self(SIGNAL);
            while (loops.size() < i) {
                yieldNow();
            }
        }
        assertThat(loops).containsOnly(Loop.current());
        assertThat(handle.isCancelled()).isFalse();
        assertThat(handle.cancel()).isTrue();
        assertThat(handle.cancel()).isFalse();
        assertThat(handle.isCancelled()).isTrue();
        assertThat(SignalListeners.of(SIGNAL)).isNull();
    }

    @AsyncTest
    void theLatestRegistrationAloneIsCalledAndCancellingItBringsBackTheOneBefore()
            throws Exception {
        List<String> log = new ArrayList<>();
        Handle first = Signals.on(SIGNAL, () -> log.add("first"));
        Handle second = Signals.on("SIG" + SIGNAL, () -> log.add("second"));
        Handle third = Signals.on(SIGNAL, () -> log.add("third"));
        raiseUntil(log, 1);
        second.cancel(); // from the middle
        raiseUntil(log, 2);
        third.cancel();
        raiseUntil(log, 3);
        first.cancel();
        assertThat(log).containsExactly("third", "third", "first");
        assertThat(SignalListeners.of(SIGNAL)).isNull();
    }

    private static void raiseUntil(List<?> log, int size) throws Exception {
        Kill.self(SIGNAL);
        while (log.size() < size) {
            yieldNow();
        }
    }

    @AsyncTest
    void whatAnotherLibraryHandledItHandlesAgain() throws Exception {
        Promise<String> theirs = Promise.create();
        Object handler = NativeSignals.handler(SIGNAL, signal -> theirs.tryComplete("theirs"));
        Object before = NativeSignals.install(SIGNAL, handler);
        try {
            Promise<String> ours = Promise.create();
            Handle handle = Signals.on(SIGNAL, () -> ours.tryComplete("ours"));
            Kill.self(SIGNAL);
            assertThat(await(ours)).isEqualTo("ours");
            assertThat(theirs.isDone()).isFalse();
            handle.cancel();
            Kill.self(SIGNAL);
            assertThat(await(theirs)).isEqualTo("theirs");
        } finally {
            NativeSignals.install(SIGNAL, before);
        }
    }

    @AsyncTest
    void aHandlerThatAnotherLibraryPutInOurPlaceStaysThere() {
        Handle ours = Signals.on(SIGNAL, () -> {});
        Object theirs = NativeSignals.handler(SIGNAL, signal -> {});
        NativeSignals.install(SIGNAL, theirs);
        ours.cancel();
        Object found = NativeSignals.install(SIGNAL, theirs);
        assertThat(found).isSameAs(theirs);
    }

    @AsyncTest
    void theFunctionSeesTheTaskLocalsOfWhereItWasRegistered() throws InterruptedException {
        TaskLocal<String> local = TaskLocal.create();
        Promise<String> seen = Promise.create();
        Handle handle =
                local.where(
                        "registered",
                        () ->
                                Signals.on(
                                        SIGNAL,
                                        () -> seen.complete(local.isSet() ? local.get() : "none")));
        Thread.ofPlatform().start(() -> SignalListeners.of(SIGNAL).arrived()).join();
        assertThat(await(seen)).isEqualTo("registered");
        handle.cancel();
    }

    @AsyncTest
    void aCallThatWaitsInTheQueueIsTakenBackToo() {
        List<String> log = new ArrayList<>();
        Handle handle = Signals.on(SIGNAL, () -> log.add("called"));
        SignalListeners.of(SIGNAL).arrived(); // as the JVM's thread does
        handle.cancel();
        yieldNow();
        assertThat(log).isEmpty();
    }

    @AsyncTest
    void tasksThatItStartsBelongToTheScopeInWhichItWasRegistered() {
        List<Task<?>> started = new ArrayList<>();
        Async.scope(scope -> {
            Handle handle =
                    Signals.on(SIGNAL, () -> started.add(async(() -> await(Promise.create()))));
            SignalListeners.of(SIGNAL).arrived();
            yieldNow();
            handle.cancel();
            assertThat(started).hasSize(1);
            return null;
        });
        assertThat(started.getFirst().isCancelled()).isTrue();
    }

    @AsyncTest(unhandled = true)
    void whatTheFunctionThrowsGoesToTheExceptionHandlerAndItIsCalledAgain() {
        List<UnhandledFailure> unhandled = OffloadTest.collectUnhandled();
        Handle handle =
                Signals.on(
                        SIGNAL,
                        () -> {
                            throw new IllegalStateException("x");
                        });
        for (int i = 0; i < 2; i++) {
            SignalListeners.of(SIGNAL).arrived();
        }
        yieldNow();
        handle.cancel();
        assertThat(unhandled).hasSize(2);
        assertThat(unhandled.getFirst().message()).contains("for SIG" + SIGNAL);
    }

    @ParameterizedTest
    @MethodSource("modes")
    @Timeout(60)
    void closingTheLoopTakesAllItsRegistrationsBack(LoopOptions options) {
        Loop other = Loop.open(options);
        Loop loop = Loop.open(options);
        Handle there = Signals.on(other, SIGNAL, () -> {});
        Handle here = Signals.on(loop, SIGNAL, () -> {});
        Signals.on(loop, "USR2", () -> {});
        loop.close();
        assertThat(SignalListeners.of(SIGNAL)).isSameAs(there);
        assertThat(SignalListeners.of("USR2")).isNull();
        assertThat(here.cancel()).isFalse();
        other.close();
        assertThat(SignalListeners.of(SIGNAL)).isNull();
        assertThatThrownBy(() -> Signals.on(loop, SIGNAL, () -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
        assertThat(SignalListeners.of(SIGNAL)).isNull();
    }

    @AsyncTest
    void signalsOfTheJvmAndUnknownOnesAreErrorsThatSaySo() {
        for (String name : List.of("QUIT", "SEGV", "KILL", "STOP", "FPE")) {
            assertThatThrownBy(() -> Signals.on(name, () -> {}))
                    .as(name)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("SIG" + name + " cannot be handled");
        }
        assertThatThrownBy(() -> Signals.on("NONE", () -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("there is no signal SIGNONE here");
        assertThatThrownBy(() -> Signals.on(null, () -> {})).hasMessage("signal must not be null");
        assertThatThrownBy(() -> Signals.on("TERM", null)).hasMessage("function must not be null");
    }

    @org.junit.jupiter.api.Test
    void onAThreadOfNoLoopTheLoopHasToBeNamed() {
        assertThatThrownBy(() -> Signals.on(SIGNAL, () -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Signals.on(loop, signal, function)");
    }
}
