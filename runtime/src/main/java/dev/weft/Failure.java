package dev.weft;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/**
 * The failure of a future, and the promise that it is not lost: either somebody retrieves it, or it
 * is reported, once.
 *
 * <p>It reports itself when its future has become unreachable, or when its scope ends, whichever
 * comes first. So neither this object nor the exception may keep the future reachable.
 */
final class Failure {
    static final Cleaner CLEANER = Cleaner.create();
    private static final VarHandle SETTLED;

    static {
        try {
            SETTLED = MethodHandles.lookup().findVarHandle(Failure.class, "settled", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** For when there is no memory left to say so. */
    static final Failure OUT_OF_MEMORY =
            new Failure(new OutOfMemoryError("out of memory while a failure was being kept"));

    private final Throwable cause;

    /** Retrieved or reported. */
    private volatile boolean settled;

    private volatile Cleaner.@Nullable Cleanable unreachable;
    private @Nullable ScopeImpl scope;
    private String description = "";

    private Failure(Throwable cause) {
        this.cause = cause;
    }

    /** Initialises this class while there is memory for it. */
    static void prepare() {}

    static Failure of(Throwable cause) {
        try {
            return new Failure(cause);
        } catch (OutOfMemoryError e) {
            return OUT_OF_MEMORY;
        }
    }

    /** The exception, which is in good hands from now on. */
    Throwable retrieve() {
        if (settle()) {
            forget();
        }
        return cause;
    }

    private boolean settle() {
        return !settled && SETTLED.compareAndSet(this, false, true);
    }

    /** Sees to it that the failure is reported unless it is retrieved in time. */
    void watch(FutureImpl<?> future, @Nullable ScopeImpl owner, String what) {
        if (settled || this == OUT_OF_MEMORY) {
            return;
        }
        scope = owner;
        description = what;
        if (owner != null && !owner.addFailure(this)) {
            report();
            return;
        }
        unreachable = CLEANER.register(future, this::report);
        if (settled) {
            forget();
        }
    }

    /** Reports it, if nobody has retrieved it. */
    void report() {
        if (settle()) {
            forget();
            UnhandledFailure unhandled =
                    new UnhandledFailure(
                            "the failure of " + description + " was never retrieved",
                            cause,
                            description);
            ScopeImpl owner = scope;
            if (owner == null) {
                unhandled.log();
            } else {
                owner.loop().report(unhandled);
            }
        }
    }

    private void forget() {
        ScopeImpl owner = scope;
        if (owner != null) {
            owner.removeFailure(this);
        }
        Cleaner.Cleanable c = unreachable;
        if (c != null) {
            unreachable = null;
            c.clean();
        }
    }
}
