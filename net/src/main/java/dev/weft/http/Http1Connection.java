package dev.weft.http;

import dev.weft.net.internal.LoopNet;
import dev.weft.net.internal.Meter;
import dev.weft.net.internal.TlsLink;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.ReadOnlyHttpHeaders;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * A connection of HTTP/1.1 (RFC 9112), which carries one call at a time, and never pipelines.
 *
 * <p>It can carry another call once the request has been written and the response has come, both
 * completely, and nobody has said {@code close}. Whatever else happens ends it: a call that is
 * cancelled, a response that is complete before the request, a byte that nobody asked for.
 */
final class Http1Connection extends HttpConnection {
    /** How many responses of 1xx may precede the real one. */
    private static final int MOST_INFORMATIONAL = 100;

    private final HttpOptions options;
    private final Handler handler = new Handler();

    // ---- the event loop's

    private @Nullable ChannelHandlerContext context;
    private @Nullable ResponseDecoder decoder;
    private @Nullable Exchange current;

    /** The head, until it is known whether the body comes with it. */
    private @Nullable RequestHead head;

    private boolean requestWritten;
    private boolean responseBegan;
    private boolean keepAlive;

    /** Of the response: it ends by itself, and not with the connection. */
    private boolean ends;

    private boolean informational;
    private int informationals;
    private boolean over;
    private boolean mustFlush;

    /**
     * Nothing is read, as too much waits. Read by tasks, after they have taken something; so it is
     * set before it is looked at how much waits.
     */
    private volatile boolean paused;

    /** What the network has said. */
    private @Nullable IOException brokenBy;

    Http1Connection(
            Pool.Place place,
            LoopNet net,
            Channel channel,
            @Nullable TlsLink tls,
            HttpOptions options) {
        super(place, net, channel, tls);
        this.options = options;
    }

    @Override
    public HttpVersion version() {
        return HttpVersion.HTTP_1_1;
    }

    @Override
    void addTo(Channel to) {
        to.config().setAutoClose(false); // a failed write must not drop the response that says why
        ChannelPipeline pipeline = to.pipeline();
        if (tls() == null) {
            pipeline.addLast(new Meter(net()));
        } else {
            pipeline.addLast(new TlsEnd());
        }
        HttpDecoderConfig config =
                new HttpDecoderConfig()
                        .setMaxInitialLineLength(options.maxHeaderBytes())
                        .setMaxHeaderSize(options.maxHeaderBytes())
                        .setMaxChunkSize(Exchange.MOST_WAITING)
                        .setAllowDuplicateContentLengths(false)
                        // Not as properties of the JVM have it.
                        .setStrictLineParsing(true)
                        .setUseRfc9112TransferEncoding(true);
        ResponseDecoder decoding = new ResponseDecoder(config, this::method, this::unasked);
        decoder = decoding;
        pipeline.addLast(decoding, new HttpRequestEncoder(), handler);
    }

    // ---- out

    /** Of the request that is to be answered; null if there is none. */
    private @Nullable String method() {
        Exchange exchange = current;
        return exchange == null ? null : exchange.request().method();
    }

    private void unasked() {
        if (!over) {
            violated("sent data that nobody asked for", null);
        }
    }

    @Override
    void serve(Exchange exchange) {
        if (over) {
            finish(exchange);
            exchange.fail(broken("closed the connection", null), true);
            return;
        }
        if (exchange.isCancelled()) {
            close();
            return;
        }
        for (Object next; (next = exchange.pollOut()) != null; ) {
            write(exchange, next);
        }
        if (head != null) {
            flushHead();
        }
        if (paused && exchange == current && exchange.waiting() <= Exchange.LOW) {
            paused = false;
            channel().config().setAutoRead(true);
        }
    }

    private void write(Exchange exchange, Object next) {
        if (next instanceof RequestHead request) {
            current = exchange;
            head = request;
            requestWritten = false;
            responseBegan = false;
            informationals = 0;
        } else if (next == Exchange.END) {
            if (head != null) {
                writeWhole(head, Unpooled.EMPTY_BUFFER);
            } else if (!requestWritten) {
                writeOut(LastHttpContent.EMPTY_LAST_CONTENT);
            }
            requestWritten = true;
        } else if (next instanceof ByteBuf part) {
            int bytes = part.readableBytes();
            RequestHead begun = head;
            if (begun != null && begun.length() == bytes) {
                writeWhole(begun, part);
                requestWritten = true;
                exchange.left(bytes);
            } else {
                flushHead();
                context()
                        .write(new DefaultHttpContent(part))
                        .addListener(f -> exchange.left(bytes));
                mustFlush = true;
            }
        }
    }

    private void writeWhole(RequestHead request, ByteBuf body) {
        head = null;
        DefaultFullHttpRequest message =
                new DefaultFullHttpRequest(
                        io.netty.handler.codec.http.HttpVersion.HTTP_1_1,
                        HttpMethod.valueOf(request.method()),
                        request.target(),
                        body,
                        headers(request),
                        io.netty.handler.codec.http.EmptyHttpHeaders.INSTANCE);
        writeOut(message);
    }

    private void flushHead() {
        RequestHead request = head;
        if (request != null) {
            head = null;
            writeOut(
                    new DefaultHttpRequest(
                            io.netty.handler.codec.http.HttpVersion.HTTP_1_1,
                            HttpMethod.valueOf(request.method()),
                            request.target(),
                            headers(request)));
        }
    }

    /** Checked before: names and values come from {@link HttpHeaders}. Cheap: a flat array. */
    private static io.netty.handler.codec.http.HttpHeaders headers(RequestHead request) {
        HttpHeaders own = request.headers();
        CharSequence lengthName = null;
        CharSequence lengthValue = null;
        if (request.length() > 0 || request.length() == 0 && mayHaveBody(request.method())) {
            lengthName = HttpHeaderNames.CONTENT_LENGTH;
            lengthValue = Long.toString(request.length());
        } else if (request.length() < 0) {
            lengthName = HttpHeaderNames.TRANSFER_ENCODING;
            lengthValue = HttpHeaderValues.CHUNKED;
        }
        CharSequence[] flat = new CharSequence[2 * (own.size() + (lengthName == null ? 1 : 2))];
        flat[0] = HttpHeaderNames.HOST;
        flat[1] = request.authority();
        int at = 2;
        for (int i = 0; i < own.size(); i++) {
            flat[at++] = own.name(i);
            flat[at++] = own.value(i);
        }
        if (lengthName != null && lengthValue != null) {
            flat[at++] = lengthName;
            flat[at] = lengthValue;
        }
        return new ReadOnlyHttpHeaders(false, flat);
    }

    /** RFC 9110, section 8.6: those for which a server expects a body are to say that it is 0. */
    private static boolean mayHaveBody(String method) {
        return method.equals("POST") || method.equals("PUT") || method.equals("PATCH");
    }

    private void writeOut(Object message) {
        ChannelHandlerContext ctx = context();
        ctx.write(message, ctx.voidPromise());
        mustFlush = true;
    }

    @Override
    void flush() {
        if (mustFlush) {
            mustFlush = false;
            context().flush();
        }
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException(this + " was used before it was added");
        }
        return ctx;
    }

    // ---- in

    private void received(Object message) {
        if (message instanceof HttpResponse response) {
            receivedHead(response);
        }
        if (message instanceof HttpContent content) {
            receivedContent(content);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    private void receivedHead(HttpResponse response) {
        Exchange exchange = current;
        if (exchange == null || responseBegan) {
            violated("sent a response that nobody asked for", null);
            return;
        }
        Throwable cause = response.decoderResult().cause();
        if (cause instanceof PrematureChannelClosureException) {
            inputEnded(brokenBy);
            return;
        }
        String wrong = cause == null ? wrong(response) : describe(cause);
        if (wrong != null) {
            violated(wrong, cause);
            return;
        }
        int status = response.status().code();
        if (status < 200) {
            informed(exchange, status);
            return;
        }
        responseBegan = true;
        ends = hasEnd(exchange, response);
        keepAlive = HttpUtil.isKeepAlive(response) && ends;
        HttpHeaders headers = HttpHeaders.received(response.headers().iteratorCharSequence());
        if (keepAlive) {
            place().keepAlive(headers.first("keep-alive"));
        }
        exchange.received(
                new ResponseHead(
                        HttpVersion.HTTP_1_1, status, response.status().reasonPhrase(), headers));
    }

    /** What Netty lets pass. */
    private static @Nullable String wrong(HttpResponse response) {
        io.netty.handler.codec.http.HttpVersion version = response.protocolVersion();
        if (!version.protocolName().equals("HTTP") || version.majorVersion() != 1) {
            return "did not answer in HTTP/1.1, but in " + version;
        }
        if (response.status().code() > 999) {
            return "answered with the status " + response.status().code();
        }
        String coding = response.headers().get(HttpHeaderNames.TRANSFER_ENCODING);
        if (coding != null && !HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(coding)) {
            return "answered in the unknown transfer coding " + coding;
        }
        return null;
    }

    /** RFC 9112, section 6.3: else the connection's end is the body's. */
    private static boolean hasEnd(Exchange exchange, HttpResponse response) {
        int status = response.status().code();
        return HttpUtil.isTransferEncodingChunked(response)
                || HttpUtil.isContentLengthSet(response)
                || status == 204
                || status == 304
                || exchange.request().method().equals("HEAD");
    }

    private String describe(Throwable cause) {
        if (cause instanceof TooLongFrameException) {
            return "sent a line or a head longer than the maxHeaderBytes of "
                    + options.maxHeaderBytes();
        }
        return "did not answer in HTTP/1.1: "
                + (cause.getMessage() == null ? cause : cause.getMessage());
    }

    private void informed(Exchange exchange, int status) {
        informational = true;
        informationals++;
        if (status < 100 || status == 101) {
            violated("answered " + status + ", which was not asked for", null);
        } else if (informationals > MOST_INFORMATIONAL) {
            violated("sent more than " + MOST_INFORMATIONAL + " responses of 1xx", null);
        } else if (status == 100) {
            exchange.receivedContinue();
        }
    }

    private void receivedContent(HttpContent content) {
        Exchange exchange = current;
        if (informational) {
            informational = !(content instanceof LastHttpContent);
            content.release();
        } else if (over || exchange == null || !responseBegan) {
            content.release();
            if (!over && content.content().isReadable()) {
                violated("sent data that nobody asked for", null);
            }
        } else if (content.decoderResult().cause() != null) {
            Throwable cause = content.decoderResult().cause();
            content.release();
            violated(
                    cause instanceof TooLongFrameException
                            ? describe(cause)
                            : "sent a body that is no HTTP/1.1: " + cause.getMessage(),
                    cause);
        } else if (brokenBy != null && !ends && content instanceof LastHttpContent) {
            content.release();
            inputEnded(brokenBy);
        } else {
            exchange.received(content.content());
            if (content instanceof LastHttpContent last) {
                ended(exchange, last);
            } else if (!paused && exchange.waiting() > Exchange.mostWaiting()) {
                pause(exchange);
            }
        }
    }

    private void pause(Exchange exchange) {
        paused = true;
        if (exchange.waiting() <= Exchange.LOW) {
            paused = false; // the task was faster
        } else {
            channel().config().setAutoRead(false);
        }
    }

    @Override
    void taken(Exchange exchange) {
        if (paused && exchange.waiting() <= Exchange.LOW) {
            look(exchange);
        }
    }

    private void ended(Exchange exchange, LastHttpContent last) {
        current = null;
        boolean reusable = keepAlive && !over && isSent() && !isJunkBehind();
        if (!reusable) {
            closing();
        }
        if (paused) {
            paused = false;
            channel().config().setAutoRead(true);
        }
        finish(exchange);
        exchange.receivedEnd(
                last.trailingHeaders().isEmpty()
                        ? HttpHeaders.empty()
                        : HttpHeaders.received(last.trailingHeaders().iteratorCharSequence()));
        if (!reusable) {
            channel().close();
        }
    }

    /** Not so if the server did not wait for the whole request, and reads no further perhaps. */
    private boolean isSent() {
        ChannelOutboundBuffer buffer = channel().unsafe().outboundBuffer();
        return requestWritten && buffer != null && buffer.isEmpty();
    }

    private boolean isJunkBehind() {
        ResponseDecoder decoding = decoder;
        return decoding != null && decoding.hasMore();
    }

    /** From now on nothing is sent and nobody gets it from the pool. */
    private void closing() {
        if (!over) {
            over = true;
            place().closed();
        }
    }

    /** Of a call that was cancelled the rest may still come: nobody else can use the connection. */
    @Override
    void cancelled() {
        place().closed();
    }

    private void close() {
        current = null;
        closing();
        channel().close();
    }

    private void violated(String what, @Nullable Throwable cause) {
        end(protocol(what, cause), false);
    }

    private void end(RuntimeException error, boolean unprocessed) {
        Exchange exchange = current;
        current = null;
        closing();
        if (exchange != null) {
            finish(exchange); // first, so that who is woken finds the counts right
            exchange.fail(error, unprocessed);
        }
        channel().close();
    }

    @Override
    void giveUp(RuntimeException why) {
        end(why, false);
    }

    @Override
    void leave() {
        closing();
        channel().close();
    }

    private void inputEnded(@Nullable Throwable cause) {
        Exchange exchange = current;
        if (exchange == null) {
            closing();
            channel().close();
        } else {
            end(
                    broken(
                            responseBegan
                                    ? "closed the connection before the response was complete"
                                    : "closed the connection before it answered",
                            cause),
                    false);
        }
    }

    /** The last in the pipeline. */
    private final class Handler extends ChannelInboundHandlerAdapter {
        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            context = ctx;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            received(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == ChannelInputShutdownEvent.INSTANCE) {
                inputEnded(brokenBy);
            }
            ReferenceCountUtil.release(event);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            inputEnded(brokenBy);
        }

        @Override
        @SuppressWarnings("deprecation") // not of inbound handlers, Netty says
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            Throwable root =
                    cause instanceof DecoderException && cause.getCause() != null
                            ? cause.getCause()
                            : cause;
            if (root instanceof PrematureChannelClosureException) {
                return; // the end tells
            }
            if (root instanceof IOException io && !(root instanceof SSLException)) {
                // The end comes at once, and before it perhaps a response: of a server that did
                // not want the whole request.
                brokenBy = io;
            } else {
                inputEnded(root);
            }
        }
    }

    /** Between TLS and the codec: a response without a length ends with close_notify alone. */
    private static final class TlsEnd extends ChannelInboundHandlerAdapter {
        private boolean notified;

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof SslCloseCompletionEvent close && close.isSuccess()) {
                notified = true;
                ctx.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            } else if (event == ChannelInputShutdownEvent.INSTANCE && !notified) {
                truncated(ctx);
            } else {
                ctx.fireUserEventTriggered(event);
            }
        }

        /** Past the codec, which would take it for the end of the body. */
        private static void truncated(ChannelHandlerContext ctx) {
            ctx.fireExceptionCaught(
                    new SSLException("truncated: it ended without TLS's close_notify"));
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (!notified) {
                truncated(ctx);
            }
            ctx.fireChannelInactive();
        }
    }
}
