package dev.weft;

import java.util.concurrent.CancellationException;

/**
 * Thrown by {@link Async#run} and {@link Runner#run} on the JVM's main thread when SIGINT (Ctrl-C)
 * has cancelled the body. Counterpart of Python's {@code KeyboardInterrupt}.
 *
 * <p>Uncaught, it ends the program quietly with status 130, as Ctrl-C ends any Java program.
 */
public final class InterruptedRunException extends CancellationException {
    private static final long serialVersionUID = 1L;

    InterruptedRunException(CancellationException cause) {
        super("SIGINT has cancelled the body of run");
        initCause(cause);
    }
}
