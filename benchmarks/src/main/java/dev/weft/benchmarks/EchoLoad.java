package dev.weft.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How servers are loaded.
 *
 * @param shape what the connections do
 * @param connections how many
 * @param bytes the size of a message
 * @param inFlight how many messages a connection has under way at once
 */
record EchoLoad(Shape shape, int connections, int bytes, int inFlight) {
    /** What the connections do. */
    enum Shape {
        /** They send the next message when the echo of an earlier one is complete. */
        ECHO,
        /** The same, over TLS. */
        TLS,
        /** Each is set up, has one message echoed, and is reset; then the next one is set up. */
        SET_UP,
        /** They do nothing, once each has had one message echoed. */
        IDLE
    }

    static EchoLoad echo(int connections, int bytes) {
        return new EchoLoad(Shape.ECHO, connections, bytes, 1);
    }

    /** Two that tell most. */
    static List<EchoLoad> few() {
        return List.of(echo(50, 1000), echo(1, 64));
    }

    /** All that are worth knowing. */
    static List<EchoLoad> all() {
        List<EchoLoad> loads = new ArrayList<>();
        for (int connections : List.of(1, 50, 1000)) {
            for (int bytes : List.of(64, 1024, 100 * 1024)) {
                loads.add(echo(connections, bytes));
            }
        }
        loads.add(echo(10, 1024));
        loads.add(new EchoLoad(Shape.ECHO, 50, 64, 16));
        loads.add(new EchoLoad(Shape.TLS, 50, 1024, 1));
        loads.add(new EchoLoad(Shape.SET_UP, 50, 64, 1));
        loads.add(new EchoLoad(Shape.IDLE, 10_000, 64, 1));
        return loads;
    }

    /** As on the command line, where it is one of those that can be given there. */
    @Override
    public String toString() {
        String many = connections == 1 ? "1 connection" : fmt(connections) + " connections";
        return switch (shape) {
            case ECHO ->
                    many
                            + " x "
                            + fmt(bytes)
                            + " bytes"
                            + (inFlight == 1 ? "" : ", " + inFlight + " in flight on each");
            case TLS -> many + " x " + fmt(bytes) + " bytes over TLS";
            case SET_UP ->
                    many + " at a time, each for one message of " + fmt(bytes) + " bytes only";
            case IDLE -> many + ", idle";
        };
    }

    private static String fmt(int n) {
        return String.format(Locale.ROOT, "%,d", n);
    }
}
