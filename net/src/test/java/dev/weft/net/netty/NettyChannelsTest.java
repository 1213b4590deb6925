package dev.weft.net.netty;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.BusyException;
import dev.weft.net.ByteStream;
import dev.weft.net.ClientTls;
import dev.weft.net.Server;
import dev.weft.net.ServerTls;
import dev.weft.net.StreamClosedException;
import dev.weft.net.StreamHandler;
import dev.weft.net.Tcp;
import dev.weft.net.TcpOptions;
import dev.weft.net.TlsIdentity;
import dev.weft.net.TlsTrust;
import dev.weft.netty.NettyBridge;
import dev.weft.testkit.AsyncTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.redis.ArrayRedisMessage;
import io.netty.handler.codec.redis.FullBulkStringRedisMessage;
import io.netty.handler.codec.redis.RedisBulkStringAggregator;
import io.netty.handler.codec.redis.RedisDecoder;
import io.netty.handler.codec.redis.RedisEncoder;
import io.netty.handler.codec.redis.RedisMessage;
import io.netty.handler.codec.redis.SimpleStringRedisMessage;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;

/** A stream whose channel goes over to handlers of Netty's. */
class NettyChannelsTest {
    private static Server listen(StreamHandler handler) {
        return Tcp.listen("127.0.0.1", 0, handler);
    }

    private static ByteStream connect(Server server) {
        return Tcp.connect("127.0.0.1", server.port());
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    /** Collects what comes. Written by the event loop, read by tasks after a promise. */
    private static final class Collecting extends ChannelInboundHandlerAdapter {
        private final int wanted;
        private final ByteBuf all = Unpooled.buffer();
        private final Promise<byte[]> complete = Promise.create();
        private final Promise<Void> ended = Promise.create();

        Collecting(int wanted) {
            this.wanted = wanted;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            all.writeBytes((ByteBuf) message);
            ((ByteBuf) message).release();
            if (all.readableBytes() >= wanted) {
                byte[] bytes = new byte[all.readableBytes()];
                all.getBytes(0, bytes);
                complete.tryComplete(bytes);
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == ChannelInputShutdownEvent.INSTANCE) {
                ended.tryComplete(null);
            }
        }
    }

    /** The messages of a Redis connection, for a task. */
    private static final class Replies extends SimpleChannelInboundHandler<RedisMessage> {
        private final dev.weft.Queue<String> queue = dev.weft.Queue.create();
        private final Loop loop;

        Replies(Loop loop) {
            this.loop = loop;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, RedisMessage message) {
            String text =
                    switch (message) {
                        case SimpleStringRedisMessage m -> m.content();
                        case FullBulkStringRedisMessage m ->
                                m.content().toString(StandardCharsets.UTF_8);
                        default -> message.toString();
                    };
            loop.callSoon(() -> queue.tryPut(text));
        }
    }

    private static RedisMessage command(String... words) {
        return new ArrayRedisMessage(
                java.util.Arrays.stream(words)
                        .<RedisMessage>map(w -> new FullBulkStringRedisMessage(bytes(w)))
                        .toList());
    }

    @AsyncTest
    void aRedisCodecTakesOverInTheMiddleOfAChunk() {
        Promise<byte[]> request = Promise.create();
        Promise<Void> done = Promise.create();
        try (Server server =
                listen(stream -> {
                    // The greeting and the codec's first bytes in one, the rest of them later.
                    stream.write("hello\n+PONG\r\n$12\r\nforty");
                    request.complete(stream.readExactly(33));
                    stream.write("-two=42\r\n+LAST\r\n");
                    await(done);
                })) {
            ByteStream stream = connect(server);
            assertThat(stream.readLine()).isEqualTo("hello");
            Replies replies = new Replies(Loop.current());
            // @start region="channel"
            Channel channel =
                    NettyStreams.channel(
                            stream,
                            new ChannelInitializer<>() {
                                @Override
                                protected void initChannel(Channel ch) {
                                    ch.pipeline()
                                            .addLast(
                                                    new RedisDecoder(),
                                                    new RedisBulkStringAggregator(),
                                                    new RedisEncoder(),
                                                    replies);
                                }
                            });
            channel.writeAndFlush(command("SET", "key", "value"));
            // @end
            assertThat(replies.queue.take()).isEqualTo("PONG");
            assertThat(await(request))
                    .asString()
                    .isEqualTo("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n");
            assertThat(replies.queue.take()).isEqualTo("forty-two=42");
            assertThat(replies.queue.take()).isEqualTo("LAST");
            await(NettyBridge.future(channel.close()));
            done.complete(null);
        }
    }

    @AsyncTest
    void allThatWasNotReadIsHandedOnInOrderAndAllThatFollows() {
        byte[] sent = new byte[2_000_000];
        new Random(11).nextBytes(sent);
        try (Server server = listen(stream -> stream.write(sent))) {
            ByteStream stream = connect(server);
            assertThat(stream.readExactly(3)).containsExactly(sent[0], sent[1], sent[2]);
            // More than a stream takes from the network unread: it has paused.
            Async.sleep(java.time.Duration.ofMillis(50));
            Collecting rest = new Collecting(sent.length - 3);
            Channel channel = NettyStreams.channel(stream, rest);
            byte[] got = await(rest.complete);
            assertThat(java.util.Arrays.equals(got, 0, got.length, sent, 3, sent.length)).isTrue();
            await(rest.ended);
            await(NettyBridge.future(channel.close()));
        }
    }

    @AsyncTest
    void whatWasWrittenBeforeIsSentBefore() {
        Promise<byte[]> got = Promise.create();
        try (Server server = listen(stream -> got.complete(stream.readAll(2_000_000)))) {
            ByteStream stream = connect(server);
            for (int i = 0; i < 10; i++) {
                stream.write(new byte[6_000]);
            }
            Channel channel = NettyStreams.channel(stream, new Collecting(1));
            channel.writeAndFlush(bytes("after"));
            await(NettyBridge.future(channel.close()));
            assertThat(await(got)).hasSize(60_005).endsWith('a', 'f', 't', 'e', 'r');
        }
    }

    @AsyncTest
    void anEndThatHadComeIsTold() {
        try (Server server = listen(stream -> stream.write("bye"))) {
            ByteStream stream = connect(server);
            Async.sleep(java.time.Duration.ofMillis(50));
            Collecting rest = new Collecting(3);
            Channel channel = NettyStreams.channel(stream, rest);
            assertThat(await(rest.complete)).asString().isEqualTo("bye");
            await(rest.ended);
            await(NettyBridge.future(channel.close()));
        }
    }

    @AsyncTest
    void tlsStaysBelow() throws Exception {
        X509Bundle own =
                new CertificateBuilder()
                        .ecp256()
                        .subject("CN=localhost")
                        .addSanDnsName("localhost")
                        .setIsCertificateAuthority(true)
                        .buildSelfSigned();
        TcpOptions server =
                TcpOptions.defaults()
                        .tls(
                                ServerTls.of(
                                        TlsIdentity.pem(
                                                own.getCertificatePathPEM(),
                                                own.getPrivateKeyPEM())));
        TcpOptions client =
                TcpOptions.defaults()
                        .tls(
                                ClientTls.defaults()
                                        .trust(TlsTrust.certificates(own.getCertificate())));
        try (Server echo =
                Tcp.listen(
                        "0.0.0.0",
                        0,
                        server,
                        stream -> {
                            stream.write("first\n");
                            for (byte[] b; (b = stream.read()) != null; ) {
                                stream.write(b);
                            }
                        })) {
            ByteStream stream = Tcp.connect("localhost", echo.port(), client);
            assertThat(stream.readExactly(2)).asString().isEqualTo("fi");
            Collecting all = new Collecting(13);
            Channel channel = NettyStreams.channel(stream, all);
            channel.writeAndFlush(bytes("encrypted"));
            assertThat(await(all.complete)).asString().isEqualTo("rst\nencrypted");
            await(NettyBridge.future(channel.close()));
        }
    }

    @AsyncTest
    void theStreamIsOfNoUseAndLeavesTheChannelAlone() {
        Promise<byte[]> got = Promise.create();
        try (Server server = listen(stream -> got.complete(stream.readAll(100)))) {
            ByteStream stream = connect(server);
            Channel channel = NettyStreams.channel(stream, new Collecting(1));
            assertThat(stream.isOpen()).isFalse();
            for (var call :
                    List.<org.assertj.core.api.ThrowableAssert.ThrowingCallable>of(
                            stream::read,
                            stream::flush,
                            () -> stream.write("x"),
                            () -> stream.upgradeToTls(ClientTls.defaults(), "localhost"),
                            () -> NettyStreams.channel(stream, new Collecting(1)))) {
                assertThatThrownBy(call)
                        .isInstanceOf(StreamClosedException.class)
                        .hasMessageContaining("was handed over to Netty");
            }
            stream.close();
            stream.abort();
            channel.writeAndFlush(bytes("still open"));
            await(NettyBridge.future(channel.close()));
            assertThat(await(got)).asString().isEqualTo("still open");
        }
    }

    @AsyncTest
    void aServersStreamOutlivesItsHandlerAndItsServer() {
        Promise<Channel> handedOver = Promise.create();
        Server server =
                listen(stream -> {
                    handedOver.complete(
                            NettyStreams.channel(
                                    stream,
                                    new ChannelInboundHandlerAdapter() {
                                        @Override
                                        public void channelRead(
                                                ChannelHandlerContext ctx, Object message) {
                                            ctx.writeAndFlush(message);
                                        }
                                    }));
                });
        try (ByteStream stream = connect(server)) {
            Channel channel = await(handedOver);
            server.close();
            stream.write("echo");
            assertThat(stream.readExactly(4)).asString().isEqualTo("echo");
            await(NettyBridge.future(channel.close()));
            assertThat(stream.read()).isNull();
        }
    }

    @AsyncTest
    void aStreamInUseIsBusy() {
        Promise<Void> done = Promise.create();
        try (Server server = listen(stream -> await(done));
                ByteStream stream = connect(server)) {
            Task<byte[]> reader = async(() -> stream.read());
            Async.yieldNow();
            assertThatThrownBy(() -> NettyStreams.channel(stream, new Collecting(1)))
                    .isInstanceOf(BusyException.class);
            reader.cancel();
            assertThatThrownBy(() -> await(reader)).isInstanceOf(CancellationException.class);
            Task<?> writer = async(() -> stream.write(new byte[50_000_000]));
            Async.yieldNow();
            assertThatThrownBy(() -> NettyStreams.channel(stream, new Collecting(1)))
                    .isInstanceOf(BusyException.class);
            stream.abort();
            assertThatThrownBy(() -> await(writer)).isInstanceOf(StreamClosedException.class);
            assertThatThrownBy(() -> NettyStreams.channel(stream, new Collecting(1)))
                    .isInstanceOf(StreamClosedException.class)
                    .hasMessageContaining("is closed");
            done.complete(null);
        }
    }

    @AsyncTest
    void aBrokenConnectionIsNotHandedOver() {
        try (Server server = listen(ByteStream::abort);
                ByteStream stream = connect(server)) {
            assertThatThrownBy(stream::read).isInstanceOf(BrokenConnectionException.class);
            assertThatThrownBy(() -> NettyStreams.channel(stream, new Collecting(1)))
                    .isInstanceOf(BrokenConnectionException.class);
        }
    }

    @AsyncTest
    void aHandlerInUseElsewhereClosesTheChannel() {
        Promise<Void> done = Promise.create();
        try (Server server =
                listen(stream -> {
                    stream.write("unread");
                    await(done);
                })) {
            Collecting used = new Collecting(1);
            Channel first = NettyStreams.channel(connect(server), used);
            ByteStream stream = connect(server);
            stream.readExactly(1);
            assertThatThrownBy(() -> NettyStreams.channel(stream, used))
                    .hasMessageContaining("is not a @Sharable handler");
            await(NettyBridge.future(first.close()));
            done.complete(null);
        }
    }

    @AsyncTest
    void cancelledNothingHasHappenedOrTheChannelIsClosed() {
        Promise<Boolean> ended = Promise.create();
        try (Server server =
                        listen(stream -> {
                            stream.write("kept");
                            ended.complete(stream.read() == null);
                        });
                ByteStream stream = connect(server)) {
            assertThat(stream.readExactly(1)).containsExactly('k');
            Channel[] got = {null};
            Task<?> handing =
                    async(() -> {
                        Task.current().cancel();
                        got[0] = NettyStreams.channel(stream, new Collecting(1));
                    });
            assertThatThrownBy(() -> await(handing)).isInstanceOf(CancellationException.class);
            if (got[0] != null) { // the event loop was faster than the wait, in portable mode
                got[0].close();
            }
            if (stream.isOpen()) {
                assertThat(stream.readExactly(3)).asString().isEqualTo("ept");
            } else {
                assertThat(await(ended)).isTrue();
            }
        }
    }

    @AsyncTest
    void aTaskOfAnotherLoopIsRefused() throws Exception {
        Promise<Void> done = Promise.create();
        try (Server server = listen(stream -> await(done));
                ByteStream stream = connect(server)) {
            Async.offload(() -> {
                try (Loop other = Loop.open(LoopOptions.defaults())) {
                    other.run(() ->
                            assertThatThrownBy(
                                            () -> NettyStreams.channel(stream, new Collecting(1)))
                                    .isInstanceOf(IllegalStateException.class)
                                    .hasMessageContaining("stream must be of this task's loop"));
                }
            });
            done.complete(null);
        }
    }
}
