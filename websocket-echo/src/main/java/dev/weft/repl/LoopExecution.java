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
import jdk.jshell.execution.LocalExecutionControl;
import jdk.jshell.spi.ExecutionControl;
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
 * there, nothing happens. So {@link #stop} looks whether the loop answers. If it does not, the
 * snippet's thread is interrupted and the JDK's own stop is used, a flag that compiled snippets
 * look at in each loop and method and which throws {@code ThreadDeath}. That flag concerns all
 * snippets, background tasks as well; since only whoever holds the loop can see it before the loop
 * answers, it is taken back as soon as it does.
 */
final class LoopExecution extends LocalExecutionControl {
    /** How long the loop may fail to answer before what holds it is stopped by force. */
    private static final long HELD_MILLIS = 1000;

    private static final long STUBBORN_SECONDS = 5;

    private static final String CTRL_C = "Ctrl-C";
    private static final Method RUN_CURRENT;

    static {
        try {
            RUN_CURRENT = LoopExecution.class.getDeclaredMethod("runCurrent");
            RUN_CURRENT.setAccessible(true);
        } catch (NoSuchMethodException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The prompt's; one at a time, as there is one terminal. */
    private static volatile @Nullable LoopExecution current;

    private final ExecutionEnv env;
    private final Loop loop;
    private final InputStream input;

    /** What runs; set by the thread that evaluates, read by those that stop it. */
    private volatile @Nullable Snippet snippet;

    private volatile boolean closing;

    private LoopExecution(ExecutionEnv env) {
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
            Runtime.getRuntime().halt(130);
        }
        execution.stop();
    }

    // ---- running

    /** A snippet, or the printing of a value, and the task that runs it. */
    private static final class Snippet implements Body<@Nullable Object> {
        private final Body<@Nullable Object> body;

        /** Set by the task before anything of the user's runs. */
        private volatile @Nullable Thread thread;

        /** What its task threw; if that was cancelled, where. */
        private volatile @Nullable Throwable thrown;

        // Guarded by this: it runs before its task is known here, and may be stopped as early.
        private @Nullable Task<?> task;
        private boolean stopped;

        Snippet(Body<@Nullable Object> body) {
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
        public @Nullable Object run() throws Exception {
            thread = Thread.currentThread();
            try {
                return body.run();
            } catch (Throwable e) {
                thrown = e;
                throw e;
            }
        }
    }

    /** A value's text, made on the loop, since it may look at what tasks change. */
    private record Shown(String text) {
        @Override
        public String toString() {
            return text;
        }
    }

    /**
     * The superclass runs a static method on a thread of its own and knows how to stop that. It is
     * given one that has the snippet run on the loop, and waits for it.
     */
    @Override
    protected String invoke(Method doit) throws Exception {
        InputStream in = System.in;
        snippet = new Snippet(() -> new Shown(valueString(call(doit))));
        // What snippets read has to come through the prompt's reader, which reads ahead.
        System.setIn(input);
        try {
            return super.invoke(RUN_CURRENT);
        } finally {
            System.setIn(in);
            snippet = null;
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

    @SuppressWarnings("UnusedMethod") // RUN_CURRENT
    private static @Nullable Object runCurrent() throws Throwable {
        LoopExecution execution = current;
        Snippet now = execution == null ? null : execution.snippet;
        if (execution == null || now == null) {
            throw new IllegalStateException("there is no snippet to run");
        }
        return execution.runOnLoop(now);
    }

    /** Blocks until the snippet has ended, however often this thread is interrupted. */
    private @Nullable Object runOnLoop(Snippet now) throws Throwable {
        Task<@Nullable Object> task = loop.submit(now);
        now.isRunBy(task);
        for (; ; ) {
            try {
                return task.get();
            } catch (InterruptedException e) {
                // By the superclass's stop, and meant for the snippet, which has been told.
            } catch (CancellationException e) {
                throw cancelled(e, now.thrown);
            } catch (ExecutionException e) {
                Throwable failure = e.getCause() != null ? e.getCause() : e;
                throw isStop(failure) ? cancelled(e, failure) : failure;
            }
        }
    }

    /** However a snippet's task was stopped, it was cancelled, to the user; where, if known. */
    private static CancelledError cancelled(Exception cause, @Nullable Throwable thrown) {
        if (thrown instanceof CancelledError error) {
            return error;
        }
        CancelledError error = new CancelledError(thrown != null ? CTRL_C : cause.getMessage());
        error.setStackTrace(thrown != null ? thrown.getStackTrace() : new StackTraceElement[0]);
        return error;
    }

    /** Whether the superclass's stop was thrown. */
    @SuppressWarnings("removal")
    private static boolean isStop(Throwable failure) {
        return failure instanceof ThreadDeath;
    }

    @Override
    public String varValue(String className, String varName)
            throws RunException, EngineTerminationException, InternalException {
        Snippet now = new Snippet(() -> super.varValue(className, varName));
        snippet = now;
        try {
            return String.valueOf(runOnLoop(now));
        } catch (RunException | EngineTerminationException | InternalException e) {
            throw e;
        } catch (Throwable e) {
            return throwConvertedInvocationException(e);
        } finally {
            snippet = null;
        }
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
        if (isStop(unhandled.failure())) {
            return; // as the user wished
        }
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
        Thread.ofPlatform().daemon().name("weft-repl-stop").start(() -> free(now));
    }

    private void free(Snippet now) {
        CountDownLatch answer = new CountDownLatch(1);
        try {
            loop.callSoon(answer::countDown);
        } catch (IllegalStateException e) {
            return; // it has closed
        }
        try {
            if (answer.await(HELD_MILLIS, TimeUnit.MILLISECONDS)) {
                return;
            }
            Thread thread = now.thread;
            if (thread != null) {
                thread.interrupt();
            }
            super.stop();
            if (!answer.await(STUBBORN_SECONDS, TimeUnit.SECONDS)) {
                env.userErr().println(Banner.stubborn());
                answer.await();
            }
            takeBackStop();
        } catch (InterruptedException | ExecutionControl.ExecutionControlException e) {
            env.userErr().println("|  cannot stop the snippet: " + e);
        }
    }

    /**
     * The superclass clears its flag at the next snippet only: till then it would end whatever
     * tasks go on in the background.
     */
    private void takeBackStop() {
        try {
            findClass("REPL.$Cancel$").getField("allStop").setBoolean(null, false);
        } catch (ReflectiveOperationException e) {
            // Another JDK's does it in another way; the next snippet will clear it.
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
