package dev.weft;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A generator outside of a loop: the body is a virtual thread of the JDK's, and the two hand each
 * other the right to run. Who is interrupted while he waits for the body passes that on to it.
 */
final class ThreadCoroutine extends Coroutine {
    private final GeneratorImpl<?> generator;

    private final AtomicReference<@Nullable Thread> consumer = new AtomicReference<>();

    /** The body's; null before it has begun. */
    private @Nullable Thread thread;

    /** Who may run; it publishes whatever the two share. Written under the lock. */
    private volatile @Nullable Thread turn;

    /** The interrupt flag of whoever has handed the turn over. */
    private boolean interrupted;

    ThreadCoroutine(GeneratorImpl<?> generator) {
        this.generator = generator;
    }

    @Override
    void enter() {
        if (Fiber.current() != null) {
            throw new IllegalStateException(
                    "the generator belongs to no loop, as a thread of none has asked it first: only such"
                            + " can step or close it");
        }
        Thread self = Thread.currentThread();
        if (!consumer.compareAndSet(null, self)) {
            throw inUse(self == thread, "" + consumer.get());
        }
    }

    @Override
    void leave() {
        consumer.set(null);
    }

    @Override
    boolean hasBegun() {
        return thread != null;
    }

    @Override
    void begin(Generator<?> handle) {
        Thread body =
                Thread.ofVirtual()
                        .inheritInheritableThreadLocals(false)
                        .name("generator")
                        .unstarted(generator);
        body.start();
        thread = body;
        Failure.CLEANER.register(handle, this::closeAbandoned);
    }

    /** Another thread is the consumer then, since the body may take its time. */
    private void closeAbandoned() {
        if (generator.isDone()) {
            return;
        }
        Thread.ofVirtual()
                .name("generator-closer")
                .start(() -> {
                    try {
                        generator.close();
                    } catch (Throwable e) {
                        new UnhandledFailure(
                                        "closing a generator failed that was left open", e, null)
                                .log();
                    }
                });
    }

    @Override
    void resume() {
        StackRoom.ensure();
        hand(thread);
        await(consumer.get(), thread);
    }

    @Override
    void awaitFirst() {
        await(Thread.currentThread(), null);
    }

    @Override
    boolean isBody() {
        return thread == Thread.currentThread();
    }

    @Override
    void suspend() {
        StackRoom.ensure();
        hand(consumer.get());
        await(thread, null);
    }

    @Override
    void end() {
        hand(consumer.get());
    }

    private void hand(@Nullable Thread to) {
        synchronized (this) {
            interrupted = Thread.interrupted();
            turn = to;
        }
        LockSupport.unpark(to);
    }

    private void await(@Nullable Thread self, @Nullable Thread other) {
        boolean mine = false;
        while (turn != self) {
            try {
                LockSupport.park(this);
            } catch (StackOverflowError e) {
                Thread.onSpinWait(); // the other one runs: there is no way back to the caller
            }
            if (Thread.interrupted()) {
                mine |= other == null || !passOn(other);
            }
        }
        if (mine || interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Interrupts the body in the consumer's stead; false when it does not run any more. */
    private synchronized boolean passOn(Thread body) {
        boolean runs = turn == body;
        if (runs) {
            body.interrupt();
        }
        return runs;
    }
}
