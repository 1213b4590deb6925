package dev.weft.netty;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.Transport;
import dev.weft.testkit.AsyncTest;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;

class NettyBridgeTest {
    @AsyncTest
    void anUnchangedNettyEchoRunsOnTheLoop() {
        echo();
    }

    @AsyncTest(transport = Transport.NIO)
    void anUnchangedNettyEchoRunsOnANioLoop() {
        echo();
    }

    private static void echo() {
        Loop loop = Loop.current();
        IoEventLoopGroup group = NettyBridge.eventLoopGroup(loop);
        Channel server =
                awaitChannel(
                        new ServerBootstrap()
                                .group(group)
                                .channel(NettyBridge.serverChannel(loop))
                                .childHandler(
                                        new ChannelInboundHandlerAdapter() {
                                            @Override
                                            public boolean isSharable() {
                                                return true;
                                            }

                                            @Override
                                            public void channelRead(
                                                    ChannelHandlerContext c, Object message) {
                                                c.writeAndFlush(message);
                                            }
                                        })
                                .bind("127.0.0.1", 0));
        Promise<String> reply = Promise.create();
        Channel client =
                awaitChannel(
                        new Bootstrap()
                                .group(group)
                                .channel(NettyBridge.socketChannel(loop))
                                .handler(
                                        new SimpleChannelInboundHandler<ByteBuf>() {
                                            @Override
                                            protected void channelRead0(
                                                    ChannelHandlerContext c, ByteBuf message) {
                                                reply.tryComplete(
                                                        message.toString(StandardCharsets.UTF_8));
                                            }
                                        })
                                .connect(server.localAddress()));
        client.writeAndFlush(Unpooled.copiedBuffer("hello", StandardCharsets.UTF_8));
        assertThat(await(reply)).isEqualTo("hello");
        await(NettyBridge.future(client.close()));
        await(NettyBridge.future(server.close()));
    }

    private static Channel awaitChannel(io.netty.channel.ChannelFuture future) {
        await(NettyBridge.future(future));
        return future.channel();
    }

    @AsyncTest
    void theGroupCannotBeShutDownByItsUsers() throws Exception {
        Loop loop = Loop.current();
        IoEventLoopGroup group = NettyBridge.eventLoopGroup(loop);
        assertThat(group.shutdownGracefully().await(5, TimeUnit.SECONDS)).isTrue();
        group.close();
        assertThat(group.isShuttingDown()).isFalse();
        echo();
    }

    @AsyncTest
    void theGroupAnswersForTheRealHandler() {
        IoEventLoopGroup group = NettyBridge.eventLoopGroup(Loop.current());
        assertThat(group.isIoType(EpollIoHandler.class))
                .isEqualTo(Loop.current().transport() == Transport.EPOLL);
        assertThat(group.next()).isSameAs(group.next());
    }

    @AsyncTest
    void aNettyFutureIsAwaitedAndItsFailureThrown() {
        var succeeded = GlobalEventExecutor.INSTANCE.<String>newPromise();
        Task<String> task = async(() -> await(NettyBridge.<String>future(succeeded)));
        yieldNow();
        succeeded.setSuccess("x");
        assertThat(await(task)).isEqualTo("x");
        RuntimeException failure = new RuntimeException("y");
        assertThatThrownBy(() ->
                        await(
                                NettyBridge.future(
                                        GlobalEventExecutor.INSTANCE.newFailedFuture(failure))))
                .isSameAs(failure);
    }

    @AsyncTest
    void cancellingTheTaskCancelsTheNettyFuture() {
        var pending = GlobalEventExecutor.INSTANCE.<String>newPromise();
        Task<String> task = async(() -> await(NettyBridge.<String>future(pending)));
        yieldNow();
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
        assertThat(pending.isCancelled()).isTrue();
    }

    @AsyncTest
    void timersOfNettyRunOnTheLoop() {
        Loop loop = Loop.current();
        Promise<String> promise = Promise.create();
        NettyBridge.eventLoopGroup(loop)
                .next()
                .schedule(() -> promise.complete("now"), 5, TimeUnit.MILLISECONDS);
        assertThat(await(promise)).isEqualTo("now");
    }

    @AsyncTest
    void nettysHandlersAreNoTasksAndStartThemWithSubmit() {
        Loop loop = Loop.current();
        Promise<Throwable> refused = Promise.create();
        Promise<Loop> ran = Promise.create();
        NettyBridge.eventLoopGroup(loop)
                .next()
                .execute(() -> {
                    refused.complete(catchThrowable(() -> async(() -> 1)));
                    loop.submit(() -> ran.complete(Loop.current()));
                });
        assertThat(await(refused)).hasMessageContaining("loop.submit");
        assertThat(await(ran)).isSameAs(loop);
    }
}
