package dev.weft.http;

import dev.weft.Loop;
import dev.weft.UnhandledFailure;
import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Notices that a response was forgotten, with a body that nobody has read to its end: then its
 * connection is freed, and the loop's exception handler told. In debug mode it is told where the
 * call was made.
 */
final class Forgotten implements Runnable {
    private static final Cleaner CLEANER = Cleaner.create();

    private final Exchange exchange;
    private final Loop loop;
    private final @Nullable Throwable where;
    private final AtomicBoolean settled = new AtomicBoolean();
    private Cleaner.@Nullable Cleanable cleanable;

    /** Has buffers, and memory of libraries. Volatile: the cleaner's thread closes it. */
    private volatile @Nullable ContentDecoder decoder;

    private Forgotten(Exchange exchange, Loop loop) {
        this.exchange = exchange;
        this.loop = loop;
        where = loop.isDebug() ? new Throwable("the call was made here") : null;
    }

    /** Watches a response; the exchange must not lead to it. */
    static Forgotten watch(HttpResponse response, Exchange exchange, Loop loop) {
        Forgotten watch = new Forgotten(exchange, loop);
        watch.cleanable = CLEANER.register(response, watch);
        return watch;
    }

    /** There is a decoder, too, to be closed if it is forgotten. */
    void closes(ContentDecoder opened) {
        decoder = opened;
    }

    /** It was not forgotten. */
    void settle() {
        if (settled.compareAndSet(false, true) && cleanable != null) {
            cleanable.clean();
        }
    }

    @Override
    public void run() {
        if (!settled.compareAndSet(false, true)) {
            return;
        }
        exchange.cancel();
        ContentDecoder opened = decoder;
        if (opened != null) {
            opened.close();
        }
        if (!exchange.isEnded() && !loop.isClosed()) {
            IllegalStateException told =
                    new IllegalStateException(
                            "the response to "
                                    + exchange
                                    + " was neither read to its end nor closed, and held a"
                                    + " connection until now: use try, or read it"
                                    + (where == null
                                            ? ". LoopOptions.debug() shows where the call was made"
                                            : ""),
                            where);
            loop.report(new UnhandledFailure(String.valueOf(told.getMessage()), told, null));
        }
    }
}
