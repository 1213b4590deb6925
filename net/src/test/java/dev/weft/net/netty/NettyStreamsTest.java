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
import dev.weft.net.Server;
import dev.weft.net.StreamClosedException;
import dev.weft.net.StreamHandler;
import dev.weft.net.Tcp;
import dev.weft.netty.NettyBridge;
import dev.weft.testkit.AsyncTest;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CancellationException;

/** A channel of Netty's as a stream. */
class NettyStreamsTest {
    /** Connects with Netty alone, on the loop. */
    private static Channel connect(Server server, ChannelHandler... handlers) {
        Loop loop = Loop.current();
        ChannelFuture connecting =
                new Bootstrap()
                        .group(NettyBridge.eventLoopGroup(loop))
                        .channel(NettyBridge.socketChannel(loop))
                        .option(ChannelOption.AUTO_READ, false)
                        .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                        .handler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel ch) {
                                        ch.pipeline().addLast(handlers);
                                    }
                                })
                        .connect("127.0.0.1", server.port());
        await(NettyBridge.future(connecting));
        return connecting.channel();
    }

    private static Server listen(StreamHandler handler) {
        return Tcp.listen("127.0.0.1", 0, handler);
    }

    private static void echo(ByteStream stream) {
        for (byte[] b; (b = stream.read()) != null; ) {
            stream.write(b);
        }
    }

    /** Shown in NettyStreams. */
    static String ask(String host, int port, ChannelHandler decoder) {
        // @start region="asByteStream"
        Loop loop = Loop.current();
        ChannelFuture connecting =
                new Bootstrap()
                        .group(NettyBridge.eventLoopGroup(loop))
                        .channel(NettyBridge.socketChannel(loop))
                        .option(ChannelOption.AUTO_READ, false) // the stream turns it on
                        .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                        .handler(decoder)
                        .connect(host, port);
        await(NettyBridge.future(connecting));
        try (ByteStream stream = NettyStreams.asByteStream(connecting.channel())) {
            stream.write("hello\n");
            return new String(stream.read(), StandardCharsets.UTF_8);
        }
        // @end
    }

    @AsyncTest
    void theExampleWorks() {
        try (Server server = listen(NettyStreamsTest::echo)) {
            assertThat(ask("127.0.0.1", server.port(), new LineBasedFrameDecoder(100)))
                    .isEqualTo("hello");
        }
    }

    @AsyncTest
    void bytesGoThroughTheHandlersBothWays() {
        try (Server server = listen(NettyStreamsTest::echo);
                ByteStream stream =
                        NettyStreams.asByteStream(
                                connect(
                                        server,
                                        new LengthFieldBasedFrameDecoder(1 << 20, 0, 4, 0, 4),
                                        new LengthFieldPrepender(4)))) {
            byte[] sent = new byte[500_000];
            new Random(5).nextBytes(sent);
            Task<byte[]> reading = async(() -> stream.readExactly(2 * sent.length));
            stream.write(sent);
            stream.write(sent);
            byte[] got = await(reading);
            assertThat(Arrays.equals(got, 0, sent.length, sent, 0, sent.length)).isTrue();
            assertThat(Arrays.equals(got, sent.length, got.length, sent, 0, sent.length)).isTrue();
        }
    }

    @AsyncTest
    void aNettyServersChannelsAreStreamsInTasks() throws Exception {
        Loop loop = Loop.current();
        ChannelFuture binding =
                new ServerBootstrap()
                        .group(NettyBridge.eventLoopGroup(loop))
                        .channel(NettyBridge.serverChannel(loop))
                        .childOption(ChannelOption.AUTO_READ, false)
                        .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                        .childHandler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel ch) {
                                        loop.submit(() -> {
                                            try (var s = NettyStreams.asByteStream(ch)) {
                                                s.write(s.readLine().toUpperCase() + "\n");
                                            }
                                        });
                                    }
                                })
                        .bind("127.0.0.1", 0);
        await(NettyBridge.future(binding));
        var address = (java.net.InetSocketAddress) binding.channel().localAddress();
        try (ByteStream stream = Tcp.connect("127.0.0.1", address.getPort())) {
            stream.write("hello\n");
            assertThat(stream.readLine()).isEqualTo("HELLO");
            assertThat(stream.read()).isNull();
        }
        await(NettyBridge.future(binding.channel().close()));
    }

    @AsyncTest
    void eachDirectionEndsAlone() {
        Promise<String> got = Promise.create();
        try (Server server =
                        listen(stream -> {
                            stream.readExactly(1); // the stream is in its place
                            stream.write("all");
                            stream.shutdownOutput();
                            got.complete(new String(stream.readAll(100)));
                        });
                ByteStream stream = NettyStreams.asByteStream(connect(server))) {
            stream.write("?");
            assertThat(stream.readAll(100)).asString().isEqualTo("all");
            stream.write("answer");
            stream.shutdownOutput();
            assertThat(await(got)).isEqualTo("answer");
        }
    }

    @AsyncTest
    void whoDoesNotReadHoldsAWriterUp() {
        Promise<Void> done = Promise.create();
        try (Server server = listen(stream -> await(done));
                ByteStream stream =
                        NettyStreams.asByteStream(connect(server, new LengthFieldPrepender(4)))) {
            Task<?> writer = async(() -> stream.write(new byte[50_000_000]));
            assertThat(
                            Async.awaitAll(
                                            java.util.List.of(writer),
                                            java.time.Duration.ofMillis(100))
                                    .done())
                    .isEmpty();
            assertThatThrownBy(() -> stream.write("x")).isInstanceOf(BusyException.class);
            stream.abort();
            assertThatThrownBy(() -> await(writer)).isInstanceOf(StreamClosedException.class);
            done.complete(null);
        }
    }

    @AsyncTest
    void closingTheStreamClosesTheChannelAfterAllWasSent() {
        Promise<Integer> got = Promise.create();
        try (Server server = listen(s -> got.complete(s.readAll(10_000_000).length))) {
            Channel channel = connect(server);
            ByteStream stream = NettyStreams.asByteStream(channel);
            assertThat(stream.remoteAddress()).isEqualTo(server.localAddress());
            stream.write(new byte[3_000_000]);
            stream.close();
            assertThat(channel.isOpen()).isFalse();
            assertThat(await(got)).isEqualTo(3_000_000);
        }
    }

    @AsyncTest
    void whatIsNoBytesBreaksTheStream() {
        try (Server server = listen(NettyStreamsTest::echo);
                ByteStream stream =
                        NettyStreams.asByteStream(connect(server, new StringDecoder()))) {
            stream.write("x");
            assertThatThrownBy(stream::read)
                    .isInstanceOf(BrokenConnectionException.class)
                    .hasMessageContaining("hands on a String where a stream takes bytes");
        }
    }

    /** As many are written, with no thought of Netty's void promises. */
    private static final class Listening extends ChannelOutboundHandlerAdapter {
        private int written;

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            ctx.write(message, promise).addListener(f -> written++);
        }
    }

    @AsyncTest
    void handlersMayListenToWrites() {
        Listening listening = new Listening();
        try (Server server = listen(NettyStreamsTest::echo);
                ByteStream stream = NettyStreams.asByteStream(connect(server, listening))) {
            stream.write("x");
            assertThat(stream.read()).containsExactly('x');
            assertThat(listening.written).isEqualTo(1);
        }
    }

    /** Fails each write. */
    private static final class Failing extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            ((ByteBuf) message).release();
            promise.setFailure(new IllegalArgumentException("not these bytes"));
        }
    }

    @AsyncTest
    void aHandlersFailureBreaksTheStream() {
        try (Server server = listen(NettyStreamsTest::echo);
                ByteStream stream = NettyStreams.asByteStream(connect(server, new Failing()))) {
            stream.write("x");
            assertThatThrownBy(stream::read)
                    .isInstanceOf(BrokenConnectionException.class)
                    .hasMessageContaining("not these bytes");
        }
    }

    @AsyncTest
    void aFileGoesThroughTheHandlersToo() throws Exception {
        var file = java.nio.file.Files.createTempFile("weft", "");
        java.nio.file.Files.writeString(file, "content");
        try (Server server = listen(NettyStreamsTest::echo);
                ByteStream stream =
                        NettyStreams.asByteStream(connect(server, new LengthFieldPrepender(1)))) {
            stream.sendFile(file);
            assertThat(stream.readExactly(8)).startsWith(7).endsWith('n', 't');
        } finally {
            java.nio.file.Files.delete(file);
        }
    }

    @AsyncTest
    void aChannelThatDoesNotFitIsRefused() throws Exception {
        try (Server server = listen(NettyStreamsTest::echo)) {
            Channel closed = connect(server);
            await(NettyBridge.future(closed.close()));
            assertThatThrownBy(() -> NettyStreams.asByteStream(closed))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("channel must be connected");
            Channel once = connect(server);
            try (ByteStream stream = NettyStreams.asByteStream(once)) {
                assertThatThrownBy(() -> NettyStreams.asByteStream(once))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("channel is a stream already");
                stream.write("still");
                assertThat(stream.readExactly(5)).asString().isEqualTo("still");
            }
            Channel foreign = connect(server);
            Async.offload(() -> {
                try (Loop other = Loop.open(LoopOptions.defaults())) {
                    other.run(() ->
                            assertThatThrownBy(() -> NettyStreams.asByteStream(foreign))
                                    .isInstanceOf(IllegalArgumentException.class)
                                    .hasMessageContaining("NettyBridge.eventLoopGroup"));
                }
            });
            await(NettyBridge.future(foreign.close()));
        }
    }

    @AsyncTest
    void cancelledNothingHasHappenedOrTheChannelIsClosed() {
        try (Server server = listen(NettyStreamsTest::echo)) {
            Channel channel = connect(server);
            ByteStream[] got = {null};
            Task<?> attaching =
                    async(() -> {
                        Task.current().cancel();
                        got[0] = NettyStreams.asByteStream(channel);
                    });
            assertThatThrownBy(() -> await(attaching)).isInstanceOf(CancellationException.class);
            if (got[0] != null) { // the event loop was faster than the wait, in portable mode
                got[0].close();
            }
            // What the event loop still had to do is done before this.
            Promise<Boolean> open = Promise.create();
            channel.eventLoop().execute(() -> open.complete(channel.isOpen()));
            if (await(open)) {
                try (ByteStream stream = NettyStreams.asByteStream(channel)) {
                    stream.write("x");
                    assertThat(stream.read()).containsExactly('x');
                }
            }
        }
    }

    @AsyncTest
    void aStreamOfAChannelCanBeTakenOutAgain() {
        Promise<String> reply = Promise.create();
        try (Server server = listen(NettyStreamsTest::echo)) {
            Channel channel = connect(server, new LineBasedFrameDecoder(100));
            ByteStream stream = NettyStreams.asByteStream(channel);
            stream.write("one\n");
            assertThat(stream.read()).asString().isEqualTo("one");
            Channel same =
                    NettyStreams.channel(
                            stream,
                            new ChannelInboundHandlerAdapter() {
                                @Override
                                public void channelRead(ChannelHandlerContext ctx, Object m) {
                                    reply.complete(((ByteBuf) m).toString(StandardCharsets.UTF_8));
                                    ((ByteBuf) m).release();
                                }
                            });
            assertThat(same).isSameAs(channel);
            same.writeAndFlush(Unpooled.copiedBuffer("two\n", StandardCharsets.UTF_8));
            assertThat(await(reply)).isEqualTo("two");
            await(NettyBridge.future(same.close()));
        }
    }

    @AsyncTest
    void whatComesWhileReadingIsAboutToGoOnStopsItAgain() {
        byte[] much = new byte[200_000]; // more than a stream keeps
        ChannelInboundHandlerAdapter front = new ChannelInboundHandlerAdapter();
        try (Server server = listen(ByteStream::read)) {
            Channel channel = connect(server, front);
            try (ByteStream stream = NettyStreams.asByteStream(channel)) {
                ChannelHandlerContext above = channel.pipeline().context(front);
                hand(above, much);
                assertThat(channel.config().isAutoRead()).isFalse();
                above.executor().execute(() -> above.fireChannelRead(Unpooled.wrappedBuffer(much)));
                stream.readExactly(much.length); // in loop mode before the rest has come
                turnOfTheEventLoop(channel);
                assertThat(channel.config().isAutoRead()).isFalse();
                stream.readExactly(much.length);
                turnOfTheEventLoop(channel);
                assertThat(channel.config().isAutoRead()).isTrue();
            }
        }
    }

    private static void hand(ChannelHandlerContext above, byte[] bytes) {
        above.executor().execute(() -> above.fireChannelRead(Unpooled.wrappedBuffer(bytes)));
        turnOfTheEventLoop(above.channel());
    }

    private static void turnOfTheEventLoop(Channel channel) {
        await(NettyBridge.future(channel.eventLoop().submit(() -> {})));
    }
}
