package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * A function that waits in the run queue for its turn on the loop's callback thread; runs at most
 * once.
 */
class Callback extends RunQueue.Entry implements Handle {
    final Loop loop;

    /**
     * Where {@code async} inside the function starts tasks: the scope in which it was registered.
     */
    final @Nullable ScopeImpl scope;

    /** What the task-locals were set to there. */
    final @Nullable Locals locals = Locals.current();

    /** Null once run or cancelled. */
    private volatile @Nullable Runnable function;

    private volatile boolean cancelled;

    Callback(Loop loop, @Nullable ScopeImpl scope, Runnable function) {
        this.loop = loop;
        this.scope = scope;
        this.function = function;
    }

    @Override
    void run() {
        loop.scheduler.runFromQueue(this);
    }

    /** Runs the function; on the callback thread. */
    void call() {
        Runnable f = function;
        if (f == null) {
            return;
        }
        function = null;
        try {
            f.run();
        } catch (Throwable e) {
            loop.report(new UnhandledFailure("a callback failed: " + nameOf(f), e, null));
        }
    }

    /**
     * Whether there is nothing to run any more, so that the callback thread need not be bothered.
     */
    boolean isSpent() {
        return function == null;
    }

    @Override
    public boolean cancel() {
        boolean pending = function != null;
        if (pending) {
            cancelled = true;
            function = null;
        }
        return pending;
    }

    @Override
    public boolean isCancelled() {
        return cancelled;
    }

    private static String nameOf(Runnable function) {
        try {
            return function.toString();
        } catch (Throwable e) {
            return function.getClass().getName(); // its toString fails too
        }
    }
}
