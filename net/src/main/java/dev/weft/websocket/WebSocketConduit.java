package dev.weft.websocket;

import dev.weft.Promise;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.StreamClosedException;
import dev.weft.net.TimedOutException;
import dev.weft.net.TlsException;
import dev.weft.net.TlsSession;
import dev.weft.net.internal.Clock;
import dev.weft.net.internal.Conduit;
import dev.weft.net.internal.Listener;
import dev.weft.net.internal.TlsLink;
import dev.weft.net.internal.Waits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.Utf8FrameValidator;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * A channel of WebSocket frames. Data frames go to the tasks as messages; control frames are
 * answered here.
 *
 * <p>The closing handshake: each side sends one close frame, and nothing after it. {@code
 * closeSent} and {@code closeReceived} say how far it is; when both are set the channel is closed.
 * A channel that ends before {@code closeReceived} is broken.
 */
final class WebSocketConduit extends Conduit implements Listener.Connection {
    static final int NORMAL = 1000;
    static final int GOING_AWAY = 1001;
    static final int NO_STATUS = 1005;
    static final int ABNORMAL = 1006;
    static final int TOO_BIG = 1009;
    static final int FAILED = 1011;

    /** The payload of a control frame: allowed however short messages must be. */
    private static final int MAX_CONTROL_BYTES = 125;

    /** What a message counts for beside its bytes, so that empty ones count. */
    private static final int OVERHEAD = 64;

    /** What the peer did wrong. */
    private static final class Violation extends IOException {
        private static final long serialVersionUID = 1L;

        private final int code;

        Violation(int code, String message, Throwable cause) {
            super(message, cause);
            this.code = code;
        }
    }

    private final @Nullable TlsLink tls;
    private final WebSocketOptions options;
    private final @Nullable WebSocketHandler handler;
    private final WebSocket socket;
    private final Pings pings = new Pings();

    // ---- guarded by this

    private boolean closeSent;
    private boolean closeReceived;
    private int closeCode = -1;
    private String closeReason = "";
    private final ArrayDeque<Promise<Boolean>> awaitingClose = new ArrayDeque<>(0);

    /** Owned by the event loop. */
    private boolean mustFlush;

    WebSocketConduit(
            Link link,
            WebSocketOptions options,
            @Nullable String subprotocol,
            @Nullable WebSocketHandler handler) {
        super(link.net(), link.channel());
        tls = link.tls();
        this.options = options;
        this.handler = handler;
        socket = new WebSocket(this, subprotocol);
    }

    /** What decoders are to do. */
    static WebSocketDecoderConfig decoderConfig(WebSocketOptions options, boolean server) {
        return WebSocketDecoderConfig.newBuilder()
                .maxFramePayloadLength(Math.max(options.maxMessageBytes(), MAX_CONTROL_BYTES))
                .expectMaskedFrames(server)
                .allowMaskMismatch(false)
                .allowExtensions(false)
                .closeOnProtocolViolation(false) // done here, lest a reset overtakes the reason
                .build();
    }

    /** Adds itself, and what has to stand before it, to a pipeline; on the event loop. */
    void addTo(Channel channel) {
        channel.pipeline()
                .addLast(new Utf8FrameValidator(false))
                .addLast(new WebSocketFrameAggregator(options.maxMessageBytes()))
                .addLast(this);
    }

    WebSocket socket() {
        return socket;
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    protected String kind() {
        return "WebSocket";
    }

    @Override
    protected int sizeOf(Object message) {
        return OVERHEAD
                + switch ((Message) message) {
                    case Message.Text text -> text.text().length();
                    case Message.Binary binary -> binary.bytes().length;
                };
    }

    @Override
    protected Object detach(Object message) {
        return message;
    }

    @Override
    protected void dropped() {}

    @Override
    protected void wrote(int bytes) {
        // The meter counts.
    }

    // ---- tasks

    @Nullable Message receive() {
        try {
            return (Message) take();
        } catch (StreamClosedException e) {
            synchronized (this) {
                if (closeSent && closeReceived) {
                    return null;
                }
            }
            throw e;
        }
    }

    void send(WebSocketFrame frame) {
        StreamClosedException refusal = null;
        synchronized (this) {
            if (closeSent || closeReceived) {
                refusal =
                        new StreamClosedException(
                                "cannot send: "
                                        + this
                                        + (closeReceived
                                                ? " was closed, with code " + closeCode
                                                : " is closing"));
            }
        }
        if (refusal != null) {
            frame.release();
            throw refusal;
        }
        put(frame, frame.content().readableBytes() + OVERHEAD, false);
    }

    void sendPart(boolean text, byte[] bytes, boolean first, boolean last) {
        ByteBuf content = Unpooled.wrappedBuffer(bytes);
        send(
                !first
                        ? new ContinuationWebSocketFrame(last, 0, content)
                        : text
                                ? new TextWebSocketFrame(last, 0, content)
                                : new BinaryWebSocketFrame(last, 0, content));
    }

    Duration ping() {
        Duration roundTrip =
                pings.ping(id ->
                        send(new PingWebSocketFrame(Unpooled.buffer(Long.BYTES).writeLong(id))));
        if (roundTrip == null) {
            throw unusable("ping");
        }
        return roundTrip;
    }

    /** Begins the closing handshake, unless it has begun; does not wait. */
    void beginClose(int code, String reason) {
        synchronized (this) {
            if (closeSent || closeReceived || !isOpen()) {
                return;
            }
            closeSent = true;
        }
        try {
            offer(new CloseWebSocketFrame(code, reason), OVERHEAD, false);
            // Data is dropped from now on, and the peer's answer may stand behind some.
            execute(() -> {
                if (channel().isActive()) {
                    channel().config().setAutoRead(true);
                }
            });
        } catch (BrokenConnectionException | StreamClosedException e) {
            // It has ended meanwhile, which is what was wanted.
            return;
        }
    }

    void close(int code, String reason) {
        boolean answered;
        try {
            beginClose(code, reason);
            answered = awaitClose();
        } catch (Throwable e) {
            abort();
            throw e;
        }
        if (!answered) {
            abort();
            throw new TimedOutException(
                    "the peer did not answer the closing of "
                            + this
                            + " within "
                            + options.closeTimeout().toMillis()
                            + " ms",
                    options.closeTimeout());
        }
        close(options.closeTimeout());
    }

    /** Waits for the peer's close frame, or the connection's end. */
    private boolean awaitClose() {
        Promise<Boolean> over = Promise.create();
        synchronized (this) {
            if (closeReceived || isGone()) {
                return true;
            }
            awaitingClose.add(over);
        }
        try {
            return Waits.completes(over, options.closeTimeout());
        } finally {
            synchronized (this) {
                awaitingClose.remove(over);
            }
        }
    }

    int closeCode() {
        synchronized (this) {
            return closeCode < 0 && !isOpen() ? ABNORMAL : closeCode;
        }
    }

    String closeReason() {
        synchronized (this) {
            return closeReason;
        }
    }

    boolean isUsable() {
        synchronized (this) {
            return isOpen() && !closeSent && !closeReceived;
        }
    }

    @Override
    protected RuntimeException failed(String what, IOException cause) {
        if (cause instanceof Violation violation) {
            return new WebSocketProtocolException(
                    "the peer of " + this + " broke the protocol: " + violation.getMessage(),
                    violation.code,
                    violation);
        }
        TlsLink t = tls;
        return t != null && cause instanceof SSLException
                ? t.explain(cause, toString(), remoteAddress())
                : broken(what, cause);
    }

    /** What was agreed on; null without TLS. */
    @Nullable TlsSession tls() {
        TlsLink t = tls;
        return t == null ? null : t.session();
    }

    /**
     * Closes since this side cannot go on; does not wait. The frame takes its place in the queue
     * here and now, so that nobody who closes a moment later can overtake it.
     */
    void giveUp(String reason) {
        beginClose(FAILED, reason);
    }

    // ---- the event loop

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            switch (message) {
                case TextWebSocketFrame frame -> data(frame);
                case BinaryWebSocketFrame frame -> data(frame);
                case PingWebSocketFrame frame -> pong(ctx, frame);
                case PongWebSocketFrame frame -> pings.ponged(frame.content());
                case CloseWebSocketFrame frame -> closed(ctx, frame);
                default -> {
                    // The end of the HTTP message that opened the connection.
                }
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void data(WebSocketFrame frame) {
        synchronized (this) {
            if (closeSent || closeReceived) {
                return;
            }
        }
        ByteBuf content = frame.content();
        if (content.readableBytes() > options.maxMessageBytes()) {
            violated(TOO_BIG, "", new TooLongFrameException());
        } else if (frame instanceof TextWebSocketFrame text) {
            received(new Message.Text(text.text()));
        } else {
            received(new Message.Binary(ByteBufUtil.getBytes(content)));
        }
    }

    /** Answers, unless the peer does not take what is sent: then the next ping will do. */
    private void pong(ChannelHandlerContext ctx, PingWebSocketFrame frame) {
        boolean late;
        synchronized (this) {
            late = closeSent;
        }
        if (!late && ctx.channel().isWritable()) {
            ctx.write(new PongWebSocketFrame(frame.content().retain()), ctx.voidPromise());
            mustFlush = true;
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (mustFlush) {
            mustFlush = false;
            ctx.flush();
        }
    }

    private void closed(ChannelHandlerContext ctx, CloseWebSocketFrame frame) {
        boolean reply;
        synchronized (this) {
            if (closeReceived) {
                return;
            }
            closeReceived = true;
            reply = !closeSent;
            closeSent = true;
            closeCode = frame.statusCode() < 0 ? NO_STATUS : frame.statusCode();
            closeReason = Objects.requireNonNullElse(frame.reasonText(), "");
        }
        ended();
        closeOver();
        if (reply) {
            run(); // what tasks have sent before
            CloseWebSocketFrame answer =
                    closeCode == NO_STATUS
                            ? new CloseWebSocketFrame()
                            : new CloseWebSocketFrame(closeCode, "");
            ctx.writeAndFlush(answer).addListener(ChannelFutureListener.CLOSE);
            closeAfterLimit(ctx.channel());
        }
    }

    private void closeAfterLimit(Channel channel) {
        var timer =
                channel.eventLoop()
                        .schedule(
                                () -> channel.close(),
                                Clock.nanos(options.closeTimeout()),
                                TimeUnit.NANOSECONDS);
        channel.closeFuture().addListener(f -> timer.cancel(false));
    }

    private void closeOver() {
        List<Promise<Boolean>> waiting;
        synchronized (this) {
            waiting = List.copyOf(awaitingClose);
        }
        for (Promise<Boolean> closer : waiting) {
            closer.tryComplete(true);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent
                || event instanceof SslCloseCompletionEvent close && close.isSuccess()) {
            lost();
            ctx.close();
        }
        ReferenceCountUtil.release(event);
    }

    /** The connection ended: broken, unless it was closed properly. */
    private void lost() {
        boolean clean;
        synchronized (this) {
            clean = closeReceived;
            if (!clean && closeCode < 0) {
                closeCode = ABNORMAL;
            }
        }
        if (!clean) {
            spoil(new SocketException("the peer went away without a closing handshake"));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (!isClosed()) {
            lost();
        }
        super.channelInactive(ctx);
    }

    @Override
    protected void left() {
        synchronized (this) {
            if (closeCode < 0) {
                closeCode = ABNORMAL;
            }
        }
        pings.end();
        closeOver();
    }

    @Override
    @SuppressWarnings("deprecation") // not of inbound handlers, Netty says
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof CorruptedWebSocketFrameException e) {
            violated(e.closeStatus().code(), String.valueOf(e.getMessage()), e);
        } else if (cause instanceof TooLongFrameException e) {
            violated(TOO_BIG, "message above the limit", e);
        } else if (!(cause instanceof PrematureChannelClosureException) && !isCloseReceived()) {
            super.exceptionCaught(
                    ctx,
                    cause instanceof DecoderException && cause.getCause() instanceof SSLException e
                            ? e
                            : cause);
        }
        // Else it has ended in the middle of a message, which the end itself tells.
    }

    private boolean isCloseReceived() {
        synchronized (this) {
            return closeReceived;
        }
    }

    private void violated(int code, String what, Throwable cause) {
        String said =
                code == TOO_BIG
                        ? "a message exceeds the limit of " + options.maxMessageBytes() + " bytes"
                        : what;
        tellAndDrop(code, said, new Violation(code, said, cause));
    }

    /**
     * Sends a close frame, and drops the connection once the peer has ended it: were it closed at
     * once, what the peer still sends would make the kernel reset it, and the frame be lost.
     */
    private void tellAndDrop(int code, String reason, IOException cause) {
        boolean first;
        synchronized (this) {
            first = !closeSent;
            closeSent = true;
            if (closeCode < 0) {
                closeCode = code;
                closeReason = reason;
            }
        }
        Channel channel = channel();
        if (first && channel.isActive()) {
            run();
            String shortened = reason.length() > 100 ? reason.substring(0, 100) : reason;
            channel.writeAndFlush(new CloseWebSocketFrame(code, shortened))
                    .addListener(f -> {
                        if (f.isSuccess()) {
                            endOutput((SocketChannel) channel);
                        }
                    });
            closeAfterLimit(channel);
            channel.config().setAutoRead(true);
            spoil(cause);
        } else {
            fail(cause);
        }
        closeOver();
    }

    @Override
    protected ChannelFuture endOutput(DuplexChannel socket) {
        TlsLink t = tls;
        return t == null ? super.endOutput(socket) : t.layer().handler().closeOutbound();
    }

    @Override
    protected void closeNow() {
        TlsLink t = tls;
        if (t == null) {
            super.closeNow();
        } else {
            t.layer().closeNow();
        }
    }

    // ---- a server's connection

    @Override
    public void handle() throws Exception {
        if (handler != null) {
            handler.handle(socket);
        }
    }

    @Override
    public boolean isPeersFault(Throwable failure) {
        return Listener.Connection.super.isPeersFault(failure)
                || failure instanceof TlsException t && remoteAddress().equals(t.peer())
                || failure instanceof WebSocketProtocolException e && e.getCause() == failure();
    }

    @Override
    public void finish(boolean failed, boolean cancelled) {
        if (failed && !cancelled) {
            close(FAILED, "the handler failed");
        } else {
            close(cancelled ? GOING_AWAY : NORMAL, "");
        }
    }

    @Override
    public void goAway() {
        beginClose(GOING_AWAY, "");
    }

    @Override
    public void closeSoon() {
        goAway();
    }

    @Override
    public Conduit conduit() {
        return this;
    }
}
