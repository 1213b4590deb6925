package dev.weft.testkit;

import static org.junit.jupiter.api.Assertions.fail;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import io.netty.util.ResourceLeakTracker;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Turns what Netty's leak detector finds into a failure of the test class. */
public final class BufferLeaks {
    private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();
    private static final AtomicInteger UNRELEASED = new AtomicInteger();

    static {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(
                new ResourceLeakDetectorFactory() {
                    @Override
                    @SuppressWarnings(
                            "deprecation") // Netty's own factory has only this to override
                    public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                            Class<T> resource, int samplingInterval, long maxActive) {
                        return recording(resource, samplingInterval);
                    }

                    @Override
                    public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                            Class<T> resource, int samplingInterval) {
                        return recording(resource, samplingInterval);
                    }
                });
    }

    private BufferLeaks() {}

    private static <T> ResourceLeakDetector<T> recording(Class<T> resource, int samplingInterval) {
        return new ResourceLeakDetector<>(resource, samplingInterval) {
            @Override
            public ResourceLeakTracker<T> track(T object) {
                return resource == ByteBuf.class
                        ? counting(super.track(object))
                        : super.track(object);
            }

            @Override
            protected void reportTracedLeak(String resourceType, String records) {
                LEAKS.add(resourceType + records);
            }

            @Override
            protected void reportUntracedLeak(String resourceType) {
                LEAKS.add(resourceType);
            }
        };
    }

    private static <T> ResourceLeakTracker<T> counting(ResourceLeakTracker<T> tracker) {
        UNRELEASED.incrementAndGet();
        return new ResourceLeakTracker<>() {
            @Override
            public void record() {
                tracker.record();
            }

            @Override
            public void record(Object hint) {
                tracker.record(hint);
            }

            @Override
            public boolean close(T object) {
                boolean first = tracker.close(object);
                if (first) {
                    UNRELEASED.decrementAndGet();
                }
                return first;
            }

            @Override
            public Throwable getCloseStackTraceIfAny() {
                return tracker.getCloseStackTraceIfAny();
            }
        };
    }

    /** How many of the buffers that were made since {@link #watch} are not released. */
    public static int unreleased() {
        return UNRELEASED.get();
    }

    /** Starts watching; before the first buffer is made. */
    public static void watch() {}

    /** Collects garbage, and fails if a buffer was collected that nobody had released. */
    public static void failOnAny() {
        System.gc();
        System.gc();
        // A detector looks at what was collected whenever a new buffer is made.
        for (int i = 0; i < 10; i++) {
            ByteBufAllocator.DEFAULT.buffer(16).release();
        }
        if (!LEAKS.isEmpty()) {
            String all = String.join("\n", LEAKS);
            LEAKS.clear();
            fail("buffers leaked: " + all);
        }
    }
}
