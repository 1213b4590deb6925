package dev.weft;

import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A variable of which each task has a value of its own: a request's id, the user on whose behalf
 * something is done. Counterpart of {@code contextvars.ContextVar}. Make one for each purpose, in a
 * {@code static final} field.
 *
 * <p>A task begins with what was set where it was started, and what it sets itself nobody else
 * sees, but for tasks that it starts afterwards: values are inherited, not shared (the value itself
 * is the same object). A callback begins with what was set where it was registered; a task of
 * {@link Loop#submit} with what is set in the calling task or callback, with nothing if a thread of
 * no loop submits it. Work that is offloaded to a thread has a copy of its task's. A {@link
 * Generator}'s body has the values of whoever steps it, and what it sets stays set there.
 *
 * <p>Starting a task costs one reference more, however many are set. Setting one copies the few
 * that are. Unlike these, {@link ThreadLocal}s hold within a task and are not inherited.
 *
 * {@snippet file="TaskLocalTest.java" region="taskLocal"}
 *
 * @param <T> the type of the value
 */
public final class TaskLocal<T extends @Nullable Object> {
    /** As for {@link ThreadLocal}: multiples of this spread well over a power of two. */
    private static final int HASH_INCREMENT = 0x61c88647;

    private static final AtomicInteger HASHES = new AtomicInteger();

    final int hash = HASHES.getAndAdd(HASH_INCREMENT);
    private final @Nullable Supplier<? extends T> initial;

    private TaskLocal(@Nullable Supplier<? extends T> initial) {
        this.initial = initial;
    }

    /**
     * Creates a variable that has no value until it is set.
     *
     * @param <T> the type of the value
     * @return a new variable
     */
    public static <T extends @Nullable Object> TaskLocal<T> create() {
        return new TaskLocal<>(null);
    }

    /**
     * Creates a variable whose first {@link #get} in a task sets it to what the supplier gives, as
     * {@link ThreadLocal#withInitial} does. Tasks that are started before then each get their own.
     *
     * @param supplier gives the value; it is called in the task or callback that asks
     * @param <T> the type of the value
     * @return a new variable
     */
    public static <T extends @Nullable Object> TaskLocal<T> withDefault(
            Supplier<? extends T> supplier) {
        return new TaskLocal<>(Checks.notNull(supplier, "supplier"));
    }

    /**
     * The value in the current task or callback.
     *
     * @return the value
     * @throws NoSuchElementException if it is not set, and there is no default
     * @throws IllegalStateException on a thread that runs no task or callback of a loop
     */
    @SuppressWarnings({"unchecked", "NullAway"}) // null is a T where it was set to null
    public T get() {
        Locals locals = locals("get");
        Object value = Locals.get(locals, this);
        if (value != null || Locals.has(locals, this)) {
            return (T) value;
        }
        if (initial == null) {
            throw new NoSuchElementException(
                    "the TaskLocal is not set here: set(…) it, run the code in where(…), or create it"
                            + " with withDefault(…)");
        }
        T first = initial.get();
        set(first);
        return first;
    }

    /**
     * Whether the variable is set in the current task or callback; a default that nobody has asked
     * for is not.
     *
     * @return true if {@link #get} would return what was set
     * @throws IllegalStateException on a thread that runs no task or callback of a loop
     */
    public boolean isSet() {
        return Locals.has(locals("isSet"), this);
    }

    /**
     * Sets the value for the rest of the current task or callback, and for tasks that it starts
     * from now on.
     *
     * @param value the new value
     * @throws IllegalStateException on a thread that runs no task or callback of a loop
     */
    public void set(T value) {
        change(Locals.with(locals("set"), this, value));
    }

    /**
     * Makes the variable one that is not set, for the rest of the current task or callback.
     *
     * @throws IllegalStateException on a thread that runs no task or callback of a loop
     */
    public void remove() {
        change(Locals.without(locals("remove"), this));
    }

    /**
     * Runs a body with the variable set to a value, then puts it back to what it was, whatever the
     * body did to it. Does not suspend, but the body may; it has no value in anybody else
     * meanwhile, but for tasks that the body starts. Counterpart of {@code with var.set(value)}.
     *
     * @param value the value for the body
     * @param body what to run
     * @param <R> the type of its result
     * @return its result
     * @throws IllegalStateException on a thread that runs no task or callback of a loop; what the
     *     body throws is thrown as {@link Async#await(Future)} would
     */
    public <R extends @Nullable Object> R where(T value, Body<R> body) {
        Checks.notNull(body, "body");
        Locals before = locals("where");
        change(Locals.with(before, this, value));
        try {
            return body.run();
        } catch (Exception e) {
            throw TaskImpl.thrown(e);
        } finally {
            Locals after = locals("where");
            change(
                    Locals.has(before, this)
                            ? Locals.with(after, this, Locals.get(before, this))
                            : Locals.without(after, this));
        }
    }

    /**
     * As {@link #where(Object, Body)}, for a body without a result.
     *
     * @param value the value for the body
     * @param action what to run
     */
    public void where(T value, Action action) {
        where(value, Async.body(action));
    }

    private static @Nullable Locals locals(String what) {
        Fiber fiber = Fiber.current();
        if (fiber != null) {
            return fiber.locals;
        }
        return borrowed(what).locals;
    }

    private static void change(@Nullable Locals locals) {
        Fiber fiber = Fiber.current();
        if (fiber != null) {
            fiber.locals = locals;
        } else {
            borrowed("set").locals = locals;
        }
    }

    private static Context borrowed(String what) {
        Context borrowed = Context.borrowed();
        if (borrowed == null) {
            throw new IllegalStateException(
                    "TaskLocal."
                            + what
                            + " needs a task or a callback, and this thread runs none: wrap the code in"
                            + " Async.run(() -> …), or use loop.submit(…) from a foreign thread");
        }
        return borrowed;
    }
}
