package dev.weft.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Medians, since a mean is at the mercy of one disturbed round. */
final class Stats {
    private Stats() {}

    static double median(double... values) {
        return quantile(0.5, values);
    }

    static <T> double median(List<T> values, ToDoubleFunction<? super T> of) {
        return median(values.stream().mapToDouble(of).toArray());
    }

    /** The value below which that share of the values lies, interpolated; NaN of none. */
    static double quantile(double share, double... values) {
        if (values.length == 0) {
            return Double.NaN;
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double at = share * (sorted.length - 1);
        int below = (int) at;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
}
