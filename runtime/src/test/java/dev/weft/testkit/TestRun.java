package dev.weft.testkit;

import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.UnhandledFailure;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.function.Executable;

/**
 * Runs a test's body as a task on a loop of its own, and fails if it leaves something behind.
 *
 * @param options of the loop
 * @param name of the loop, and so of its threads
 * @param seconds the limit for all of it
 * @param leavesTasks whether the body may leave tasks
 * @param unhandled whether failures may reach nobody
 */
public record TestRun(
        LoopOptions options, String name, int seconds, boolean leavesTasks, boolean unhandled) {
    /**
     * Runs a body.
     *
     * @param body the test
     * @throws Throwable what the test fails with
     */
    public void run(Executable body) throws Throwable {
        BufferLeaks.watch();
        Queue<UnhandledFailure> lost = new ConcurrentLinkedQueue<>();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread runner =
                Thread.ofPlatform()
                        .daemon()
                        .name(name + "-runner")
                        .unstarted(() -> onLoop(body, lost, failure));
        runner.start();
        runner.join(seconds * 1000L);
        if (runner.isAlive()) {
            fail("the test did not end within " + seconds + " s; all threads: " + dump());
        }
        if (failure.get() != null) {
            throw failure.get();
        }
        Threads.failIfAlive(name);
        if (!unhandled && !lost.isEmpty()) {
            fail("failures reached nobody: " + lost, lost.peek().failure());
        }
    }

    private void onLoop(
            Executable body, Queue<UnhandledFailure> lost, AtomicReference<Throwable> failure) {
        try (Loop loop = Loop.open(options)) {
            loop.onUnhandled(lost::add);
            loop.run(() -> asTask(body, loop, failure));
        } catch (Throwable e) {
            failure.compareAndSet(null, e);
        }
    }

    private void asTask(Executable body, Loop loop, AtomicReference<Throwable> failure) {
        try {
            body.execute();
        } catch (Throwable e) {
            failure.set(e);
            return;
        }
        if (!leavesTasks) {
            Async.yieldNow(); // what was cancelled last may end
            int left = loop.statistics().tasks() - 1;
            if (left > 0) {
                failure.set(new AssertionError("the test left " + left + " tasks behind"));
            }
        }
    }

    private static Path dump() throws Exception {
        Path file = Files.createTempDirectory("weft-test").resolve("threads.json");
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                .dumpThreads(file.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.JSON);
        return file;
    }
}
