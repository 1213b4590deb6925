package dev.weft.net.internal;

import dev.weft.Promise;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.proxy.ProxyConnectionEvent;
import io.netty.handler.proxy.ProxyHandler;
import io.netty.util.ReferenceCountUtil;
import java.net.SocketAddress;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A client's way through a proxy: stands before the conduit until the proxy has connected or
 * refused, then leaves the pipeline with all that spoke the proxy's protocol. On the event loop.
 *
 * <p>It is the proxy that gets connected, so that its addresses are raced like any others; the
 * destination takes its place on the way to Netty's handler. What comes behind the proxy's answer
 * goes to the conduit.
 */
public final class ProxyHandshake extends ChannelDuplexHandler {
    private final Function<SocketAddress, ProxyHandler> protocol;
    private final SocketAddress destination;
    private final boolean credentials;

    private final Promise<Boolean> ended = Promise.create();

    /** Set before {@link #ended} is completed. */
    private @Nullable ProxyRefusal refusal;

    private boolean done;
    private boolean gone;

    /**
     * Creates one for a single channel.
     *
     * @param protocol makes what speaks to the proxy at an address
     * @param destination where to, as the proxy is to get it
     * @param credentials whether the protocol has any to show
     */
    public ProxyHandshake(
            Function<SocketAddress, ProxyHandler> protocol,
            SocketAddress destination,
            boolean credentials) {
        this.protocol = protocol;
        this.destination = destination;
        this.credentials = credentials;
    }

    /**
     * The end of it, good or bad.
     *
     * @return completed once the conduit may be used, or {@link #refusal} is known
     */
    public Promise<Boolean> ended() {
        return ended;
    }

    /**
     * Why it failed.
     *
     * @return null if it did not
     */
    public @Nullable ProxyRefusal refusal() {
        return refusal;
    }

    @Override
    public void connect(
            ChannelHandlerContext ctx,
            SocketAddress remote,
            SocketAddress local,
            ChannelPromise promise) {
        ProxyHandler handler = protocol.apply(remote);
        handler.setConnectTimeoutMillis(0); // the task that waits has a limit
        ChannelPipeline pipeline = ctx.pipeline();
        pipeline.addBefore(ctx.name(), null, handler);
        String name = Objects.requireNonNull(pipeline.context(handler)).name();
        pipeline.addBefore(name, null, new Answers(credentials)); // after its codec
        handler.connectFuture()
                .addListener(f -> {
                    if (f.isSuccess()) {
                        done = true;
                        // Not amid a decoder's loop, which may have more for the conduit.
                        ctx.executor().execute(() -> leave(ctx));
                    }
                });
        ctx.connect(destination, local, promise);
    }

    private void leave(ChannelHandlerContext ctx) {
        if (!ctx.isRemoved()) {
            ChannelPipeline pipeline = ctx.pipeline();
            while (pipeline.first() != this) {
                pipeline.removeFirst();
            }
            pipeline.remove(this);
        }
        ended.tryComplete(true);
    }

    private void fail(ChannelHandlerContext ctx, ProxyRefusal why) {
        if (!done) {
            done = true;
            refusal = why;
            ended.tryComplete(true);
            ctx.close();
        }
    }

    private static ProxyRefusal closed() {
        return new ProxyRefusal(
                ProxyRefusal.NO_CODE,
                "it closed the connection before it answered: is this the proxy's port, and its"
                        + " kind?");
    }

    @Override
    @SuppressWarnings("deprecation") // not of inbound handlers, Netty says
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (done) {
            if (refusal == null) {
                ctx.fireExceptionCaught(cause);
            }
        } else if (cause instanceof ProxyRefusal why) {
            fail(ctx, why);
        } else if (cause.getCause() == null) {
            fail(ctx, closed());
        } else {
            fail(
                    ctx,
                    new ProxyRefusal(
                            ProxyRefusal.NO_CODE,
                            "the connection to it broke: " + cause.getCause().getMessage()));
        }
        if (!ctx.channel().isActive()) {
            // Netty's handler keeps to itself that the channel has gone, if that ended it.
            channelInactive(ctx);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        fail(ctx, closed());
        if (!gone) {
            gone = true;
            ctx.fireChannelInactive();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ProxyConnectionEvent) {
            return;
        }
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            fail(ctx, closed());
        }
        ctx.fireUserEventTriggered(event);
    }

    /** Stands between a protocol's codec and its handler, and says what a refusal means. */
    private static final class Answers extends ChannelInboundHandlerAdapter {
        private final boolean credentials;
        private boolean interim;

        Answers(boolean credentials) {
            this.credentials = credentials;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ProxyRefusal refusal = ProxyRefusal.of(message, credentials);
            if (refusal != null) {
                // At once: a body may follow that has no end.
                ReferenceCountUtil.release(message);
                ctx.fireExceptionCaught(refusal);
            } else if (message instanceof HttpResponse response
                    && response.status().code() / 100 == 1) {
                interim = true;
                ReferenceCountUtil.release(message);
            } else if (interim && message instanceof LastHttpContent) {
                interim = false;
                ReferenceCountUtil.release(message);
            } else {
                ctx.fireChannelRead(message);
            }
        }
    }
}
