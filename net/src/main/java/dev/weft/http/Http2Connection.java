package dev.weft.http;

import dev.weft.net.internal.LoopNet;
import dev.weft.net.internal.Meter;
import dev.weft.net.internal.TlsLink;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Exception.HeaderListSizeException;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A connection of HTTP/2 (RFC 9113), which carries many calls at once, each on a stream.
 *
 * <p><b>Streams.</b> Netty keeps their states, windows and header tables; each has as a property
 * the {@link Http2Transfer} of its exchange. How many there may be at once is the pool's to see to,
 * which is told what the server allows for.
 *
 * <p><b>Windows.</b> What comes counts against the window of its stream, and against that of the
 * connection, until the task has taken it; so a server cannot send more than somebody reads.
 *
 * <p><b>The end.</b> A stream ends for its exchange when the response is complete, or it fails, or
 * the task cancels; if the request is not complete then, it is reset. Once the server has said
 * GOAWAY, or there are no numbers left, no new calls are taken; the connection closes with the last
 * stream. What breaks the rules of a stream ends that, what breaks those of the connection ends all
 * that it carries.
 */
final class Http2Connection extends HttpConnection {
    /** What the server is taken to allow for until it says: what RFC 9113 recommends at least. */
    private static final int STREAMS_AT_FIRST = 100;

    /** How many responses of 1xx may precede the real one. */
    private static final int MOST_INFORMATIONAL = 100;

    /** The event loop is told when a task has taken so much, though more is at hand. */
    private static final int TAKEN = 64 * 1024;

    /** A call that is given up after so long without a word casts doubt on the connection. */
    private static final long SILENCE_NANOS = 1_000_000_000L;

    /** Of what a server says when it leaves. */
    private static final int MOST_DEBUG_DATA = 200;

    private final HttpOptions options;
    private final Http2Handler handler;
    private final Http2Liveness liveness;
    private final io.netty.handler.codec.http2.Http2Connection.PropertyKey key;

    // ---- the event loop's

    /** No new calls. */
    private boolean closing;

    private boolean mustFlush;

    /** What the server has said when it left: a part of errors' messages. */
    private String farewell = "";

    /** What the network has said. */
    private @Nullable IOException brokenBy;

    Http2Connection(
            Pool.Place place,
            LoopNet net,
            Channel channel,
            @Nullable TlsLink tls,
            HttpOptions options) {
        super(place, net, channel, tls);
        this.options = options;
        handler = Http2Handler.of(this, new Frames(), options.maxHeaderBytes());
        liveness = new Http2Liveness(this, handler);
        key = handler.connection().newKey();
        handler.connection()
                .addListener(
                        new Http2ConnectionAdapter() {
                            @Override
                            public void onStreamClosed(Http2Stream stream) {
                                leaveIfDone();
                            }
                        });
    }

    @Override
    public HttpVersion version() {
        return HttpVersion.HTTP_2;
    }

    @Override
    void addTo(Channel to) {
        to.config().setAutoClose(false); // a failed write must not drop what says why
        ChannelPipeline pipeline = to.pipeline();
        if (tls() == null) {
            pipeline.addLast(new Meter(net()));
        }
        place().capacity(STREAMS_AT_FIRST);
        pipeline.addLast(handler);
        handler.greet();
    }

    @Nullable Http2Transfer transfer(Http2Stream stream) {
        return stream.getProperty(key);
    }

    // ---- out

    @Override
    void serve(Exchange exchange) {
        Http2Transfer transfer = exchange.transfer;
        if (exchange.isCancelled()) {
            if (transfer != null && !transfer.over) {
                abandon(transfer);
            }
        } else if (transfer == null) {
            begin(exchange);
        } else if (!transfer.over) {
            write(transfer, exchange.pollOut());
            int bytes = exchange.pollTaken();
            if (bytes > 0) {
                mustFlush |= handler.consume(transfer.stream, bytes);
            }
        }
    }

    private void begin(Exchange exchange) {
        if (!(exchange.pollOut() instanceof RequestHead request)) {
            return; // it has failed meanwhile
        }
        Http2Stream stream = closing ? null : open();
        if (stream == null) {
            finish(exchange);
            exchange.fail(broken("takes no more calls on this connection", brokenBy), true);
            return;
        }
        Http2Transfer transfer = new Http2Transfer(exchange, stream, handler.reads());
        stream.setProperty(key, transfer);
        exchange.transfer = transfer;
        transfer.bodiless = request.method().equals("HEAD");
        Object next = exchange.pollOut();
        transfer.outputEnded = next == Exchange.END;
        ChannelHandlerContext ctx = handler.context();
        encoder()
                .writeHeaders(
                        ctx,
                        stream.id(),
                        Http2RequestHeaders.of(request),
                        0,
                        transfer.outputEnded,
                        ctx.newPromise());
        mustFlush = true;
        write(transfer, next);
    }

    /** A stream of a new number; null if there are none left. */
    private @Nullable Http2Stream open() {
        var local = handler.connection().local();
        int id = local.incrementAndGetNextStreamId();
        if (id < 0 || id >= Integer.MAX_VALUE - 2) {
            closing(); // that was the last one
        }
        try {
            return id < 0 ? null : local.createStream(id, false);
        } catch (Http2Exception e) {
            closing();
            return null;
        }
    }

    /** Writes a part of the body, and what follows it. */
    private void write(Http2Transfer transfer, @Nullable Object first) {
        Exchange exchange = transfer.exchange;
        Object next = first;
        while (next != null && !transfer.outputEnded) {
            ByteBuf part = next instanceof ByteBuf buffer ? buffer : Unpooled.EMPTY_BUFFER;
            transfer.given += part.readableBytes();
            Object after = next == Exchange.END ? next : exchange.pollOut();
            transfer.outputEnded =
                    after == Exchange.END || transfer.given == exchange.request().length();
            writeData(transfer, part);
            next = after;
        }
        ReferenceCountUtil.release(next); // beyond the length
    }

    private void writeData(Http2Transfer transfer, ByteBuf part) {
        ChannelHandlerContext ctx = handler.context();
        ChannelPromise left = ctx.newPromise();
        int bytes = part.readableBytes();
        if (bytes > 0) {
            left.addListener(f -> {
                handler.progressed();
                transfer.exchange.left(bytes);
            });
        }
        encoder().writeData(ctx, transfer.stream.id(), part, 0, transfer.outputEnded, left);
        mustFlush = true;
    }

    private Http2ConnectionEncoder encoder() {
        return handler.encoder();
    }

    @Override
    void flush() {
        if (mustFlush) {
            mustFlush = false;
            handler.flush(handler.context());
        }
    }

    /**
     * All is told before the task waits for more: what it kept to itself would be missing from the
     * window that all streams share, and of many streams together it could be all of that.
     */
    @Override
    void taken(Exchange exchange) {
        if (exchange.taken() >= TAKEN || exchange.waiting() == 0) {
            look(exchange);
        }
    }

    // ---- the end of a call

    /** Others are not concerned. */
    @Override
    void cancelled() {}

    private void abandon(Http2Transfer transfer) {
        transfer.over = true;
        handler.reset(transfer.stream, Http2Error.CANCEL);
        if (transfer.seen == handler.reads()
                && System.nanoTime() - transfer.began >= SILENCE_NANOS) {
            liveness.ask();
        }
        mustFlush = true;
    }

    private void complete(Http2Transfer transfer, HttpHeaders trailers) throws Http2Exception {
        if (transfer.expected >= 0 && transfer.expected != transfer.received) {
            throw malformed(
                    transfer.stream,
                    "%d bytes came of a body of %d",
                    transfer.received,
                    transfer.expected);
        }
        transfer.over = true;
        if (transfer.stream.state().localSideOpen()) {
            handler.reset(transfer.stream, Http2Error.CANCEL); // it does not want the rest
        }
        finish(transfer.exchange);
        transfer.exchange.receivedEnd(trailers);
    }

    private void fail(
            Http2Transfer transfer, RuntimeException error, boolean unprocessed, boolean answered) {
        transfer.over = true;
        finish(transfer.exchange); // first, so that who is woken finds the counts right
        transfer.exchange.fail(error, unprocessed, answered);
    }

    private List<Http2Transfer> underWay() {
        List<Http2Transfer> all = new ArrayList<>();
        try {
            handler.connection()
                    .forEachActiveStream(stream -> {
                        Http2Transfer transfer = transfer(stream);
                        if (transfer != null && !transfer.over) {
                            all.add(transfer);
                        }
                        return true;
                    });
        } catch (Http2Exception e) {
            throw new IllegalStateException(e); // the visitor does not throw
        }
        return all;
    }

    /** Netty, or what listens to it, has found something wrong with a stream. */
    void failed(Http2Transfer transfer, boolean outbound, Http2Exception.StreamException why) {
        RuntimeException error;
        if (outbound && why instanceof HeaderListSizeException) {
            error =
                    broken(
                            "takes no headers as large as those of " + transfer.exchange,
                            new IOException(why));
        } else if (why instanceof HeaderListSizeException) {
            error =
                    protocol(
                            "sent headers of more than the maxHeaderBytes of "
                                    + options.maxHeaderBytes(),
                            why);
        } else {
            error = protocol("broke HTTP/2: " + why.getMessage(), why);
        }
        fail(transfer, error, false, true);
        handler.reset(transfer.stream, why.error());
    }

    private static Http2Exception malformed(Http2Stream stream, String format, Object... args) {
        return Http2Exception.streamError(stream.id(), Http2Error.PROTOCOL_ERROR, format, args);
    }

    // ---- the end of the connection

    /** From now on nobody gets it from the pool. */
    private void closing() {
        if (!closing) {
            closing = true;
            place().closed();
        }
    }

    private void leaveIfDone() {
        if (closing && handler.connection().numActiveStreams() == 0) {
            leave();
        }
    }

    @Override
    void leave() {
        closing();
        if (channel().isActive()) {
            handler.sayGoAway(Http2Error.NO_ERROR);
            channel().close();
        }
    }

    @Override
    void giveUp(RuntimeException why) {
        closing();
        for (Http2Transfer transfer : underWay()) {
            fail(transfer, why, false, false);
        }
        leave();
    }

    /** The server has broken a rule of the connection. */
    void violated(Http2Error code, Throwable cause) {
        closing();
        for (Http2Transfer transfer : underWay()) {
            fail(transfer, protocol("broke HTTP/2: " + cause.getMessage(), cause), false, true);
        }
        if (channel().isActive()) {
            handler.sayGoAway(code);
            channel().close();
        }
    }

    void brokenBy(IOException cause) {
        brokenBy = cause;
    }

    /** Nothing more comes. */
    void inputEnded(@Nullable Throwable cause) {
        closing();
        liveness.end();
        Throwable why = cause != null ? cause : brokenBy;
        for (Http2Transfer transfer : underWay()) {
            String when =
                    transfer.responded
                            ? "closed the connection before the response was complete"
                            : "closed the connection before it answered";
            fail(transfer, broken(when + farewell, why), false, false);
        }
        channel().close();
    }

    /** It has not answered. */
    void silent(int seconds) {
        closing();
        for (Http2Transfer transfer : underWay()) {
            String what = "sent nothing, not even an answer to a PING, for " + seconds + " s";
            fail(transfer, broken(what, null), false, false);
        }
        leave();
    }

    /** What comes in. Netty has checked that it may come in this state of the stream. */
    private final class Frames extends Http2FrameAdapter {
        /** The server has said how many streams it takes. */
        private boolean settled;

        private Http2Transfer transferOf(int id) throws Http2Exception {
            Http2Stream stream = handler.connection().stream(id);
            Http2Transfer transfer = stream == null ? null : transfer(stream);
            if (transfer == null) {
                throw Http2Exception.connectionError(
                        Http2Error.PROTOCOL_ERROR, "nobody asked for stream %d", id);
            }
            return transfer;
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int streamId,
                Http2Headers headers,
                int streamDependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean endStream)
                throws Http2Exception {
            onHeadersRead(ctx, streamId, headers, padding, endStream);
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int streamId,
                Http2Headers headers,
                int padding,
                boolean endStream)
                throws Http2Exception {
            Http2Transfer transfer = transferOf(streamId);
            if (transfer.over) {
                return;
            }
            transfer.seen = handler.progressed();
            if (transfer.responded) {
                complete(transfer, HttpHeaders.received(headers));
                return;
            }
            int status = Http2RequestHeaders.status(headers.status());
            if (status < 200) {
                informed(transfer, status, headers.status(), endStream);
            } else {
                responded(transfer, status, headers);
                if (endStream) {
                    complete(transfer, HttpHeaders.empty());
                }
            }
        }

        private void informed(
                Http2Transfer transfer, int status, CharSequence text, boolean endStream)
                throws Http2Exception {
            transfer.informationals++;
            if (status < 100 || status == 101 || endStream) {
                throw malformed(transfer.stream, "status %s was not asked for", text);
            }
            if (transfer.informationals > MOST_INFORMATIONAL) {
                throw malformed(
                        transfer.stream, "more than %d responses of 1xx", MOST_INFORMATIONAL);
            }
            if (status == 100) {
                transfer.exchange.receivedContinue();
            }
        }

        private void responded(Http2Transfer transfer, int status, Http2Headers headers) {
            transfer.responded = true;
            transfer.bodiless |= status == 204 || status == 304;
            if (!transfer.bodiless) {
                transfer.expected = headers.getLong("content-length", -1); // checked by Netty
            }
            transfer.exchange.received(
                    new ResponseHead(
                            HttpVersion.HTTP_2, status, "", HttpHeaders.received(headers)));
        }

        @Override
        public int onDataRead(
                ChannelHandlerContext ctx,
                int streamId,
                ByteBuf data,
                int padding,
                boolean endOfStream)
                throws Http2Exception {
            Http2Transfer transfer = transferOf(streamId);
            int bytes = data.readableBytes();
            if (transfer.over) {
                return bytes + padding;
            }
            transfer.seen = handler.progressed();
            if (!transfer.responded) {
                throw malformed(transfer.stream, "a body before its headers");
            }
            if (transfer.bodiless && bytes > 0) {
                throw malformed(transfer.stream, "a body where there must be none");
            }
            transfer.received += bytes;
            transfer.exchange.received(data.retain());
            if (endOfStream) {
                complete(transfer, HttpHeaders.empty());
            }
            return padding;
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long errorCode)
                throws Http2Exception {
            Http2Transfer transfer = transferOf(streamId);
            if (!transfer.over) {
                boolean refused =
                        errorCode == Http2Error.REFUSED_STREAM.code() && !transfer.responded;
                String hint =
                        errorCode == Http2Error.HTTP_1_1_REQUIRED.code()
                                ? ": use HttpOptions.versions(HttpVersion.HTTP_1_1)"
                                : "";
                fail(
                        transfer,
                        broken("reset " + transfer.exchange + ": " + name(errorCode) + hint, null),
                        refused,
                        true);
            }
        }

        private static String name(long code) {
            Http2Error known = Http2Error.valueOf(code);
            return known == null ? "error " + code : known.name();
        }

        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) {
            Long streams = settings.maxConcurrentStreams();
            if (streams != null) {
                place().capacity((int) Math.min(streams, Integer.MAX_VALUE));
            } else if (!settled) {
                place().capacity(Integer.MAX_VALUE);
            }
            settled = true;
            // The pool counts, which knows before Netty when a call has ended.
            handler.connection().local().maxActiveStreams(Integer.MAX_VALUE);
        }

        @Override
        public void onGoAwayRead(
                ChannelHandlerContext ctx, int lastStreamId, long errorCode, ByteBuf debugData) {
            closing();
            String reason = name(errorCode) + text(debugData);
            String what = "sent GOAWAY: " + reason;
            if (errorCode != Http2Error.NO_ERROR.code()) {
                farewell = ", after GOAWAY: " + reason;
            }
            for (Http2Transfer transfer : underWay()) {
                if (transfer.stream.id() > lastStreamId) {
                    fail(transfer, broken(what, null), true, true);
                }
            }
            leaveIfDone();
        }

        private static String text(ByteBuf debugData) {
            int length = Math.min(debugData.readableBytes(), MOST_DEBUG_DATA);
            String text =
                    debugData
                            .toString(debugData.readerIndex(), length, StandardCharsets.UTF_8)
                            .replaceAll("\\p{C}", "?");
            return text.isEmpty() ? "" : " (" + text + ")";
        }

        @Override
        public void onPushPromiseRead(
                ChannelHandlerContext ctx,
                int streamId,
                int promisedStreamId,
                Http2Headers headers,
                int padding)
                throws Http2Exception {
            throw Http2Exception.connectionError(
                    Http2Error.PROTOCOL_ERROR, "a push that was not asked for");
        }
    }
}
