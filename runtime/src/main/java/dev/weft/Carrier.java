package dev.weft;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loop mode: a platform thread that runs the loop's fibers, all of them virtual threads, in FIFO
 * order.
 *
 * <h2>The sleep protocol</h2>
 *
 * The loop has two places to sleep. With epoll, io_uring and kqueue the event loop's fiber sits in
 * the kernel, and the carrier with it. With NIO, or while the event loop's fiber is itself
 * suspended (it wants a lock that a task holds), the carrier finds its queue empty and parks, bare.
 * A producer must end either sleep, and must not pay a system call when there is none to end.
 *
 * <p>{@code sleep} is the bell that says where to ring. Only code on the carrier writes it; anyone
 * reads it:
 *
 * <pre>
 *   sleeper                                   producer
 *   S1  sleep = IN_KERNEL (or PARKED)         P1  queue.push(entry)      (an atomic exchange)
 *   S2  if queue not empty: do not sleep      P2  s = sleep
 *   S3  block                                 P3  if s != AWAKE: ring
 *   S4  sleep = AWAKE
 * </pre>
 *
 * S1/S2 and P1/P2 are Dekker's pattern on volatile variables: either S2 sees the entry or P2 sees
 * the bell. Where both do, the ring comes too early or too late, and is harmless: {@code
 * LockSupport.unpark} leaves a permit that the next park consumes (S2 is repeated after every
 * return), and a Netty handler that is woken leaves its poll at once or the next one early. No ring
 * can be swallowed: the handler's own flag is reset before it evaluates {@code canBlock} (which is
 * S2) and the permit is consumed only by a park after which S2 is evaluated again. So no safety
 * time-out is needed, and there is none.
 *
 * <h2>Closing</h2>
 *
 * A continuation that is dropped kills its thread, and one that is rejected kills an innocent one.
 * So {@code CLOSED} is one more place to sleep: after the carrier has set it, it empties the queue
 * to the JDK's scheduler, and so does every producer that sees it (P3), one at a time through
 * {@link #draining}. By the same pattern, no entry stays behind.
 */
final class Carrier extends Scheduler {
    private static final Logger LOG = LoggerFactory.getLogger(Carrier.class);

    private static final int AWAKE = 0;
    private static final int IN_KERNEL = 1;
    private static final int PARKED = 2;
    private static final int CLOSED = 4;

    /**
     * While tasks are ready without end, the kernel is asked for I/O after each round of them, but
     * not more often than this: asking costs as much as switching tasks a few times.
     */
    private static final long POLL_INTERVAL_NANOS = 20_000;

    /** To where the interval grows, doubled each time, while polls find nothing. */
    private static final long LONGEST_POLL_INTERVAL_NANOS = 80_000;

    /**
     * Reading the clock costs as much as a short segment, so it is read once in so many of them.
     */
    private static final int SEGMENTS_PER_CLOCK = 8;

    /** The platform thread; {@link Fiber#current} recognises it. */
    final class CarrierThread extends Thread {
        CarrierThread(String name) {
            super(null, Carrier.this::carry, name, 0, false);
            setDaemon(false);
        }

        /**
         * The task or callback that runs here; Netty's handlers, on the event loop's fiber, are
         * neither.
         */
        @Nullable Fiber current() {
            Fiber fiber = current;
            return fiber == pollerFiber ? null : fiber;
        }
    }

    private final CarrierThread thread;
    private final Poller poller;
    private final Fiber pollerFiber;

    /**
     * Whether the transport blocks in the kernel, carrier and all; NIO parks its virtual thread
     * instead.
     */
    private final boolean blocksInKernel;

    private final @Nullable SleepProbe probe;

    /** A shuffled queue has no round; there the poller stands in it. */
    private final boolean shuffled;

    /** The bell: a sum of the constants above. Written on the carrier only. */
    private volatile int sleep;

    /**
     * Written on the carrier; read there, and as a snapshot by the watch, which may see an old one.
     */
    private @Nullable Fiber current;

    /** The fiber whose continuation is not to be queued just now; owned by the carrier. */
    private @Nullable Fiber direct;

    /** The poller yields to those that are ready; owned by the carrier, as are the next six. */
    private boolean pollerYields;

    /** It has yielded, and its continuation waits for the round to be over. */
    private boolean pollerReady;

    /** The last entry of the round, or null when it has run. */
    private RunQueue.@Nullable Entry roundLast;

    private long pollInterval = POLL_INTERVAL_NANOS;

    /** When the round began, or the clock was last read; how many segments were run by then. */
    private long clockReadAt;

    private long segmentsAtClock;

    /**
     * How many segments make it worth reading the clock again. 1 after each poll: where segments
     * are long, I/O must not wait for as many of them as were short before.
     */
    private long segmentsPerClock = 1;

    /** Set by the poller's fiber when Netty's loop has terminated; owned by the carrier. */
    private boolean pollerEnded;

    /** How many drains of a closed queue are asked for: whoever raises it from zero drains. */
    private final AtomicInteger draining = new AtomicInteger();

    /** Entries run; owned by the carrier, read as a snapshot by the watch. */
    private long segments;

    Carrier(Loop loop, String name, Poller poller, boolean blocksInKernel, LoopOptions options) {
        super(loop);
        this.poller = poller;
        this.blocksInKernel = blocksInKernel;
        this.probe = options.probe();
        this.shuffled = options.seed() != null;
        this.thread = new CarrierThread(name);
        this.pollerFiber = fiber(name + "-poller", this::poll);
        poller.setOwner(pollerFiber.thread());
        queue.shuffle(options.seed(), pollerFiber);
    }

    void start() {
        start(pollerFiber);
        thread.start();
    }

    // ---- the carrier thread

    private void carry() {
        for (; ; ) {
            RunQueue.Entry entry = nextEntry();
            if (entry != null) {
                try {
                    entry.run();
                } catch (Throwable e) {
                    complain(e);
                }
                if (entry == roundLast) {
                    roundLast = null;
                }
            } else if (pollerEnded && poller.isShutDownAsked()) {
                break;
            } else {
                park();
            }
        }
        for (CallbackWorkers.Worker worker : callbacks.close()) {
            handOver(worker);
        }
        bell(CLOSED);
        forwardAll();
    }

    /**
     * The poller when its time has come, else the queue's head. A round is what was ready when the
     * poller yielded; the poller does not stand in the queue meanwhile, which would cost each short
     * round two more atomic operations.
     */
    private RunQueue.@Nullable Entry nextEntry() {
        Fiber next = successor;
        if (next != null) {
            return next;
        }
        if (pollerReady && (queue.isEmpty() || isTimeToPoll())) {
            pollerReady = false;
            roundLast = null;
            return pollerFiber;
        }
        return queue.poll();
    }

    /** Whether all who were ready have run, and the last poll is some time ago; else they go on. */
    private boolean isTimeToPoll() {
        if (roundLast != null) {
            return false;
        }
        long run = segments - segmentsAtClock;
        if (run >= segmentsPerClock) {
            long now = System.nanoTime();
            long passed = now - clockReadAt;
            if (passed >= pollInterval) {
                return true;
            }
            segmentsPerClock = run + SEGMENTS_PER_CLOCK;
        }
        roundLast = queue.last();
        return false;
    }

    private void park() {
        probe(SleepProbe.Step.BEFORE_PARK_FLAG);
        bell(sleep | PARKED);
        probe(SleepProbe.Step.BEFORE_PARK);
        if (queue.isEmpty()) {
            LockSupport.park(this);
            Thread.interrupted(); // a set flag would turn the next park into a spin
        }
        probe(SleepProbe.Step.AFTER_PARK);
        bell(sleep & ~PARKED);
    }

    /**
     * Sets the bell. Read-modify-write without a lock is right here: all writers are on the
     * carrier.
     */
    private void bell(int s) {
        sleep = s;
    }

    private static void complain(Throwable e) {
        try {
            LOG.error("a loop's carrier caught a failure of the JDK's own; it goes on", e);
        } catch (Throwable ignored) {
            // Out of memory or stack even for logging: the carrier has to live.
            return;
        }
    }

    @Override
    void resumeFromQueue(Fiber fiber) {
        wakeUp(fiber);
        Runnable continuation = fiber.continuation;
        if (continuation == null) {
            return;
        }
        if (fiber != successor) {
            segments++;
        }
        current = fiber;
        try {
            continuation.run();
        } finally {
            current = null;
        }
        TaskImpl<?> task = fiber.task;
        if (task != null) {
            task.afterSegment();
        } else if (fiber.hasEnded()) {
            Thread ended = fiber.thread;
            if (ended != null && !ended.isAlive()) { // null: forgotten before, and an old entry
                fiber.forget();
            }
        }
    }

    /**
     * What {@link #start} and {@link #resume} have left to be done: makes the JDK hand over the
     * continuation, which is about to be run, to {@link #ready}; nothing if it was handed over by
     * itself.
     */
    private void wakeUp(Fiber fiber) {
        boolean fresh = fiber.continuation == null;
        if (!fresh && !fiber.toUnpark) {
            return;
        }
        fiber.toUnpark = false;
        direct = fiber;
        try {
            if (fresh) {
                fiber.thread().start();
            } else {
                LockSupport.unpark(fiber.thread);
            }
        } catch (OutOfMemoryError e) {
            TaskImpl<?> task = fiber.task;
            if (!fresh || task == null) {
                throw e;
            }
            task.couldNotStart(e);
        } finally {
            direct = null;
        }
    }

    @Override
    void runFromQueue(Callback callback) {
        if (!callback.isSpent()) {
            handOver(callbacks.assign(callback));
        }
    }

    /**
     * Runs a parked worker now, not at the queue's tail. Unparking it makes the JDK hand its
     * continuation to {@link Fiber#execute}, on this very thread, which leaves it in {@link
     * #direct}. If it does not (somebody interrupted the worker, so that it is in the queue
     * already), it runs when its entry comes.
     */
    private void handOver(CallbackWorkers.Worker worker) {
        Fiber fiber = worker.fiber;
        direct = fiber;
        try {
            if (fiber.isStarted()) {
                LockSupport.unpark(fiber.thread());
            } else {
                fiber.setStarted();
                fiber.thread().start();
            }
        } finally {
            boolean handed = direct == null;
            direct = null;
            if (handed) {
                resumeFromQueue(fiber);
            }
        }
    }

    // ---- the event loop's fiber

    private void poll() {
        poller.run(() -> {
            while (!poller.isTerminated()) {
                boolean found = poller.turn() > 0;
                pollInterval =
                        found
                                ? POLL_INTERVAL_NANOS
                                : Math.min(pollInterval * 2, LONGEST_POLL_INTERVAL_NANOS);
                if (!queue.isEmpty()) {
                    roundLast = queue.last();
                    clockReadAt = System.nanoTime();
                    segmentsAtClock = segments;
                    segmentsPerClock = 1;
                    pollerYields = true;
                    try {
                        Thread.yield();
                    } catch (OutOfMemoryError e) {
                        complain(e); // the event loop has to live
                    }
                    pollerYields = false;
                }
            }
        });
        pollerEnded = true;
        if (!poller.isShutDownAsked()) {
            LOG.error(
                    "somebody shut down the event loop of loop {}, which only its close() may do:"
                            + " it has no I/O and no timers any more; close it",
                    loop.name());
        }
    }

    /** What the poller asks before it blocks, and after: S1, S2 and S4 of the protocol. */
    final Poller.Idle idle =
            new Poller.Idle() {
                @Override
                public boolean enter() {
                    if (!queue.isEmpty()) {
                        return false;
                    }
                    if (blocksInKernel) {
                        probe(SleepProbe.Step.BEFORE_KERNEL_FLAG);
                        bell(sleep | IN_KERNEL);
                        probe(SleepProbe.Step.BEFORE_KERNEL);
                    }
                    return true;
                }

                @Override
                public boolean canBlock() {
                    return queue.isEmpty() && (!blocksInKernel || (sleep & IN_KERNEL) != 0);
                }

                @Override
                public void leave() {
                    if (blocksInKernel) {
                        probe(SleepProbe.Step.AFTER_KERNEL);
                        bell(sleep & ~IN_KERNEL);
                    }
                }
            };

    private void probe(SleepProbe.Step step) {
        if (probe != null) {
            probe.at(step);
        }
    }

    // ---- any thread

    /** A fiber's continuation can run. */
    void ready(Fiber fiber) {
        if (direct == fiber && Thread.currentThread() == thread) {
            direct = null;
            return;
        }
        if (fiber == pollerFiber && pollerYields && !shuffled && Thread.currentThread() == thread) {
            pollerReady = true;
            return;
        }
        push(fiber);
    }

    private void push(RunQueue.Entry entry) {
        if (!(isHere() ? queue.pushLocal(entry) : queue.push(entry))) {
            return;
        }
        probe(SleepProbe.Step.PUSHED);
        int s = sleep;
        if (s != AWAKE) {
            ring(s);
        }
    }

    private void ring(int s) {
        probe(SleepProbe.Step.BEFORE_RING);
        if ((s & IN_KERNEL) != 0) {
            if (Thread.currentThread() == pollerFiber.thread) {
                bell(s & ~IN_KERNEL); // on the carrier, back from the kernel, handling events
            } else {
                poller.wakeUp();
            }
        }
        if ((s & PARKED) != 0) {
            LockSupport.unpark(thread);
        }
        if ((s & CLOSED) != 0) {
            forwardAll();
        }
    }

    /**
     * Hands what is left in a closed loop's queue to the JDK's scheduler; callbacks are dropped,
     * and say so.
     */
    private void forwardAll() {
        if (draining.getAndIncrement() != 0) {
            return;
        }
        int asked = 1;
        do {
            RunQueue.Entry entry;
            while ((entry = queue.poll()) != null) {
                if (entry instanceof Fiber fiber) {
                    Runnable continuation = fiber.continuation;
                    if (continuation == null) {
                        fiber.thread().start(); // comes back here, with its continuation
                        continue;
                    }
                    if (fiber.toUnpark) {
                        fiber.toUnpark = false;
                        LockSupport.unpark(fiber.thread);
                    }
                    forward(continuation);
                } else if (entry instanceof Callback callback) {
                    try {
                        callback.loop.dropped(callback);
                    } catch (Throwable e) {
                        complain(e); // else nobody would ever drain again
                    }
                }
            }
            asked = draining.addAndGet(-asked);
        } while (asked != 0);
    }

    /** As the JDK does it: a continuation is not lost for want of memory, it waits. */
    private static void forward(Runnable continuation) {
        for (; ; ) {
            try {
                VirtualThreads.defaultScheduler().execute(continuation);
                return;
            } catch (OutOfMemoryError e) {
                LockSupport.parkNanos(100_000_000);
            }
        }
    }

    @Override
    boolean enqueue(Callback callback) {
        push(callback);
        return (sleep & CLOSED) == 0;
    }

    @Override
    Fiber fiber(@Nullable String name, Runnable body) {
        Fiber fiber = new Fiber(this);
        fiber.thread(VirtualThreads.unstarted(fiber, name, body));
        return fiber;
    }

    /**
     * On the loop itself the JDK is left out until the fiber's turn has come, as in {@link
     * #resume}: it would pin the caller meanwhile, and a stack overflow just then would leave the
     * caller pinned for good, and the whole loop with it as soon as the caller waits. The carrier
     * has stack enough, and is no virtual thread.
     */
    @Override
    void start(Fiber fiber) {
        if (isHere()) {
            push(fiber);
        } else {
            fiber.thread().start();
        }
    }

    private boolean isHere() {
        return VirtualThreads.currentCarrier() == thread;
    }

    @Override
    void suspend(Fiber fiber) {
        LockSupport
                .park(); // without a blocker, as a dump says what is awaited, and each store costs
    }

    /** It yields and does not park, so that it can be run at any time, and stands in no queue. */
    @Override
    void stepAside(Fiber fiber) {
        direct = fiber;
        try {
            Thread.yield();
        } finally {
            direct = null; // it is still up where the thread is pinned, and has gone on at once
        }
    }

    /**
     * From another thread at once: should the fiber be pinned, then it waits with the carrier,
     * which would never come to its entry.
     */
    @Override
    void resume(Fiber fiber) {
        Thread waiting = fiber.thread;
        if (waiting == null) {
            return; // it has ended
        }
        if (isHere()) {
            fiber.toUnpark = true;
            push(fiber);
        } else {
            LockSupport.unpark(waiting);
        }
    }

    /**
     * The JDK may have marked the thread as unparked and then overflowed before it handed us the
     * continuation. So this queues it besides; a continuation that is not ready does nothing.
     */
    @Override
    void resumeAgain(Fiber fiber) {
        resume(fiber);
        if (fiber.continuation != null) {
            push(fiber);
        }
    }

    @Override
    void yield(Fiber fiber) {
        Thread.yield();
    }

    @Override
    boolean interruptIfBlocked(Fiber fiber) {
        Thread.State state = fiber.thread().getState();
        boolean parked = state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
        if (parked) {
            fiber.thread().interrupt();
        }
        return parked;
    }

    @Override
    @Nullable Fiber running() {
        Fiber fiber = current;
        return fiber == pollerFiber && (sleep & IN_KERNEL) != 0 ? null : fiber;
    }

    /**
     * The event loop's thread, if it is suspended and not because it polls: it wants a lock. A
     * snapshot for the watch.
     */
    @Nullable Thread suspendedPoller() {
        Thread poll = pollerFiber.thread;
        if (poll == null || poller.isPolling()) {
            return null;
        }
        return switch (poll.getState()) {
            case BLOCKED, WAITING, TIMED_WAITING -> poll;
            default -> null;
        };
    }

    @Override
    long segments() {
        return segments;
    }

    /** Looks again whether all has ended. */
    void wake() {
        LockSupport.unpark(thread);
    }

    /** Waits until the carrier has ended. */
    void join() throws InterruptedException {
        thread.join();
    }
}
