package dev.weft;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A result that will be there later: {@link Async#await await} it in a task.
 *
 * <p>It is a {@link java.util.concurrent.Future} too, so that any thread may {@link #get} it. Its
 * writable side is {@link Promise}; a running body is a {@link Task}. Counterpart of {@code
 * asyncio.Future}, but it may be completed, cancelled and read from any thread.
 *
 * <p>A failure is never lost: it is thrown to whoever awaits, or reported once to the loop's
 * exception handler ({@link Loop#onUnhandled}) when nobody did and the future has become
 * unreachable, at the latest when its scope ends.
 *
 * @param <T> the type of the result
 */
public sealed interface Future<T extends @Nullable Object> extends java.util.concurrent.Future<T>
        permits Promise, Task, FutureImpl {
    /**
     * Calls a function when this future is done, with this future; a done future makes it ready
     * now.
     *
     * <p>The function runs on the callback thread of the current loop, never inside the call that
     * completes the future, in the order of registration. It is no task: it may not {@code await}.
     * Registering twice calls twice.
     *
     * {@snippet file="CoreSnippetsTest.java" region="onDone"}
     *
     * @param function what to call; what it throws goes to the loop's exception handler
     * @return a handle that keeps it from being called
     * @throws IllegalStateException on a thread of no loop: name the loop instead
     */
    Handle onDone(Consumer<? super Future<T>> function);

    /**
     * As {@link #onDone(Consumer)}, on the loop given; from any thread.
     *
     * @param loop whose callback thread runs the function
     * @param function what to call
     * @return a handle that keeps it from being called
     */
    Handle onDone(Loop loop, Consumer<? super Future<T>> function);

    /**
     * Asks for cancellation. A pending {@link Promise} is cancelled at once; see {@link
     * Task#cancel()} for a task, which goes on until it has cleaned up.
     *
     * @return false when it is done already, and nothing happens
     */
    boolean cancel();

    /**
     * As {@link #cancel()}, whatever the argument.
     *
     * @param mayInterruptIfRunning ignored
     * @return false when it is done already
     */
    @Override
    default boolean cancel(boolean mayInterruptIfRunning) {
        return cancel();
    }

    /**
     * Waits for the result; for threads of no loop. In a task it suspends, as {@code await} does,
     * but reports failures as this interface's JDK contract says.
     *
     * @return the result
     * @throws java.util.concurrent.CancellationException if the future was cancelled
     * @throws ExecutionException with the failure as its cause
     * @throws InterruptedException if the waiting thread was interrupted; the future goes on
     * @throws IllegalStateException in a callback of a loop in portable mode, which may not wait
     */
    @Override
    T get() throws InterruptedException, ExecutionException;

    /**
     * As {@link #get()}, for a limited time.
     *
     * @throws TimeoutException if the time ran out; the future goes on
     */
    @Override
    T get(long timeout, TimeUnit unit)
            throws InterruptedException, ExecutionException, TimeoutException;

    /**
     * As {@link #get()}, for a limited time.
     *
     * @param timeout how long to wait at most; zero or less does not wait
     * @return the result
     * @throws InterruptedException if the waiting thread was interrupted; the future goes on
     * @throws ExecutionException with the failure as its cause
     * @throws TimeoutException if the time ran out; the future goes on
     */
    default T get(Duration timeout)
            throws InterruptedException, ExecutionException, TimeoutException {
        return get(Checks.nanos(timeout, "timeout"), TimeUnit.NANOSECONDS);
    }

    /**
     * A {@link CompletableFuture} that ends as this future does; cancelling it cancels this future.
     * Its dependants run on the callback thread of the current loop, or on the completing thread
     * when there is no current loop or it has closed.
     *
     * {@snippet file="CoreSnippetsTest.java" region="toCompletableFuture"}
     *
     * @return a new one for each call
     */
    CompletableFuture<T> toCompletableFuture();

    /**
     * A future that ends as a stage does. Cancelling it cancels the stage, as far as that can be
     * cancelled. A {@code CompletionException} of the stage is unwrapped once.
     *
     * {@snippet file="CoreSnippetsTest.java" region="toCompletableFuture"}
     *
     * @param stage what to wait for
     * @param <T> the type of the result
     * @return a future of its own for each call
     */
    static <T extends @Nullable Object> Future<T> from(CompletionStage<T> stage) {
        return AdaptedFuture.of(Checks.notNull(stage, "stage"));
    }

    /**
     * As {@link #from(CompletionStage)}, for what is both a stage and a JDK future.
     *
     * @param future what to wait for
     * @param <T> the type of the result
     * @return a future of its own for each call
     */
    static <T extends @Nullable Object> Future<T> from(CompletableFuture<T> future) {
        return AdaptedFuture.of(Checks.notNull(future, "future"));
    }

    /**
     * A future that ends as one of the JDK's does. Cancelling it cancels that one too, by {@code
     * cancel(true)}. Counterpart of {@code asyncio.wrap_future}.
     *
     * <p>All that can be done with such a future is to block in {@code get()}. So unless it is
     * done, or is a {@code CompletionStage} as well, a virtual thread of the JDK's own scheduler
     * does that; cancelling interrupts it. One of ours is returned as it is. For Netty's there is
     * {@link dev.weft.netty.NettyBridge}, which needs no thread.
     *
     * {@snippet file="AdapterSnippetsTest.java" region="fromFuture"}
     *
     * @param future what to wait for
     * @param <T> the type of the result
     * @return the future itself if it is one of ours, else one of its own for each call
     */
    static <T extends @Nullable Object> Future<T> from(java.util.concurrent.Future<T> future) {
        return BlockingGet.of(Checks.notNull(future, "future"));
    }

    /**
     * Subscribes to a publisher; the future's result is its first item, or null if it completes
     * without one. After the first item the subscription is cancelled, and so it is when the future
     * is cancelled. For all items there is {@link PublisherIterator}.
     *
     * {@snippet file="AdapterSnippetsTest.java" region="fromPublisher"}
     *
     * @param publisher what to subscribe to
     * @param <T> the type of the items
     * @return a future, and a subscription, of its own for each call
     */
    static <T> Future<@Nullable T> from(Flow.Publisher<? extends T> publisher) {
        return FirstItem.of(Checks.notNull(publisher, "publisher"));
    }
}
