package dev.weft.benchmarks;

import java.util.List;
import java.util.Locale;

/**
 * What a measurement of programs side by side found.
 *
 * @param benchmark its name
 * @param command how to repeat it
 * @param machine where
 * @param jvmFlags the flags of each measured JVM
 * @param pinned whether what is measured and its opposite had a core each
 * @param scenarios the figures
 * @param idle the memory of idle connections; perhaps none
 * @param aims which aims were met
 */
record Comparison<L>(
        String benchmark,
        String command,
        Machine machine,
        List<String> jvmFlags,
        boolean pinned,
        List<Scenario<L>> scenarios,
        List<Idle> idle,
        List<Aim> aims) {

    /**
     * What connections take that do nothing.
     *
     * @param program its title
     * @param connections how many were open
     * @param bytes of memory, per connection
     */
    record Idle(String program, int connections, double bytes) {}

    /** For people; of such operations, as in "echo" and "echoes". */
    String text(String operation, String operations) {
        StringBuilder text = new StringBuilder();
        text.append("machine:  ").append(machine).append('\n');
        text.append("command:  ").append(command).append('\n');
        text.append("JVMs:     ").append(String.join(" ", jvmFlags)).append('\n');
        if (!pinned) {
            text.append("warning:  what is measured and its opposite share cores here")
                    .append(" (taskset or a core is missing)\n");
        }
        for (Scenario<L> scenario : scenarios) {
            text.append('\n').append(scenario.text(operation, operations));
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
                    i.program,
                    String.format(Locale.ROOT, "%,d", i.connections),
                    String.format(Locale.ROOT, "%,.0f", i.bytes));
        }
        return table;
    }
}
