package dev.weft.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code tasks} found.
 *
 * @param benchmark its name
 * @param command how to repeat it
 * @param machine where
 * @param jvmFlags the flags of each measured JVM
 * @param forks how many processes each figure is the median of
 * @param kinds whose tasks, in the order of the columns
 * @param rows the figures
 * @param aims which aims were met
 */
record TasksResult(
        String benchmark,
        String command,
        Machine machine,
        List<String> jvmFlags,
        int forks,
        List<String> kinds,
        List<Row> rows,
        List<Aim> aims) {

    /**
     * One figure.
     *
     * @param figure what
     * @param unit of the values
     * @param values by kind; none where it was not measured
     */
    record Row(String figure, String unit, Map<String, Double> values) {}

    String text() {
        StringBuilder text = new StringBuilder();
        text.append("machine:  ").append(machine).append('\n');
        text.append("command:  ").append(command).append('\n');
        text.append("JVMs:     ").append(String.join(" ", jvmFlags)).append("\n\n");
        String[] cells = new String[kinds.size() + 2];
        cells[0] = "median of " + forks + (forks == 1 ? " process" : " processes");
        cells[1] = "";
        for (int i = 0; i < kinds.size(); i++) {
            cells[i + 2] = kinds.get(i);
        }
        Table table = new Table(cells);
        for (Row row : rows) {
            cells[0] = row.figure;
            cells[1] = row.unit;
            for (int i = 0; i < kinds.size(); i++) {
                cells[i + 2] = format(row.values.get(kinds.get(i)));
            }
            table.row(cells);
        }
        text.append(table).append('\n');
        for (Aim aim : aims) {
            text.append(aim).append('\n');
        }
        return text.toString();
    }

    private static String format(@Nullable Double value) {
        return value == null ? "-" : String.format(Locale.ROOT, "%,.0f", value);
    }
}
