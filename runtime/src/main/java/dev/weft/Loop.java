package dev.weft;

import dev.weft.internal.Access;
import io.netty.channel.IoHandlerFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An event loop: tasks, callbacks, timers and I/O of one thread's worth. Counterpart of {@code
 * asyncio}'s event loop and of Netty's {@code EventLoop}; most programs only use {@link Async#run},
 * which opens and closes one.
 *
 * <p>Tasks of one loop never run at the same time, and between two suspension points nothing else
 * of the loop runs, so state that only one loop's tasks touch needs no lock. What is ready runs in
 * the order in which it became so.
 *
 * <p>A loop's threads are no daemons: close it, or the JVM does not end.
 *
 * {@snippet file="CoreSnippetsTest.java" region="loop"}
 */
public final class Loop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Loop.class);
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    static {
        Access.set(new LoopAccess());
        Context.prepare();
        Failure.prepare();
        FutureImpl.prepare();
    }

    private enum Phase {
        OPEN,
        CLOSING,
        CLOSED
    }

    private final String name;
    private final Transport transport;
    private final boolean debug;
    private final Poller poller;
    private final @Nullable Thread pollerThread; // portable mode
    private final LoopClock clock;

    /** Portable mode with a virtual clock: the event loop's fiber. */
    private volatile @Nullable Fiber inTurn;

    private final ScopeImpl root;
    private final @Nullable Watch watch;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.OPEN);

    /** The scope of the {@link #run} in progress; owned by the loop, read by any thread. */
    private volatile @Nullable ScopeImpl running;

    private final AtomicReference<@Nullable Thread> runner = new AtomicReference<>();

    private volatile Consumer<UnhandledFailure> onUnhandled = UnhandledFailure::log;

    final Scheduler scheduler;

    final Generators generators = new Generators(this);

    /** The innermost body that must not suspend, or null; owned by the loop. */
    @Nullable NoSuspend noSuspend;

    private final LagProbe lag = new LagProbe(this);

    /** Where {@code offload} runs bodies unless another executor was set; closed with the loop. */
    private final OffloadPool pool;

    private volatile Executor defaultExecutor;
    private final long offloadGraceNanos;

    /** Bodies that other threads run for tasks of this loop: while there are, time may not jump. */
    private final AtomicInteger offloaded = new AtomicInteger();

    /** What other modules keep for each loop, by class. From any thread. */
    final Map<Class<?>, Object> locals = new ConcurrentHashMap<>(2);

    /**
     * Tasks that have not ended, and those suspended in Weft; owned by the loop, read as a
     * snapshot.
     */
    int tasks;

    int awaiting;

    private Loop(LoopOptions options) {
        clock = options.clock();
        transport = Transports.resolve(options.transport(), clock);
        clock.take();
        SchedulerMode mode = options.scheduler().resolve();
        String given = options.name();
        name = given != null ? given : "weft-" + NUMBERS.incrementAndGet();
        debug = options.debug();
        pool =
                new OffloadPool(
                        name + "-offload-",
                        options.offloadThreads(),
                        options.offloadQueue(),
                        OffloadPool.KEEP_ALIVE_NANOS);
        defaultExecutor = pool;
        offloadGraceNanos = Checks.nanos(options.offloadGrace(), "offloadGrace");
        root = new ScopeImpl(this, "loop " + name);
        poller = new Poller(clock, handlers(), Transports.registrations(transport));
        if (mode == SchedulerMode.LOOP) {
            Carrier carrier =
                    new Carrier(this, name, poller, Transports.blocksInKernel(transport), options);
            poller.setIdle(carrier.idle);
            scheduler = carrier;
            pollerThread = null;
            carrier.start();
        } else {
            Turn turn = new Turn(this);
            scheduler = turn;
            turn.queue.shuffle(options.seed(), null);
            pollerThread = clock.isVirtual() ? pollInTurn(turn, options.seed()) : pollOnThread();
        }
        watch = debug ? Watch.start(this, options.slowSegment()) : null;
    }

    private IoHandlerFactory handlers() {
        return transport == Transport.NONE
                ? executor -> new QuietIoHandler(clock, waiting(), () -> offloaded.get() == 0)
                : Transports.handlers(transport);
    }

    /** Portable mode: the event loop polls on a thread of its own while tasks run. */
    private Thread pollOnThread() {
        poller.setIdle(Poller.Idle.ALWAYS);
        Thread thread =
                Thread.ofPlatform()
                        .daemon(false)
                        .name(name)
                        .unstarted(() ->
                                poller.run(() -> {
                                    while (!poller.isTerminated()) {
                                        poller.turn();
                                    }
                                }));
        poller.setOwner(thread);
        thread.start();
        return thread;
    }

    /**
     * Portable mode with a virtual clock: the event loop takes its turn like a task, so that time
     * jumps only while nobody else has it, and what is due is made ready in one go.
     */
    private Thread pollInTurn(Turn turn, @Nullable Long seed) {
        poller.setIdle(
                new Poller.Idle() {
                    @Override
                    public boolean enter() {
                        return turn.queue.isEmpty();
                    }

                    @Override
                    public boolean canBlock() {
                        return turn.queue.isEmpty();
                    }

                    @Override
                    public void leave() {}
                });
        Fiber fiber =
                turn.pollerFiber(
                        name + "-poller",
                        () ->
                                poller.run(() -> {
                                    while (!poller.isTerminated()) {
                                        poller.turn();
                                        if (!turn.queue.isEmpty()) {
                                            turn.yield(pollerFiber());
                                        }
                                    }
                                }));
        inTurn = fiber;
        turn.queue.shuffle(seed, fiber);
        poller.setOwner(fiber.thread());
        Thread thread = fiber.thread();
        turn.start(fiber);
        return thread;
    }

    private Fiber pollerFiber() {
        return Objects.requireNonNull(inTurn);
    }

    /** How the event loop of a loop without I/O waits. */
    private QuietIoHandler.Waiting waiting() {
        return new QuietIoHandler.Waiting() {
            @Override
            public void park(long nanos) {
                Fiber fiber = inTurn;
                if (fiber != null) {
                    scheduler.suspend(fiber);
                    return;
                }
                if (nanos < 0) {
                    LockSupport.park(Loop.this);
                } else {
                    LockSupport.parkNanos(Loop.this, nanos);
                }
                Thread.interrupted(); // a set flag would turn the park into a spin
            }

            @Override
            public void unpark() {
                Fiber fiber = inTurn;
                if (fiber != null) {
                    scheduler.resume(fiber);
                } else {
                    LockSupport.unpark(poller.owner());
                }
            }
        };
    }

    // ---- opening, running, closing

    /**
     * Opens a loop with the default options.
     *
     * @return an open loop
     */
    public static Loop open() {
        return open(LoopOptions.defaults());
    }

    /**
     * Opens a loop. Counterpart of {@code asyncio.new_event_loop}, but it runs at once, on a thread
     * of its own.
     *
     * @param options how to make it
     * @return an open loop
     * @throws IllegalStateException if the transport or the scheduler mode does not work here; the
     *     message says why
     */
    public static Loop open(LoopOptions options) {
        return new Loop(Checks.notNull(options, "options"));
    }

    /**
     * The loop that runs the caller: a task or a callback of it.
     *
     * @return the current loop
     * @throws IllegalStateException on a thread of no loop
     */
    public static Loop current() {
        Fiber fiber = Fiber.current();
        if (fiber == null) {
            throw new IllegalStateException(
                    "there is no current loop: this thread runs no task or callback of one");
        }
        return of(fiber);
    }

    static Loop of(Fiber fiber) {
        return fiber.scheduler.loop;
    }

    static void requireForeignThread(String what) {
        Fiber fiber = Fiber.current();
        if (fiber != null) {
            throw new IllegalStateException(
                    what
                            + " blocks its thread until all is done, and so cannot be called on loop "
                            + of(fiber).name
                            + ": call the code directly, or start it with async(…)");
        }
    }

    /**
     * Runs a body as a task, and blocks the calling thread until it and all tasks that it left
     * behind have ended. Counterpart of {@code run_until_complete}. Interrupting the calling thread
     * cancels the body; the flag is set again when all have ended.
     *
     * @param body what to run
     * @param <T> the type of its result
     * @return its result
     * @throws IllegalStateException if the loop is closed, runs another body, or the caller is a
     *     task or callback
     * @throws CancellationException if the body was cancelled; its failure is thrown as {@code
     *     await} throws it
     */
    public <T extends @Nullable Object> T run(Body<T> body) {
        Checks.notNull(body, "body");
        requireForeignThread("Loop.run");
        return run(body, main -> null);
    }

    /** As {@link #run(Body)}; what is told of the main task may cancel it, and name the reason. */
    <T extends @Nullable Object> T run(
            Body<T> body, Function<TaskImpl<?>, @Nullable Interrupts> begin) {
        if (!runner.compareAndSet(null, Thread.currentThread())) {
            throw new IllegalStateException(
                    "loop " + name + " runs a body already, in " + runner.get());
        }
        try {
            TaskImpl<T> main = new TaskImpl<>(root, name + "-main", () -> runInScope(body));
            requireOpen();
            Interrupts interrupts = begin.apply(main);
            try {
                main.start();
                return waitFor(main);
            } catch (CancellationException e) {
                throw interrupts != null && main.isCancelled() ? interrupts.thrown(e) : e;
            } finally {
                if (interrupts != null) {
                    interrupts.end();
                }
            }
        } finally {
            runner.set(null);
        }
    }

    /** Waits for the main task; being interrupted cancels it. */
    private static <T extends @Nullable Object> T waitFor(TaskImpl<T> main) {
        boolean interrupted = false;
        try {
            for (; ; ) {
                try {
                    T result = main.get();
                    return result;
                } catch (InterruptedException e) {
                    interrupted = true;
                    main.cancel("the thread that runs the loop was interrupted");
                } catch (ExecutionException e) {
                    throw FutureImpl.unchecked(e.getCause() != null ? e.getCause() : e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * As {@link #run(Body)}, for a body without a result.
     *
     * @param action what to run
     */
    public void run(Action action) {
        run(Async.body(action));
    }

    private <T extends @Nullable Object> T runInScope(Body<T> body) throws Exception {
        ScopeImpl scope = new ScopeImpl(this, "the run of loop " + name);
        running = scope;
        try {
            return scope.run(TaskImpl.current("run"), body);
        } finally {
            running = null;
        }
    }

    /**
     * Starts a task from any thread. Counterpart of {@code run_coroutine_threadsafe}; on the loop
     * itself prefer {@link Async#async}. The task belongs to the scope of the {@link #run} in
     * progress, else to the loop, which cancels it when it closes.
     *
     * {@snippet file="CoreSnippetsTest.java" region="submit"}
     *
     * @param body what the task runs
     * @param <T> the type of its result
     * @return the task; any thread may wait for it with {@link Future#get()}
     * @throws IllegalStateException if the loop is closed
     */
    public <T extends @Nullable Object> Task<T> submit(Body<T> body) {
        Checks.notNull(body, "body");
        requireOpen();
        ScopeImpl scope = running;
        TaskImpl<T> task = new TaskImpl<>(scope != null ? scope : root, null, body);
        task.start();
        return task;
    }

    /**
     * As {@link #submit(Body)}, for a body without a result.
     *
     * @param action what the task runs
     * @return the task
     */
    public Task<@Nullable Void> submit(Action action) {
        return submit(Async.body(action));
    }

    /**
     * Closes the loop and blocks until it has ended: tasks are cancelled and awaited, then signal
     * handlers removed and the loop's own executor closed, then channels, then threads ended. What
     * the executor was given directly, not by a task of this loop, may end meanwhile; after {@link
     * LoopOptions#offloadGrace(Duration)} it is interrupted, reported and left behind. Idempotent;
     * of several callers each returns when it is done. Being interrupted does not shorten it.
     *
     * @throws IllegalStateException if the caller is a task or callback of this very loop, or runs
     *     on the loop's own executor
     */
    @Override
    public void close() {
        Fiber fiber = Fiber.current();
        if (fiber != null && fiber.scheduler == scheduler
                || poller.eventLoop().inEventLoop()
                || Thread.currentThread() instanceof OffloadPool.Worker w && w.belongsTo(pool)) {
            throw new IllegalStateException(
                    "loop "
                            + name
                            + " cannot be closed by its own task, callback, executor or Netty handler,"
                            + " for which it would have to wait");
        }
        if (phase.compareAndSet(Phase.OPEN, Phase.CLOSING)) {
            uninterruptibly(this::shutDown);
            phase.set(Phase.CLOSED);
            closed.countDown();
        } else {
            uninterruptibly(closed::await);
        }
    }

    @FunctionalInterface
    private interface Wait {
        void run() throws InterruptedException;
    }

    private static void uninterruptibly(Wait... steps) {
        boolean interrupted = false;
        for (Wait step : steps) {
            for (; ; ) {
                try {
                    step.run();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** The order matters: see DESIGN, trap 3. Each step may be repeated after an interrupt. */
    private void shutDown() throws InterruptedException {
        endRoot();
        Signals.removeAll(this);
        closePool();
        poller.askShutDown();
        Thread thread = pollerThread;
        if (thread != null) {
            uninterruptibly(thread::join);
        }
        if (scheduler instanceof Carrier carrier) {
            carrier.wake();
            uninterruptibly(carrier::join);
        } else if (scheduler instanceof Turn turn) {
            uninterruptibly(turn.closeWhenGranted()::await);
        }
        if (watch != null) {
            watch.stop();
        }
    }

    /** Ends the root scope, then generators, in a task that belongs to no scope's list. */
    private void endRoot() {
        CountDownLatch ended = new CountDownLatch(1);
        ScopeImpl none = new ScopeImpl(this, "the closing of loop " + name);
        TaskImpl<@Nullable Void> closer =
                new TaskImpl<>(none, name + "-closer", Async.body(this::endTasksAndGenerators));
        closer.whenDone(ended::countDown);
        closer.start();
        uninterruptibly(ended::await);
    }

    private void closePool() {
        long deadline = System.nanoTime() + offloadGraceNanos;
        OffloadPool.Leftover leftover =
                new OffloadPool.Leftover() {
                    @Override
                    public void running(Runnable work, Thread thread) {
                        Throwable where = new IllegalStateException("where " + thread + " is");
                        where.setStackTrace(thread.getStackTrace());
                        report(
                                new UnhandledFailure(
                                        work
                                                + " still runs in "
                                                + thread.getName()
                                                + " while its loop closes; it was interrupted",
                                        where,
                                        null));
                    }

                    @Override
                    public void dropped(Runnable work) {
                        String why = work + " never ran, as loop " + name + " has closed";
                        RejectedExecutionException e = new RejectedExecutionException(why);
                        if (work instanceof Offloaded<?> body) {
                            body.drop(e);
                        } else {
                            report(new UnhandledFailure(why, e, null));
                        }
                    }
                };
        uninterruptibly(() -> pool.close(deadline, leftover));
    }

    private void endTasksAndGenerators() {
        root.end();
        // In a scope, since their bodies may start tasks as they are unwound.
        Async.scope(scope -> {
            generators.close();
            return null;
        });
    }

    private void requireOpen() {
        if (phase.get() != Phase.OPEN) {
            throw new IllegalStateException("loop " + name + " is closed");
        }
    }

    // ---- callbacks and timers

    /**
     * Calls a function on the loop's callback thread, after everything that is ready now. From any
     * thread. Counterpart of {@code call_soon} and {@code call_soon_threadsafe}.
     *
     * {@snippet file="CoreSnippetsTest.java" region="callbacks"}
     *
     * @param function what to call; it is no task and may not {@code await}. What it throws goes to
     *     the exception handler
     * @return a handle that keeps it from being called
     * @throws IllegalStateException if the loop is closed
     */
    public Handle callSoon(Runnable function) {
        Callback callback = callback(function);
        if (!scheduler.enqueue(callback)) {
            throw new IllegalStateException("loop " + name + " is closed");
        }
        return callback;
    }

    /**
     * Calls a function on the loop's callback thread after a time. From any thread. Counterpart of
     * {@code call_later}.
     *
     * {@snippet file="CoreSnippetsTest.java" region="callbacks"}
     *
     * @param delay how long to wait, 0 or more
     * @param function what to call, as for {@link #callSoon}
     * @return a handle that keeps it from being called
     * @throws IllegalStateException if the loop is closed
     */
    public Handle callLater(Duration delay, Runnable function) {
        return callAtNanos(nanoTime() + Checks.nanos(delay, "delay"), function);
    }

    /**
     * Calls a function on the loop's callback thread when its clock shows a time. Counterpart of
     * {@code call_at}.
     *
     * {@snippet file="CoreSnippetsTest.java" region="callbacks"}
     *
     * @param when the time, as {@link #time} counts it
     * @param function what to call, as for {@link #callSoon}
     * @return a handle that keeps it from being called
     * @throws IllegalStateException if the loop is closed
     */
    public Handle callAt(Duration when, Runnable function) {
        return callAtNanos(nanosOf(Checks.notNull(when, "when")), function);
    }

    /**
     * A time of the loop's clock in nanoseconds: exact where it matters, so that equal times keep
     * their order; capped where it does not.
     */
    long nanosOf(Duration when) {
        long now = nanoTime();
        Duration shown = Duration.ofNanos(now);
        long longest = Checks.LONGEST.toNanos();
        long delay =
                when.compareTo(shown.plusNanos(longest)) >= 0
                        ? longest
                        : when.compareTo(shown.minusNanos(longest)) <= 0
                                ? -longest
                                : when.minus(shown).toNanos();
        return now + delay;
    }

    void addTimer(Timers.Timer timer) {
        poller.addTimer(timer);
    }

    /**
     * What the loop's clock shows: monotonic, from an arbitrary origin. Counterpart of {@code
     * loop.time()}.
     *
     * @return the time since the origin
     */
    public Duration time() {
        return clock.time();
    }

    LoopClock clock() {
        return clock;
    }

    long nanoTime() {
        return clock.nanoTime();
    }

    /** Work elsewhere has begun that a task waits for: it holds a virtual clock. */
    void offloadStarted() {
        offloaded.incrementAndGet();
    }

    /** Such work has ended, and whoever waits for it has been made ready. */
    void offloadEnded() {
        if (offloaded.decrementAndGet() == 0 && clock.isVirtual() && poller.isPolling()) {
            poller.wakeUp();
        }
    }

    private Handle callAtNanos(long deadline, Runnable function) {
        Callback callback = callback(function);
        requireOpen();
        CallbackTimer timer = new CallbackTimer(deadline, callback);
        poller.addTimer(timer);
        return timer;
    }

    private Callback callback(Runnable function) {
        Checks.notNull(function, "function");
        if (phase.get() == Phase.CLOSED) {
            throw new IllegalStateException("loop " + name + " is closed");
        }
        Fiber fiber = Fiber.current();
        ScopeImpl scope = fiber != null && fiber.scheduler == scheduler ? fiber.scope : null;
        return new Callback(this, scope != null ? scope : root, Context.threadLocals(function));
    }

    private final class CallbackTimer extends Timers.Timer implements Handle {
        private final Callback callback;

        CallbackTimer(long deadline, Callback callback) {
            super(deadline);
            this.callback = callback;
        }

        @Override
        void fire() {
            scheduler.enqueue(callback);
        }

        @Override
        public boolean cancel() {
            poller.removeTimer(this);
            return callback.cancel();
        }

        @Override
        public boolean isCancelled() {
            return callback.isCancelled();
        }
    }

    /**
     * Runs Weft's own short code on the loop; from any thread, dropped when the loop has closed.
     */
    void post(Runnable function) {
        scheduler.enqueue(new Callback(this, root, function));
    }

    /** Resumes a fiber at a time. */
    Timers.Timer wakeAt(long deadline, Fiber fiber) {
        Timers.Timer timer =
                new Timers.Timer(deadline) {
                    @Override
                    void fire() {
                        fiber.scheduler.resume(fiber);
                    }
                };
        poller.addTimer(timer);
        return timer;
    }

    void removeTimer(Timers.Timer timer) {
        poller.removeTimer(timer);
    }

    // ---- offloading

    /**
     * The executor on which {@link Async#offload(Body)} runs bodies. Unless another was set, it is
     * the loop's own: threads named {@code weft-1-offload-1} and so on, which start when there is
     * work, end when idle, and are limited in number ({@link LoopOptions#offloadThreads(int)}).
     * Given a function directly it never waits: it rejects it when {@link
     * LoopOptions#offloadQueue(int)} functions wait already, or the loop has closed.
     *
     * @return the executor; never null
     */
    public Executor defaultExecutor() {
        return defaultExecutor;
    }

    /**
     * Sets the executor on which {@link Async#offload(Body)} runs bodies from now on. Counterpart
     * of {@code set_default_executor}, but an executor that was set is not closed with the loop: it
     * belongs to whoever made it. From any thread.
     *
     * {@snippet file="CoreSnippetsTest.java" region="defaultExecutor"}
     *
     * @param executor any executor; Netty's {@code EventExecutorGroup} is one
     */
    public void defaultExecutor(Executor executor) {
        defaultExecutor = Checks.notNull(executor, "executor");
    }

    /** How many bodies other threads run for tasks of this loop. */
    int offloaded() {
        return offloaded.get();
    }

    long offloadGraceNanos() {
        return offloadGraceNanos;
    }

    // ---- failures

    /**
     * Sets what is told of failures that reached nobody; by default they are logged as errors.
     * Counterpart of {@code set_exception_handler}. The handler runs on the loop; what it throws is
     * logged.
     *
     * {@snippet file="CoreSnippetsTest.java" region="onUnhandled"}
     *
     * @param handler the new handler
     */
    public void onUnhandled(Consumer<UnhandledFailure> handler) {
        onUnhandled = Checks.notNull(handler, "handler");
    }

    /**
     * Tells the exception handler of a failure that would reach nobody else. Counterpart of {@code
     * call_exception_handler}; from any thread. The handler runs on the loop, or right here when
     * the caller runs there or the loop has closed.
     *
     * @param unhandled what has failed
     */
    public void report(UnhandledFailure unhandled) {
        Checks.notNull(unhandled, "unhandled");
        Fiber fiber = Fiber.current();
        boolean here = fiber != null && fiber.scheduler == scheduler && fiber.scope != null;
        if (here || phase.get() == Phase.CLOSED) {
            handle(unhandled);
        } else {
            scheduler.enqueue(new Report(unhandled));
        }
    }

    private void handle(UnhandledFailure unhandled) {
        try {
            onUnhandled.accept(unhandled);
        } catch (Throwable e) {
            LOG.error("the exception handler of loop {} failed on: {}", name, unhandled, e);
        }
    }

    private final class Report extends Callback {
        private final UnhandledFailure unhandled;

        Report(UnhandledFailure unhandled) {
            super(Loop.this, root, () -> handle(unhandled));
            this.unhandled = unhandled;
        }
    }

    /** There was no memory to run a callback. */
    void outOfMemory(OutOfMemoryError e) {
        try {
            LOG.error("loop {} had no memory to run a callback, which is lost", name, e);
        } catch (OutOfMemoryError ignored) {
            return; // nor to say so
        }
    }

    /** A callback came too late: the loop has closed. What others wait for is not lost. */
    void dropped(Callback callback) {
        if (callback instanceof Report report) {
            handle(report.unhandled);
        } else if (callback instanceof FutureImpl.Transfer) {
            callback.call();
        } else if (callback.cancel()) {
            LOG.debug("loop {} has closed: dropped a callback", name);
        }
    }

    // ---- describing

    /**
     * The loop's name.
     *
     * @return the name given, or {@code weft-} and a number
     */
    public String name() {
        return name;
    }

    /**
     * The transport in use.
     *
     * @return never {@code AUTO}
     */
    public Transport transport() {
        return transport;
    }

    /**
     * The scheduler mode in use.
     *
     * @return never {@code AUTO}
     */
    public SchedulerMode scheduler() {
        return scheduler instanceof Carrier ? SchedulerMode.LOOP : SchedulerMode.PORTABLE;
    }

    /**
     * Whether debug mode is on.
     *
     * @return what {@link LoopOptions#debug(boolean)} said
     */
    public boolean isDebug() {
        return debug;
    }

    /**
     * Whether {@link #close} has been called.
     *
     * @return true from the start of closing on
     */
    public boolean isClosed() {
        return phase.get() != Phase.OPEN;
    }

    /**
     * A snapshot for metrics; from any thread. It also sends a probe through the queue, whose delay
     * is the lag that the next snapshots show.
     *
     * @return the present numbers
     */
    public LoopStatistics statistics() {
        Fiber current = scheduler.running();
        int queued = scheduler.queue.count(scheduler::isWork);
        int ready = scheduler.queue.count(e -> e instanceof Fiber f && f.task != null);
        if (current != null && current.task != null) {
            ready++;
        }
        int all = tasks;
        int suspended = Math.min(awaiting, all);
        ready = Math.min(ready, all - suspended);
        return new LoopStatistics(
                queued, ready, suspended, all - suspended - ready, Duration.ofNanos(lag.nanos()));
    }

    /**
     * The tasks of the loop that have not ended; from any thread. Counterpart of {@code
     * asyncio.all_tasks}. Called from elsewhere while something holds the loop, it is a snapshot
     * that may be wrong in places, taken after a second.
     *
     * {@snippet file="CoreSnippetsTest.java" region="tasks"}
     *
     * @return the tasks
     */
    public List<Task<?>> tasks() {
        return Dumps.onLoop(this, () -> Dumps.tasks(this), () -> Dumps.tasks(this));
    }

    /**
     * What the loop is doing: the tree of its scopes and tasks, with what each waits for and where;
     * from any thread. From elsewhere it takes up to a second when something holds the loop, and
     * says so.
     *
     * {@snippet file="SnippetsTest.java" region="dump"}
     *
     * @return the dump, whose {@code toString} draws the tree
     */
    public LoopDump dump() {
        return Dumps.onLoop(this, () -> Dumps.dump(this, false), () -> Dumps.dump(this, true));
    }

    /** Whether nothing of it runs any more. */
    boolean hasEnded() {
        return phase.get() == Phase.CLOSED;
    }

    ScopeImpl root() {
        return root;
    }

    Poller poller() {
        return poller;
    }

    @Override
    public String toString() {
        return "Loop["
                + name
                + ", "
                + scheduler()
                + ", "
                + transport
                + ", "
                + phase.get().name().toLowerCase(java.util.Locale.ROOT)
                + "]";
    }
}
