package dev.weft;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Who is told of one signal: the listener that was added last. The signal's handler in the process
 * is replaced while there are listeners, and put back when the last of them has gone.
 */
final class SignalListeners {
    /** Told on a thread of the JVM's; only enqueues, or ends the process. */
    interface Listener {
        void arrived();
    }

    private static final Map<String, SignalListeners> BY_SIGNAL = new HashMap<>(); // its own lock

    private final String name;
    private final Object handler;
    private final List<Listener> listeners = new ArrayList<>(1);
    private Object previous;

    /** Puts the handler in force. */
    private SignalListeners(String name) {
        this.name = name;
        handler = NativeSignals.handler(name, this::arrived);
        previous = NativeSignals.install(name, handler);
    }

    /** Adds a listener, which is told from now on, and no other until it is removed. */
    static void add(String name, Listener listener) {
        synchronized (BY_SIGNAL) {
            SignalListeners all = BY_SIGNAL.get(name);
            if (all == null) {
                all = new SignalListeners(name);
                BY_SIGNAL.put(name, all);
            }
            all.listeners.add(listener);
        }
    }

    /** Adds a listener if the process ends at this signal otherwise; whether it did. */
    static boolean addIfUnhandled(String name, Listener listener) {
        synchronized (BY_SIGNAL) {
            if (BY_SIGNAL.containsKey(name)) {
                return false;
            }
            SignalListeners all;
            try {
                all = new SignalListeners(name);
            } catch (IllegalArgumentException | UnsupportedOperationException e) {
                return false;
            }
            if (!NativeSignals.isDefault(all.previous)) {
                all.restore();
                return false;
            }
            BY_SIGNAL.put(name, all);
            all.listeners.add(listener);
            return true;
        }
    }

    /** Removes a listener; false when it was removed before. */
    static boolean remove(String name, Listener listener) {
        synchronized (BY_SIGNAL) {
            SignalListeners all = BY_SIGNAL.get(name);
            if (all == null || !all.listeners.remove(listener)) {
                return false;
            }
            if (all.listeners.isEmpty()) {
                BY_SIGNAL.remove(name);
                all.restore();
            }
            return true;
        }
    }

    /** Removes all listeners, of any signal, that fulfil a condition. */
    static void removeIf(Predicate<Listener> condition) {
        synchronized (BY_SIGNAL) {
            BY_SIGNAL
                    .values()
                    .removeIf(all -> {
                        all.listeners.removeIf(condition);
                        boolean empty = all.listeners.isEmpty();
                        if (empty) {
                            all.restore();
                        }
                        return empty;
                    });
        }
    }

    /** Puts the former handler back, unless somebody else has put theirs in our place meanwhile. */
    private void restore() {
        Object found = NativeSignals.install(name, previous);
        if (found != handler) {
            previous = NativeSignals.install(name, found);
        }
    }

    private void arrived(Object signal) {
        Listener last;
        synchronized (BY_SIGNAL) {
            last = listeners.isEmpty() ? null : listeners.getLast();
        }
        if (last != null) {
            last.arrived();
        } else {
            NativeSignals.pass(signal, previous); // it came while the last one was being removed
        }
    }

    /** The listener that is told of a signal; for tests. */
    static @Nullable Listener of(String name) {
        synchronized (BY_SIGNAL) {
            SignalListeners all = BY_SIGNAL.get(name);
            return all == null ? null : all.listeners.getLast();
        }
    }
}
