package dev.weft.benchmarks;

import java.util.ArrayList;
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
 * @param peers the versions of the others
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
        List<String> peers,
        int forks,
        List<String> kinds,
        List<Row> rows,
        List<Aim> aims) {

    /**
     * One figure.
     *
     * @param figure what
     * @param unit of the values
     * @param offload whether it is one of those in which threads without tasks take part
     * @param values by kind; none where it was not measured
     */
    record Row(String figure, String unit, boolean offload, Map<String, Double> values) {
        static Row of(Figure figure, Map<String, Double> values) {
            return new Row(figure.title, figure.measure.unit, figure.isOffload(), values);
        }
    }

    String text() {
        StringBuilder text = new StringBuilder();
        text.append("machine:  ").append(machine).append('\n');
        text.append("command:  ").append(command).append('\n');
        text.append("JVMs:     ").append(String.join(" ", jvmFlags)).append('\n');
        text.append("peers:    ").append(String.join(", ", peers)).append("\n\n");
        text.append("median of ").append(forks).append(forks == 1 ? " process" : " processes");
        text.append("; of one for a million tasks\n");
        text.append(table("tasks", false)).append('\n');
        text.append(table("a function on another thread, and back", true)).append('\n');
        for (Aim aim : aims) {
            text.append(aim).append('\n');
        }
        return text.toString();
    }

    /** The rows of one sort, with a column for whoever has a figure there. */
    private Table table(String title, boolean offload) {
        List<Row> shown = rows.stream().filter(r -> r.offload == offload).toList();
        List<String> columns =
                kinds.stream()
                        .filter(k -> shown.stream().anyMatch(r -> r.values.containsKey(k)))
                        .toList();
        Table table = new Table(cells(title, "", columns));
        for (Row row : shown) {
            List<String> values = columns.stream().map(k -> format(row.values.get(k))).toList();
            table.row(cells(row.figure, row.unit, values));
        }
        return table;
    }

    private static String[] cells(String first, String second, List<String> others) {
        List<String> cells = new ArrayList<>(List.of(first, second));
        cells.addAll(others);
        return cells.toArray(String[]::new);
    }

    private static String format(@Nullable Double value) {
        return value == null ? "-" : String.format(Locale.ROOT, "%,.0f", value);
    }
}
