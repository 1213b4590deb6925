package dev.weft;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * A loop's state as Micrometer meters, tagged {@code loop} with its name. Micrometer is an optional
 * dependency: without it on the class path, do not touch this class, and nothing else does.
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>what</th></tr>
 * <tr><td>{@code weft.loop.lag}</td><td>how long a callback waits in the queue: a gauge of time</td></tr>
 * <tr><td>{@code weft.loop.queue}</td><td>tasks and callbacks that are ready and wait: a gauge</td></tr>
 * <tr><td>{@code weft.loop.tasks}</td><td>tasks, tagged {@code state}: ready, awaiting, blocked: gauges</td></tr>
 * </table>
 */
@SuppressWarnings("exports") // the dependency is optional: it cannot be `requires transitive`
public final class LoopMetrics implements MeterBinder {
    private final Loop loop;

    /**
     * Meters for a loop; {@link #bindTo} registers them. The registry holds the loop weakly.
     *
     * @param loop the loop to observe
     */
    public LoopMetrics(Loop loop) {
        this.loop = Checks.notNull(loop, "loop");
    }

    /**
     * Registers the meters.
     *
     * @param registry where
     */
    @Override
    public void bindTo(MeterRegistry registry) {
        Tags tags = Tags.of("loop", loop.name());
        TimeGauge.builder(
                        "weft.loop.lag",
                        loop,
                        TimeUnit.NANOSECONDS,
                        l -> l.statistics().lag().toNanos())
                .description("how long a callback waits in the run queue")
                .tags(tags)
                .register(registry);
        Gauge.builder("weft.loop.queue", loop, l -> l.statistics().queued())
                .description("tasks and callbacks that are ready and wait for their turn")
                .tags(tags)
                .register(registry);
        tasks(registry, tags, "ready", s -> s.ready());
        tasks(registry, tags, "awaiting", s -> s.awaiting());
        tasks(registry, tags, "blocked", s -> s.blocked());
    }

    private void tasks(
            MeterRegistry registry,
            Tags tags,
            String state,
            ToDoubleFunction<LoopStatistics> value) {
        Gauge.builder("weft.loop.tasks", loop, l -> value.applyAsDouble(l.statistics()))
                .description("tasks that have not ended, by state")
                .tags(tags.and("state", state))
                .register(registry);
    }
}
