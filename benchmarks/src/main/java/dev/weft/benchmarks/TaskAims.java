package dev.weft.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What Weft's tasks should reach in loop mode: absolute figures, and ratios to others. A ratio is
 * the median of those of each turn, since a machine drifts from one turn to the next.
 */
final class TaskAims {
    private static final String ASYNCIO = "asyncio";

    private TaskAims() {}

    /** Which aims were met; none where the peer was not measured. */
    static List<Aim> of(Map<Figure, Map<String, List<Double>>> values) {
        List<Aim> aims = new ArrayList<>();
        values.forEach((figure, byKind) -> {
            List<Double> weft = byKind.get(TaskProgram.Kind.WEFT.title);
            if (weft != null) {
                absolute(aims, figure, weft);
                asyncio(aims, figure, weft, byKind.get(ASYNCIO));
                netty(aims, figure, weft, byKind.get(TaskProgram.Kind.NETTY.title));
            }
        });
        values.forEach((figure, byKind) -> {
            List<Double> weft = byKind.get(TaskProgram.Kind.WEFT.title);
            String jdk = TaskProgram.Kind.JDK.title;
            if (weft != null && !figure.isOffload()) {
                ahead(aims, figure, weft, jdk, byKind.get(jdk));
            }
        });
        return aims;
    }

    private static void absolute(List<Aim> aims, Figure figure, List<Double> weft) {
        double aim =
                switch (figure) {
                    case START -> 300;
                    case SWITCH -> 250;
                    case SUSPENDED -> 800;
                    default -> Double.NaN;
                };
        if (!Double.isNaN(aim)) {
            String what = figure.title + ", " + figure.measure.unit;
            aims.add(Aim.atMost(what, aim, Stats.median(weft, x -> x)));
        }
    }

    private static void asyncio(
            List<Aim> aims, Figure figure, List<Double> weft, @Nullable List<Double> asyncio) {
        if (asyncio == null) {
            return;
        }
        switch (figure) {
            case START, START_MANY -> faster(aims, figure, weft, ASYNCIO, asyncio, 10);
            case OFFLOAD -> faster(aims, figure, weft, ASYNCIO, asyncio, 1.8);
            case SLEEPING -> share(aims, figure, weft, ASYNCIO, asyncio, 0.55);
            case SUSPENDED, OFFLOAD_THREAD -> {
                // none: for comparison
            }
            default -> faster(aims, figure, weft, ASYNCIO, asyncio, 5);
        }
    }

    private static void netty(
            List<Aim> aims, Figure figure, List<Double> weft, @Nullable List<Double> netty) {
        if (netty != null && figure != Figure.OFFLOAD_MANY) {
            share(aims, figure, weft, TaskProgram.Kind.NETTY.title, netty, 1.1);
        }
    }

    private static void ahead(
            List<Aim> aims,
            Figure figure,
            List<Double> weft,
            String title,
            @Nullable List<Double> other) {
        if (other == null) {
            return;
        }
        if (figure.measure == Figure.Measure.BYTES) {
            share(aims, figure, weft, title, other, 1);
        } else {
            faster(aims, figure, weft, title, other, 1);
        }
    }

    private static void faster(
            List<Aim> aims,
            Figure figure,
            List<Double> weft,
            String title,
            List<Double> other,
            double aim) {
        String what = figure.title + ", times as fast as " + title;
        aims.add(Aim.atLeast(what, aim, ratio(other, weft)));
    }

    private static void share(
            List<Aim> aims,
            Figure figure,
            List<Double> weft,
            String title,
            List<Double> other,
            double aim) {
        String what = figure.title + ", " + figure.measure.unit + " to those of " + title;
        aims.add(Aim.atMost(what, aim, ratio(weft, other)));
    }

    private static double ratio(List<Double> above, List<Double> below) {
        double[] ratios = new double[Math.min(above.size(), below.size())];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = above.get(i) / below.get(i);
        }
        return Stats.median(ratios);
    }
}
