package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * Unix signals as callbacks of a loop. Counterpart of {@code loop.add_signal_handler} and {@code
 * remove_signal_handler}.
 *
 * <p>A program that is to clean up at SIGTERM completes a promise there, which its main task
 * awaits. SIGINT (Ctrl-C) needs no handler for that: it cancels the body of {@link Async#run}, see
 * {@link Runner}.
 *
 * {@snippet file="OffloadSnippetsTest.java" region="signals"}
 */
public final class Signals {
    private Signals() {}

    /**
     * Calls a function on the current loop's callback thread each time a signal arrives. The
     * process does not end at that signal meanwhile. Does not suspend.
     *
     * <p>Of several registrations for one signal, of whatever loop, the latest alone is called.
     * Cancelling it puts the one before it back in force, at last what the JVM did before: for
     * SIGINT, SIGTERM and SIGHUP, ending the process. Closing the loop cancels all of its
     * registrations. Signals that arrive while the loop is busy are called for afterwards; of
     * several at once the system may deliver but one.
     *
     * <p>No effect where the process was started with the signal ignored, as by {@code nohup}.
     *
     * @param signal the signal's name, as {@code TERM} or {@code SIGTERM}
     * @param function what to call; it is no task and may not {@code await}. What it throws goes to
     *     the exception handler
     * @return a handle that takes the registration back
     * @throws IllegalArgumentException if there is no such signal, or the JVM needs it itself (such
     *     as QUIT, SEGV and KILL)
     * @throws IllegalStateException on a thread of no loop: name the loop instead
     * @throws UnsupportedOperationException if the JVM was started without the module {@code
     *     jdk.unsupported}
     */
    public static Handle on(String signal, Runnable function) {
        Fiber fiber = Fiber.current();
        if (fiber == null) {
            throw new IllegalStateException(
                    "Signals.on needs a loop to call the function on, and this thread has none: use"
                            + " Signals.on(loop, signal, function)");
        }
        return register(Loop.of(fiber), fiber.scope, signal, function);
    }

    /**
     * As {@link #on(String, Runnable)}, on the loop given; from any thread.
     *
     * @param loop whose callback thread runs the function
     * @param signal the signal's name
     * @param function what to call
     * @return a handle that takes the registration back
     * @throws IllegalStateException if the loop is closed
     */
    public static Handle on(Loop loop, String signal, Runnable function) {
        Checks.notNull(loop, "loop");
        Fiber fiber = Fiber.current();
        ScopeImpl scope = fiber != null && Loop.of(fiber) == loop ? fiber.scope : null;
        return register(loop, scope, signal, function);
    }

    private static Handle register(
            Loop loop, @Nullable ScopeImpl scope, String signal, Runnable function) {
        Checks.notNull(signal, "signal");
        Checks.notNull(function, "function");
        String name = signal.startsWith("SIG") ? signal.substring(3) : signal;
        Registration registration =
                new Registration(loop, scope != null ? scope : loop.root(), name, function);
        SignalListeners.add(name, registration);
        // Looked at afterwards, so that a loop that closes now either sees it or is seen.
        if (scope == null && loop.isClosed()) {
            registration.cancel();
            throw new IllegalStateException("loop " + loop.name() + " is closed");
        }
        return registration;
    }

    static void removeAll(Loop loop) {
        SignalListeners.removeIf(l -> l instanceof Registration r && r.loop == loop);
    }

    private static final class Registration implements SignalListeners.Listener, Handle {
        private final Loop loop;
        private final ScopeImpl scope;
        private final String name;
        private final Runnable function;

        /** The same with the context of whoever registered it; the JVM's thread has none. */
        private final Runnable call;

        private volatile boolean cancelled;

        Registration(Loop loop, ScopeImpl scope, String name, Runnable function) {
            this.loop = loop;
            this.scope = scope;
            this.name = name;
            this.function = function;
            call = Context.wrap(function);
        }

        @Override
        public void arrived() {
            loop.scheduler.enqueue(new Callback(loop, scope, new Call(this)));
        }

        @Override
        public boolean cancel() {
            boolean removed = SignalListeners.remove(name, this);
            cancelled |= removed;
            return removed;
        }

        @Override
        public boolean isCancelled() {
            return cancelled;
        }
    }

    /** One arrival; nothing once the registration was cancelled. */
    private record Call(Registration registration) implements Runnable {
        @Override
        public void run() {
            if (!registration.cancelled) {
                registration.call.run();
            }
        }

        @Override
        public String toString() {
            return registration.function + " for SIG" + registration.name;
        }
    }
}
