package dev.weft.websocket;

import dev.weft.Action;
import dev.weft.Async;
import dev.weft.DeadlineExceededException;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.ByteStream;
import dev.weft.net.Tcp;
import dev.weft.net.TcpOptions;
import dev.weft.net.TimedOutException;
import dev.weft.net.internal.Clock;
import dev.weft.net.internal.LoopNet;
import dev.weft.net.internal.Meter;
import dev.weft.net.internal.StreamAccess;
import dev.weft.net.internal.TlsLink;
import dev.weft.net.internal.Waits;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshaker13;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketHandshakeException;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** A client's way from a stream, perhaps of TLS, to a WebSocket: the HTTP upgrade. */
final class ClientHandshake extends ChannelInboundHandlerAdapter implements StreamAccess.Heir {
    private final URI url;
    private final WebSocketOptions options;
    private final WebSocketClientHandshaker handshaker;
    private final Promise<WebSocketConduit> opened = Promise.create();

    /** Set once, on the event loop. */
    private volatile @Nullable Link link;

    private ClientHandshake(URI url, WebSocketOptions options) {
        this.url = url;
        this.options = options;
        String offered =
                options.subprotocols().isEmpty() ? null : String.join(",", options.subprotocols());
        handshaker =
                new WebSocketClientHandshaker13(
                        url,
                        WebSocketVersion.V13,
                        offered,
                        false,
                        new DefaultHttpHeaders(),
                        options.maxMessageBytes(),
                        true,
                        false) {
                    @Override
                    protected WebSocketFrameDecoder newWebsocketDecoder() {
                        return new WebSocket13FrameDecoder(
                                WebSocketConduit.decoderConfig(options, false));
                    }
                };
    }

    static WebSocket open(URI url, WebSocketOptions options) {
        boolean secure = WebSocketUrl.isSecure(url);
        if (secure) {
            StreamAccess.get().prepare(options.clientTls()); // before there is a connection
        }
        Limit limit = Limit.of(url, options.handshakeTimeout());
        TcpOptions tcp = TcpOptions.defaults().connectTimeout(limit.value()).proxy(options.proxy());
        ByteStream stream = Tcp.connect(url.getHost(), WebSocketUrl.port(url), tcp);
        ClientHandshake handshake = new ClientHandshake(url, options);
        try {
            if (secure) {
                limit.on(() -> stream.upgradeToTls(options.clientTls()));
            }
            StreamAccess.get().handOver(stream, handshake);
        } catch (Throwable e) {
            stream.abort();
            throw e;
        }
        return handshake.await(limit);
    }

    /** Of all steps together. */
    private record Limit(URI url, Duration value, long deadline) {
        static Limit of(URI url, Duration value) {
            return new Limit(url, value, Clock.now(Loop.current()) + Clock.nanos(value));
        }

        Duration left() {
            return Duration.ofNanos(Math.max(1, deadline - Clock.now(Loop.current())));
        }

        void on(Action step) {
            try {
                Async.timeout(left(), step);
            } catch (DeadlineExceededException e) {
                throw tooLate();
            }
        }

        TimedOutException tooLate() {
            return new TimedOutException(
                    url
                            + " did not complete the handshake within "
                            + value.toMillis()
                            + " ms: is it a WebSocket server?",
                    value);
        }
    }

    private WebSocket await(Limit limit) {
        try {
            return Waits.within(opened, limit.left(), limit::tooLate).socket();
        } catch (Throwable e) {
            Link taken = link;
            if (taken != null) {
                Channel channel = taken.channel();
                channel.eventLoop().execute(channel::close);
            }
            throw e;
        }
    }

    // ---- the event loop

    @Override
    public void inherit(LoopNet net, Channel channel, @Nullable TlsLink tls) {
        link = new Link(net, channel, tls);
        if (opened.isDone()) {
            channel.close(); // the task no longer waits
            return;
        }
        ChannelPipeline pipeline = channel.pipeline();
        if (tls == null) {
            pipeline.addLast(new Meter(net));
        }
        pipeline.addLast(new HttpClientCodec(4096, 8192, 8192), this);
        handshaker
                .handshake(channel)
                .addListener(f -> {
                    if (!f.isSuccess()) {
                        fail(f.cause());
                    }
                });
    }

    @Override
    public void missed(RuntimeException why) {
        opened.tryFail(why);
    }

    private Link link() {
        return Objects.requireNonNull(link);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof HttpResponse response)) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (opened.isDone()) {
            ReferenceCountUtil.release(message);
            ctx.close();
            return;
        }
        try {
            answered(ctx, response);
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void answered(ChannelHandlerContext ctx, HttpResponse response) {
        HttpResponseStatus status = response.status();
        if (response.decoderResult().isFailure()) {
            fail(
                    new UpgradeRefusedException(
                            url + " did not answer in HTTP: is it a WebSocket server?",
                            status.code()));
            return;
        }
        if (status.code() != 101) {
            fail(
                    new UpgradeRefusedException(
                            url + " answered " + status + " instead of upgrading: " + hint(status),
                            status.code()));
            return;
        }
        try {
            handshaker.finishHandshake(
                    ctx.channel(),
                    new DefaultFullHttpResponse(
                            response.protocolVersion(),
                            status,
                            Unpooled.EMPTY_BUFFER,
                            response.headers(),
                            EmptyHttpHeaders.INSTANCE));
        } catch (WebSocketHandshakeException e) {
            fail(
                    new UpgradeRefusedException(
                            url + " answered with an invalid upgrade: " + e.getMessage(),
                            status.code()));
            return;
        }
        WebSocketConduit conduit =
                new WebSocketConduit(link(), options, handshaker.actualSubprotocol(), null);
        conduit.addTo(ctx.channel());
        ctx.pipeline().remove(this);
        if (!opened.tryComplete(conduit)) {
            ctx.channel().close(); // the task no longer waits
        }
    }

    private static String hint(HttpResponseStatus status) {
        return status.codeClass() == HttpStatusClass.REDIRECTION
                ? "is there another address?"
                : status.code() == 401 || status.code() == 403
                        ? "does it want credentials?"
                        : status.code() == 200
                                ? "is this a WebSocket server, and is the path right?"
                                : "is the path right?";
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE
                || event instanceof SslCloseCompletionEvent close && close.isSuccess()) {
            fail(new IOException("the server closed the connection"));
        }
        ReferenceCountUtil.release(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        fail(new IOException("the connection ended"));
    }

    @Override
    @SuppressWarnings("deprecation") // not of inbound handlers, Netty says
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable root =
                cause instanceof DecoderException && cause.getCause() != null
                        ? cause.getCause()
                        : cause;
        fail(root);
    }

    private void fail(Throwable cause) {
        if (!opened.isDone()) {
            opened.tryFail(translated(cause));
        }
        link().channel().close();
    }

    private RuntimeException translated(Throwable cause) {
        if (cause instanceof UpgradeRefusedException e) {
            return e;
        }
        SocketAddress peer = link().channel().remoteAddress();
        TlsLink tls = link().tls();
        if (cause instanceof SSLException && tls != null) {
            return tls.explain(cause, url.toString(), peer); // a refusal may come late
        }
        IOException io = cause instanceof IOException e ? e : new IOException(cause);
        return new BrokenConnectionException(
                url + " closed the connection during the handshake: is it a WebSocket server?",
                peer,
                io);
    }
}
