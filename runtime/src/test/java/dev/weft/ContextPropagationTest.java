package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** DESIGN section 4: registered ThreadLocals go along through Micrometer's context-propagation. */
class ContextPropagationTest {
    /** As SLF4J's MDC is made. */
    private static final ThreadLocal<Map<String, String>> MDC = new ThreadLocal<>();

    private static final class MdcAccessor implements ThreadLocalAccessor<Map<String, String>> {
        @Override
        public Object key() {
            return "mdc";
        }

        @Override
        public Map<String, String> getValue() {
            Map<String, String> map = MDC.get();
            return map == null ? null : new HashMap<>(map);
        }

        @Override
        public void setValue(Map<String, String> value) {
            MDC.set(new HashMap<>(value));
        }

        @Override
        public void setValue() {
            MDC.remove();
        }
    }

    private final List<Object> log = new ArrayList<>();

    private static void put(String value) {
        MDC.set(new HashMap<>(Map.of("request", value)));
    }

    private static String get() {
        Map<String, String> map = MDC.get();
        return map == null ? "none" : map.get("request");
    }

    @BeforeEach
    void register() {
        ContextRegistry.getInstance().registerThreadLocalAccessor(new MdcAccessor());
    }

    @AfterEach
    void unregister() {
        ContextRegistry.getInstance().removeThreadLocalAccessor("mdc");
    }

    @AsyncTest
    void aTaskBeginsWithThoseOfWhereItWasStartedAndItsChangesStayItsOwn() {
        put("parent's");
        Task<String> task =
                async(() -> {
                    String before = get();
                    put("child's");
                    yieldNow();
                    return before + ", " + get();
                });
        put("later");
        assertThat(await(task)).isEqualTo("parent's, child's");
        assertThat(get()).isEqualTo("later");
        MDC.remove();
        assertThat(await(async(ContextPropagationTest::get))).isEqualTo("none");
    }

    @AsyncTest
    void callbacksHaveThoseOfWhereTheyWereRegisteredAndLeaveNoneBehind() {
        Loop loop = Loop.current();
        Promise<Void> promise = Promise.create();
        put("soon");
        loop.callSoon(() -> {
            log.add(get());
            put("left behind");
        });
        put("done");
        promise.onDone(p -> log.add(get()));
        MDC.remove();
        loop.callSoon(() -> log.add(get()));
        promise.complete(null);
        yieldNow();
        put("later");
        Promise<Void> last = Promise.create();
        loop.callLater(
                Duration.ofMillis(2),
                () -> {
                    log.add(get());
                    last.complete(null);
                });
        MDC.remove();
        await(last);
        Promise<Void> end = Promise.create();
        loop.callSoon(() -> {
            log.add(get());
            end.complete(null);
        });
        await(end);
        assertThat(log).containsExactly("soon", "none", "done", "later", "none");
    }

    @AsyncTest(unhandled = true)
    void theReportOfAFailedCallbackNamesTheCallback() {
        List<UnhandledFailure> reports = new ArrayList<>();
        Loop.current().onUnhandled(reports::add);
        put("x");
        Loop.current()
                .callSoon(
                        new Runnable() {
                            @Override
                            public void run() {
                                throw new IllegalStateException("x");
                            }

                            @Override
                            public String toString() {
                                return "mine";
                            }
                        });
        yieldNow();
        assertThat(reports)
                .singleElement()
                .satisfies(r -> assertThat(r.message()).contains("mine"));
    }

    @Test
    void runAndSubmitTakeThemFromTheCallingThread() throws Exception {
        put("caller's");
        try (Loop loop = Loop.open()) {
            assertThat(loop.run(ContextPropagationTest::get)).isEqualTo("caller's");
            put("submitter's");
            assertThat(loop.submit(ContextPropagationTest::get).get()).isEqualTo("submitter's");
        } finally {
            MDC.remove();
        }
    }

    @AsyncTest
    void aGeneratorsBodyBeginsWithThoseOfWhoeverAsksFirst() {
        Generator<String> generator =
                Generator.of(out -> {
                    out.emit(get());
                    put("the body's");
                });
        put("asker's");
        assertThat(generator.next()).isEqualTo("asker's");
        assertThat(generator.hasNext()).isFalse();
        assertThat(get()).isEqualTo("asker's");
    }

    @AsyncTest
    void whatIsWrappedTakesAllOfItToAThreadOfNoLoop() throws Exception {
        TaskLocal<String> local = TaskLocal.create();
        put("task's");
        local.set("task's too");
        Promise<String> result = Promise.create();
        Callable<String> callable =
                Context.wrap(
                        (Callable<String>)
                                () -> {
                                    String seen = get() + ", " + local.get();
                                    put("the thread's");
                                    local.set("the thread's");
                                    return seen + ", " + local.get();
                                });
        Runnable twice =
                Context.wrap((Runnable) () -> log.add(get() + ", " + local.where("x", local::get)));
        MDC.remove();
        local.remove();
        try (ExecutorService one = Executors.newSingleThreadExecutor()) {
            one.execute(() -> {
                try {
                    result.complete(callable.call());
                } catch (Throwable e) {
                    result.fail(e);
                }
            });
            assertThat(await(result)).isEqualTo("task's, task's too, the thread's");
            one.execute(twice);
            one.execute(twice);
            Promise<String> after = Promise.create();
            one.execute(() -> after.complete(get() + ", " + Context.borrowed()));
            assertThat(await(after)).as("nothing is left on the thread").isEqualTo("none, null");
        }
        assertThat(log).containsExactly("task's, x", "task's, x");
        assertThat(local.isSet()).isFalse();
    }

    @AsyncTest
    void offloadedWorkHasACopy() {
        TaskLocal<String> local = TaskLocal.withDefault(() -> "default");
        assertThat(Async.offload(() -> get() + ", " + local.get())).isEqualTo("none, default");
        put("task's");
        local.set("task's too");
        String seen =
                Async.offload(() -> {
                    String before = get() + ", " + local.get();
                    put("x");
                    local.set("y");
                    return before + ", " + local.get();
                });
        assertThat(seen).isEqualTo("task's, task's too, y");
        assertThat(get() + ", " + local.get()).isEqualTo("task's, task's too");
    }

    @AsyncTest
    void whatIsWrappedAndRunsInTheTaskItselfChangesNothingThere() throws Exception {
        TaskLocal<String> local = TaskLocal.create();
        Body<String> body =
                Context.wrap(
                        (Body<String>)
                                () -> {
                                    local.set("inside");
                                    return local.get();
                                });
        local.set("outside");
        assertThat(body.run()).isEqualTo("inside");
        assertThat(local.get()).isEqualTo("outside");
    }

    @AsyncTest
    void anAccessorThatFailsKeepsNothingFromRunning() {
        ContextRegistry.getInstance()
                .registerThreadLocalAccessor(
                        "broken",
                        () -> {
                            throw new IllegalStateException("broken");
                        },
                        value -> {},
                        () -> {});
        try {
            assertThat(await(async(() -> "fine"))).isEqualTo("fine");
        } finally {
            ContextRegistry.getInstance().removeThreadLocalAccessor("broken");
        }
    }

    @AsyncTest
    void whereNothingIsSetATaskCostsNothing() {
        Body<String> body = () -> "x";
        assertThat(Context.threadLocals(body)).isSameAs(body);
        put("x");
        assertThat(Context.threadLocals(body)).isNotSameAs(body);
    }

    /** The program for a JVM without the library. */
    static final class Without {
        public static void main(String[] args) {
            TaskLocal<String> local = TaskLocal.create();
            Async.run(() -> {
                local.set("x");
                Promise<String> promise = Promise.create();
                Loop.current().callSoon(() -> promise.complete(local.get()));
                Generator<String> generator =
                        Generator.of(out -> out.emit(await(promise) + await(async(local::get))));
                System.out.println("without: " + !Context.PROPAGATES + ", " + generator.next());
                generator.close();
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"loop", "portable"})
    void theLibraryIsOptional(String mode) throws Exception {
        String without =
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> !entry.contains("context-propagation"))
                        .collect(Collectors.joining(File.pathSeparator));
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                                "-Dweft.scheduler=" + mode,
                                "-cp",
                                without,
                                Without.class.getName())
                        .redirectErrorStream(true)
                        .start();
        process.getOutputStream().close();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(output).contains("without: true, xx").doesNotContain("NoClassDefFound");
        assertThat(process.exitValue()).isZero();
    }
}
