package dev.weft.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.net.internal.LoopNet;
import dev.weft.testkit.BufferLeaks;
import dev.weft.testkit.TestRun;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/** What {@link StreamTest} does. */
final class StreamTestExtension implements TestTemplateInvocationContextProvider, AfterAllCallback {
    private static final Duration SHORT = Duration.ofMillis(1);
    private static final Duration LONG = Duration.ofSeconds(10);

    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return true;
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(
            ExtensionContext context) {
        StreamTest test = context.getRequiredTestMethod().getAnnotation(StreamTest.class);
        return Wire.all()
                .filter(wire -> Arrays.stream(test.needs()).allMatch(wire::has))
                .map(wire -> new OnWire(wire, test.seconds()));
    }

    /** One wire alone, as was asked for, may not have what a test needs. */
    @Override
    public boolean mayReturnZeroTestTemplateInvocationContexts(ExtensionContext context) {
        return System.getProperty("weft.test.wire") != null;
    }

    @Override
    public void afterAll(ExtensionContext context) {
        BufferLeaks.failOnAny();
    }

    private record OnWire(Wire wire, int seconds)
            implements TestTemplateInvocationContext, InvocationInterceptor, ParameterResolver {
        @Override
        public String getDisplayName(int index) {
            return wire.toString();
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(this);
        }

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == Wire.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return wire;
        }

        @Override
        public void interceptTestTemplateMethod(
                Invocation<Void> invocation,
                ReflectiveInvocationContext<Method> method,
                ExtensionContext context)
                throws Throwable {
            String name = "test-" + method.getExecutable().getName();
            int[] before = {0};
            new TestRun(wire.options().name(name), name, seconds, false, false)
                    .run(() -> {
                        wire.warmUp();
                        before[0] = BufferLeaks.unreleased();
                        invocation.proceed();
                        awaitNoChannel();
                    });
            if (BufferLeaks.unreleased() > before[0]) {
                BufferLeaks.failOnAny(); // says where they were used
                assertThat(BufferLeaks.unreleased()).as("unreleased buffers").isEqualTo(before[0]);
            }
        }

        /** An aborted stream's channel may need some turns of the event loop. */
        private static void awaitNoChannel() {
            LoopNet net = LoopNet.of(Loop.current());
            for (Duration waited = Duration.ZERO;
                    net.connections() > 0 && waited.compareTo(LONG) < 0;
                    waited = waited.plus(SHORT)) {
                Async.sleep(SHORT);
            }
            assertThat(net.connections()).as("channels left open").isZero();
        }
    }
}
