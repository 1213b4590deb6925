package dev.weft;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Debug mode's watch: a thread that looks at the loop every 50 ms (unless {@link
 * LoopOptions#slowSegment} says otherwise), and reports a fiber that has been running for more than
 * 100 ms, once, while it still does. Counterpart of asyncio's {@code slow_callback_duration}, which
 * reports only afterwards.
 */
final class Watch implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
    private static final long SHORTEST_PERIOD = TimeUnit.MILLISECONDS.toNanos(1);

    private final Loop loop;
    private final Thread thread;
    private volatile boolean stopped;

    /** Since when the event loop has been seen suspended, or 0; whether that was reported. */
    private long pollerSuspendedSince;

    private boolean pollerReported;

    private final long slow;
    private final long period;

    private Watch(Loop loop, Duration slowSegment) {
        this.loop = loop;
        slow = Checks.positiveNanos(slowSegment, "slowSegment");
        period = Math.max(slow / 2, SHORTEST_PERIOD);
        thread = Thread.ofPlatform().daemon().name(loop.name() + "-watch").unstarted(this);
    }

    static Watch start(Loop loop, Duration slowSegment) {
        Watch watch = new Watch(loop, slowSegment);
        watch.thread.start();
        return watch;
    }

    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void run() {
        long segment = -1;
        long since = 0;
        boolean reported = false;
        while (!stopped) {
            Fiber now = loop.scheduler.running();
            long segments = loop.scheduler.segments();
            // Not the fiber: a generator and its consumer are two, in one segment.
            if (now == null || segments != segment) {
                segment = segments;
                since = System.nanoTime();
                reported = false;
            } else if (!reported && System.nanoTime() - since > slow) {
                reported = true;
                report(now, segment, System.nanoTime() - since);
            }
            watchPoller();
            LockSupport.parkNanos(this, period);
        }
    }

    /** Reports, once, that the event loop has been suspended for long: no I/O happens meanwhile. */
    private void watchPoller() {
        Thread poller =
                loop.scheduler instanceof Carrier carrier ? carrier.suspendedPoller() : null;
        if (poller == null) {
            pollerSuspendedSince = 0;
            return;
        }
        long now = System.nanoTime();
        if (pollerSuspendedSince == 0) {
            pollerSuspendedSince = now;
            pollerReported = false;
        } else if (!pollerReported && now - pollerSuspendedSince > slow) {
            pollerReported = true;
            Throwable stack = new Throwable("where " + poller + " is");
            stack.setStackTrace(poller.getStackTrace());
            LOG.warn(
                    "the event loop of loop {} has been suspended for {} ms, waiting for {}: a"
                            + " handler wants what somebody holds, and there is no I/O meanwhile",
                    loop.name(),
                    TimeUnit.NANOSECONDS.toMillis(now - pollerSuspendedSince),
                    LockSupport.getBlocker(poller),
                    stack);
        }
    }

    private void report(Fiber fiber, long segment, long nanos) {
        Thread culprit = fiber.thread;
        if (culprit == null) {
            return; // it has just ended
        }
        Throwable stack = new Throwable("where " + culprit + " is");
        StackTraceElement[] frames = culprit.getStackTrace();
        stack.setStackTrace(frames);
        if (loop.scheduler.segments() != segment) {
            return; // it went on in between, and so is not the one
        }
        TaskImpl<?> task = fiber.task;
        String who =
                task != null
                        ? "task " + task.name()
                        : fiber.scope != null ? "a callback" : "the event loop";
        LOG.warn(
                "loop {} has been held for {} ms by {}{}",
                loop.name(),
                TimeUnit.NANOSECONDS.toMillis(nanos),
                who,
                pinning(culprit, frames),
                stack);
    }

    /** Says which frame keeps a waiting thread from giving the loop back. */
    private static String pinning(Thread culprit, StackTraceElement[] frames) {
        Thread.State state = culprit.getState();
        if (state == Thread.State.RUNNABLE) {
            return "";
        }
        for (StackTraceElement frame : frames) {
            if (frame.getMethodName().equals("<clinit>")) {
                return ", which waits in the static initialiser of "
                        + frame.getClassName()
                        + " and so pins its thread";
            }
        }
        for (StackTraceElement frame : frames) {
            if (frame.isNativeMethod() && !frame.getClassName().startsWith("jdk.internal.")) {
                return ", which waits below the native frame " + frame + " and so pins its thread";
            }
        }
        return ", which waits";
    }
}
