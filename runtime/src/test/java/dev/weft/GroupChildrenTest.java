package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.group;
import static dev.weft.Async.sleep;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** How children start, are named and end. */
class GroupChildrenTest {
    private static Duration millis(int n) {
        return Duration.ofMillis(n);
    }

    private static Integer valueAfter(int millis, int value) {
        sleep(millis(millis));
        return value;
    }

    @AsyncTest(virtual = true)
    void childrenGiveTheirResults() {
        List<Task<Integer>> tasks = new ArrayList<>();
        group(g -> {
            tasks.add(g.async(() -> valueAfter(100, 42)));
            tasks.add(g.async(() -> valueAfter(200, 11)));
        });
        assertThat(tasks).extracting(Future::resultNow).containsExactly(42, 11);
    }

    @AsyncTest(virtual = true)
    void childrenMayStartWhileOthersRun() {
        List<Task<Integer>> tasks = new ArrayList<>();
        group(g -> {
            tasks.add(g.async(() -> valueAfter(100, 42)));
            sleep(millis(150));
            assertThat(tasks.getFirst().isDone()).isTrue();
            tasks.add(g.async(() -> valueAfter(200, 11)));
        });
        assertThat(tasks).extracting(Future::resultNow).containsExactly(42, 11);
    }

    @AsyncTest(virtual = true)
    void childrenThatHaveEndedLeaveTheGroup() {
        group(g -> {
            Loop loop = Loop.current();
            int others = loop.statistics().tasks();
            for (int i = 0; i < 10; i++) {
                sleep(millis(100));
                g.async(() -> sleep(millis(300)));
                if (i == 5) {
                    assertThat(loop.statistics().tasks() - others).isLessThan(5);
                }
            }
            sleep(millis(1350));
            assertThat(loop.statistics().tasks()).isEqualTo(others);
        });
    }

    @AsyncTest(virtual = true)
    void childrenStartChildrenAfterTheBodyHasEnded() {
        List<Integer> log = new ArrayList<>();
        group(g -> {
            g.async(() -> {
                sleep(millis(100));
                g.async(() -> log.add(valueAfter(100, 1)));
                g.async(() -> log.add(valueAfter(200, 2)));
            });
        });
        assertThat(log).containsExactly(1, 2);
    }

    @AsyncTest(virtual = true)
    void aChildBearsItsName() {
        group(g -> {
            Task<String> named = g.async("yolo", () -> Task.current().name());
            assertThat(named.name()).isEqualTo("yolo");
            assertThat(await(named)).isEqualTo("yolo");
        });
    }

    @AsyncTest(virtual = true)
    void aGroupWithoutChildrenReturnsAtOnce() {
        Duration before = Loop.current().time();
        assertThat(Async.<Integer>group(g -> 1)).isEqualTo(1);
        assertThat(Loop.current().time()).isEqualTo(before);
    }

    @AsyncTest(virtual = true)
    void aThousandChildrenFailAtOnce() {
        Throwable thrown =
                catchThrowable(() ->
                        group(g -> {
                            for (int i = 0; i < 1000; i++) {
                                g.async(() -> {
                                    try {
                                        sleep(millis(1000));
                                    } finally {
                                        fail("child");
                                    }
                                });
                            }
                            sleep(millis(1));
                            fail("body");
                        }));
        assertThat(thrown).hasMessage("body");
        assertThat(thrown.getSuppressed()).hasSize(1000);
    }

    private static void fail(String message) {
        throw new IllegalStateException(message);
    }

    @AsyncTest(virtual = true)
    void aTaskOfTheSameLoopMayStartAChildAndWaitForIt() {
        group(g -> {
            Promise<Integer> result = Promise.create();
            async(() -> result.complete(await(g.async(() -> valueAfter(10, 7)))));
            assertThat(await(result)).isEqualTo(7);
        });
    }

    @AsyncTest
    void aGroupNeedsATask() throws InterruptedException {
        Promise<Throwable> inCallback = Promise.create();
        Loop.current().callSoon(() -> inCallback.complete(catchThrowable(() -> group(g -> {}))));
        assertThat(await(inCallback))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("group needs a task, and this is a callback");
        AtomicReference<Throwable> elsewhere = new AtomicReference<>();
        Thread.ofPlatform().start(() -> elsewhere.set(catchThrowable(() -> group(g -> {})))).join();
        assertThat(elsewhere.get())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("wrap the code in Async.run");
    }

    @AsyncTest
    void aGroupStartsItsTasksOnItsLoopOnly() {
        group(g -> {
            AtomicReference<Throwable> elsewhere = new AtomicReference<>();
            Thread.ofPlatform()
                    .start(() -> elsewhere.set(catchThrowable(() -> g.async(() -> 1))))
                    .join();
            assertThat(elsewhere.get())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("use loop.submit");
            assertThatThrownBy(() -> g.async((Body<Integer>) null))
                    .isInstanceOf(NullPointerException.class)
                    .hasMessage("body must not be null");
        });
    }
}
