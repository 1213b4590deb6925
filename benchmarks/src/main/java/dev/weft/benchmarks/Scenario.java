package dev.weft.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Programs under one load.
 *
 * @param load what was done
 * @param disturbed the median share of the time that was lost to other processes
 * @param rows the programs; the first is the baseline
 * @param failures of those that are left out; mostly none
 */
record Scenario<L>(L load, double disturbed, List<Row> rows, List<String> failures) {
    /**
     * Medians over the rounds: of figures, or of the ratios of each round's figures to the
     * baseline's of the same round.
     */
    record Medians(double throughput, double p50, double p99, double cpu) {
        static Medians of(List<Slot> slots) {
            return new Medians(
                    Stats.median(slots, Slot::perSecond),
                    Stats.median(slots, Slot::p50Micros),
                    Stats.median(slots, Slot::p99Micros),
                    Stats.median(slots, Slot::cpuMicros));
        }
    }

    /**
     * One program's figures.
     *
     * @param program its title
     * @param ratios to the baseline, medians of paired rounds
     * @param cpuRatioQuartiles the lower and upper quartile of the rounds' ratios of processor time
     * @param absolute operations a second and microseconds, medians
     * @param systemShare the kernel's share of the processor time
     * @param slots the rounds
     */
    record Row(
            String program,
            Medians ratios,
            List<Double> cpuRatioQuartiles,
            Medians absolute,
            double systemShare,
            List<Slot> slots) {

        static Row of(String program, List<Slot> slots, List<Slot> baseline, double systemShare) {
            List<Slot> ratios = ratios(slots, baseline);
            double[] cpu = ratios.stream().mapToDouble(Slot::cpuMicros).toArray();
            return new Row(
                    program,
                    Medians.of(ratios),
                    List.of(Stats.quantile(0.25, cpu), Stats.quantile(0.75, cpu)),
                    Medians.of(slots),
                    systemShare,
                    slots);
        }

        /** Its processor time to another's: the median of paired rounds. */
        double cpuTo(Row other) {
            return Stats.median(ratios(slots, other.slots), Slot::cpuMicros);
        }

        /** Its processor time outside the kernel, in microseconds. */
        double userMicros() {
            return absolute.cpu * (1 - systemShare);
        }

        private static List<Slot> ratios(List<Slot> slots, List<Slot> baseline) {
            List<Slot> ratios = new ArrayList<>();
            for (int i = 0; i < slots.size(); i++) {
                ratios.add(slots.get(i).ratiosTo(baseline.get(i)));
            }
            return ratios;
        }
    }

    /** The figures of a program, or null if it did not take part. */
    @Nullable Row row(String program) {
        return rows.stream().filter(r -> r.program.equals(program)).findFirst().orElse(null);
    }

    /** A heading, the figures, and what to think of them; of such operations, as in "echo". */
    String text(String operation, String operations) {
        return String.format(
                        Locale.ROOT,
                        "%s; %d rounds; ratios to the first row%n",
                        load,
                        rows.getFirst().slots.size())
                + table(operation, operations)
                + String.format(
                        Locale.ROOT,
                        "%.1f%% of the time was lost to other processes%s%n",
                        100 * disturbed,
                        disturbed > 0.03 ? ": repeat this on a quiet machine" : "")
                + failures.stream().map(f -> f + "\n").collect(Collectors.joining());
    }

    private Table table(String operation, String operations) {
        Table table =
                new Table(
                        "",
                        "CPU/" + operation,
                        "quartiles",
                        operations + "/s",
                        "p50",
                        "p99",
                        "CPU us/" + operation,
                        "kernel",
                        operations + "/s",
                        "p50 us",
                        "p99 us");
        for (Row r : rows) {
            table.row(
                    r.program,
                    f("%.3f", r.ratios.cpu),
                    f("%.2f", r.cpuRatioQuartiles.get(0))
                            + "-"
                            + f("%.2f", r.cpuRatioQuartiles.get(1)),
                    f("%.3f", r.ratios.throughput),
                    f("%.3f", r.ratios.p50),
                    f("%.3f", r.ratios.p99),
                    f("%.2f", r.absolute.cpu),
                    f("%.0f%%", 100 * r.systemShare),
                    f("%,.0f", r.absolute.throughput),
                    f("%.0f", r.absolute.p50),
                    f("%.0f", r.absolute.p99));
        }
        return table;
    }

    private static String f(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
