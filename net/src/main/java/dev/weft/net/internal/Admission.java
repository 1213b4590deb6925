package dev.weft.net.internal;

import io.netty.channel.Channel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The places of a server, of which each connection takes one from its acceptance until it is closed
 * and its handler has ended. While all are taken the {@link Gate gates} accept nobody: clients wait
 * in the operating system's backlog, and are neither reset nor served.
 *
 * <p>A transport may accept several connections before it heeds that, and so may the gates of
 * several loops at once. These are held: open, but not registered with any loop. They get the next
 * places, in the order in which they came, and only then anybody else is accepted. So at most 15
 * are held on NIO, and one for each gate on the other transports.
 */
final class Admission {
    private final int max;

    // ---- guarded by this

    private int taken;
    private boolean closed;
    private final ArrayDeque<Held> held = new ArrayDeque<>(0);
    private final List<Gate> gates = new ArrayList<>(1);

    private record Held(Channel child, Gate gate) {}

    Admission(int max) {
        this.max = max;
    }

    /** A gate that is to be told when it may accept again. */
    synchronized void add(Gate gate) {
        gates.add(gate);
    }

    synchronized int taken() {
        return taken;
    }

    synchronized boolean isFull() {
        return taken >= max || !held.isEmpty();
    }

    /**
     * Somebody has come; on the gate's event loop.
     *
     * @return whether there is a place, which is taken now; otherwise the gate is asked again later
     *     to admit the channel, or to refuse it
     */
    boolean enter(Channel child, Gate gate) {
        List<Gate> others;
        synchronized (this) {
            if (closed) {
                gate.refuse(child);
                return false;
            }
            if (isFull()) {
                held.add(new Held(child, gate));
                return false;
            }
            taken++;
            others = taken == max && gates.size() > 1 ? List.copyOf(gates) : List.of();
        }
        for (Gate other : others) {
            other.refreshSoon();
        }
        return true;
    }

    /** A place has become free; from any thread. */
    void leave() {
        Held next;
        List<Gate> waiting;
        synchronized (this) {
            boolean full = isFull();
            next = held.poll();
            if (next == null) {
                taken--;
            }
            waiting = full && !isFull() || isAnyResting() ? List.copyOf(gates) : List.of();
        }
        if (next != null) {
            next.gate.admitSoon(next.child);
        }
        for (Gate gate : waiting) {
            gate.refreshSoon();
        }
    }

    private boolean isAnyResting() {
        for (Gate gate : gates) {
            if (gate.isResting()) {
                return true;
            }
        }
        return false;
    }

    /** Nobody gets a place any more, those that are held neither. */
    void close() {
        for (Held h; (h = closeAndPoll()) != null; ) {
            h.gate.refuseSoon(h.child);
        }
    }

    private synchronized @Nullable Held closeAndPoll() {
        closed = true;
        return held.poll();
    }
}
