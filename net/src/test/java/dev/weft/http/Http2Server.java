package dev.weft.http;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.Certs;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2SettingsFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2SettingsAckFrame;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A server of HTTP/2 on Netty's frame codec, on a thread of its own. What a test has it do is run
 * on that thread.
 */
final class Http2Server implements AutoCloseable {
    private final MultiThreadIoEventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Script script;
    private final Options options;
    private final @Nullable SslContext tls;
    private final Channel listening;
    private final List<Promise<@Nullable Void>> waiting = new ArrayList<>();

    /** How many settings were sent; with one connection. */
    private int announced = 1;

    private @Nullable Runnable whenAcknowledged;

    final AtomicInteger connections = new AtomicInteger();
    final AtomicInteger requests = new AtomicInteger();
    final AtomicInteger resets = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    final AtomicInteger acknowledged = new AtomicInteger();

    /** What the clients' resets said. */
    final List<Long> codes = new CopyOnWriteArrayList<>();

    final AtomicInteger ended = new AtomicInteger();

    /** Bytes of bodies of all requests. */
    final AtomicLong received = new AtomicLong();

    /** Bytes of bodies that were handed to the network. */
    final AtomicLong sent = new AtomicLong();

    /** Streams that are open, and the most there were. */
    final AtomicInteger active = new AtomicInteger();

    final AtomicInteger mostActive = new AtomicInteger();

    /** What a test does with a request, when it is complete unless the options say otherwise. */
    interface Script {
        void run(Request request) throws Exception;
    }

    /** How it is to behave. */
    record Options(Http2Settings settings, boolean secure, boolean atHead, boolean windows) {
        static Options defaults() {
            return new Options(
                    Http2Settings.defaultSettings().maxConcurrentStreams(100), false, false, true);
        }

        Options settings(Http2Settings value) {
            return new Options(value, secure, atHead, windows);
        }

        Options tls() {
            return new Options(settings, true, atHead, windows);
        }

        /** The script is run when the head of a request has come. */
        Options whenHeadHasCome() {
            return new Options(settings, secure, true, windows);
        }

        /** No window is given back. */
        Options withoutWindows() {
            return new Options(settings, secure, atHead, false);
        }
    }

    private Http2Server(Options options, Script script) {
        this.options = options;
        this.script = script;
        try {
            tls = options.secure ? tls() : null;
            listening =
                    new ServerBootstrap()
                            .group(group)
                            .channel(NioServerSocketChannel.class)
                            .childHandler(
                                    new ChannelInitializer<SocketChannel>() {
                                        @Override
                                        protected void initChannel(SocketChannel channel) {
                                            initialize(channel);
                                        }
                                    })
                            .bind("127.0.0.1", 0)
                            .syncUninterruptibly()
                            .channel();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    static Http2Server of(Script script) {
        return of(Options.defaults(), script);
    }

    static Http2Server of(Options options, Script script) {
        return Async.offload(() -> new Http2Server(options, script));
    }

    private static SslContext tls() throws Exception {
        return SslContextBuilder.forServer(
                        Certs.LOCALHOST.getKeyPair().getPrivate(),
                        Certs.LOCALHOST.getCertificatePath())
                .applicationProtocolConfig(
                        new ApplicationProtocolConfig(
                                ApplicationProtocolConfig.Protocol.ALPN,
                                ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                                ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                                "h2"))
                .build();
    }

    private void runIfAcknowledged() {
        Runnable action = whenAcknowledged;
        if (action != null && acknowledged.get() == announced) {
            whenAcknowledged = null;
            action.run();
        }
    }

    private void initialize(SocketChannel channel) {
        connections.incrementAndGet();
        if (tls != null) {
            channel.pipeline().addLast(tls.newHandler(channel.alloc()));
        }
        channel.pipeline()
                .addLast(
                        Http2FrameCodecBuilder.forServer()
                                .initialSettings(options.settings)
                                .decoderEnforceMaxRstFramesPerWindow(0, 0)
                                .encoderEnforceMaxRstFramesPerWindow(0, 0)
                                .build())
                .addLast(new Connection());
    }

    String url(String path) {
        return (tls == null ? "http://127.0.0.1:" : "https://localhost:")
                + ((InetSocketAddress) listening.localAddress()).getPort()
                + path;
    }

    /** Waits until something that this server changes is so. */
    void await(BooleanSupplier condition) {
        while (true) {
            Promise<@Nullable Void> change = Promise.create();
            synchronized (waiting) {
                waiting.add(change);
            }
            if (condition.getAsBoolean()) {
                return;
            }
            Async.await(change);
        }
    }

    /** Something may be so now. */
    void changed() {
        List<Promise<@Nullable Void>> all;
        synchronized (waiting) {
            all = List.copyOf(waiting);
            waiting.clear();
        }
        all.forEach(p -> p.tryComplete(null));
    }

    @Override
    public void close() {
        Async.offload(() -> group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly());
    }

    /**
     * A request that has come, and the way to answer. All but the fields on the server's thread.
     */
    final class Request {
        final ChannelHandlerContext ctx;
        final Http2FrameStream stream;
        final Http2Headers headers;
        final AtomicInteger received = new AtomicInteger();
        @Nullable Http2Headers trailers;
        volatile boolean complete;
        volatile long resetWith = -1;
        private boolean over;
        private @Nullable Runnable whenComplete;

        Request(ChannelHandlerContext ctx, Http2FrameStream stream, Http2Headers headers) {
            this.ctx = ctx;
            this.stream = stream;
            this.headers = headers;
        }

        String path() {
            return headers.path().toString();
        }

        String header(String name) {
            return String.valueOf(headers.get(name));
        }

        private void over() {
            if (!over) {
                over = true;
                active.decrementAndGet();
            }
        }

        void head(int status, boolean end, String... fields) {
            DefaultHttp2Headers head = new DefaultHttp2Headers(false);
            head.status(Integer.toString(status));
            for (int i = 0; i < fields.length; i += 2) {
                head.add(fields[i], fields[i + 1]);
            }
            send(new DefaultHttp2HeadersFrame(head, end).stream(stream), end);
        }

        void data(byte[] bytes, boolean end) {
            if (end) {
                over();
            }
            ctx.writeAndFlush(
                            new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(bytes), end)
                                    .stream(stream))
                    .addListener(f -> {
                        if (f.isSuccess()) {
                            sent.addAndGet(bytes.length);
                        }
                        changed();
                    });
        }

        void trailers(String... fields) {
            DefaultHttp2Headers head = new DefaultHttp2Headers(false);
            for (int i = 0; i < fields.length; i += 2) {
                head.add(fields[i], fields[i + 1]);
            }
            send(new DefaultHttp2HeadersFrame(head, true).stream(stream), true);
        }

        void answer(String text) {
            head(200, false);
            data(text.getBytes(java.nio.charset.StandardCharsets.UTF_8), true);
        }

        void reset(Http2Error code) {
            over();
            ctx.writeAndFlush(new DefaultHttp2ResetFrame(code).stream(stream));
        }

        void goAway(int processed, Http2Error code) {
            goAway(processed, code, "");
        }

        void goAway(int processed, Http2Error code, String text) {
            // Not by the codec's frame, which knows of no streams that were left behind.
            ChannelHandlerContext codec = ctx.pipeline().context(Http2FrameCodec.class);
            Http2FrameCodec handler = (Http2FrameCodec) codec.handler();
            handler.encoder()
                    .frameWriter()
                    .writeGoAway(
                            codec,
                            processed,
                            code.code(),
                            Unpooled.copiedBuffer(text, java.nio.charset.StandardCharsets.UTF_8),
                            codec.newPromise());
            codec.flush();
        }

        void settings(Http2Settings settings) {
            announced++;
            ctx.writeAndFlush(new DefaultHttp2SettingsFrame(settings));
        }

        /** If the script is run at the head. */
        void whenComplete(Runnable action) {
            whenComplete = action;
        }

        void giveWindow(int bytes) {
            ctx.writeAndFlush(new DefaultHttp2WindowUpdateFrame(bytes).stream(stream));
        }

        /** From now on what comes on this connection is lost. */
        void deaf() {
            ctx.pipeline()
                    .addFirst(
                            new ChannelInboundHandlerAdapter() {
                                @Override
                                public void channelRead(ChannelHandlerContext c, Object message) {
                                    ReferenceCountUtil.release(message);
                                }
                            });
        }

        Http2Server server() {
            return Http2Server.this;
        }

        /** Once what is being done is done. */
        void later(Runnable action) {
            ctx.executor().execute(action);
        }

        /** Answers those once the client has seen the settings that were sent last. */
        void answerAll(List<Request> requests, Runnable first) {
            whenAcknowledged =
                    () -> {
                        first.run();
                        requests.forEach(r -> r.answer(r.path()));
                    };
            runIfAcknowledged();
        }

        void cut() {
            ctx.channel().close();
        }

        /** From another thread. */
        void execute(Runnable action) {
            ctx.executor().execute(action);
        }

        private void send(Object frame, boolean end) {
            if (end) {
                over();
            }
            ctx.writeAndFlush(frame);
        }
    }

    private final class Connection extends ChannelInboundHandlerAdapter {
        private final Map<Http2FrameStream, Request> open = new ConcurrentHashMap<>();

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
            try {
                switch (message) {
                    case Http2HeadersFrame head -> headers(ctx, head);
                    case Http2DataFrame data -> data(ctx, data);
                    case Http2ResetFrame reset -> reset(reset);
                    case Http2SettingsAckFrame ack -> {
                        acknowledged.incrementAndGet();
                        runIfAcknowledged();
                    }
                    default -> {}
                }
            } finally {
                ReferenceCountUtil.release(message);
                changed();
            }
        }

        private void headers(ChannelHandlerContext ctx, Http2HeadersFrame head) throws Exception {
            Request known = open.get(head.stream());
            if (known != null) {
                known.trailers = head.headers();
                complete(known);
                return;
            }
            Request request = new Request(ctx, head.stream(), head.headers());
            open.put(head.stream(), request);
            requests.incrementAndGet();
            int now = active.incrementAndGet();
            mostActive.accumulateAndGet(now, Math::max);
            if (options.atHead) {
                script.run(request);
            }
            if (head.isEndStream()) {
                complete(request);
            }
        }

        private void data(ChannelHandlerContext ctx, Http2DataFrame data) throws Exception {
            Request request = open.get(data.stream());
            int bytes = data.initialFlowControlledBytes();
            if (request != null) {
                ByteBuf content = data.content();
                request.received.addAndGet(content.readableBytes());
                received.addAndGet(content.readableBytes());
                if (options.windows) {
                    ctx.writeAndFlush(
                            new DefaultHttp2WindowUpdateFrame(bytes).stream(data.stream()));
                }
                if (data.isEndStream()) {
                    complete(request);
                }
            }
        }

        private void complete(Request request) throws Exception {
            request.complete = true;
            ended.incrementAndGet();
            if (!options.atHead) {
                script.run(request);
            } else if (request.whenComplete != null) {
                request.whenComplete.run();
            }
        }

        private void reset(Http2ResetFrame reset) {
            codes.add(reset.errorCode());
            resets.incrementAndGet();
            Request request = open.get(reset.stream());
            if (request != null) {
                request.resetWith = reset.errorCode();
                request.over();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            closed.incrementAndGet();
            changed();
        }

        @Override
        @SuppressWarnings("deprecation") // not of inbound handlers, Netty says
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            // Of a connection that a test cuts.
        }
    }
}
