package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * Runs several bodies, one after the other, on one loop. Counterpart of {@code asyncio.Runner}; for
 * one body use {@link Async#run}, for a loop that also works between runs {@link Loop#open}.
 *
 * <p>SIGINT (Ctrl-C), during a {@code run} on the JVM's main thread and unless somebody else
 * handles that signal, cancels the body; when that has ended, {@code run} throws {@link
 * InterruptedRunException}. A second SIGINT before then ends the process at once, with status 130
 * and without shutdown hooks. After {@code run} the signal does what it did before.
 *
 * {@snippet file="OffloadSnippetsTest.java" region="runner"}
 */
public final class Runner implements AutoCloseable {
    private final LoopOptions options;
    private final Object lock = new Object();
    private @Nullable Loop loop; // guarded by the lock, as is closed
    private boolean closed;

    private Runner(LoopOptions options) {
        this.options = options;
    }

    /**
     * Makes a runner whose loop has the default options.
     *
     * @return a runner; its loop is opened when it is first needed
     */
    public static Runner open() {
        return open(LoopOptions.defaults());
    }

    /**
     * Makes a runner.
     *
     * @param options its loop's options
     * @return a runner; its loop is opened when it is first needed
     */
    public static Runner open(LoopOptions options) {
        return new Runner(Checks.notNull(options, "options"));
    }

    /**
     * Runs a body as a task, and blocks the calling thread until it and all tasks that it left
     * behind have ended. Interrupting the calling thread cancels the body.
     *
     * @param body what to run
     * @param <T> the type of its result
     * @return its result
     * @throws IllegalStateException if the runner is closed, runs another body, or the caller is a
     *     task or callback
     * @throws InterruptedRunException if SIGINT cancelled the body
     * @throws java.util.concurrent.CancellationException if the body was cancelled otherwise; its
     *     failure is thrown as {@code await} throws it
     */
    public <T extends @Nullable Object> T run(Body<T> body) {
        Checks.notNull(body, "body");
        Loop.requireForeignThread("Runner.run");
        return loop().run(body, Interrupts::begin);
    }

    /**
     * As {@link #run(Body)}, for a body without a result.
     *
     * @param action what to run
     */
    public void run(Action action) {
        run(Async.body(action));
    }

    /**
     * The loop, which is opened if it has not been.
     *
     * @return the same loop for each call
     * @throws IllegalStateException if the runner is closed
     */
    public Loop loop() {
        synchronized (lock) {
            if (closed) {
                throw new IllegalStateException("the runner is closed: open another");
            }
            Loop l = loop;
            if (l == null) {
                l = Loop.open(options);
                loop = l;
            }
            return l;
        }
    }

    /**
     * Closes the loop, if it was opened, as {@link Loop#close} does. Idempotent.
     *
     * @throws IllegalStateException if the caller is a task or callback of that loop
     */
    @Override
    public void close() {
        Loop l;
        synchronized (lock) {
            l = loop;
            closed |= l == null;
        }
        if (l != null) {
            l.close();
            synchronized (lock) {
                closed = true;
            }
        }
    }
}
