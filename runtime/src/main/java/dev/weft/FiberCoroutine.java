package dev.weft;

import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/**
 * A generator in a loop: the body is a fiber, which goes on as the consumer's task where that
 * fiber's stops, without a way through the run queue ({@link Scheduler#transfer}). All of it is
 * owned by the loop.
 */
final class FiberCoroutine extends Coroutine {
    private final GeneratorImpl<?> generator;
    private final Scheduler scheduler;

    /** The body's; null before it has begun. */
    private @Nullable Fiber fiber;

    /** Who steps or closes; null when nobody does. */
    private @Nullable Fiber consumer;

    /** The consumer's scope as the body has it: when it has another, it has opened that itself. */
    private @Nullable ScopeImpl lent;

    /** Refers to nothing when nobody can step or close any more. */
    private @Nullable WeakReference<Generator<?>> handle;

    /** Neighbours in the loop's list of those that have begun and not ended. */
    @Nullable FiberCoroutine previous;

    @Nullable FiberCoroutine next;
    boolean listed;

    /** It was found to be abandoned. */
    boolean found;

    FiberCoroutine(GeneratorImpl<?> generator, Fiber first) {
        this.generator = generator;
        scheduler = first.scheduler;
    }

    @Override
    void enter() {
        Fiber current = Fiber.current();
        if (current == null || current.scheduler != scheduler) {
            throw new IllegalStateException(
                    "the generator belongs to loop "
                            + scheduler.loop.name()
                            + ", which has asked it first: only that loop's tasks can step or close it");
        }
        Fiber other = consumer;
        if (other != null) {
            TaskImpl<?> task = other.task;
            throw inUse(
                    current == fiber || task != null && task == current.task,
                    task == null ? "a callback" : "task " + task.name());
        }
        consumer = current;
    }

    @Override
    void leave() {
        consumer = null;
    }

    @Override
    boolean hasBegun() {
        return fiber != null;
    }

    @Override
    void begin(Generator<?> of) {
        // An overflow amid start() can leave the thread pinned for good: the JDK pins it meanwhile.
        StackRoom.ensure();
        Generators generators = scheduler.loop.generators;
        generators.lookForAbandoned();
        handle = new WeakReference<>(of);
        Fiber body = scheduler.fiber("generator", generator);
        body.setStarted();
        body.thread().start();
        fiber = body;
        generators.add(this);
    }

    @Override
    @SuppressWarnings("NullAway") // the consumer has entered, and the body has begun
    void resume() {
        Fiber from = consumer;
        Fiber to = fiber;
        TaskImpl<?> task = from.task;
        FutureImpl.tellUntold(from.scheduler);
        to.task = task;
        if (to.scope == lent) {
            to.scope = from.scope;
            lent = from.scope;
        }
        to.locals = from.locals;
        if (task != null) {
            task.fiber = to;
        }
        try {
            scheduler.transfer(from, to);
        } finally {
            // No calls: there may be no stack for them.
            if (task != null) {
                task.fiber = from;
            }
            from.locals = to.locals;
            to.locals = null;
            to.task = null;
            if (to.scope == lent) {
                to.scope = null;
                lent = null;
            }
        }
    }

    @Override
    @SuppressWarnings("NullAway") // this is the body's fiber
    void awaitFirst() {
        scheduler.awaitAppointment(fiber);
    }

    @Override
    boolean isBody() {
        Fiber body = fiber;
        return body != null && body.thread == Thread.currentThread();
    }

    @Override
    @SuppressWarnings("NullAway") // somebody has resumed the body
    void suspend() {
        refuseGroups(fiber.scope);
        FutureImpl.tellUntold(fiber.scheduler);
        scheduler.transfer(fiber, consumer);
    }

    private void refuseGroups(@Nullable ScopeImpl innermost) {
        for (ScopeImpl s = innermost; s != null && s != lent; s = s.outer()) {
            if (s instanceof GroupImpl) {
                throw new IllegalStateException(
                        "cannot emit inside of a group that the body has opened: the failure of a child"
                                + " would cancel whoever asks next. Use scope(…), or open the group around"
                                + " the consumer");
            }
        }
    }

    @Override
    @SuppressWarnings("NullAway") // somebody has resumed the body
    void end() {
        scheduler.loop.generators.remove(this);
        FutureImpl.tellUntold(fiber.scheduler);
        fiber.task = null;
        fiber.scope = null;
        lent = null;
        fiber.setEnded();
        scheduler.appoint(consumer);
    }

    /** The innermost scope that the body has opened, while nobody steps it; else null. */
    @Nullable ScopeImpl openScope() {
        Fiber body = fiber;
        return body == null || consumer != null || body.scope == lent ? null : body.scope;
    }

    /** Whether a scope stands around the body's own. */
    boolean isLent(ScopeImpl scope) {
        return scope == lent;
    }

    /** Whether the body waits, and nobody can ask it to go on. */
    boolean isAbandoned() {
        WeakReference<Generator<?>> h = handle;
        return !found && consumer == null && h != null && h.refersTo(null);
    }

    /** Closes it in the current task; false if that failed, which it has reported. */
    boolean closeAndReport() {
        try {
            generator.close();
            return true;
        } catch (CancelledError e) {
            throw e; // the closing itself is cancelled
        } catch (Throwable e) {
            scheduler.loop.report(
                    new UnhandledFailure("closing a generator failed that was left open", e, null));
            return false;
        }
    }
}
