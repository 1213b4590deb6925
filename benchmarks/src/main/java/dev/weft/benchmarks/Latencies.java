package dev.weft.benchmarks;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.AtomicHistogram;
import org.HdrHistogram.Histogram;

/** How long each operation of a slot took: the count, and the percentiles that are shown. */
final class Latencies {
    private static final long LONGEST = TimeUnit.MINUTES.toNanos(1);
    private static final int DIGITS = 3;

    private final AbstractHistogram histogram;

    private Latencies(AbstractHistogram histogram) {
        this.histogram = histogram;
    }

    /** For one thread. */
    static Latencies ofOneThread() {
        return new Latencies(new Histogram(LONGEST, DIGITS));
    }

    /** For any number of threads. */
    static Latencies ofManyThreads() {
        return new Latencies(new AtomicHistogram(LONGEST, DIGITS));
    }

    void reset() {
        histogram.reset();
    }

    void record(long nanos) {
        histogram.recordValue(Math.min(nanos, LONGEST));
    }

    /** As {@link Slot#take} reads it; the slot took so long. */
    String line(long nanos) {
        return histogram.getTotalCount()
                + " "
                + nanos
                + " "
                + histogram.getValueAtPercentile(50)
                + " "
                + histogram.getValueAtPercentile(99);
    }
}
