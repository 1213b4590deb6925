package dev.weft.benchmarks;

import dev.weft.benchmarks.Scenario.Row;
import java.util.ArrayList;
import java.util.List;

/** What the echo of a loop is to cost, as ratios of processor time. */
final class EchoAims {
    private static final int LARGE = 100 * 1024;

    private final Scenario<EchoLoad> scenario;
    private final EchoLoad load;
    private final List<Aim> aims = new ArrayList<>();

    private EchoAims(Scenario<EchoLoad> scenario) {
        this.scenario = scenario;
        load = scenario.load();
    }

    static List<Aim> of(List<Scenario<EchoLoad>> scenarios) {
        List<Aim> all = new ArrayList<>();
        for (Scenario<EchoLoad> scenario : scenarios) {
            EchoAims of = new EchoAims(scenario);
            of.add();
            all.addAll(of.aims);
        }
        return all;
    }

    private void add() {
        Row weft = scenario.row(EchoServer.Kind.WEFT.title);
        Row netty = scenario.row(EchoServer.Kind.NETTY.title);
        if (weft == null || netty == null) {
            return;
        }
        if (load.inFlight() > 1) {
            atMost("user CPU to raw Netty's", 1.3, weft.userMicros() / netty.userMicros());
        } else if (load.shape() == EchoLoad.Shape.ECHO) {
            atMost("CPU to raw Netty's", sameTransport(), weft.ratios().cpu());
            Row uring = scenario.row(EchoServer.Kind.WEFT_URING.title);
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
            if (peer.program().equals(EchoServer.Kind.VERTX.title)) {
                atMost("CPU to Vert.x's", 1, ratio);
            } else if (peer.program().startsWith("uvloop") && peer.program().endsWith("streams")) {
                atMost("CPU to uvloop's streams", 0.7, ratio);
            }
        }
    }

    private void atMost(String what, double aim, double measured) {
        aims.add(Aim.atMost(load + ": " + what, aim, measured));
    }
}
