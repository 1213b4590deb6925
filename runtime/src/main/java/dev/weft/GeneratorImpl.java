package dev.weft;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a generator's handle and its body share. Kept apart from the handle, which the body must not
 * keep reachable: so it shows when nobody can ask any more.
 *
 * <p>Fields belong to whoever runs, the consumer or the body; their {@link Coroutine} sees to it
 * that it is one at a time, and publishes them.
 */
final class GeneratorImpl<T extends @Nullable Object> implements Generator.Emitter<T>, Runnable {
    /**
     * How often a body that is being closed may emit, and be told not to, before it is given up: it
     * might do so for ever, and would hold the loop.
     */
    private static final int PATIENCE = 100;

    private static final VarHandle COROUTINE;

    static {
        try {
            COROUTINE =
                    MethodHandles.lookup()
                            .findVarHandle(GeneratorImpl.class, "coroutine", Coroutine.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Null when it has begun or will not. */
    private @Nullable Body<@Nullable Void> body;

    /** Null until somebody asks, and so decides on which loop it runs, or on none. */
    private volatile @Nullable Coroutine coroutine;

    private @Nullable Object value;

    /** There is a value that nobody has taken. */
    private boolean full;

    /** There will be no more values. */
    private volatile boolean done;

    private boolean closing;
    private int ignoredExits;

    /** For whoever has asked. */
    private @Nullable Throwable failure;

    GeneratorImpl(Generator.Body<T> body) {
        this.body =
                () -> {
                    body.run(this);
                    return null;
                };
    }

    // ---- for the consumer

    boolean hasNext(Generator<T> handle) {
        if (done) {
            return false;
        }
        Coroutine c = coroutine();
        c.enter();
        try {
            return advance(c, handle);
        } finally {
            c.leave();
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // null is a T where it was emitted
    T next(Generator<T> handle) {
        if (!done) {
            Coroutine c = coroutine();
            c.enter();
            try {
                if (advance(c, handle)) {
                    T taken = (T) value;
                    value = null;
                    full = false;
                    return taken;
                }
            } finally {
                c.leave();
            }
        }
        throw new NoSuchElementException("the generator has ended");
    }

    boolean isDone() {
        return done;
    }

    void close() {
        if (done) {
            return;
        }
        Coroutine c = coroutine();
        c.enter();
        try {
            value = null;
            full = false;
            if (c.hasBegun()) {
                closing = true;
                c.resume();
                throwFailure();
            } else {
                body = null;
                done = true;
            }
        } finally {
            c.leave();
        }
    }

    private boolean advance(Coroutine c, Generator<T> handle) {
        if (!full && !done) {
            Body<@Nullable Void> b = body;
            if (!c.hasBegun() && b != null) {
                body = Context.threadLocals(b);
                c.begin(handle);
            }
            c.resume();
            throwFailure();
        }
        return full;
    }

    private void throwFailure() {
        Throwable e = failure;
        if (e != null) {
            failure = null;
            throw TaskImpl.thrown(e);
        }
    }

    private Coroutine coroutine() {
        Coroutine c = coroutine;
        if (c == null) {
            Fiber fiber = Fiber.current();
            c = fiber == null ? new ThreadCoroutine(this) : new FiberCoroutine(this, fiber);
            if (!COROUTINE.compareAndSet(this, null, c)) {
                c = Objects.requireNonNull(coroutine);
            }
        }
        return c;
    }

    // ---- the body's thread

    @Override
    public void run() {
        Coroutine c = coroutine();
        c.awaitFirst();
        Body<@Nullable Void> b = body;
        body = null;
        Throwable failed = null;
        try {
            if (!closing && b != null) { // else the first step has failed, and never came here
                b.run();
            }
        } catch (Throwable e) {
            failed = closing && e instanceof GeneratorExit ? suppressed(e) : e;
        }
        if (failed == null && ignoredExits > 0) {
            failed = emittedWhileClosing();
        }
        failure = failed;
        done = true;
        c.end();
    }

    /** What went wrong while the body was unwound, where {@code close} of a resource has thrown. */
    private static @Nullable Throwable suppressed(Throwable exit) {
        Throwable[] all = exit.getSuppressed();
        for (int i = 1; i < all.length; i++) {
            all[0].addSuppressed(all[i]);
        }
        return all.length == 0 ? null : all[0];
    }

    @Override
    public void emit(T emitted) {
        Coroutine c = coroutine;
        if (c == null || !c.isBody()) {
            throw new IllegalStateException(
                    "only the generator's body itself can emit, not a task or thread that it started:"
                            + " await that in the body, and emit the result there");
        }
        if (closing) {
            refuse(c);
        }
        value = emitted;
        full = true;
        try {
            c.suspend();
        } catch (VirtualMachineError | IllegalStateException e) {
            value = null; // it could not: nobody was asked to take it
            full = false;
            throw e;
        }
        if (closing) {
            throw new GeneratorExit();
        }
    }

    @Override
    public void emitAll(Iterable<? extends T> values) {
        Checks.notNull(values, "values");
        if (values instanceof Generator<? extends T> generator) {
            try (generator) {
                generator.forEachRemaining(this::emit);
            }
        } else {
            values.forEach(this::emit);
        }
    }

    private void refuse(Coroutine c) {
        IllegalStateException refused = emittedWhileClosing();
        if (++ignoredExits > PATIENCE) {
            failure = refused;
            done = true;
            for (; ; ) {
                c.suspend();
            }
        }
        throw refused;
    }

    private static IllegalStateException emittedWhileClosing() {
        return new IllegalStateException(
                "cannot emit: the generator is being closed; its body must not catch GeneratorExit and"
                        + " go on, nor emit in a finally block");
    }
}
