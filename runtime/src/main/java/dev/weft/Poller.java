package dev.weft;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.local.LocalIoHandler;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.netty.util.concurrent.ScheduledFuture;
import io.netty.util.concurrent.Ticker;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives Netty's event loop and the loop's timers, one {@link #turn} at a time: run what tasks
 * queued (their writes, so that a batch costs one poll), poll, fire timers. In loop mode it runs in
 * a fiber, in portable mode on a platform thread.
 *
 * <p>The earliest timer stands in Netty's own schedule as one alarm. It may ring too early, for a
 * timer that was removed meanwhile: most are, as most are limits of what then comes in time, and to
 * put the alarm off for each would cost more than to wake for nothing once in a while. A virtual
 * clock jumps to where it is set, so there it is exact. A deadline that stays the same from poll to
 * poll costs epoll no system call, whereas a time-out relative to now would arm a timerfd each
 * time.
 */
final class Poller {
    private static final Logger LOG = LoggerFactory.getLogger(Poller.class);

    /** Asked around each blocking poll. */
    interface Idle {
        /** Whether the poll may block; if so, {@link #leave} follows. */
        boolean enter();

        /** Asked last, by the I/O handler, when producers can already see that it will block. */
        boolean canBlock();

        void leave();

        /** Blocks whenever there is no I/O: for a thread that does nothing else. */
        Idle ALWAYS =
                new Idle() {
                    @Override
                    public boolean enter() {
                        return true;
                    }

                    @Override
                    public boolean canBlock() {
                        return true;
                    }

                    @Override
                    public void leave() {}
                };
    }

    /**
     * Passes everything on, but wakes the real handler only while it polls: a wake-up may be a
     * system call. Channels that live in memory are not the real handler's: they are only
     * remembered, to be closed at the end.
     */
    private final class GatedHandler implements IoHandler {
        private final IoHandler handler;
        private final IoHandler memory;

        GatedHandler(IoHandler handler, IoHandler memory) {
            this.handler = handler;
            this.memory = memory;
        }

        @Override
        public void initialize() {
            handler.initialize();
        }

        @Override
        public int run(IoHandlerContext context) {
            return handler.run(context);
        }

        @Override
        public void prepareToDestroy() {
            memory.prepareToDestroy();
            handler.prepareToDestroy();
        }

        @Override
        public void destroy() {
            handler.destroy();
        }

        @Override
        public IoRegistration register(IoHandle handle) throws Exception {
            return memory.isCompatible(handle.getClass())
                    ? memory.register(handle)
                    : registrations.apply(handler.register(handle));
        }

        @Override
        public void wakeup() {
            if (polling) {
                handler.wakeup();
            }
        }

        @Override
        public boolean isCompatible(Class<? extends IoHandle> handleType) {
            return memory.isCompatible(handleType) || handler.isCompatible(handleType);
        }
    }

    /**
     * A virtual clock as Netty's. Netty's shutdown waits for time to pass, and so it does then: by
     * a nanosecond each time somebody looks.
     */
    private final class VirtualTicker implements Ticker {
        private long passed;

        @Override
        public long initialNanoTime() {
            return 0;
        }

        @Override
        public long nanoTime() {
            return clock.nanoTime() + (shutDownAsked ? ++passed : 0);
        }

        @Override
        public void sleep(long delay, TimeUnit unit) {
            throw new UnsupportedOperationException("a virtual clock does not wait");
        }
    }

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final LoopClock clock;
    private final UnaryOperator<IoRegistration> registrations;
    private final ManualIoEventLoop eventLoop;
    private final Timers timers = new Timers();
    private @Nullable GatedHandler gate;
    private @Nullable Idle idle;
    private volatile @Nullable Thread owner;

    /** Whether a poll blocks or is about to; read by whoever may have to end it. */
    private volatile boolean polling;

    private volatile boolean shutDownAsked;

    /** Whether the event loop has been run; owned by it. */
    private boolean readied;

    /** The deadline for which the alarm is set; owned by the event loop. */
    private long alarmAt = Timers.NONE;

    private @Nullable ScheduledFuture<?> alarm;

    Poller(LoopClock clock, IoHandlerFactory factory, UnaryOperator<IoRegistration> registrations) {
        this.clock = clock;
        this.registrations = registrations;
        eventLoop =
                new ManualIoEventLoop(
                        null,
                        null,
                        executor ->
                                gate =
                                        new GatedHandler(
                                                factory.newHandler(executor),
                                                LocalIoHandler.newFactory().newHandler(executor)),
                        clock.isVirtual() ? new VirtualTicker() : Ticker.systemTicker()) {
                    @Override
                    protected boolean canBlock() {
                        return !isAlarmWrong() && idle().canBlock();
                    }
                };
    }

    /** Must be called before the first turn, as must {@link #setOwner}. */
    void setIdle(Idle idle) {
        this.idle = idle;
    }

    void setOwner(Thread owner) {
        this.owner = owner;
        eventLoop.setOwningThread(owner);
    }

    /** The thread that runs the event loop. */
    @Nullable Thread owner() {
        return owner;
    }

    private Idle idle() {
        return Objects.requireNonNull(idle);
    }

    IoEventLoop eventLoop() {
        return eventLoop;
    }

    /** The class of the handler that does the work, for {@code isIoType}. */
    Class<? extends IoHandler> ioType() {
        return Objects.requireNonNull(gate).handler.getClass();
    }

    /** Runs the event loop's whole life; on its thread. */
    void run(Runnable life) {
        FastThreadLocalThread.runWithFastThreadLocal(life);
    }

    /**
     * One turn; never throws.
     *
     * @return how many I/O events and queued functions were handled, or a number above 0 if that
     *     cannot be told
     */
    int turn() {
        try {
            // The first run also readies the I/O handler: before that io_uring submits nothing.
            int handled = readied ? eventLoop.runNonBlockingTasks(0) : eventLoop.runNow();
            readied = true;
            if (isAlarmWrong()) {
                setAlarm();
            }
            if (idle().enter()) {
                polling = true;
                try {
                    handled += eventLoop.run(0); // 0: until something happens
                } finally {
                    polling = false;
                    idle().leave();
                }
            } else {
                handled += eventLoop.runNow();
            }
            return handled;
        } catch (Throwable e) {
            try {
                LOG.error("the event loop caught a failure; it goes on in a second", e);
                LockSupport.parkNanos(SECOND); // one that lasts would flood the log, and the core
            } catch (Throwable ignored) {
                // Out of memory even for logging: the event loop has to live.
                return 1;
            }
            return 1;
        }
    }

    private boolean isAlarmWrong() {
        long at = timers.earliest();
        if (clock.isVirtual()) {
            return at != alarmAt;
        }
        return at != Timers.NONE && (alarmAt == Timers.NONE || at - alarmAt < 0);
    }

    private void setAlarm() {
        ScheduledFuture<?> old = alarm;
        if (old != null) {
            old.cancel(false);
        }
        alarm = null;
        alarmAt = Timers.NONE; // in case that scheduling fails
        long at = timers.earliest();
        if (at != Timers.NONE && !eventLoop.isShuttingDown()) {
            alarm =
                    eventLoop.schedule(
                            this::fireTimers, at - clock.nanoTime(), TimeUnit.NANOSECONDS);
        }
        alarmAt = at;
    }

    private void fireTimers() {
        alarm = null;
        alarmAt = Timers.NONE;
        long now = clock.nanoTime();
        for (Timers.Timer timer; (timer = timers.pollDue(now)) != null; ) {
            try {
                timer.fire();
            } catch (Throwable e) {
                LOG.error("a timer failed", e);
            }
        }
    }

    /** Adds a timer; from any thread. */
    void addTimer(Timers.Timer timer) {
        if (timers.add(timer) && polling) {
            wakeUp();
        }
    }

    boolean removeTimer(Timers.Timer timer) {
        return timers.remove(timer);
    }

    boolean isPolling() {
        return polling;
    }

    /** Makes a blocking poll return, or the next one not block; from any thread. */
    void wakeUp() {
        Objects.requireNonNull(gate).handler.wakeup();
    }

    /** Starts Netty's shutdown: every channel that is still registered is closed. */
    void askShutDown() {
        shutDownAsked = true;
        try {
            eventLoop.execute(this::shutDown); // after what tasks have written
        } catch (RejectedExecutionException e) {
            LOG.debug("the event loop has ended before", e);
        }
    }

    boolean isShutDownAsked() {
        return shutDownAsked;
    }

    private void shutDown() {
        eventLoop.shutdownGracefully(0, 0, TimeUnit.NANOSECONDS);
    }

    boolean isTerminated() {
        return eventLoop.isTerminated();
    }
}
