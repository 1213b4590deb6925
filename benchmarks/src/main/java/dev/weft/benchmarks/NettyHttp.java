package dev.weft.benchmarks;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerUpgradeHandler;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.CleartextHttp2ServerUpgradeHandler;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2ServerUpgradeCodec;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.ReadOnlyHttp2Headers;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The server that HTTP clients are measured against: raw Netty that does as little as it can, since
 * a server that is slower than its clients would measure itself. The path says which version the
 * client means to speak and how many bytes it wants; the responses are made once.
 *
 * <p>It listens on three ports: for HTTP/1.1, for HTTP/2 without TLS (by prior knowledge or by an
 * upgrade, as the JDK's client has nothing else), and for either over TLS, by ALPN.
 */
public final class NettyHttp {
    private static final AsciiString TEXT = AsciiString.cached("text/plain");

    /** Offers both versions; HTTP/2 is preferred. */
    static final ApplicationProtocolConfig ALPN =
            new ApplicationProtocolConfig(
                    ApplicationProtocolConfig.Protocol.ALPN,
                    ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                    ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                    ApplicationProtocolNames.HTTP_2,
                    ApplicationProtocolNames.HTTP_1_1);

    private static final int MOST_STREAMS = 2000;

    private NettyHttp() {}

    /** A response, to be written as often as need be. */
    private record Answer(ByteBuf http1, Http2Headers headers, ByteBuf body) {
        static Answer of(int status, int bytes) {
            String head =
                    "HTTP/1.1 %d -\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n"
                            .formatted(status, bytes);
            ByteBuf http1 =
                    Unpooled.directBuffer()
                            .writeBytes(head.getBytes(StandardCharsets.US_ASCII))
                            .writeZero(bytes);
            return new Answer(
                    Unpooled.unreleasableBuffer(http1),
                    ReadOnlyHttp2Headers.serverHeaders(
                            true,
                            AsciiString.of(Integer.toString(status)),
                            AsciiString.cached("content-type"),
                            TEXT,
                            AsciiString.cached("content-length"),
                            AsciiString.of(Integer.toString(bytes))),
                    Unpooled.unreleasableBuffer(http1.slice(head.length(), bytes)));
        }
    }

    /** All answers; owned by the one event loop. */
    private static final class Answers {
        private static final Answer REFUSED = Answer.of(505, 0);
        private final Map<String, Answer> byPath = new HashMap<>();

        Answer of(String version, CharSequence path) {
            Answer answer = byPath.get(path.toString());
            if (answer == null) {
                String[] words = path.toString().split("/", -1);
                int bytes = Integer.parseInt(words[2]);
                if (bytes < 0 || bytes > LoadGenerator.LONGEST) {
                    throw new IllegalArgumentException("too many bytes: " + path);
                }
                answer = Answer.of(200, bytes);
                byPath.put(path.toString(), answer);
            }
            return path.charAt(1) == version.charAt(0) ? answer : REFUSED;
        }
    }

    private static final class Http1 extends ChannelInboundHandlerAdapter {
        private final Answers answers;
        private @Nullable String path;

        Http1(Answers answers) {
            this.answers = answers;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof HttpRequest request) {
                path = request.uri();
            }
            if (message instanceof LastHttpContent && path != null) {
                ByteBuf answer = answers.of("1", path).http1;
                context.write(answer.duplicate(), context.voidPromise());
            }
            ReferenceCountUtil.release(message);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close(); // a client that is closed resets its connections
        }
    }

    private static final class Http2 extends Http2EventAdapter {
        private final Answers answers;
        private final Http2ConnectionHandler handler;

        private Http2(Answers answers) {
            this.answers = answers;
            handler =
                    new Http2ConnectionHandlerBuilder()
                            .server(true)
                            .frameListener(this)
                            .initialSettings(new Http2Settings().maxConcurrentStreams(MOST_STREAMS))
                            .build();
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext context,
                int stream,
                Http2Headers headers,
                int padding,
                boolean end) {
            answer(context, stream, Objects.requireNonNull(headers.path()));
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext context,
                int stream,
                Http2Headers headers,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean end) {
            answer(context, stream, Objects.requireNonNull(headers.path()));
        }

        /** What it writes is flushed when all has been read that is there. */
        private void answer(ChannelHandlerContext context, int stream, CharSequence path) {
            Answer answer = answers.of("2", path);
            Http2ConnectionEncoder encoder = handler.encoder();
            encoder.writeHeaders(context, stream, answer.headers, 0, false, context.newPromise());
            encoder.writeData(
                    context, stream, answer.body.duplicate(), 0, true, context.newPromise());
        }
    }

    /** What comes after an upgrade, or comes without one. */
    private static final class Upgraded extends ChannelInboundHandlerAdapter {
        private final Http2 http2;

        Upgraded(Http2 http2) {
            this.http2 = http2;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof HttpServerUpgradeHandler.UpgradeEvent upgrade) {
                ChannelHandlerContext of =
                        Objects.requireNonNull(context.pipeline().context(http2.handler));
                http2.answer(
                        of, Http2CodecUtil.HTTP_UPGRADE_STREAM_ID, upgrade.upgradeRequest().uri());
                of.flush();
            }
            ReferenceCountUtil.release(event);
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ReferenceCountUtil.release(message);
            context.close(); // HTTP/1.1 that does not ask for an upgrade
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    private static void addHttp1(Channel channel, Answers answers) {
        channel.pipeline().addLast(new HttpRequestDecoder(), new Http1(answers));
    }

    private static void addHttp2(Channel channel, Answers answers) {
        Http2 http2 = new Http2(answers);
        HttpServerCodec codec = new HttpServerCodec();
        HttpServerUpgradeHandler upgrade =
                new HttpServerUpgradeHandler(
                        codec,
                        protocol ->
                                AsciiString.contentEquals(
                                                Http2CodecUtil.HTTP_UPGRADE_PROTOCOL_NAME, protocol)
                                        ? new Http2ServerUpgradeCodec(http2.handler)
                                        : null);
        channel.pipeline()
                .addLast(
                        new CleartextHttp2ServerUpgradeHandler(codec, upgrade, http2.handler),
                        new Upgraded(http2));
    }

    private static void addTls(Channel channel, SslContext tls, Answers answers) {
        channel.pipeline()
                .addLast(
                        tls.newHandler(channel.alloc()),
                        new ApplicationProtocolNegotiationHandler(
                                ApplicationProtocolNames.HTTP_1_1) {
                            @Override
                            protected void configurePipeline(
                                    ChannelHandlerContext context, String protocol) {
                                if (protocol.equals(ApplicationProtocolNames.HTTP_2)) {
                                    context.pipeline().addLast(new Http2(answers).handler);
                                } else {
                                    addHttp1(context.channel(), answers);
                                }
                            }
                        });
    }

    private static SslContext tls(String certificate, String key) throws IOException {
        return SslContextBuilder.forServer(new File(certificate), new File(key))
                .sslProvider(SslProvider.JDK)
                .applicationProtocolConfig(ALPN)
                .build();
    }

    /** Serves until standard input ends; the arguments are a certificate and its key. */
    public static void main(String[] args) throws Exception {
        SslContext tls = tls(args[0], args[1]);
        Answers answers = new Answers();
        ServerBootstrap bootstrap = NettyEcho.bootstrap(false);
        int http1 = NettyEcho.listen(bootstrap, channel -> addHttp1(channel, answers));
        int http2 = NettyEcho.listen(bootstrap, channel -> addHttp2(channel, answers));
        int secure = NettyEcho.listen(bootstrap, channel -> addTls(channel, tls, answers));
        Orders.obeyAll(
                "listening " + http1 + " " + http2 + " " + secure,
                words -> {
                    throw new IllegalArgumentException("unknown: " + words[0]);
                });
    }
}
