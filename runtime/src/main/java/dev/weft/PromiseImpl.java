package dev.weft;

import org.jspecify.annotations.Nullable;

/** A future that is completed by hand. */
sealed class PromiseImpl<T extends @Nullable Object> extends FutureImpl<T> implements Promise<T>
        permits AdaptedFuture, Bell.Ring, Offloaded, Several {
    private final @Nullable ScopeImpl scope;

    /**
     * A promise that reports an unretrieved failure to the loop of the creating fiber, at the
     * latest when that closes.
     */
    PromiseImpl(@Nullable Fiber creator) {
        scope = creator == null ? null : Loop.of(creator).root();
    }

    @Override
    final @Nullable ScopeImpl reportTo() {
        return scope;
    }

    @Override
    String description() {
        return "Promise@" + Integer.toHexString(System.identityHashCode(this));
    }

    @Override
    public final void complete(T result) {
        if (!tryComplete(result)) {
            throw new IllegalStateException("cannot complete " + this + ": it is done already");
        }
    }

    @Override
    public final void fail(Throwable failure) {
        if (!tryFail(failure)) {
            throw new IllegalStateException(
                    "cannot fail " + this + ": it is done already", failure);
        }
    }

    @Override
    public final boolean tryComplete(T result) {
        ensureRoomToTell();
        return end(encode(result));
    }

    @Override
    public final boolean tryFail(Throwable failure) {
        ensureRoomToTell();
        return endWith(Checks.notNull(failure, "failure"));
    }

    @Override
    public final boolean cancel() {
        ensureRoomToTell();
        return cancelBecause(new Request(null));
    }

    @Override
    boolean cancelBecause(Request request) {
        return end(new Cancelled(request.message));
    }
}
