package dev.weft;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * What goes along from one thread to another, captured where something is handed over and set where
 * it runs.
 *
 * <p>Two kinds. {@code ThreadLocal}s that are registered with Micrometer's context-propagation
 * (SLF4J's MDC, a trace), if that is there: {@link #threadLocals}. And {@link TaskLocal}s, which
 * fibers carry anyway, and threads of no loop only from {@link #wrap} on.
 */
final class Context {
    /** Whether Micrometer's context-propagation is there; if not, nothing here costs anything. */
    static final boolean PROPAGATES = isThere();

    /** For threads of no loop: what runs there for a task. */
    private static final ThreadLocal<@Nullable Context> BORROWED = new ThreadLocal<>();

    /** Owned by the thread. */
    @Nullable Locals locals;

    private Context(@Nullable Locals locals) {
        this.locals = locals;
    }

    private static boolean isThere() {
        try {
            Class.forName(
                    "io.micrometer.context.ContextSnapshotFactory",
                    false,
                    Context.class.getClassLoader());
            Propagation.load();
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        } catch (LinkageError e) {
            LoggerFactory.getLogger(Context.class)
                    .warn("context-propagation does not work: no ThreadLocals go along", e);
            return false;
        }
    }

    /** Looks for the library while no task waits for that. */
    static void prepare() {}

    /** What {@link #wrap} has set on this thread of no loop, or null. */
    static @Nullable Context borrowed() {
        return BORROWED.get();
    }

    // ---- for fibers, which carry TaskLocals themselves

    /** The same body with the caller's registered ThreadLocals; for a new thread. */
    static <T extends @Nullable Object> Body<T> threadLocals(Body<T> body) {
        return PROPAGATES ? Propagation.wrapForNewThread(body) : body;
    }

    /** The same callback with the caller's registered ThreadLocals. */
    static Runnable threadLocals(Runnable callback) {
        return PROPAGATES ? Propagation.wrap(callback) : callback;
    }

    // ---- for threads of no loop

    /** The same body with all of the caller's context; for any thread, any number of times. */
    static <T extends @Nullable Object> Body<T> wrap(Body<T> body) {
        Locals locals = Locals.current();
        Body<T> inner = PROPAGATES ? Propagation.wrap(body) : body;
        return () -> run(locals, inner);
    }

    /** As {@link #wrap(Body)}. */
    static <T extends @Nullable Object> Callable<T> wrap(Callable<T> callable) {
        return wrap((Body<T>) callable::call)::run;
    }

    /** As {@link #wrap(Body)}. */
    static Runnable wrap(Runnable runnable) {
        Body<@Nullable Void> body =
                wrap(
                        (Body<@Nullable Void>)
                                () -> {
                                    runnable.run();
                                    return null;
                                });
        return () -> {
            try {
                body.run();
            } catch (Exception e) {
                throw FutureImpl.unchecked(e); // never a checked one: a Runnable throws none
            }
        };
    }

    private static <T extends @Nullable Object> T run(@Nullable Locals locals, Body<T> body)
            throws Exception {
        Fiber fiber = Fiber.current();
        if (fiber != null) { // an executor that runs things in the calling thread
            Locals before = fiber.locals;
            fiber.locals = locals;
            try {
                return body.run();
            } finally {
                fiber.locals = before;
            }
        }
        Context before = BORROWED.get();
        BORROWED.set(new Context(locals));
        try {
            return body.run();
        } finally {
            if (before == null) {
                BORROWED.remove();
            } else {
                BORROWED.set(before);
            }
        }
    }
}
