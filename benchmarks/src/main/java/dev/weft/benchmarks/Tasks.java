package dev.weft.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures what tasks cost. Each figure comes from fresh processes, on one core but for the wake-up
 * from a foreign thread; the kinds take turns, so that a machine's drift meets all.
 */
@Command(
        name = "tasks",
        mixinStandardHelpOptions = true,
        description = "What tasks cost: Weft, the JDK's virtual threads, asyncio, uvloop.")
final class Tasks implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Option(
            names = "--forks",
            paramLabel = "N",
            description = "Processes per figure, whose median counts (default: 3).")
    private int forks = 3;

    @Option(names = "--no-python", description = "Leave asyncio and uvloop out.")
    private boolean noPython;

    @Option(names = "--quick", description = "A smoke run of a few seconds: no figures to trust.")
    private boolean quick;

    @Option(names = "--json", description = "Print one JSON document instead of a table.")
    private boolean json;

    /** A heap whose pages are all touched, lest the kernel's work on them be taken for ours. */
    private static final List<String> JVM_FLAGS = with("-XX:+AlwaysPreTouch");

    /** Room for a million tasks. */
    private static final List<String> MEMORY_FLAGS = with("-Xmx4g");

    private static List<String> with(String flag) {
        List<String> flags = new ArrayList<>(Child.JVM_FLAGS);
        flags.add(flag); // of two that contradict each other, the last counts
        return List.copyOf(flags);
    }

    private record Subject(String title, List<String> command) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (forks < 1) {
            throw new ParameterException(spec.commandLine(), "--forks must be >= 1, was " + forks);
        }
        if (quick) {
            forks = 1;
        }
        TasksResult result = measure();
        System.out.println(json ? Json.of(result) : result.text());
        return 0;
    }

    private TasksResult measure() throws IOException, InterruptedException {
        List<Python> pythons = noPython ? List.of() : Python.find();
        Map<Figure, Map<String, List<Double>>> values = new LinkedHashMap<>();
        for (int fork = 0; fork < forks; fork++) {
            for (Figure figure : Figure.values()) {
                Map<String, List<Double>> byKind =
                        values.computeIfAbsent(figure, f -> new LinkedHashMap<>());
                for (Subject subject : subjects(figure, pythons)) {
                    byKind.computeIfAbsent(subject.title, t -> new ArrayList<>())
                            .add(run(subject, figure));
                }
            }
        }
        List<TasksResult.Row> rows = new ArrayList<>();
        List<Aim> aims = new ArrayList<>();
        values.forEach((figure, byKind) -> {
            Map<String, Double> medians = new LinkedHashMap<>();
            byKind.forEach((kind, v) -> medians.put(kind, Stats.median(v, x -> x)));
            rows.add(new TasksResult.Row(figure.title, figure.unit, medians));
            Double measured = medians.get(TaskProgram.Kind.WEFT.title);
            if (!Double.isNaN(figure.aim) && measured != null) {
                aims.add(new Aim(figure.title + ", " + figure.unit, figure.aim, measured));
            }
        });
        List<String> kinds = subjects(Figure.START, pythons).stream().map(Subject::title).toList();
        return new TasksResult(
                "tasks",
                "./weft bench "
                        + String.join(" ", spec.commandLine().getParseResult().originalArgs()),
                Machine.here(),
                JVM_FLAGS,
                forks,
                kinds,
                rows,
                aims);
    }

    private List<Subject> subjects(Figure figure, List<Python> pythons) throws IOException {
        List<Subject> subjects = new ArrayList<>();
        List<String> args = new ArrayList<>(List.of(lower(figure)));
        if (quick) {
            args.add("quick");
        }
        for (TaskProgram.Kind kind : TaskProgram.Kind.values()) {
            if (kind == TaskProgram.Kind.JDK && figure == Figure.WAKE) {
                continue; // a wake-up between two of its own threads is no loop's
            }
            List<String> all = new ArrayList<>(List.of(lower(kind)));
            all.addAll(args);
            subjects.add(
                    new Subject(
                            kind.title,
                            Child.java(
                                    figure == Figure.SUSPENDED ? MEMORY_FLAGS : JVM_FLAGS,
                                    TaskProgram.class,
                                    all.toArray(String[]::new))));
        }
        for (Python python : pythons) {
            subjects.add(
                    new Subject(
                            python.title(),
                            python.command("tasks.py", args.toArray(String[]::new))));
        }
        return subjects;
    }

    private static String lower(Enum<?> e) {
        return e.name().toLowerCase(Locale.ROOT);
    }

    private static double run(Subject subject, Figure figure)
            throws IOException, InterruptedException {
        int core = figure == Figure.WAKE ? -1 : Cores.measured();
        try (Child child =
                Child.start(subject.title + ": " + figure.title, core, subject.command)) {
            return Double.parseDouble(child.line(120));
        }
    }
}
