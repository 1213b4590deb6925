package dev.weft.net;

import dev.weft.Loop;
import dev.weft.net.internal.LoopNet;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Objects;

/**
 * What a loop's connections do, for Micrometer: one binder for each loop. Needs {@code
 * micrometer-core}, which is optional otherwise.
 *
 * <ul>
 *   <li>{@code weft.net.connections}: a gauge of the connections that are open, of servers and
 *       clients
 *   <li>{@code weft.net.read} and {@code weft.net.written}: counters of bytes on the wire
 * </ul>
 *
 * <p>Each has the tag {@code loop}, the loop's name.
 */
@SuppressWarnings("exports") // the dependency is optional: it cannot be `requires transitive`
public final class NetMetrics implements MeterBinder {
    private final Loop loop;

    /**
     * For one loop.
     *
     * @param loop the loop
     */
    public NetMetrics(Loop loop) {
        this.loop = Objects.requireNonNull(loop, "loop must not be null");
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        LoopNet net = LoopNet.of(loop);
        Tags tags = Tags.of("loop", loop.name());
        Gauge.builder("weft.net.connections", net, LoopNet::connections)
                .description("connections that are open")
                .tags(tags)
                .strongReference(true)
                .register(registry);
        FunctionCounter.builder("weft.net.read", net, LoopNet::bytesRead)
                .description("bytes received")
                .baseUnit("bytes")
                .tags(tags)
                .register(registry);
        FunctionCounter.builder("weft.net.written", net, LoopNet::bytesWritten)
                .description("bytes sent")
                .baseUnit("bytes")
                .tags(tags)
                .register(registry);
    }
}
