package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.group;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.LoopDump.TaskDump;
import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Seeing what a loop does. */
class DumpTest {
    private static final Duration LONG = Duration.ofHours(1);

    static Stream<LoopOptions> modes() {
        return LoopTest.modes();
    }

    private static TaskDump find(LoopDump dump, String name) {
        List<TaskDump> all = new ArrayList<>();
        dump.scopes().forEach(s -> collect(s, all));
        return all.stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
    }

    private static void collect(LoopDump.ScopeDump scope, List<TaskDump> into) {
        for (TaskDump task : scope.tasks()) {
            into.add(task);
            task.scopes().forEach(s -> collect(s, into));
        }
    }

    @AsyncTest
    void theDumpShowsScopesTasksAndWhatTheyAwait() {
        Promise<Integer> promise = Promise.create();
        Task<Integer> waiter = async("waiter", () -> await(promise));
        Task<Integer> outer = async("outer", () -> await(waiter));
        Task<Void> sleeper = async("sleeper", () -> sleep(LONG));
        Task<Void> grouped =
                async(
                        "grouped",
                        () ->
                                group(g -> {
                                    g.async("child", () -> await(promise));
                                }));
        async("fresh", () -> 1);
        yieldNow();
        Task<Integer> starting = async("starting", () -> 1);
        LoopDump dump = Loop.current().dump();
        assertThat(dump.held()).isFalse();
        assertThat(find(dump, "waiter").state()).isEqualTo("awaiting");
        assertThat(find(dump, "waiter").awaits()).contains("Promise@");
        assertThat(find(dump, "waiter").stack())
                .anyMatch(f -> f.getMethodName().contains("theDumpShowsScopesTasks"));
        assertThat(find(dump, "outer").awaits()).isEqualTo("waiter");
        assertThat(find(dump, "sleeper").awaits()).startsWith("a sleep, PT").endsWith(" left");
        assertThat(find(dump, "starting").state()).isEqualTo("starting");
        assertThat(find(dump, "grouped").scopes().getFirst().tasks())
                .extracting(TaskDump::name)
                .containsExactly("child");
        assertThat(find(dump, Task.current().name()).state()).isEqualTo("running");
        assertThat(dump.toString()).contains("sleeper", "a group of grouped", "child");
        assertThat(Loop.current().tasks())
                .extracting(Task::name)
                .contains("waiter", "outer", "sleeper", "grouped", "child", "starting");
        promise.complete(1);
        await(outer);
        await(grouped);
        await(starting);
        sleeper.cancel();
        yieldNow();
    }

    @ParameterizedTest
    @MethodSource("modes")
    void debugModeKeepsWhereAndWhenATaskWasStarted(LoopOptions options) {
        Async.run(
                options.debug(true),
                () -> {
                    async("dated", () -> sleep(LONG));
                    yieldNow();
                    TaskDump dated = find(Loop.current().dump(), "dated");
                    assertThat(dated.age()).isPositive();
                    assertThat(dated.startedAt().getClassName()).contains("DumpTest");
                });
    }

    @ParameterizedTest
    @MethodSource("modes")
    void aForeignThreadSeesAnIdleLoopAndAHeldOne(LoopOptions options) throws Exception {
        try (Loop loop = Loop.open(options)) {
            loop.submit(() -> sleep(LONG));
            loop.submit(() -> sleep(LONG)).cancel();
            assertThat(loop.dump().held()).isFalse();
            assertThat(loop.tasks()).hasSize(1);
            CountDownLatch holding = new CountDownLatch(1);
            java.util.concurrent.atomic.AtomicBoolean stop =
                    new java.util.concurrent.atomic.AtomicBoolean();
            Task<Void> holder =
                    loop.submit(() -> {
                        holding.countDown();
                        while (!stop.get()) {
                            Thread.onSpinWait();
                        }
                    });
            holding.await();
            LoopDump dump = loop.dump();
            stop.set(true);
            assertThat(dump.held()).isTrue();
            assertThat(find(dump, holder.name()).state()).isEqualTo("running");
            holder.get();
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void debugModeNamesACycleOfTasksThatAwaitEachOther(LoopOptions options) {
        Throwable[] thrown = new Throwable[1];
        Async.run(
                options.debug(true),
                () -> {
                    List<Task<Integer>> tasks = new ArrayList<>();
                    tasks.add(async("a", () -> await(tasks.get(1))));
                    tasks.add(async("b", () -> await(tasks.get(2))));
                    tasks.add(
                            async(
                                    "c",
                                    () -> {
                                        thrown[0] = catchThrowable(() -> await(tasks.get(0)));
                                        return 1;
                                    }));
                    await(tasks.get(0));
                });
        assertThat(thrown[0])
                .isInstanceOf(IllegalStateException.class)
                .hasMessageEndingWith("c awaits a awaits b awaits c");
    }
}
