package dev.weft.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What {@code tcp-echo} found.
 *
 * @param benchmark its name
 * @param command how to repeat it
 * @param machine where
 * @param jvmFlags the flags of each measured JVM
 * @param pinned whether servers and load had a core each
 * @param scenarios the figures
 * @param idle the memory of idle connections; perhaps none
 * @param aims which aims were met
 */
record EchoResult(
        String benchmark,
        String command,
        Machine machine,
        List<String> jvmFlags,
        boolean pinned,
        List<Scenario> scenarios,
        List<Idle> idle,
        List<Aim> aims) {

    /**
     * One second or so of load on one server.
     *
     * @param echoesPerSecond throughput
     * @param p50Micros median latency
     * @param p99Micros the latency that one echo in a hundred exceeds
     * @param cpuMicros user and system time of the server's process, per echo
     * @param disturbed the share of the time for which a thread of the server or the load was ready
     *     but did not have its core
     */
    record Slot(
            double echoesPerSecond,
            double p50Micros,
            double p99Micros,
            double cpuMicros,
            double disturbed) {}

    /**
     * Medians over the rounds: of figures, or of the ratios of each round's figures to the
     * baseline's of the same round.
     */
    record Medians(double throughput, double p50, double p99, double cpu) {
        static Medians of(List<Slot> slots) {
            return new Medians(
                    Stats.median(slots, Slot::echoesPerSecond),
                    Stats.median(slots, Slot::p50Micros),
                    Stats.median(slots, Slot::p99Micros),
                    Stats.median(slots, Slot::cpuMicros));
        }

        static Medians ofRatios(List<Slot> slots, List<Slot> baseline) {
            List<Slot> ratios = new ArrayList<>();
            for (int i = 0; i < slots.size(); i++) {
                Slot s = slots.get(i);
                Slot b = baseline.get(i);
                ratios.add(
                        new Slot(
                                s.echoesPerSecond / b.echoesPerSecond,
                                s.p50Micros / b.p50Micros,
                                s.p99Micros / b.p99Micros,
                                s.cpuMicros / b.cpuMicros,
                                0));
            }
            return of(ratios);
        }
    }

    /**
     * One server's figures.
     *
     * @param server its title
     * @param ratios to the baseline, medians of paired rounds
     * @param cpuRatioQuartiles the lower and upper quartile of the rounds' ratios of processor time
     * @param absolute echoes a second and microseconds, medians
     * @param systemShare the kernel's share of the processor time
     * @param slots the rounds
     */
    record Row(
            String server,
            Medians ratios,
            List<Double> cpuRatioQuartiles,
            Medians absolute,
            double systemShare,
            List<Slot> slots) {}

    /**
     * Servers under one load.
     *
     * @param load what was done
     * @param disturbed the median share of the time that was lost to other processes
     * @param rows the servers; the first is the baseline
     */
    record Scenario(EchoLoad load, double disturbed, List<Row> rows) {}

    /**
     * What connections take that do nothing.
     *
     * @param server its title
     * @param connections how many were open
     * @param bytes of memory, per connection
     */
    record Idle(String server, int connections, double bytes) {}

    String text() {
        StringBuilder text = new StringBuilder();
        text.append("machine:  ").append(machine).append('\n');
        text.append("command:  ").append(command).append('\n');
        text.append("JVMs:     ").append(String.join(" ", jvmFlags)).append('\n');
        if (!pinned) {
            text.append(
                    "warning:  servers and load share cores here (taskset or a core is missing)\n");
        }
        for (Scenario s : scenarios) {
            text.append(
                    String.format(
                            Locale.ROOT,
                            "%n%s; %d rounds; ratios to the first row%n",
                            s.load,
                            s.rows.getFirst().slots.size()));
            text.append(table(s));
            text.append(
                    String.format(
                            Locale.ROOT,
                            "%.1f%% of the time was lost to other processes%s%n",
                            100 * s.disturbed,
                            s.disturbed > 0.03 ? ": repeat this on a quiet machine" : ""));
        }
        if (!idle.isEmpty()) {
            text.append('\n').append(idleTable());
        }
        text.append('\n');
        for (Aim aim : aims) {
            text.append(aim).append('\n');
        }
        return text.toString();
    }

    private Table idleTable() {
        Table table = new Table("idle connections", "open", "bytes each");
        for (Idle i : idle) {
            table.row(
                    i.server,
                    String.format(Locale.ROOT, "%,d", i.connections),
                    f("%,.0f", i.bytes));
        }
        return table;
    }

    private static Table table(Scenario s) {
        Table table =
                new Table(
                        "",
                        "CPU/echo",
                        "quartiles",
                        "echoes/s",
                        "p50",
                        "p99",
                        "CPU us/echo",
                        "kernel",
                        "echoes/s",
                        "p50 us",
                        "p99 us");
        for (Row r : s.rows) {
            table.row(
                    r.server,
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
