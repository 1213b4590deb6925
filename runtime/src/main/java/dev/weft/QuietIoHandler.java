package dev.weft;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoRegistration;
import java.util.function.BooleanSupplier;

/**
 * The I/O handler of a loop without I/O: where another would wait in the kernel, it waits for a
 * wake-up, or makes a virtual clock jump.
 *
 * <p>It is asked to block only when nothing on the loop can run, and so that is when the clock may
 * jump. As everywhere (see {@link Carrier}), no wake-up is lost: {@code woken} goes down before the
 * last look at what there is to do, and a waker first changes what there is to do.
 */
final class QuietIoHandler implements IoHandler {
    /** How whoever runs the event loop waits. */
    interface Waiting {
        /** Waits until woken, for a time or (negative) without limit, or for no reason. */
        void park(long nanos);

        /** Ends a wait, or the next one before it begins; from any thread. */
        void unpark();
    }

    private final LoopClock clock;
    private final Waiting waiting;

    /** Whether nothing outside the loop holds a virtual clock. */
    private final BooleanSupplier mayJump;

    private volatile boolean woken;

    QuietIoHandler(LoopClock clock, Waiting waiting, BooleanSupplier mayJump) {
        this.clock = clock;
        this.waiting = waiting;
        this.mayJump = mayJump;
    }

    @Override
    public int run(IoHandlerContext context) {
        woken = false;
        // In this order: work elsewhere first makes ready who waits for it, then lets go of the
        // clock. Whoever sees it let go thus sees that too.
        boolean jump = mayJump.getAsBoolean();
        if (!context.canBlock()) {
            return 0;
        }
        boolean timer = context.deadlineNanos() != -1;
        long start = clock.nanoTime();
        long delay = timer ? context.delayNanos(start) : -1;
        if (!clock.isVirtual()) {
            while (!woken && (!timer || delay > 0)) {
                waiting.park(delay);
                delay = timer ? delay - (clock.nanoTime() - start) : -1;
            }
        } else if (timer && jump) {
            clock.advance(delay);
        } else {
            while (!woken) {
                waiting.park(-1);
            }
        }
        return 0;
    }

    @Override
    public void wakeup() {
        woken = true;
        waiting.unpark();
    }

    @Override
    public void initialize() {}

    @Override
    public void prepareToDestroy() {}

    @Override
    public void destroy() {}

    @Override
    public IoRegistration register(IoHandle handle) {
        throw new IllegalStateException(
                "this loop has no I/O: open it with an operating system's transport, such as Transport.AUTO");
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return false;
    }
}
