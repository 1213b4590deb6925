package dev.weft.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether a server is still there. A network that swallows all that is sent tells nobody;
 * and a connection that carries many calls would take one after the other, each until its limit. So
 * when a call is given up that has waited for some time, and nothing at all has come meanwhile, the
 * server is asked by a PING. If nothing comes then, either, the connection is broken. It costs
 * nothing while servers answer. Owned by the event loop.
 */
final class Http2Liveness {
    private static final int LIMIT_SECONDS = 5;

    private final Http2Connection connection;
    private final Http2Handler handler;
    private @Nullable ScheduledFuture<?> limit;

    Http2Liveness(Http2Connection connection, Http2Handler handler) {
        this.connection = connection;
        this.handler = handler;
    }

    /** Asks, without flushing, unless it is being asked. */
    void ask() {
        if (limit != null) {
            return;
        }
        ChannelHandlerContext ctx = handler.context();
        long before = handler.reads();
        handler.encoder().writePing(ctx, false, before, ctx.newPromise());
        limit =
                ctx.executor()
                        .schedule(
                                () -> {
                                    limit = null;
                                    if (handler.reads() == before) {
                                        connection.silent(LIMIT_SECONDS);
                                    }
                                },
                                LIMIT_SECONDS,
                                TimeUnit.SECONDS);
    }

    /** Nobody is interested any more. */
    void end() {
        if (limit != null) {
            limit.cancel(false);
            limit = null;
        }
    }
}
