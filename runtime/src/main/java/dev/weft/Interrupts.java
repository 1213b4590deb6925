package dev.weft;

import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * SIGINT while a body runs, by asyncio's rule: only for a {@code run} on the JVM's main thread, and
 * only if nobody else handles that signal. The first cancels the body, the second ends the process
 * at once, without shutdown hooks: one that wants the first cleanup to end may be what hangs.
 */
final class Interrupts implements SignalListeners.Listener {
    static final int STATUS = 130; // 128 and the signal's number, by a shell's convention

    private static final String SIGINT = "INT";

    /** The JDK's constant for its first thread is package-private; see Thread.PRIMORDIAL_TID. */
    private static final long MAIN_THREAD = 3;

    private final TaskImpl<?> main;
    private final AtomicInteger arrived = new AtomicInteger();

    private Interrupts(TaskImpl<?> main) {
        this.main = main;
    }

    /** Starts to listen, if the rule says so; {@link #end} must follow. */
    static @Nullable Interrupts begin(TaskImpl<?> main) {
        if (Thread.currentThread().threadId() > MAIN_THREAD) {
            return null;
        }
        Interrupts interrupts = new Interrupts(main);
        return SignalListeners.addIfUnhandled(SIGINT, interrupts) ? interrupts : null;
    }

    @Override
    public void arrived() {
        if (arrived.incrementAndGet() == 1 && !main.isDone()) {
            main.cancel("SIGINT");
        } else {
            Runtime.getRuntime().halt(STATUS);
        }
    }

    void end() {
        SignalListeners.remove(SIGINT, this);
    }

    /** What run throws when the body was cancelled: by SIGINT alone, or by others too. */
    CancellationException thrown(CancellationException cancelled) {
        if (arrived.get() == 0 || main.uncancel() != 0) {
            return cancelled;
        }
        exitWhenUncaught();
        return new InterruptedRunException(cancelled);
    }

    /**
     * Sees to the exit status should the exception leave {@code main}: the JVM would print its
     * stack and exit with 1. Whoever has a handler of their own keeps it.
     */
    private static void exitWhenUncaught() {
        Thread thread = Thread.currentThread();
        ThreadGroup group = thread.getThreadGroup();
        if (thread.getUncaughtExceptionHandler() == group
                && Thread.getDefaultUncaughtExceptionHandler() == null) {
            thread.setUncaughtExceptionHandler((t, failure) -> {
                if (failure instanceof InterruptedRunException) {
                    System.exit(STATUS);
                }
                t.getThreadGroup().uncaughtException(t, failure);
            });
        }
    }
}
