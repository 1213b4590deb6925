package dev.weft.testkit;

import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.LoopClock;
import dev.weft.LoopOptions;
import dev.weft.SchedulerMode;
import dev.weft.UnhandledFailure;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/** What {@link AsyncTest} does. */
public final class AsyncTestExtension
        implements TestTemplateInvocationContextProvider, AfterAllCallback {
    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return true;
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(
            ExtensionContext context) {
        AsyncTest test = context.getRequiredTestMethod().getAnnotation(AsyncTest.class);
        return Arrays.stream(test.modes())
                // In a JVM without the flag only portable mode exists: that is not a skip.
                .filter(mode -> mode.unavailableBecause() == null)
                .flatMap(mode -> runs(mode, test));
    }

    private static Stream<TestTemplateInvocationContext> runs(SchedulerMode mode, AsyncTest test) {
        return test.seeds().length == 0
                ? Stream.of(new InMode(mode, null, test))
                : Arrays.stream(test.seeds()).mapToObj(seed -> new InMode(mode, seed, test));
    }

    @Override
    public boolean mayReturnZeroTestTemplateInvocationContexts(ExtensionContext context) {
        return SchedulerMode.LOOP.unavailableBecause() != null;
    }

    @Override
    public void afterAll(ExtensionContext context) {
        BufferLeaks.failOnAny();
    }

    private record InMode(SchedulerMode mode, @Nullable Long seed, AsyncTest test)
            implements TestTemplateInvocationContext, InvocationInterceptor {
        @Override
        public String getDisplayName(int index) {
            return seed == null ? mode.toString() : mode + ", seed " + seed;
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(this);
        }

        @Override
        public void interceptTestTemplateMethod(
                Invocation<Void> invocation,
                ReflectiveInvocationContext<Method> method,
                ExtensionContext context)
                throws Throwable {
            BufferLeaks.watch();
            String name = "test-" + method.getExecutable().getName();
            LoopOptions options = options(name);
            Queue<UnhandledFailure> unhandled = new ConcurrentLinkedQueue<>();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread runner =
                    Thread.ofPlatform()
                            .daemon()
                            .name(name + "-runner")
                            .unstarted(() -> run(options, invocation, unhandled, failure));
            runner.start();
            runner.join(test.seconds() * 1000L);
            if (runner.isAlive()) {
                fail(
                        "the test did not end within "
                                + test.seconds()
                                + " s; all threads: "
                                + dump());
            }
            if (failure.get() != null) {
                if (seed != null) {
                    System.err.println(name + " failed in mode " + mode + " with seed " + seed);
                }
                throw failure.get();
            }
            Threads.failIfAlive(name);
            if (!test.unhandled() && !unhandled.isEmpty()) {
                fail("failures reached nobody: " + unhandled, unhandled.peek().failure());
            }
        }

        private LoopOptions options(String name) {
            LoopOptions options =
                    LoopOptions.defaults().scheduler(mode).transport(test.transport()).name(name);
            options = test.virtual() ? options.clock(LoopClock.virtual()) : options;
            return seed == null ? options : options.seed(seed);
        }

        private void run(
                LoopOptions options,
                Invocation<Void> invocation,
                Queue<UnhandledFailure> unhandled,
                AtomicReference<Throwable> failure) {
            try (Loop loop = Loop.open(options)) {
                loop.onUnhandled(unhandled::add);
                loop.run(() -> body(invocation, loop, failure));
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
            }
        }

        private void body(
                Invocation<Void> invocation, Loop loop, AtomicReference<Throwable> failure) {
            try {
                invocation.proceed();
            } catch (Throwable e) {
                failure.set(e);
                return;
            }
            if (!test.leavesTasks()) {
                Async.yieldNow(); // what was cancelled last may end
                int left = loop.statistics().tasks() - 1;
                if (left > 0) {
                    failure.set(new AssertionError("the test left " + left + " tasks behind"));
                }
            }
        }

        private static Path dump() throws Exception {
            Path file = Files.createTempDirectory("weft-test").resolve("threads.json");
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                    .dumpThreads(file.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.JSON);
            return file;
        }
    }
}
