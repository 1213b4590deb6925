package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/** DESIGN section 4: contextvars, inherited at start. */
class TaskLocalTest {
    // @start region="taskLocal"
    static final TaskLocal<String> USER = TaskLocal.create();

    static String greet() {
        return "hello " + USER.get();
    }

    static List<String> greetBoth() {
        Task<String> ada = USER.where("Ada", () -> async(() -> greet()));
        Task<String> bob = USER.where("Bob", () -> async(() -> greet()));
        return List.of(await(ada), await(bob)); // hello Ada, hello Bob
    }

    // @end

    private final TaskLocal<String> local = TaskLocal.create();
    private final List<Object> log = new ArrayList<>();

    @AsyncTest
    void theSnippet() {
        assertThat(greetBoth()).containsExactly("hello Ada", "hello Bob");
        assertThat(USER.isSet()).isFalse();
    }

    @AsyncTest
    void oneThatIsNotSetSaysHowToSetIt() {
        assertThatThrownBy(local::get)
                .isInstanceOf(NoSuchElementException.class)
                .hasMessageContaining("where(…)");
        assertThat(local.isSet()).isFalse();
        local.remove();
        local.set("x");
        assertThat(local.isSet()).isTrue();
        assertThat(local.get()).isEqualTo("x");
        local.remove();
        assertThatThrownBy(local::get).isInstanceOf(NoSuchElementException.class);
    }

    @AsyncTest
    void nullIsAValue() {
        TaskLocal<@org.jspecify.annotations.Nullable String> nullable =
                TaskLocal.withDefault(() -> "default");
        nullable.set(null);
        assertThat(nullable.isSet()).isTrue();
        assertThat(nullable.get()).isNull();
        assertThat(nullable.where("x", nullable::get)).isEqualTo("x");
        assertThat(nullable.get()).isNull();
    }

    @AsyncTest
    void aDefaultIsSetByWhoeverAsksFirst() {
        TaskLocal<List<String>> lists = TaskLocal.withDefault(ArrayList::new);
        Task<Integer> before =
                async(() -> {
                    lists.get().add("its own");
                    return lists.get().size();
                });
        lists.get().add("main's");
        Task<List<String>> after = async(lists::get);
        assertThat(await(before)).isEqualTo(1);
        assertThat(await(after)).isSameAs(lists.get()).containsExactly("main's");
    }

    @AsyncTest
    void aChildBeginsWithWhatWasSetWhereItStartedAndItsChangesStayItsOwn() {
        local.set("parent");
        Task<Void> child =
                async(() -> {
                    log.add(local.get());
                    local.set("child");
                    Task<Boolean> grandchild = async(() -> log.add(local.get()));
                    yieldNow();
                    await(grandchild);
                });
        local.set("parent, later");
        await(child);
        assertThat(log).containsExactly("parent", "child");
        assertThat(local.get()).isEqualTo("parent, later");
    }

    @AsyncTest
    void callbacksSeeWhatWasSetWhereTheyWereRegisteredAndPolluteNobody() {
        Loop loop = Loop.current();
        for (int i = 0; i < 2; i++) {
            Promise<Void> promise = Promise.create();
            local.set("registered" + i);
            promise.onDone(p -> {
                log.add(local.get());
                local.set("callback's");
                async(() -> log.add(local.get()));
            });
            local.set("later");
            loop.callSoon(() -> promise.complete(null));
            await(promise);
            yieldNow();
            yieldNow();
            assertThat(local.get()).isEqualTo("later");
        }
        assertThat(log).containsExactly("registered0", "callback's", "registered1", "callback's");
    }

    @AsyncTest
    void callSoonCallLaterAndCallAtTakeThemAlong() {
        Loop loop = Loop.current();
        local.set("soon");
        loop.callSoon(() -> log.add(local.get()));
        Promise<Void> last = Promise.create();
        local.set("at");
        loop.callAt(loop.time(), () -> log.add(local.get()));
        local.set("later");
        loop.callLater(
                Duration.ofMillis(2),
                () -> {
                    log.add(local.get());
                    last.complete(null);
                });
        local.set("x");
        await(last);
        assertThat(log).containsExactly("soon", "at", "later");
    }

    @AsyncTest
    void theCallbackThreadForgetsThemAfterEachCallback() {
        Loop loop = Loop.current();
        local.where("set", () -> loop.callSoon(() -> log.add(local.isSet())));
        loop.callSoon(() -> {
            log.add(local.isSet());
            local.set("left behind");
        });
        loop.callSoon(() -> log.add(local.isSet()));
        yieldNow();
        assertThat(log).containsExactly(true, false, false);
    }

    @AsyncTest
    void submitTakesThemFromTheCallingTaskAndNoneFromAForeignThread() throws Exception {
        Loop loop = Loop.current();
        local.set("caller's");
        assertThat(await(loop.submit(local::get))).isEqualTo("caller's");
        Promise<Boolean> set = Promise.create();
        Thread.ofPlatform().start(() -> loop.submit(() -> set.complete(local.isSet())));
        assertThat(await(set)).isFalse();
        try (Loop other = Loop.open()) {
            Task<String> elsewhere = other.submit(local::get);
            assertThat(await(elsewhere)).isEqualTo("caller's");
        }
    }

    @AsyncTest
    void whereHoldsAcrossSuspensionAndForNobodyElse() {
        Task<String> neighbour =
                async(() -> {
                    yieldNow();
                    return local.isSet() ? local.get() : "not set";
                });
        String inside =
                local.where(
                        "inside",
                        () -> {
                            yieldNow();
                            sleep(Duration.ofMillis(1));
                            return local.get();
                        });
        assertThat(inside).isEqualTo("inside");
        assertThat(await(neighbour)).isEqualTo("not set");
        assertThat(local.isSet()).isFalse();
    }

    @AsyncTest
    void whereRestoresItsOwnVariableAloneWhateverTheBodyDid() {
        TaskLocal<Integer> other = TaskLocal.create();
        local.set("before");
        local.where(
                "inside",
                () -> {
                    other.set(1);
                    local.remove();
                });
        assertThat(local.get()).isEqualTo("before");
        assertThat(other.get()).isEqualTo(1);
        local.remove();
        local.where("inside", () -> local.set("changed"));
        assertThat(local.isSet()).isFalse();
    }

    @AsyncTest
    void whereRestoresWhenTheBodyFailsOrIsCancelled() {
        IOException io = new IOException("disk");
        assertThatThrownBy(() ->
                        local.where(
                                "x",
                                (Action)
                                        () -> {
                                            throw io;
                                        }))
                .isInstanceOf(UncheckedIOException.class)
                .hasCause(io);
        assertThat(local.isSet()).isFalse();
        Task<Void> task =
                async(() -> {
                    try {
                        local.where("x", () -> sleep(Duration.ofHours(1)));
                    } finally {
                        log.add(local.isSet());
                    }
                });
        yieldNow();
        task.cancel();
        assertThat(catchThrowable(() -> await(task))).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly(false);
    }

    @AsyncTest(unhandled = true)
    void theExceptionHandlerOfAFailedCallbackSeesTheCallbacks() {
        Loop loop = Loop.current();
        loop.onUnhandled(unhandled -> log.add(local.get()));
        loop.callSoon(() -> {
            local.set("callback's");
            throw new IllegalStateException("x");
        });
        yieldNow();
        assertThat(log).containsExactly("callback's");
    }

    @AsyncTest
    void aHundredTasksEachHaveTheirOwn() {
        TaskLocal<Integer> number = TaskLocal.withDefault(() -> -1);
        Random random = new Random(7);
        List<Task<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            int mine = i;
            int micros = random.nextInt(2000);
            tasks.add(
                    async(() -> {
                        for (int j = 0; j < 10; j++) {
                            number.set(mine + j);
                            sleep(Duration.ofNanos(micros * 1000L));
                            assertThat(number.get()).isEqualTo(mine + j);
                        }
                    }));
        }
        tasks.forEach(Async::await);
        assertThat(number.get()).isEqualTo(-1);
    }

    @AsyncTest
    void aContextOfALibrarySuchAsAPrecisionHoldsForEachTask() {
        TaskLocal<MathContext> precision = TaskLocal.withDefault(() -> MathContext.DECIMAL32);
        Task<String> three = async(() -> third(precision, new MathContext(3)));
        Task<String> six = async(() -> third(precision, new MathContext(6)));
        assertThat(await(three)).isEqualTo("0.333");
        assertThat(await(six)).isEqualTo("0.333333");
    }

    private static String third(TaskLocal<MathContext> precision, MathContext context) {
        return precision.where(
                context,
                () -> {
                    yieldNow();
                    return BigDecimal.ONE.divide(BigDecimal.valueOf(3), precision.get()).toString();
                });
    }

    @AsyncTest
    void manyAreKeptApartThroughEachChange() {
        List<TaskLocal<Integer>> many = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            many.add(TaskLocal.create());
        }
        Map<TaskLocal<Integer>, Integer> expected = new HashMap<>();
        Random random = new Random(42);
        for (int step = 0; step < 20_000; step++) {
            TaskLocal<Integer> one = many.get(random.nextInt(many.size()));
            if (random.nextInt(3) == 0) {
                one.remove();
                expected.remove(one);
            } else {
                one.set(step);
                expected.put(one, step);
            }
            TaskLocal<Integer> other = many.get(random.nextInt(many.size()));
            assertThat(other.isSet()).isEqualTo(expected.containsKey(other));
            if (other.isSet()) {
                assertThat(other.get()).isEqualTo(expected.get(other));
            }
        }
        many.forEach(TaskLocal::remove);
        assertThat(Locals.current()).as("none, as at the beginning").isNull();
    }

    @Test
    void outsideATaskTheErrorSaysWhatToDo() {
        for (Action use :
                List.<Action>of(
                        local::get,
                        local::isSet,
                        local::remove,
                        () -> local.set("x"),
                        () -> local.where("x", () -> 1))) {
            assertThatThrownBy(use::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("Async.run");
        }
    }

    @AsyncTest
    void aThreadStartedInATaskHasNone() throws Exception {
        local.set("x");
        Promise<Throwable> failure = Promise.create();
        Thread.startVirtualThread(() -> failure.complete(catchThrowable(local::get)));
        assertThat(await(failure)).isInstanceOf(IllegalStateException.class);
    }
}
