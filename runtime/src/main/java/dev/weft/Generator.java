package dev.weft;

import java.lang.ref.Reference;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * An iterator whose values a body emits, one each time it is asked. Counterpart of Python's
 * generators, the asynchronous ones included: in a task the body may {@code await}. It can be the
 * subject of a {@code for} loop, once.
 *
 * {@snippet file="GeneratorTest.java" region="generator"}
 *
 * <p>The body begins at the first {@link #hasNext} or {@link #next}, and runs only while it is
 * asked for a value: till its next {@code emit}. It may emit at any depth of calls: hand the
 * emitter down rather than nesting generators, since a value costs two hand-overs for each
 * generator that it passes. An exception that leaves the body is thrown by the call that had asked,
 * as {@link Async#await(Future)} would throw it, and ends the generator.
 *
 * <p><b>Closing</b>: a loop that is left early does not close its generator. So use {@code try}, as
 * above, where the body has something to clean up: {@link #close} ends it at its {@code emit} by
 * {@link GeneratorExit}. One that was left open is closed when its loop closes, after all tasks
 * have ended; if it has become unreachable, when a later generator begins.
 *
 * <p><b>In a task</b> (or callback) stepping suspends only if the body does: asking, running the
 * body and being given the value go straight, and nothing else of the loop runs in between. The
 * body is a thread of its own, with its own {@code ThreadLocal}s (registered ones begin as those of
 * the first who asks), but {@link Task#current}, cancellation, the scope for {@code async} and
 * {@link TaskLocal} are those of whoever asks. A generator belongs to the loop that has asked it
 * first; its tasks may take turns, but not at the same time.
 *
 * <p><b>Cancellation</b>: if the task is cancelled while the body awaits, {@link CancelledError} is
 * thrown in the body, and comes out of the call that had asked; the generator has ended then.
 *
 * <p>A {@link Async#scope scope} may stand open in the body around an {@code emit}: its tasks run
 * on meanwhile. What cancels the current task must not: a group's failure or a deadline would hit
 * whoever has asked, outside of it. An {@code emit} inside of a {@link Async#group group} fails;
 * one inside of a {@link Async#timeout(java.time.Duration, dev.weft.Body) timeout} is not noticed,
 * so do not. A value that {@code where} of a {@link TaskLocal} sets is seen by whoever asks while
 * it stands open.
 *
 * <p><b>Outside of a loop</b> any thread may ask, one at a time; the body is a virtual thread of
 * the JDK's, and may block.
 *
 * @param <T> the type of the values
 */
@SuppressWarnings("IterableAndIterator") // its values can be had once, which iterator() documents
public final class Generator<T extends @Nullable Object>
        implements Iterator<T>, Iterable<T>, AutoCloseable {
    /**
     * What emits the values.
     *
     * @param <T> the type of the values
     */
    @FunctionalInterface
    public interface Body<T extends @Nullable Object> {
        /**
         * Runs the body.
         *
         * @param out takes the values; only for the body itself, not for tasks that it starts
         * @throws Exception any failure; it reaches whoever had asked for a value
         */
        void run(Emitter<T> out) throws Exception;
    }

    /**
     * What a body gives its values to.
     *
     * @param <T> the type of the values
     */
    public sealed interface Emitter<T extends @Nullable Object> permits GeneratorImpl {
        /**
         * Gives a value to whoever had asked, and waits until the next one is asked for.
         * Counterpart of {@code yield}.
         *
         * <p>It is no suspension point of its own, but the consumer's code, which runs meanwhile,
         * may suspend.
         *
         * @param value the value
         * @throws GeneratorExit if the generator is closed instead; let it pass
         * @throws IllegalStateException if the generator is being closed already, or on a thread
         *     that is not the body's own
         */
        void emit(T value);

        /**
         * Emits all values of another iterable. Counterpart of {@code yield from}: another
         * generator is closed with this one, and in any case when this returns.
         *
         * @param values where to take them from
         */
        void emitAll(Iterable<? extends T> values);
    }

    private final GeneratorImpl<T> impl;

    private Generator(Body<T> body) {
        impl = new GeneratorImpl<>(body);
    }

    /**
     * Creates a generator. Its body does not begin yet.
     *
     * @param body emits the values
     * @param <T> the type of the values
     * @return a new generator
     */
    public static <T extends @Nullable Object> Generator<T> of(Body<T> body) {
        return new Generator<>(Checks.notNull(body, "body"));
    }

    /**
     * Runs the body till it emits or ends, unless a value is there already.
     *
     * <p>Suspends if the body does.
     *
     * @return whether there is one more value
     * @throws IllegalStateException if the generator is in use: asked by its own body, or by two
     *     tasks or threads at once; or if it belongs to another loop
     */
    @Override
    public boolean hasNext() {
        try {
            return impl.hasNext(this);
        } finally {
            Reference.reachabilityFence(this); // what is in use is not abandoned
        }
    }

    /**
     * Returns the next value, for which it runs the body unless {@link #hasNext} has done so.
     *
     * <p>Suspends if the body does.
     *
     * @return the value
     * @throws NoSuchElementException if the body has ended
     * @throws IllegalStateException as {@link #hasNext}
     */
    @Override
    public T next() {
        try {
            return impl.next(this);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * The generator itself: its values can be had once.
     *
     * @return this
     */
    @Override
    public Iterator<T> iterator() {
        return this;
    }

    /**
     * Ends the generator: {@link GeneratorExit} is thrown at the {@code emit} where the body waits,
     * and the body runs to its end. One that has not begun never does. Idempotent.
     *
     * <p>Suspends if the body does, in a {@code finally} block say.
     *
     * <p><b>Cancellation</b>: is thrown in the body, and comes out of this call; the generator has
     * ended then.
     *
     * @throws IllegalStateException if the body emits instead of ending, or as {@link #hasNext};
     *     what the body throws is thrown as {@link Async#await(Future)} would
     */
    @Override
    public void close() {
        try {
            impl.close();
        } finally {
            Reference.reachabilityFence(this);
        }
    }
}
