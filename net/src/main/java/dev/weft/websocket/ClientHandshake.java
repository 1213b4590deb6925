package dev.weft.websocket;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.ConnectFailedException;
import dev.weft.net.Resolver;
import dev.weft.net.TimedOutException;
import dev.weft.net.internal.Dialer;
import dev.weft.net.internal.LoopNet;
import dev.weft.net.internal.Meter;
import dev.weft.net.internal.TlsContexts;
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
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** A client's way from a TCP connection to a WebSocket: TLS, then the HTTP upgrade. */
final class ClientHandshake extends ChannelInboundHandlerAdapter {
    private final LoopNet net;
    private final Channel channel;
    private final URI url;
    private final WebSocketOptions options;
    private final WebSocketClientHandshaker handshaker;
    private final Promise<WebSocketConduit> opened = Promise.create();

    private ClientHandshake(LoopNet net, Channel channel, URI url, WebSocketOptions options) {
        this.net = net;
        this.channel = channel;
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
        long deadline = System.nanoTime() + options.handshakeTimeout().toNanos();
        SSLContext tls = WebSocketUrl.isSecure(url) ? tls(options) : null;
        Duration left = Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
        ClientHandshake handshake =
                Dialer.dial(
                        Resolver.dns(),
                        url.getHost(),
                        WebSocketUrl.port(url),
                        left,
                        (net, channel) -> {
                            ClientHandshake made = new ClientHandshake(net, channel, url, options);
                            made.setUp(tls);
                            return made;
                        });
        return handshake.await(deadline);
    }

    private static SSLContext tls(WebSocketOptions options) {
        SSLContext given = options.tls();
        if (given != null) {
            return given;
        }
        // Reads the trust store: not on the loop.
        CompletableFuture<SSLContext> loaded = new CompletableFuture<>();
        Thread.startVirtualThread(() -> {
            try {
                loaded.complete(SSLContext.getDefault());
            } catch (Throwable e) {
                loaded.completeExceptionally(e);
            }
        });
        return Async.await(loaded);
    }

    private WebSocket await(long deadline) {
        Duration left = Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
        try {
            return Waits.within(opened, left, this::tooLate).socket();
        } catch (Throwable e) {
            channel.eventLoop().execute(channel::close);
            throw e;
        }
    }

    private TimedOutException tooLate() {
        return new TimedOutException(
                url
                        + " did not complete the handshake within "
                        + options.handshakeTimeout().toMillis()
                        + " ms: is it a WebSocket server?",
                options.handshakeTimeout());
    }

    // ---- the event loop

    private void setUp(@Nullable SSLContext tls) {
        ChannelPipeline pipeline = channel.pipeline();
        pipeline.addLast(new Meter(net));
        if (tls != null) {
            SslHandler handler =
                    TlsContexts.clientHandler(
                            TlsContexts.of(tls),
                            channel,
                            new TlsContexts.Peer(url.getHost(), WebSocketUrl.port(url), true),
                            Thread::startVirtualThread);
            handler.setHandshakeTimeoutMillis(options.handshakeTimeout().toMillis());
            pipeline.addLast(handler);
        }
        pipeline.addLast(new HttpClientCodec(4096, 8192, 8192));
        pipeline.addLast(this);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        handshaker
                .handshake(channel)
                .addListener(f -> {
                    if (!f.isSuccess()) {
                        fail(f.cause());
                    }
                });
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
                    channel,
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
                new WebSocketConduit(net, channel, options, handshaker.actualSubprotocol(), null);
        conduit.addTo(channel);
        ctx.pipeline().remove(this);
        if (!opened.tryComplete(conduit)) {
            channel.close(); // the task no longer waits
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
        if (event == ChannelInputShutdownEvent.INSTANCE) {
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
        channel.close();
    }

    private RuntimeException translated(Throwable cause) {
        if (cause instanceof UpgradeRefusedException e) {
            return e;
        }
        if (cause instanceof SSLException e) {
            return new ConnectFailedException(
                    "no secure connection to " + url + ": " + innermost(e),
                    url.getHost(),
                    WebSocketUrl.port(url),
                    e);
        }
        IOException io = cause instanceof IOException e ? e : new IOException(cause);
        return new BrokenConnectionException(
                url + " closed the connection during the handshake: is it a WebSocket server?",
                channel.remoteAddress(),
                io);
    }

    private static @Nullable String innermost(Throwable failure) {
        Throwable last = failure;
        while (last.getCause() != null) {
            last = last.getCause();
        }
        return last.getMessage();
    }
}
