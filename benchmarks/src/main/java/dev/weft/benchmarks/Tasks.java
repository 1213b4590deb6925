package dev.weft.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures what tasks cost. Each figure comes from fresh processes, on one core but for what
 * crosses threads; the kinds take turns, so that a machine's drift meets all.
 */
@Command(
        name = "tasks",
        mixinStandardHelpOptions = true,
        description = "What tasks cost: Weft, the JDK, Netty, Kotlin, asyncio, uvloop.")
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
    private static final List<String> MEMORY_FLAGS = with("-Xms4g", "-Xmx4g");

    private static List<String> with(String... more) {
        List<String> flags = new ArrayList<>(Child.JVM_FLAGS);
        flags.addAll(List.of(more)); // of two that contradict each other, the last counts
        return List.copyOf(flags);
    }

    /** Makes the command that measures figures. */
    @FunctionalInterface
    private interface Launch {
        List<String> of(List<Figure> figures) throws IOException;
    }

    private record Subject(String title, Predicate<Figure> has, Launch launch) {}

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
        List<Subject> subjects = subjects(pythons);
        Map<Figure, Map<String, List<Double>>> values = new EnumMap<>(Figure.class);
        for (int fork = 0; fork < forks; fork++) {
            for (List<Figure> figures : processes(fork)) {
                for (Subject subject : subjects) {
                    List<Figure> its = figures.stream().filter(subject.has).toList();
                    if (!its.isEmpty()) {
                        run(subject, its, values);
                    }
                }
            }
        }
        List<TasksResult.Row> rows = new ArrayList<>();
        values.forEach((figure, byKind) -> {
            Map<String, Double> medians = new LinkedHashMap<>();
            byKind.forEach((kind, v) -> medians.put(kind, Stats.median(v, x -> x)));
            rows.add(TasksResult.Row.of(figure, medians));
        });
        return new TasksResult(
                "tasks",
                "./weft bench "
                        + String.join(" ", spec.commandLine().getParseResult().originalArgs()),
                Machine.here(),
                JVM_FLAGS,
                peers(pythons),
                forks,
                subjects.stream().map(Subject::title).toList(),
                rows,
                TaskAims.of(values));
    }

    /**
     * The figures of each process. A million tasks are many already, and take long: once for them.
     */
    private List<List<Figure>> processes(int fork) {
        List<Figure> figures = new ArrayList<>(List.of(Figure.values()));
        figures.remove(Figure.WAKE_ALL); // comes with those that sleep
        if (quick) {
            return List.of(figures);
        }
        return figures.stream().filter(f -> fork == 0 || !f.isOfMany()).map(List::of).toList();
    }

    private static List<String> peers(List<Python> pythons) {
        List<String> peers = new ArrayList<>(List.of(KotlinFigures.version()));
        pythons.forEach(p -> peers.add(p.title()));
        return peers;
    }

    private List<Subject> subjects(List<Python> pythons) {
        List<Subject> subjects = new ArrayList<>();
        for (TaskProgram.Kind kind : TaskProgram.Kind.values()) {
            subjects.add(
                    new Subject(
                            kind.title,
                            kind::has,
                            figures ->
                                    Child.java(
                                            flags(figures),
                                            TaskProgram.class,
                                            arguments(lower(kind), figures))));
        }
        for (Python python : pythons) {
            subjects.add(
                    new Subject(
                            python.loop(),
                            _ -> true,
                            figures -> python.command("tasks.py", arguments(null, figures))));
        }
        return subjects;
    }

    private List<String> flags(List<Figure> figures) {
        return !quick && figures.getFirst().isOfMany() ? MEMORY_FLAGS : JVM_FLAGS;
    }

    private String[] arguments(@Nullable String kind, List<Figure> figures) {
        List<String> arguments = new ArrayList<>();
        if (kind != null) {
            arguments.add(kind);
        }
        arguments.add(quick ? "quick" : "full");
        figures.forEach(f -> arguments.add(lower(f)));
        return arguments.toArray(String[]::new);
    }

    private static String lower(Enum<?> e) {
        return e.name().toLowerCase(Locale.ROOT);
    }

    private void run(
            Subject subject, List<Figure> figures, Map<Figure, Map<String, List<Double>>> values)
            throws IOException, InterruptedException {
        boolean alone = figures.getFirst().measure != Figure.Measure.CROSSING;
        int core = alone && !quick ? Cores.measured() : -1;
        Set<Figure> missing = EnumSet.copyOf(figures);
        if (figures.contains(Figure.SLEEPING)) {
            missing.add(Figure.WAKE_ALL);
        }
        String name = subject.title + ": " + figures.getFirst().title;
        try (Child child = Child.start(name, core, subject.launch.of(figures))) {
            while (!missing.isEmpty()) {
                String[] words = child.line(180).split(" ", -1);
                Figure figure = Figure.valueOf(words[0].toUpperCase(Locale.ROOT));
                double value = Double.parseDouble(words[1]);
                if (!(value > 0) || !missing.remove(figure)) {
                    throw new IOException(name + ": measured " + String.join(" ", words));
                }
                values.computeIfAbsent(figure, _ -> new LinkedHashMap<>())
                        .computeIfAbsent(subject.title, _ -> new ArrayList<>())
                        .add(value);
            }
        }
    }
}
