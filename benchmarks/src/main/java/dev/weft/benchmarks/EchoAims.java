package dev.weft.benchmarks;

import dev.weft.benchmarks.EchoResult.Row;
import dev.weft.benchmarks.EchoResult.Scenario;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the echo of a loop is to cost, as ratios of processor time. */
final class EchoAims {
    private static final int LARGE = 100 * 1024;

    private final Scenario scenario;
    private final EchoLoad load;
    private final List<Aim> aims = new ArrayList<>();

    private EchoAims(Scenario scenario) {
        this.scenario = scenario;
        load = scenario.load();
    }

    static List<Aim> of(List<Scenario> scenarios) {
        List<Aim> all = new ArrayList<>();
        for (Scenario scenario : scenarios) {
            EchoAims of = new EchoAims(scenario);
            of.add();
            all.addAll(of.aims);
        }
        return all;
    }

    private void add() {
        Row weft = row(EchoServer.Kind.WEFT.title);
        Row netty = row(EchoServer.Kind.NETTY.title);
        if (weft == null || netty == null) {
            return;
        }
        if (load.inFlight() > 1) {
            atMost("user CPU to raw Netty's", 1.3, userMicros(weft) / userMicros(netty));
        } else if (load.shape() == EchoLoad.Shape.ECHO) {
            atMost("CPU to raw Netty's", sameTransport(), weft.ratios().cpu());
            Row uring = row(EchoServer.Kind.WEFT_URING.title);
            if (uring != null && load.bytes() < LARGE) {
                atMost(
                        "CPU of the better transport to raw Netty's on epoll",
                        bestTransport(),
                        Math.min(weft.ratios().cpu(), uring.ratios().cpu()));
            }
        }
        againstPeers(weft);
    }

    private double sameTransport() {
        return load.bytes() >= LARGE || load.connections() == 1 || load.connections() >= 1000
                ? 1.10
                : 1.06;
    }

    private double bestTransport() {
        return load.connections() == 1 ? 1.10 : load.connections() >= 1000 ? 1.05 : 1.00;
    }

    private void againstPeers(Row weft) {
        for (Row peer : scenario.rows()) {
            double ratio = weft.ratios().cpu() / peer.ratios().cpu();
            if (peer.server().equals(EchoServer.Kind.VERTX.title)) {
                atMost("CPU to Vert.x's", 1, ratio);
            } else if (peer.server().startsWith("uvloop") && peer.server().endsWith("streams")) {
                atMost("CPU to uvloop's streams", 0.7, ratio);
            }
        }
    }

    private @Nullable Row row(String server) {
        return scenario.rows().stream()
                .filter(r -> r.server().equals(server))
                .findFirst()
                .orElse(null);
    }

    private static double userMicros(Row row) {
        return row.absolute().cpu() * (1 - row.systemShare());
    }

    private void atMost(String what, double aim, double measured) {
        aims.add(Aim.atMost(load + ": " + what, aim, measured));
    }
}
