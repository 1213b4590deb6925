package dev.weft.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * How programs are measured side by side, with the options that say so.
 *
 * <p>All are up at once, each a process of its own on the same core; their opposite has another
 * core. They are loaded in turn, for a second or so each, many rounds. A machine's speed drifts by
 * half, but hardly within a round: so each round gives ratios, and their medians are the result.
 */
final class Rounds {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds (default: 12).")
    private int rounds = 12;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "Load per program and round (default: 1).")
    private double seconds = 1;

    @Option(
            names = "--warm-up",
            paramLabel = "S",
            description =
                    "Load per program before the first round (default: 12: a compiler shares the core,"
                            + " and tasks take ten seconds until they are as fast as callbacks).")
    private double warmUp = 12;

    @Option(
            names = "--only",
            paramLabel = "TEXT",
            description = "Those loads only whose heading contains TEXT, such as 'TLS'.")
    private String only = "";

    @Option(names = "--quick", description = "A smoke run of a few seconds: no figures to trust.")
    private boolean quick;

    @Option(names = "--json", description = "Print one JSON document instead of tables.")
    private boolean json;

    /** A program that is up. */
    interface Subject {
        String title();

        CpuTime cpuTime() throws IOException;

        /** Loads it for a time. */
        Slot load(double seconds) throws IOException, InterruptedException;
    }

    boolean isQuick() {
        return quick;
    }

    /** Refuses options that make no sense. */
    void check() {
        if (quick) {
            rounds = 2;
            seconds = 0.1;
            warmUp = 0.2;
        }
        check(rounds >= 1, "--rounds must be >= 1, was " + rounds);
        check(seconds > 0, "--seconds must be > 0, was " + seconds);
        check(warmUp > 0, "--warm-up must be > 0, was " + warmUp);
    }

    /** An error of usage, if something that was asked for makes no sense. */
    void check(boolean ok, String message) {
        if (!ok) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    /** Of these loads those that were asked for. */
    <L> List<L> chosen(List<L> loads) {
        List<L> chosen = loads.stream().filter(load -> load.toString().contains(only)).toList();
        check(!chosen.isEmpty(), "--only " + only + " leaves no load");
        return chosen;
    }

    /**
     * Warms up once more, where there is much code, or it runs for the first time. A peer that
     * fails fails again when it is measured, and is left out there.
     */
    void warmUp(List<? extends Subject> subjects) throws IOException, InterruptedException {
        for (Subject s : subjects) {
            try {
                s.load(warmUp);
            } catch (IOException e) {
                if (s == subjects.getFirst()) {
                    throw e;
                }
            }
        }
    }

    /** A program under measurement. */
    private static final class Measured {
        final Subject subject;
        final List<Slot> slots = new ArrayList<>();
        CpuTime before = CpuTime.NONE;

        Measured(Subject subject) {
            this.subject = subject;
        }

        Scenario.Row row(Measured baseline) throws IOException {
            return Scenario.Row.of(
                    subject.title(),
                    slots,
                    baseline.slots,
                    subject.cpuTime().systemShareSince(before));
        }
    }

    /** What to do with each of several. */
    private interface Use {
        void of(Measured measured) throws IOException, InterruptedException;
    }

    /**
     * Measures programs under a load; the first is the baseline. One that fails is left out, and
     * told of: a peer's bug is no reason to throw the others' figures away.
     */
    <L> Scenario<L> measure(L load, List<? extends Subject> subjects)
            throws IOException, InterruptedException {
        sayHowLong(load, subjects.size());
        List<Measured> all = new ArrayList<>();
        for (Subject s : subjects) {
            all.add(new Measured(s));
        }
        List<String> failures = new ArrayList<>();
        // In two turns, so that the compilers' work on the core of the first disturbs no second.
        for (int i = 0; i < 2; i++) {
            each(all, 0, failures, m -> m.subject.load(warmUp / 2));
        }
        each(all, 0, failures, m -> m.before = m.subject.cpuTime());
        for (int round = 0; round < rounds; round++) {
            each(all, round, failures, m -> m.slots.add(m.subject.load(seconds)));
        }
        List<Scenario.Row> rows = new ArrayList<>();
        for (Measured m : all) {
            rows.add(m.row(all.getFirst()));
        }
        double disturbed =
                Stats.median(all.stream().flatMap(m -> m.slots.stream()).toList(), Slot::disturbed);
        return new Scenario<>(load, disturbed, rows, failures);
    }

    /** Uses them in turn, from that one on; removes those that fail. */
    private static void each(List<Measured> all, int from, List<String> failures, Use use)
            throws IOException, InterruptedException {
        List<Measured> turns = new ArrayList<>(all);
        Collections.rotate(turns, -from);
        for (Measured m : turns) {
            try {
                use.of(m);
            } catch (IOException e) {
                if (m == all.getFirst()) {
                    throw e;
                }
                all.remove(m);
                failures.add("left out, as it failed: " + e.getMessage());
                System.err.println(failures.getLast());
            }
        }
    }

    private void sayHowLong(Object load, int subjects) {
        System.err.printf(
                Locale.ROOT,
                "%s: %d programs, %d rounds: about %.0f s ...%n",
                load,
                subjects,
                rounds,
                subjects * (warmUp + rounds * seconds));
    }

    /** The result of all that was measured. */
    <L> Comparison<L> comparison(
            List<Scenario<L>> scenarios, List<Comparison.Idle> idle, List<Aim> aims) {
        return new Comparison<>(
                spec.name(),
                "./weft bench "
                        + String.join(" ", spec.commandLine().getParseResult().originalArgs()),
                Machine.here(),
                Child.JVM_FLAGS,
                Cores.canSeparate(),
                scenarios,
                idle,
                aims);
    }

    /** Prints it as the options say. */
    void print(Comparison<?> result, String operation, String operations) {
        System.out.println(json ? Json.of(result) : result.text(operation, operations));
    }
}
