package dev.weft.websocket;

import dev.weft.net.ServerTls;
import dev.weft.net.internal.Clock;
import dev.weft.net.internal.Lane;
import dev.weft.net.internal.Meter;
import dev.weft.net.internal.StreamAccess;
import dev.weft.net.internal.TlsLink;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.WebSocketHandshakeException;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker13;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server's way from a TCP connection to a WebSocket: TLS if it is to be, then the HTTP upgrade.
 * On the event loop.
 */
final class ServerHandshake extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ServerHandshake.class);

    private final Lane lane;
    private final WebSocketOptions options;
    private final WebSocketHandler handler;
    private @Nullable TlsLink tls;
    private @Nullable ScheduledFuture<?> limit;

    ServerHandshake(Lane lane, WebSocketOptions options, WebSocketHandler handler) {
        this.lane = lane;
        this.options = options;
        this.handler = handler;
    }

    void setUp(Channel channel) {
        ChannelPipeline pipeline = channel.pipeline();
        ServerTls secure = options.serverTls();
        if (secure == null) {
            pipeline.addLast(new Meter(lane.net()));
        } else {
            tls = StreamAccess.get().secure(secure, lane.net(), channel);
        }
        pipeline.addLast(new HttpServerCodec(4096, 8192, 8192));
        pipeline.addLast(new HttpObjectAggregator(8192, true));
        pipeline.addLast(this);
        limit =
                channel.eventLoop()
                        .schedule(
                                () -> channel.close(),
                                Clock.nanos(options.handshakeTimeout()),
                                TimeUnit.NANOSECONDS);
    }

    private void stopTimer() {
        ScheduledFuture<?> timer = limit;
        if (timer != null) {
            limit = null;
            timer.cancel(false);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (message instanceof FullHttpRequest request) {
                requested(ctx, request);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void requested(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (request.decoderResult().isFailure()) {
            refuse(ctx, HttpResponseStatus.BAD_REQUEST, "this is no valid HTTP request");
        } else if (!path(request.uri()).equals(options.path())) {
            refuse(ctx, HttpResponseStatus.NOT_FOUND, "the WebSocket is at " + options.path());
        } else if (!request.method().equals(HttpMethod.GET)
                || !request.headers()
                        .containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true)) {
            refuse(ctx, HttpResponseStatus.UPGRADE_REQUIRED, "this is a WebSocket server");
        } else if (!"13".equals(request.headers().get(HttpHeaderNames.SEC_WEBSOCKET_VERSION))) {
            refuse(ctx, HttpResponseStatus.UPGRADE_REQUIRED, "only version 13 is spoken here");
        } else {
            upgrade(ctx, request);
        }
    }

    private static String path(String uri) {
        int query = uri.indexOf('?');
        return query < 0 ? uri : uri.substring(0, query);
    }

    private void upgrade(ChannelHandlerContext ctx, FullHttpRequest request) {
        Channel channel = ctx.channel();
        String subprotocols =
                options.subprotocols().isEmpty() ? null : String.join(",", options.subprotocols());
        WebSocketServerHandshaker handshaker =
                new WebSocketServerHandshaker13(
                        "ws:" + options.path(),
                        subprotocols,
                        WebSocketConduit.decoderConfig(options, true));
        try {
            handshaker.handshake(channel, request);
        } catch (WebSocketHandshakeException e) {
            refuse(ctx, HttpResponseStatus.BAD_REQUEST, String.valueOf(e.getMessage()));
            return;
        }
        stopTimer();
        WebSocketConduit conduit =
                new WebSocketConduit(
                        new Link(lane.net(), channel, tls),
                        options,
                        handshaker.selectedSubprotocol(),
                        handler);
        conduit.addTo(channel);
        ctx.pipeline().remove(this);
        lane.accepted(conduit);
    }

    private static void refuse(ChannelHandlerContext ctx, HttpResponseStatus status, String why) {
        FullHttpResponse response =
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        status,
                        Unpooled.copiedBuffer(why + "\n", StandardCharsets.UTF_8));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes());
        if (status.equals(HttpResponseStatus.UPGRADE_REQUIRED)) {
            response.headers()
                    .set(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET)
                    .set(HttpHeaderNames.CONNECTION, "upgrade, close")
                    .set(HttpHeaderNames.SEC_WEBSOCKET_VERSION, "13");
        } else {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        ctx.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            secured(ctx, handshake);
        } else if (event == ChannelInputShutdownEvent.INSTANCE
                || event instanceof SslCloseCompletionEvent close && close.isSuccess()) {
            ctx.close();
        }
        ReferenceCountUtil.release(event);
    }

    private void secured(ChannelHandlerContext ctx, SslHandshakeCompletionEvent handshake) {
        TlsLink link = Objects.requireNonNull(tls);
        if (handshake.isSuccess()) {
            link.handshaken();
            return;
        }
        Channel channel = ctx.channel();
        LOG.debug(
                "a client failed in TLS",
                link.failed(handshake.cause(), channel.toString(), channel.remoteAddress()));
        ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        stopTimer();
    }

    @Override
    @SuppressWarnings("deprecation") // not of inbound handlers, Netty says
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("{} failed before it was a WebSocket", ctx.channel(), cause);
        ctx.close();
    }
}
