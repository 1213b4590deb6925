package dev.weft.net;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.internal.Conduit;
import dev.weft.net.internal.Listener;
import dev.weft.net.internal.LoopNet;
import dev.weft.net.internal.StreamAccess;
import dev.weft.net.internal.TcpChannelOptions;
import dev.weft.net.internal.TlsLayer;
import dev.weft.netty.NettyBridge;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** A channel of bytes, perhaps of TLS, and, on a server, the handler that it is for. */
class TcpConduit extends Conduit implements Listener.Connection {
    /** So little is copied, as a buffer of its own would take more room. */
    private static final int LITTLE = 256;

    private final ByteStream stream;
    private final TcpOptions options;
    private final @Nullable StreamHandler handler;

    /** The handshake that somebody waits for. Set by tasks. */
    private volatile @Nullable TlsHandshake securing;

    /** Set once, on the event loop. */
    private volatile @Nullable TlsConnection tls;

    /** What a handshake failed with. Owned by tasks. */
    private @Nullable UncheckedIOException refused;

    TcpConduit(LoopNet net, Channel channel, TcpOptions options, @Nullable StreamHandler handler) {
        super(net, channel);
        this.options = options;
        this.handler = handler;
        TcpChannelOptions.set(channel, options, net.loop().transport());
        limitIdleness(options.readIdleTimeout(), options.writeIdleTimeout());
        stream = new ByteStream(this, options);
    }

    final ByteStream stream() {
        return stream;
    }

    /** A trusted proxy has told for whom it connects; on the event loop, before tasks see this. */
    void arrivedThrough(ProxyHeader header) {
        stream.arrivedThrough(header, remoteAddress());
        InetSocketAddress client = header.source();
        if (client != null) {
            standsFor(client);
        }
    }

    @Override
    protected String kind() {
        return "ByteStream";
    }

    @Override
    protected int sizeOf(Object message) {
        return ((ByteBuf) message).readableBytes();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (tls == null) {
            net().read(((ByteBuf) message).readableBytes());
        }
        received(message);
    }

    @Override
    protected void wrote(int bytes) {
        if (tls == null) {
            super.wrote(bytes);
        }
    }

    /**
     * A peer that sends single bytes, which nobody reads, must not fill the memory with buffers.
     */
    @Override
    protected boolean join(Object last, Object message) {
        ByteBuf before = (ByteBuf) last;
        ByteBuf bytes = (ByteBuf) message;
        int n = bytes.readableBytes();
        if (n > LITTLE || n > before.writableBytes() || before.isReadOnly()) {
            return false;
        }
        before.writeBytes(bytes, bytes.readerIndex(), n);
        return true;
    }

    @Override
    protected Object detach(Object message) {
        ByteBuf buffer = (ByteBuf) message;
        byte[] bytes = ByteBufUtil.getBytes(buffer);
        buffer.release();
        return Unpooled.wrappedBuffer(bytes);
    }

    @Override
    protected void dropped() {
        stream.dropped();
        stopSecuring();
    }

    @Override
    protected void left() {
        stopSecuring();
    }

    private void stopSecuring() {
        TlsHandshake waiting = securing;
        if (waiting != null && !waiting.isDone()) {
            waiting.fail(unusable("upgrade to TLS"));
        }
    }

    /** Whether the kernel can send files: nobody in between is to see their bytes. */
    boolean sendsFiles() {
        return tls == null && NettyBridge.sendsFiles(channel());
    }

    // ---- a server's

    @Override
    public void handle() throws Exception {
        ServerTls secure = options.serverTls();
        if (secure != null) {
            stream.upgradeToTls(secure);
        }
        if (handler != null) {
            handler.handle(stream);
        }
    }

    @Override
    public boolean isPeersFault(Throwable failure) {
        return failure == refused
                || wasIdle(failure)
                || failure instanceof TlsException t && remoteAddress().equals(t.peer())
                || Listener.Connection.super.isPeersFault(failure);
    }

    @Override
    public void finish(boolean failed, boolean cancelled) {
        stream.close();
    }

    @Override
    public void goAway() {
        // TCP has no word for it.
    }

    @Override
    public void closeSoon() {
        startClosing(options.closeTimeout());
    }

    @Override
    public Conduit conduit() {
        return this;
    }

    // ---- TLS: tasks

    /** What was agreed on; null without TLS. */
    @Nullable TlsSession session() {
        TlsConnection t = tls;
        return t == null ? null : t.session();
    }

    /** From now on nobody else may read or write; the stream gives back what it had taken. */
    void beginTls(@Nullable ByteBuf rest) {
        if (tls != null) {
            throw new IllegalStateException("cannot upgrade to TLS: " + this + " has it already");
        }
        beginUpgrade(rest);
    }

    /** Puts TLS in front, and waits for the handshake. If that fails, the connection is closed. */
    TlsSession secure(TlsUpgrade upgrade) {
        TlsHandshake handshake = new TlsHandshake();
        securing = handshake;
        execute(() -> upgradeOnLoop(upgrade, handshake));
        try {
            return handshake.await(upgrade.handshakeTimeout(), () -> tooLate(upgrade));
        } catch (TlsException e) {
            refused = e;
            close(upgrade.closeTimeout()); // the peer is told why, for a while
            throw e;
        } catch (UncheckedIOException e) {
            refused = e;
            abort();
            throw e;
        } catch (Throwable e) {
            abort();
            throw e;
        } finally {
            endUpgrade();
        }
    }

    private TimedOutException tooLate(TlsUpgrade upgrade) {
        return new TimedOutException(
                "the TLS handshake on "
                        + this
                        + " took more than the handshakeTimeout of "
                        + upgrade.handshakeTimeout().toMillis()
                        + " ms: does the peer speak TLS?",
                upgrade.handshakeTimeout());
    }

    @Override
    protected RuntimeException failed(String what, IOException cause) {
        TlsConnection t = tls;
        return t != null && cause instanceof SSLException
                ? t.explain(cause, toString(), remoteAddress())
                : super.failed(what, cause);
    }

    // ---- going over to Netty

    /** From now on nobody else may read or write; the stream gives back what it had taken. */
    void beginDetaching(@Nullable ByteBuf rest) {
        beginUpgrade(rest);
    }

    /** Puts a handler in the place of this. */
    Channel detach(ChannelHandler handler) {
        Promise<Channel> detached = Promise.create();
        execute(() -> detachOnLoop(handler, detached));
        try {
            return Async.await(detached);
        } catch (Throwable e) {
            if (isDetached()) {
                channel().close(); // nobody else knows of it
            }
            throw e;
        } finally {
            endUpgrade();
        }
    }

    /** In one go, so that nothing comes in between. */
    private void detachOnLoop(ChannelHandler handler, Promise<Channel> detached) {
        if (detached.isDone()) {
            return; // cancelled
        }
        if (!isOpen()) {
            detached.tryFail(unusable("hand over to Netty"));
            return;
        }
        try {
            channel().pipeline().addLast(handler);
        } catch (RuntimeException e) { // such as a handler that is in use elsewhere
            abort();
            detached.tryFail(e);
            return;
        }
        TlsConnection t = tls;
        if (t != null) {
            t.layer().share();
        }
        giveWay();
        if (!detached.tryComplete(channel())) {
            channel().close(); // cancelled meanwhile: nobody else knows of it
        }
    }

    // ---- to another protocol

    /** As {@link StreamAccess#handOver}; the stream gives back what it had taken. */
    void handOver(@Nullable ByteBuf rest, StreamAccess.Heir heir) {
        beginUpgrade(rest);
        execute(() -> {
            if (!isOpen()) {
                heir.missed(unusable("hand over"));
                return;
            }
            heir.inherit(net(), channel(), tls);
            giveWay();
        });
    }

    // ---- TLS: the event loop

    private void upgradeOnLoop(TlsUpgrade upgrade, TlsHandshake handshake) {
        if (handshake.isDone()) {
            return;
        }
        if (isClosed() || !channel().isActive()) {
            handshake.fail(unusable("upgrade to TLS"));
            return;
        }
        TlsLayer layer;
        try {
            layer = upgrade.layer(net(), channel());
        } catch (RuntimeException e) {
            handshake.fail(e);
            return;
        }
        layer.tellArrivals(this::heard);
        Unread unread = takeBack();
        tls = new TlsConnection(upgrade, layer, handshake);
        layer.addBefore(
                Objects.requireNonNull(channel().pipeline().context(this)),
                unread.messages(),
                unread.ended());
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        TlsConnection t = tls;
        if (t == null) {
            super.userEventTriggered(ctx, event);
            return;
        }
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            if (handshake.isSuccess()) {
                t.handshaken();
            } else {
                handshakeFailed(t, handshake.cause());
            }
        } else if (event instanceof SslCloseCompletionEvent close) {
            if (close.isSuccess()) {
                closeNotify(t);
            }
        } else if (event == ChannelInputShutdownEvent.INSTANCE) {
            if (!t.isHandshaken()) {
                handshakeFailed(t, new ClosedChannelException());
                closeNow();
            } else if (!t.hasInputEnded()) {
                fail(truncated(null));
            }
        }
        ReferenceCountUtil.release(event);
    }

    private void closeNotify(TlsConnection t) {
        if (!t.isHandshaken()) {
            handshakeFailed(t, new ClosedChannelException());
            return;
        }
        IOException outputLost = t.inputEnded();
        if (outputLost != null) {
            loseOutput(outputLost);
        }
        ended();
    }

    private void handshakeFailed(TlsConnection t, Throwable cause) {
        RuntimeException failure = t.failed(cause, toString(), remoteAddress());
        if (!isClosed()) {
            // Before whoever waits is told, who then closes a connection that is known to be
            // broken.
            spoil(new IOException(failure.getMessage(), cause));
        }
        t.tell(failure);
    }

    private static IOException truncated(@Nullable Throwable cause) {
        return new IOException(
                "truncated: the peer ended the connection without TLS's close_notify, so that"
                        + " what it sent may not be all"
                        + (cause == null ? "" : " (" + cause.getMessage() + ")"),
                cause);
    }

    @Override
    @SuppressWarnings("deprecation") // not of inbound handlers, Netty says
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        TlsConnection t = tls;
        if (t == null) {
            super.exceptionCaught(ctx, cause);
            return;
        }
        Throwable root =
                cause instanceof DecoderException && cause.getCause() != null
                        ? cause.getCause()
                        : cause;
        if (!t.isHandshaken()) {
            handshakeFailed(t, root);
            fail(new IOException(root));
        } else {
            fail(root instanceof SSLException ssl ? ssl : truncated(root));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        TlsConnection t = tls;
        if (t != null && t.isHandshaken() && !t.hasInputEnded() && !isClosed()) {
            spoil(truncated(null));
        }
        super.channelInactive(ctx);
    }

    @Override
    protected ChannelFuture endOutput(DuplexChannel socket) {
        TlsConnection t = tls;
        return t == null ? super.endOutput(socket) : t.layer().handler().closeOutbound();
    }

    @Override
    protected void closeNow() {
        TlsConnection t = tls;
        if (t == null) {
            super.closeNow();
        } else {
            t.layer().closeNow();
        }
    }
}
