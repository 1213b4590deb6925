package dev.weft;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Threads for offloaded bodies: at most so many, started when there is work and none is idle, ended
 * when idle for long. The thread that became idle last works next, since its caches are warm.
 *
 * <p>Not a {@code ThreadPoolExecutor}: that starts a thread for each of its first bodies whether or
 * not one is idle, passes work round among the idle ones, and takes a cancelled body out of its
 * queue by searching.
 *
 * <p>Waking a thread costs more than a short body. So no second one is woken while one is waking: a
 * thread that wakes with more in the queue wakes the next, before it runs its own body, which may
 * block. And none is woken while one tells the caller of its last body, to look into the queue
 * next: the caller may be faster, and be here again. Either way whatever stands in the queue is
 * about to be seen, or all threads are busy.
 *
 * <p>There is one queue, first in, first out. Its limit is for those who cannot be made to wait:
 * {@link #execute} rejects beyond it. An offloaded body is never rejected, for its caller is
 * suspended anyhow until the body has run: in the queue stands no more than the suspended caller.
 */
final class OffloadPool implements Executor {
    static final long KEEP_ALIVE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final String prefix;
    private final int maxThreads;
    private final int maxQueue;
    private final long keepAliveNanos;

    /** How many threads have done their work and are about to look into the queue. */
    private final AtomicInteger coming = new AtomicInteger();

    private final ReentrantLock lock = new ReentrantLock();
    // All below is guarded by the lock.
    private final SequencedSet<Runnable> queue = new LinkedHashSet<>();
    private final ArrayDeque<Worker> idle = new ArrayDeque<>();
    private final List<Worker> workers = new ArrayList<>();
    private int started;
    private boolean closed;

    /** A thread has been handed work and has not begun with it. */
    private boolean waking;

    /** What is told of that which {@link #close} does not wait for any longer. */
    interface Leftover {
        /** It goes on in a thread, which has been interrupted. */
        void running(Runnable work, Thread thread);

        /** It never ran. */
        void dropped(Runnable work);
    }

    /**
     * @param prefix what the threads' names begin with
     * @param maxThreads how many threads, 1 or more
     * @param maxQueue how many plain Runnables may wait, 0 or more
     * @param keepAliveNanos how long a thread stays idle before it ends
     */
    OffloadPool(String prefix, int maxThreads, int maxQueue, long keepAliveNanos) {
        this.prefix = prefix;
        this.maxThreads = maxThreads;
        this.maxQueue = maxQueue;
        this.keepAliveNanos = keepAliveNanos;
    }

    /**
     * Gives a stranger's Runnable an identity of its own in the queue, whatever its equals says.
     */
    private static final class Plain implements Runnable {
        private final Runnable function;

        Plain(Runnable function) {
            this.function = function;
        }

        @Override
        public void run() {
            function.run();
        }

        @Override
        public String toString() {
            return function.toString();
        }
    }

    /** Daemons: a body that does not end must not keep the JVM; the loop does, while open. */
    final class Worker extends Thread {
        /** What to run; null while idle. Set by whoever hands it work, cleared by the worker. */
        private volatile @Nullable Runnable work;

        /** It is to end, and will be handed no more work. */
        private volatile boolean leaving;

        /** It counts among those that are about to come to the queue; owned by the worker. */
        private boolean comes;

        private Worker(Runnable first) {
            super(null, null, prefix + ++started, 0, false);
            setDaemon(true);
            work = first;
        }

        boolean belongsTo(OffloadPool pool) {
            return pool == OffloadPool.this;
        }

        /** A body has ended and its caller is about to be told; called by the worker. */
        void ending(Runnable body) {
            if (work == body) { // else there may be more to do than this body
                comes = true;
                coming.incrementAndGet();
            }
        }

        @Override
        public void run() {
            awake();
            for (Runnable w = work; w != null; w = next(this)) {
                try {
                    w.run();
                } catch (Throwable e) {
                    getUncaughtExceptionHandler().uncaughtException(this, e);
                }
                Thread.interrupted(); // the flag that a body left behind is not the next one's
            }
        }
    }

    // ---- handing over

    @Override
    public void execute(Runnable function) {
        Checks.notNull(function, "function");
        Runnable work = function instanceof Offloaded<?> ? function : new Plain(function);
        Worker worker;
        StackRoom.ensureSome(); // what is half done here would keep all from working
        lock.lock();
        try {
            if (closed) {
                throw new RejectedExecutionException(prefix + "*: its loop is closed");
            }
            worker = waking || coming.get() > queue.size() ? null : claim(work);
            if (worker == null) {
                int free = idle.size() + maxThreads - workers.size();
                if (work instanceof Plain && queue.size() - free >= maxQueue) {
                    throw new RejectedExecutionException(
                            prefix
                                    + "*: all "
                                    + maxThreads
                                    + " threads are busy and "
                                    + queue.size()
                                    + " bodies wait already: use offload(…), which waits too");
                }
                queue.addLast(work);
            }
        } finally {
            lock.unlock();
        }
        wake(worker);
    }

    /** Hands work to an idle thread, else to a new one; null when all are busy. */
    private @Nullable Worker claim(Runnable work) {
        Worker worker = idle.pollFirst();
        if (worker != null) {
            worker.work = work;
        } else if (workers.size() < maxThreads) {
            worker = new Worker(work);
            workers.add(worker);
        } else {
            return null;
        }
        waking = true;
        return worker;
    }

    /** Hands the queue's head to another thread, unless one is waking that will do so. */
    private @Nullable Worker claimForQueue() {
        boolean possible = !idle.isEmpty() || workers.size() < maxThreads;
        return queue.isEmpty() || waking || !possible ? null : claim(queue.removeFirst());
    }

    /** Wakes or starts a thread that has been handed work; not under the lock. */
    private void wake(@Nullable Worker worker) {
        if (worker == null) {
            return;
        }
        if (worker.getState() != Thread.State.NEW) {
            LockSupport.unpark(worker);
            return;
        }
        try {
            worker.start();
        } catch (Throwable e) {
            if (!handBack(worker)) {
                throw e;
            }
        }
    }

    /** A thread cannot be started: leaves its work to the others; false when there are none. */
    private boolean handBack(Worker failed) {
        Worker other;
        lock.lock();
        try {
            workers.remove(failed);
            waking = false;
            Runnable work = failed.work;
            if (workers.isEmpty() || work == null) {
                return false;
            }
            queue.addFirst(work);
            other = idle.isEmpty() ? null : claim(queue.removeFirst());
        } finally {
            lock.unlock();
        }
        wake(other);
        return true;
    }

    /** Takes a body out of the queue; whether it was there. */
    boolean remove(Runnable work) {
        lock.lock();
        try {
            return queue.remove(work);
        } finally {
            lock.unlock();
        }
    }

    // ---- the workers

    /** A worker that was handed work begins with it. */
    private void awake() {
        Worker another;
        lock.lock();
        try {
            waking = false;
            another = claimForQueue();
        } finally {
            lock.unlock();
        }
        wake(another);
    }

    /** Waits for work; null when the worker is to end, and is claimed no more. */
    private @Nullable Runnable next(Worker worker) {
        worker.work = null;
        Runnable work = takeOrRest(worker);
        if (work != null) {
            return work;
        }
        long restUntil = System.nanoTime() + keepAliveNanos;
        while ((work = worker.work) == null && !worker.leaving) {
            long left = restUntil - System.nanoTime();
            if (left <= 0) {
                leaveIfIdle(worker);
            } else {
                LockSupport.parkNanos(this, left);
                Thread.interrupted(); // a set flag would turn the park into a spin
            }
        }
        if (work != null) {
            awake();
        }
        return work;
    }

    private @Nullable Runnable takeOrRest(Worker worker) {
        Runnable work;
        Worker another;
        lock.lock();
        try {
            if (worker.comes) {
                worker.comes = false;
                coming.decrementAndGet();
            }
            if (queue.isEmpty()) {
                worker.leaving = closed;
                if (!closed) {
                    idle.addFirst(worker);
                }
                return null;
            }
            work = queue.removeFirst();
            worker.work = work;
            another = claimForQueue();
        } finally {
            lock.unlock();
        }
        wake(another);
        return work;
    }

    /** Lets a worker end, unless it has just been handed work. */
    private void leaveIfIdle(Worker worker) {
        lock.lock();
        try {
            if (idle.remove(worker)) {
                workers.remove(worker);
                worker.leaving = true;
            }
        } finally {
            lock.unlock();
        }
    }

    /** How many threads there are; a snapshot. */
    int threads() {
        lock.lock();
        try {
            return workers.size();
        } finally {
            lock.unlock();
        }
    }

    /** How many bodies wait for a thread; a snapshot. */
    int queued() {
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    // ---- closing

    /**
     * Rejects what is new, lets what has been accepted run, and waits for it until the deadline.
     * What runs then still is interrupted, and what has not run is dropped. Nobody waits for a body
     * whose caller has given up on it. May be repeated after an interrupt.
     */
    void close(long deadline, Leftover leftover) throws InterruptedException {
        List<Worker> all = closing();
        for (int i = 0; i < all.size(); i++) {
            join(all.get(i), deadline);
            if (i == all.size() - 1) {
                all = closing(); // some may have been started to empty the queue
            }
        }
        for (Runnable work : takeQueue()) {
            leftover.dropped(work);
        }
        for (Worker worker : all) {
            Runnable work = worker.work;
            if (work instanceof Plain && worker.isAlive()) {
                worker.interrupt();
                leftover.running(work, worker);
            }
        }
    }

    /** Lets idle workers end, and those that are busy when they have emptied the queue. */
    private List<Worker> closing() {
        lock.lock();
        try {
            closed = true;
            for (Worker worker : idle) {
                worker.leaving = true;
                LockSupport.unpark(worker);
            }
            idle.clear();
            return new ArrayList<>(workers);
        } finally {
            lock.unlock();
        }
    }

    private List<Runnable> takeQueue() {
        lock.lock();
        try {
            List<Runnable> all = new ArrayList<>(queue);
            queue.clear();
            return all;
        } finally {
            lock.unlock();
        }
    }

    private static void join(Worker worker, long deadline) throws InterruptedException {
        boolean abandoned = worker.work instanceof Offloaded<?> o && o.isAbandoned();
        long left = deadline - System.nanoTime();
        if (!abandoned && left > 0) {
            TimeUnit.NANOSECONDS.timedJoin(worker, left);
        }
    }
}
