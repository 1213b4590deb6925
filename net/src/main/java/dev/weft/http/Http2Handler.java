package dev.weft.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Exception.StreamException;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import java.io.IOException;
import java.util.List;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Netty's HTTP/2 as the last handler of a channel: it tells an {@link Http2Connection} of what
 * Netty would settle for itself, which is how streams and connections end.
 */
final class Http2Handler extends Http2ConnectionHandler {
    /**
     * What a response may have on the way, or here unread: 20 MiB/s at a round trip of 100 ms, and
     * a body of 1 MiB never waits for the window.
     */
    static final int STREAM_WINDOW = 2 * 1024 * 1024;

    /**
     * The same of all responses together: 32 of them may have their windows full of what nobody
     * reads without holding up the others, and no server can make a client keep more.
     */
    static final int CONNECTION_WINDOW = 32 * STREAM_WINDOW;

    /** So many frames in a row that bring no call on, within {@link #FLOOD_NANOS}, are a flood. */
    private static final int FLOOD_FRAMES = 10_000;

    private static final long FLOOD_NANOS = 30_000_000_000L;

    private final Http2Connection owner;

    private @Nullable ChannelHandlerContext context;
    private long reads;

    /** How far beyond what Netty has taken of the input the next frame begins. */
    private int ahead;

    private int idleFrames;
    private long idleSince;

    private Http2Handler(
            Http2Connection owner,
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings) {
        super(decoder, encoder, settings, true, false);
        this.owner = owner;
        setCumulator(Http2Handler::joined);
    }

    static Http2Handler of(Http2Connection owner, Http2FrameListener listener, int headerBytes) {
        return new Builder(owner, listener, headerBytes).build();
    }

    /**
     * What Netty checks by itself stays as it is: how many small CONTINUATION frames (16), empty
     * DATA frames (2), and answers that the peer does not take (10,000) there may be. Its limit for
     * RST_STREAM is off, in both directions: a client may cancel as many calls as it likes, and a
     * server can refuse no more than were made. {@link #decode} has a limit for all else.
     */
    private static final class Builder
            extends AbstractHttp2ConnectionHandlerBuilder<Http2Handler, Builder> {
        private final Http2Connection owner;

        Builder(Http2Connection owner, Http2FrameListener listener, int headerBytes) {
            this.owner = owner;
            DefaultHttp2Connection connection = new DefaultHttp2Connection(false, 0);
            connection
                    .remote()
                    .flowController(
                            // All calls are equal; cheaper than the default, a tree of priorities,
                            // which RFC 9113 has done away with.
                            new DefaultHttp2RemoteFlowController(
                                    connection, new UniformStreamByteDistributor(connection)));
            connection(connection);
            initialSettings(
                    new Http2Settings()
                            .pushEnabled(false)
                            .initialWindowSize(STREAM_WINDOW)
                            .maxHeaderListSize(headerBytes));
            frameListener(listener);
            validateHeaders(true);
            validateRequiredPseudoHeaders(true);
            headerSensitivityDetector((name, value) -> isCredential(name));
            encoderEnforceMaxRstFramesPerWindow(0, 0);
            decoderEnforceMaxRstFramesPerWindow(0, 0);
            decoupleCloseAndGoAway(true);
            flushPreface(false);
        }

        /** Not to be kept in any table of HPACK (RFC 7541, section 7.1.3). */
        private static boolean isCredential(CharSequence name) {
            int length = name.length();
            return length == 13 && name.toString().equals("authorization")
                    || length == 19 && name.toString().equals("proxy-authorization");
        }

        @Override
        protected Http2Handler build() {
            return super.build();
        }

        @Override
        protected Http2Handler build(
                Http2ConnectionDecoder decoder,
                Http2ConnectionEncoder encoder,
                Http2Settings settings) {
            return new Http2Handler(owner, decoder, encoder, settings);
        }
    }

    ChannelHandlerContext context() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException(owner + " was used before it was added");
        }
        return ctx;
    }

    /** Opens the connection's window, and has all that is said at first leave; once added. */
    void greet() {
        try {
            connection()
                    .local()
                    .flowController()
                    .incrementWindowSize(
                            connection().connectionStream(),
                            CONNECTION_WINDOW - Http2CodecUtil.DEFAULT_WINDOW_SIZE);
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        }
        context().flush();
    }

    /** Gives a stream's window back. {@return whether there is something to flush} */
    boolean consume(Http2Stream stream, int bytes) {
        try {
            return connection().local().flowController().consumeBytes(stream, bytes);
        } catch (Http2Exception e) {
            onError(context(), false, e);
            return true;
        }
    }

    void reset(Http2Stream stream, Http2Error code) {
        ChannelHandlerContext ctx = context();
        resetStream(ctx, stream.id(), code.code(), ctx.newPromise());
    }

    /** Says that no stream of the server's was or will be processed. */
    void sayGoAway(Http2Error code) {
        ChannelHandlerContext ctx = context();
        if (!connection().goAwaySent()) {
            goAway(ctx, 0, code.code(), Unpooled.EMPTY_BUFFER, ctx.newPromise());
        }
        ctx.flush();
    }

    // ---- what comes

    /**
     * Netty would append it to the buffer in which the last frame begins, and drop what has been
     * read of that at the end of each turn; but not while tasks have slices of it, which they give
     * back in the next turn only. So it grew by each read, in the end to megabytes. Here the frame
     * in the middle is completed in a buffer of its own, and the rest is decoded where it is.
     */
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        ByteBuf in = (ByteBuf) message;
        try {
            for (int n; (n = missing()) > 0 && n < in.readableBytes(); ) {
                super.channelRead(ctx, in.readRetainedSlice(n));
            }
        } catch (Throwable e) {
            in.release();
            throw e;
        }
        super.channelRead(ctx, in);
    }

    /** How much it takes to complete what is kept of a frame, or of its header; 0 if nothing is. */
    private int missing() {
        int kept = actualReadableBytes();
        if (kept == 0) {
            return 0;
        }
        return ahead == 0 ? Http2CodecUtil.FRAME_HEADER_LENGTH - kept : ahead - kept;
    }

    /** Releases both. */
    private static ByteBuf joined(ByteBufAllocator allocator, ByteBuf kept, ByteBuf in) {
        try {
            return allocator
                    .buffer(kept.readableBytes() + in.readableBytes())
                    .writeBytes(kept)
                    .writeBytes(in);
        } finally {
            kept.release();
            in.release();
        }
    }

    // ---- floods

    /** {@return how often something has come: if it changes, the peer lives} */
    long reads() {
        return reads;
    }

    /** Something has come, or gone, that brings a call on. {@return what {@link #reads} is} */
    long progressed() {
        idleFrames = 0;
        return reads;
    }

    /**
     * Reads frames. Of those that bring no call on (settings, pings, windows, priorities, unknown
     * ones, and whatever comes on streams that are closed) there may be many, but not at this rate.
     * Netty tells nobody of some of them, and takes all that have come at once; so they are counted
     * here, by their lengths.
     */
    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
            throws Exception {
        reads++;
        int next = in.readerIndex() + ahead;
        int end = in.writerIndex();
        while (end - next >= Http2CodecUtil.FRAME_HEADER_LENGTH) {
            next += Http2CodecUtil.FRAME_HEADER_LENGTH + in.getUnsignedMedium(next);
            idleFrames++;
        }
        super.decode(ctx, in, out);
        ahead = Math.max(0, next - in.readerIndex()); // less where it is broken, and skips all
        if (idleFrames >= FLOOD_FRAMES) {
            long now = System.nanoTime();
            if (now - idleSince < FLOOD_NANOS) {
                in.skipBytes(in.readableBytes());
                onError(
                        ctx,
                        false,
                        Http2Exception.connectionError(
                                Http2Error.ENHANCE_YOUR_CALM,
                                "%d frames in a row that bring no call on",
                                FLOOD_FRAMES));
            }
            idleSince = now;
            idleFrames = 0;
        }
    }

    // ---- the pipeline

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        context = ctx;
        super.handlerAdded(ctx);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
        super.userEventTriggered(ctx, event);
        if (event == ChannelInputShutdownEvent.INSTANCE
                || event instanceof SslCloseCompletionEvent) {
            owner.inputEnded(null);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        owner.inputEnded(null);
        super.channelInactive(ctx);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
        Throwable root =
                cause instanceof DecoderException && cause.getCause() != null
                        ? cause.getCause()
                        : cause;
        if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null) {
            super.exceptionCaught(ctx, cause);
        } else if (root instanceof IOException io && !(root instanceof SSLException)) {
            owner.brokenBy(io); // the end comes at once, and before it perhaps a response
        } else {
            owner.inputEnded(root);
        }
    }

    // ---- errors

    @Override
    protected void onConnectionError(
            ChannelHandlerContext ctx,
            boolean outbound,
            Throwable cause,
            @Nullable Http2Exception http2) {
        if (http2 == null && cause instanceof IOException io) {
            owner.brokenBy(io); // a write failed: the end comes at once
        } else {
            owner.violated(http2 == null ? Http2Error.INTERNAL_ERROR : http2.error(), cause);
        }
    }

    /**
     * Of a stream that has ended for its exchange nothing is said: it was reset if it had to be,
     * and what comes on it later is to be ignored (RFC 9113, section 5.1).
     */
    @Override
    protected void onStreamError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, StreamException http2) {
        Http2Stream stream = connection().stream(http2.streamId());
        Http2Transfer transfer = stream == null ? null : owner.transfer(stream);
        if (transfer != null && !transfer.over) {
            owner.failed(transfer, outbound, http2);
        }
    }
}
