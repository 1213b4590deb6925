package dev.weft.testkit;

import dev.weft.LoopClock;
import dev.weft.LoopOptions;
import dev.weft.SchedulerMode;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
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
            String name = "test-" + method.getExecutable().getName();
            TestRun run =
                    new TestRun(
                            options(name),
                            name,
                            test.seconds(),
                            test.leavesTasks(),
                            test.unhandled());
            try {
                run.run(invocation::proceed);
            } catch (Throwable e) {
                if (seed != null) {
                    System.err.println(name + " failed in mode " + mode + " with seed " + seed);
                }
                throw e;
            }
        }

        private LoopOptions options(String name) {
            LoopOptions options =
                    LoopOptions.defaults().scheduler(mode).transport(test.transport()).name(name);
            options = test.virtual() ? options.clock(LoopClock.virtual()) : options;
            return seed == null ? options : options.seed(seed);
        }
    }
}
