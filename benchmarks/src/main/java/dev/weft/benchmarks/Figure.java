package dev.weft.benchmarks;

/** What {@code tasks} measures. */
enum Figure {
    START("start a task and await it", "ns", 300),
    START_MANY("start 1,000 tasks, then await them: each", "ns", Double.NaN),
    SWITCH("switch between two ready tasks", "ns", 250),
    SUSPENDED("a suspended task", "bytes", 800),
    WAKE("wake a task from a foreign thread, and back", "ns", Double.NaN);

    final String title;
    final String unit;

    /** The most that Weft's loop mode should need; NaN where there is no aim. */
    final double aim;

    Figure(String title, String unit, double aim) {
        this.title = title;
        this.unit = unit;
        this.aim = aim;
    }
}
