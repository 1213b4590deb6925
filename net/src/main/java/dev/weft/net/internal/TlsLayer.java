package dev.weft.net.internal;

import dev.weft.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * TLS below a conduit: Netty's handler, and, between that and the network, this one, which does
 * what the other leaves undone.
 *
 * <ul>
 *   <li>It counts the bytes of the wire.
 *   <li>It keeps the end of the input back while a delegated task runs (one that checks a
 *       certificate, say), as Netty's handler drops what waits for the task when the input ends.
 *   <li>It remembers how the peer began, for the message about one that does not speak TLS.
 *   <li>It does not close at once while input is under way that nobody wants: a socket that is
 *       closed with unread input is reset, and what it has not sent yet is lost. That would be the
 *       alert, when this side has refused the peer; or all that a client has written, if it closes
 *       before the tickets have come that a TLS 1.3 server sends after the handshake.
 *   <li>It does not let a client of TLS 1.2 negotiate anew, which costs the server much more than
 *       the client, and might change who the client is. BoringSSL itself does not.
 *   <li>It drops a peer that demands answers without end, and takes none: each request for new
 *       keys, in TLS 1.3, is answered at once, whatever waits to be sent.
 * </ul>
 *
 * <p>All of it belongs to the event loop.
 */
public final class TlsLayer extends ChannelDuplexHandler {
    private static final int REMEMBERED = 48;

    /** Answers to what the peer demands, while it takes nothing. */
    private static final int MAX_ANSWERS = 1000;

    private final LoopNet net;
    private final Duration closeTimeout;
    private final SslHandler handler;

    private Runnable arrival = () -> {};
    private @Nullable ChannelHandlerContext context;
    private byte[] beginning = {};
    private boolean handshaken;
    private boolean refused;

    /** The server's tickets are still to come. */
    private boolean awaitsTickets;

    private boolean lingering;
    private boolean inputEnded;

    /** Delegated tasks that have not told their end. */
    private int running;

    private boolean endHeldBack;

    /** TLS takes in what has come: what it writes meanwhile is an answer. */
    private boolean answering;

    /** Answers that wait to be sent behind more than the peer takes. */
    private int answers;

    /** Handlers of a user's write what they like, and when. */
    private boolean shared;

    /**
     * For one connection.
     *
     * @param net where to count
     * @param closeTimeout how long sending the last alert may take
     * @param make makes Netty's handler, given what is to run its delegated tasks
     */
    public TlsLayer(LoopNet net, Duration closeTimeout, Function<Executor, SslHandler> make) {
        this.net = net;
        this.closeTimeout = closeTimeout;
        // A virtual clock would run on while another thread works.
        boolean inline = net.loop().transport() == Transport.NONE;
        handler = make.apply(inline ? Runnable::run : this::delegate);
        handler.setHandshakeTimeoutMillis(0); // whoever waits for it has a limit of its own
        handler.setCloseNotifyFlushTimeoutMillis(Clock.millis(closeTimeout));
    }

    /**
     * Calls a function when bytes have come over the wire, be it a part of a record alone.
     *
     * @param function what to call; on the event loop
     */
    public void tellArrivals(Runnable function) {
        arrival = function;
    }

    /** Netty's handler. */
    public SslHandler handler() {
        return handler;
    }

    /**
     * Goes in front of a handler, and takes what that had received.
     *
     * @param next the handler's context
     * @param received what had come before; owned by this from now on
     * @param ended whether the input has ended after that
     */
    public void addBefore(ChannelHandlerContext next, List<Object> received, boolean ended) {
        ChannelPipeline pipeline = next.pipeline();
        pipeline.addBefore(next.name(), null, this);
        pipeline.addBefore(next.name(), null, handler);
        ChannelHandlerContext ctx = context();
        for (Object message : received) {
            remember((ByteBuf) message);
            ctx.fireChannelRead(message);
        }
        if (!received.isEmpty()) {
            ctx.fireChannelReadComplete();
        }
        if (ended) {
            userEventTriggered(ctx, ChannelInputShutdownEvent.INSTANCE);
        }
    }

    private ChannelHandlerContext context() {
        return Objects.requireNonNull(context);
    }

    /** The first bytes of the peer, such as {@code HTTP/1.1 400 Bad Request}, to be shown. */
    public byte[] beginning() {
        return beginning.clone();
    }

    /**
     * The handshake is done.
     *
     * @param tickets whether the server will send tickets for resumption
     */
    public void handshaken(boolean tickets) {
        handshaken = true;
        awaitsTickets = tickets;
    }

    /**
     * The handshake has failed.
     *
     * @param cause why
     */
    public void failed(Throwable cause) {
        refused = !(cause instanceof NotSslRecordException);
    }

    /** Others than Weft's own handlers are above from now on. */
    public void share() {
        shared = true;
    }

    /** Closes the channel without a word to the peer. */
    public void closeNow() {
        context().close();
    }

    // ---- delegated tasks

    /** Off the event loop, and, in loop mode, off its carrier: the JDK's scheduler gets it. */
    private void delegate(Runnable task) {
        if (isRenegotiation()) {
            refuse("the client wants to negotiate anew, which is refused");
            return;
        }
        running++;
        Thread.ofVirtual()
                .name("weft-tls")
                .start(() -> {
                    try {
                        task.run();
                    } finally {
                        delegatedEnded();
                    }
                });
    }

    /** In TLS 1.2 there is nothing more to do for a server whose handshake is done. */
    private boolean isRenegotiation() {
        SSLEngine engine = handler.engine();
        return handshaken
                && !engine.getUseClientMode()
                && !engine.getSession().getProtocol().equals("TLSv1.3");
    }

    private void refuse(String why) {
        context().fireExceptionCaught(new SSLException(why));
        closeNow();
    }

    private void delegatedEnded() {
        try {
            // After what the task itself has handed to the event loop, which goes on from there.
            context().executor().execute(this::delegatedTold);
        } catch (RejectedExecutionException e) {
            // The loop has closed, and with it the channel.
        }
    }

    private void delegatedTold() {
        running--;
        if (running == 0 && endHeldBack) {
            endHeldBack = false;
            context().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
    }

    // ---- Netty's events

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf buffer = (ByteBuf) message;
        net.read(buffer.readableBytes());
        arrival.run();
        awaitsTickets = false;
        if (lingering) {
            buffer.release();
            return;
        }
        remember(buffer);
        answering = true;
        ctx.fireChannelRead(buffer);
        answering = false;
        if (answers > MAX_ANSWERS && !shared) {
            refuse("the peer demands answers, and does not take them");
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (lingering && !refused && !awaitsTickets) {
            ctx.close();
            return;
        }
        ctx.fireChannelReadComplete();
    }

    private void remember(ByteBuf buffer) {
        if (handshaken || beginning.length == REMEMBERED) {
            return;
        }
        int n = Math.min(buffer.readableBytes(), REMEMBERED - beginning.length);
        beginning =
                ByteBufUtil.getBytes(
                        Unpooled.wrappedBuffer(
                                Unpooled.wrappedBuffer(beginning),
                                buffer.slice(buffer.readerIndex(), n)));
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            inputEnded = true;
            if (lingering) {
                ctx.close();
                return;
            }
            if (running > 0) {
                endHeldBack = true;
                return;
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf buffer) {
            net.wrote(buffer.readableBytes());
        }
        if (answering && !ctx.channel().isWritable()) {
            answers++;
        }
        ctx.write(message, promise);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            answers = 0;
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        Channel channel = ctx.channel();
        boolean linger =
                (refused || awaitsTickets)
                        && !inputEnded
                        && channel.isActive()
                        && channel instanceof DuplexChannel;
        if (!linger) {
            ctx.close(promise);
            return;
        }
        channel.closeFuture().addListener(f -> promise.trySuccess());
        if (!lingering) {
            lingering = true;
            linger(ctx, (DuplexChannel) channel);
        }
    }

    /** Sends the end of the output, and awaits the peer's, or the tickets, for a limited time. */
    private void linger(ChannelHandlerContext ctx, DuplexChannel channel) {
        ChannelFuture sent = ctx.writeAndFlush(Unpooled.EMPTY_BUFFER);
        sent.addListener(f -> {
            if (f.isSuccess()) {
                channel.shutdownOutput();
            } else {
                ctx.close();
            }
        });
        var timer =
                ctx.executor()
                        .schedule(
                                () -> {
                                    ctx.close();
                                },
                                Clock.nanos(closeTimeout),
                                TimeUnit.NANOSECONDS);
        channel.closeFuture().addListener(f -> timer.cancel(false));
        channel.config().setAutoRead(true);
    }
}
