package dev.weft.repl;

import dev.weft.Body;
import dev.weft.CancelledError;
import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.Task;
import dev.weft.UnhandledFailure;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import jdk.jshell.execution.DirectExecutionControl;
import jdk.jshell.spi.ExecutionEnv;
import jdk.jshell.spi.SPIResolutionException;
import org.jspecify.annotations.Nullable;

/**
 * Runs jshell's snippets as tasks of a loop, which lives as long as this object: from the prompt's
 * start, or {@code /reset}, to its end. The tasks belong to the loop, not to the snippet, and so
 * live on while the user types the next line.
 *
 * <h2>Stopping a snippet</h2>
 *
 * Ctrl-C cancels the snippet's task, which ends it at its suspension point and lets it clean up.
 * The request reaches a task only when the loop gets to it: if something computes or blocks in
 * there, nothing happens. So {@link #stop} looks whether the loop answers. As long as it does not,
 * the snippet's thread is interrupted and {@link StopCheck} ends whichever task's code holds it.
 */
final class LoopExecution extends DirectExecutionControl {
    static final String CTRL_C = "Ctrl-C";

    /** How long the loop may fail to answer before what holds it is stopped by force. */
    private static final long HELD_MILLIS = 1000;

    /** So many attempts later, about 5 s, the user is told. */
    private static final int STUBBORN_ROUNDS = 50;

    /** The prompt's; one at a time, as there is one terminal. */
    private static volatile @Nullable LoopExecution current;

    private final ExecutionEnv env;
    private final Loop loop;
    private final InputStream input;

    /** What runs; set by the thread that evaluates, read by those that stop it. */
    private volatile @Nullable Snippet snippet;

    private volatile boolean closing;

    private LoopExecution(ExecutionEnv env) {
        super(new SnippetLoader());
        this.env = env;
        input = new SnippetInput(env.userIn());
        loop = Loop.open(LoopOptions.defaults());
        loop.onUnhandled(this::report);
    }

    static LoopExecution open(ExecutionEnv env, boolean banner) {
        LoopExecution execution = new LoopExecution(env);
        current = execution;
        if (banner) {
            env.userOut().print(Banner.text(execution.loop));
            env.userOut().flush();
        }
        return execution;
    }

    /** What SIGINT does: stops what runs; while the prompt closes, ends the process. */
    static void interruptCurrent() {
        LoopExecution execution = current;
        if (execution == null) {
            return;
        }
        if (execution.closing) {
            Runtime.getRuntime().exit(130);
        }
        execution.stop();
    }

    // ---- running

    /** A snippet, or the printing of a variable, and the task that runs it. */
    private static final class Snippet implements Body<String> {
        private final Body<String> body;

        /** Set by the task before anything of the user's runs. */
        private volatile @Nullable Thread thread;

        /** What its body threw; if the task was cancelled, this tells where. */
        private volatile @Nullable Throwable thrown;

        // Guarded by this: it runs before its task is known here, and may be stopped as early.
        private @Nullable Task<?> task;
        private boolean stopped;

        Snippet(Body<String> body) {
            this.body = body;
        }

        synchronized void isRunBy(Task<?> runner) {
            task = runner;
            if (stopped) {
                runner.cancel(CTRL_C);
            }
        }

        synchronized void cancel() {
            stopped = true;
            if (task != null) {
                task.cancel(CTRL_C);
            }
        }

        @Override
        public String run() throws Exception {
            thread = Thread.currentThread();
            try {
                return body.run();
            } catch (Throwable e) {
                thrown = e;
                throw e;
            }
        }
    }

    @Override
    protected String invoke(Method doit) throws Exception {
        InputStream in = System.in;
        // What snippets read has to come through the prompt's reader, which reads ahead.
        System.setIn(input);
        try {
            // The value's text is made on the loop, too: it may look at what tasks change.
            return runOnLoop(new Snippet(() -> valueString(call(doit))));
        } finally {
            System.setIn(in);
        }
    }

    private static @Nullable Object call(Method doit) throws Exception {
        try {
            return doit.invoke(null);
        } catch (InvocationTargetException e) {
            Throwable failure = e.getCause();
            throw Traces.sneaky(failure != null ? failure : e);
        }
    }

    @Override
    public String varValue(String className, String varName)
            throws RunException, EngineTerminationException, InternalException {
        try {
            return runOnLoop(new Snippet(() -> super.varValue(className, varName)));
        } catch (InvocationTargetException e) {
            Throwable failure = e.getCause();
            if (failure instanceof RunException shown) {
                throw shown;
            }
            if (failure instanceof InternalException shown) {
                throw shown;
            }
            throw converted(failure != null ? failure : e);
        }
    }

    /** Blocks until the snippet has ended, and throws its failure as a reflective call would. */
    private String runOnLoop(Snippet now) throws InvocationTargetException {
        snippet = now;
        try {
            Task<String> task = loop.submit(now);
            now.isRunBy(task);
            for (; ; ) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    // Nobody has a reason to: this waits for the snippet, and that can be stopped.
                } catch (CancellationException e) {
                    throw new InvocationTargetException(cancelled(e, now.thrown));
                } catch (ExecutionException e) {
                    throw new InvocationTargetException(e.getCause());
                }
            }
        } finally {
            snippet = null;
        }
    }

    /** However the snippet ended, its task was cancelled: that is shown, and where, if known. */
    private static CancelledError cancelled(CancellationException e, @Nullable Throwable thrown) {
        if (thrown instanceof CancelledError error) {
            return error;
        }
        CancelledError error = new CancelledError(thrown != null ? CTRL_C : e.getMessage());
        error.setStackTrace(thrown != null ? thrown.getStackTrace() : new StackTraceElement[0]);
        return error;
    }

    // ---- failing

    @Override
    protected String throwConvertedInvocationException(Throwable cause) throws RunException {
        throw converted(cause);
    }

    private static RunException converted(Throwable failure) {
        StackTraceElement[] trace = Traces.trimmed(failure);
        if (failure instanceof SPIResolutionException unresolved) {
            return new ResolutionException(unresolved.id(), trace);
        }
        UserException shown =
                new UserException(failure.getMessage(), failure.getClass().getName(), trace);
        Throwable cause = failure.getCause();
        if (cause != null) {
            shown.initCause(converted(cause));
        }
        return shown;
    }

    private void report(UnhandledFailure unhandled) {
        StringBuilder text = new StringBuilder("|  ").append(unhandled.message());
        for (Throwable e = unhandled.failure(); e != null; e = e.getCause()) {
            text.append(System.lineSeparator()).append("|  ").append(e);
            for (StackTraceElement frame : Traces.trimmed(e)) {
                text.append(System.lineSeparator()).append("|        at ").append(frame);
            }
        }
        env.userErr().println(text);
    }

    // ---- stopping

    /** Cancels the snippet; from any thread. Does not wait. */
    @Override
    public void stop() {
        Snippet now = snippet;
        if (now == null) {
            return;
        }
        now.cancel();
        // A platform thread: a snippet may have taken all carriers of virtual ones.
        Thread.ofPlatform().daemon().name("weft-repl-stop").start(() -> freeLoop(now));
    }

    private void freeLoop(Snippet now) {
        CountDownLatch answer = new CountDownLatch(1);
        try {
            loop.callSoon(answer::countDown);
            if (answer.await(HELD_MILLIS, TimeUnit.MILLISECONDS)) {
                return;
            }
            Thread thread = now.thread;
            if (thread != null) {
                thread.interrupt();
            }
            int rounds = 0;
            while (!answer.await(80, TimeUnit.MILLISECONDS)) {
                // For a moment each: if what holds the loop ends by itself, the next to run is
                // innocent. And again, since code may swallow it.
                StopCheck.free(loop);
                boolean free = answer.await(20, TimeUnit.MILLISECONDS);
                StopCheck.withdraw();
                if (!free && ++rounds == STUBBORN_ROUNDS) {
                    env.userErr().println(Banner.stubborn());
                }
            }
        } catch (IllegalStateException e) {
            // The loop has closed, so it is free.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closing = true;
        super.close();
        loop.close();
        if (current == this) {
            current = null;
        }
    }
}
