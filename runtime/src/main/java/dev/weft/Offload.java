package dev.weft;

import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Executors for {@link Async#offload(Executor, Body)}, and what it does: hand a body to another
 * thread, suspend the task, come back with the result.
 *
 * <p>What holds a loop goes there: file I/O, native code, computations, and in portable mode every
 * blocking call. What waits (file I/O, JDBC) belongs on the loop's default executor; what computes
 * belongs on {@link #cpu()}, where more threads than cores would only get in each other's way.
 *
 * {@snippet file="OffloadSnippetsTest.java" region="cpu"}
 */
public final class Offload {
    /** Made when it is first asked for. */
    private static final class Cpu {
        static final OffloadPool POOL =
                new OffloadPool(
                        "weft-cpu-",
                        Runtime.getRuntime().availableProcessors(),
                        Integer.MAX_VALUE,
                        OffloadPool.KEEP_ALIVE_NANOS);
    }

    private Offload() {}

    /**
     * A pool for computations, which all loops of the JVM share: as many threads as there are
     * cores, and a queue without limit. Its threads are daemons named {@code weft-cpu-1} and so on;
     * they start when there is work and end when idle.
     *
     * @return the same executor for each call
     */
    public static Executor cpu() {
        return Cpu.POOL;
    }

    /** Runs a body on an executor, the loop's default one if that is null; see the verb. */
    static <T extends @Nullable Object> T run(@Nullable Executor given, Body<T> body) {
        TaskImpl<?> task = TaskImpl.current("offload");
        task.throwIfCancelled();
        Loop loop = task.loop();
        Executor executor = given != null ? given : loop.defaultExecutor();
        // The one place where a body leaves its task: what goes along with it is wrapped around it
        // here.
        Offloaded<T> work = new Offloaded<>(task, executor, Context.wrap(body));
        Scheduler scheduler = task.fiber.scheduler;
        long segment = scheduler.segments();
        loop.offloadStarted();
        try {
            executor.execute(work);
        } catch (Throwable e) {
            if (work.withdraw()) {
                throw e;
            }
            work.reportFailure(e); // it runs all the same
        }
        try {
            work.suspend(task, task.fiber, Timers.NONE);
        } catch (Throwable e) {
            work.forsake();
            throw e;
        }
        if (scheduler.segments() == segment) {
            // The other thread was faster, and resumed nobody. Those whose bodies ended before
            // stand in the queue: this caller must not overtake them.
            scheduler.yield(task.fiber);
        }
        return work.awaited();
    }
}
