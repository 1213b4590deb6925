package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.sleep;

import dev.weft.netty.NettyBridge;
import dev.weft.testkit.AsyncTest;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The examples in the Javadoc: compiled and run. */
class SnippetsTest {
    @Test
    void run() {
        // @start region="run"
        int sum =
                Async.run(() -> {
                    Task<Integer> slow =
                            async(() -> {
                                sleep(Duration.ofMillis(10));
                                return 1;
                            });
                    Task<Integer> quick = async(() -> 2);
                    return await(slow) + await(quick);
                });
        // @end
        org.assertj.core.api.Assertions.assertThat(sum).isEqualTo(3);
    }

    @AsyncTest
    void promise() {
        // @start region="promise"
        Promise<String> promise = Promise.create();
        Thread.ofPlatform().start(() -> promise.complete("from another thread"));
        String result = await(promise);
        // @end
        org.assertj.core.api.Assertions.assertThat(result).isEqualTo("from another thread");
    }

    @Test
    void options() {
        // @start region="options"
        LoopOptions options =
                LoopOptions.defaults().name("gateway").transport(Transport.NIO).debug(true);
        Async.run(options, () -> System.out.println(Loop.current()));
        // @end
    }

    @Test
    void virtual() {
        // @start region="virtual"
        LoopOptions options = LoopOptions.defaults().clock(LoopClock.virtual()).seed(42);
        Duration took =
                Async.run(
                        options,
                        () -> {
                            Loop loop = Loop.current();
                            Duration start = loop.time();
                            Async.sleep(Duration.ofHours(1)); // takes no time
                            return loop.time().minus(start);
                        });
        // @end
        org.assertj.core.api.Assertions.assertThat(took).isEqualTo(Duration.ofHours(1));
    }

    @AsyncTest
    void netty() {
        // @start region="netty"
        Loop loop = Loop.current();
        ChannelFuture binding =
                new Bootstrap()
                        .group(NettyBridge.eventLoopGroup(loop))
                        .channel(NettyBridge.datagramChannel(loop))
                        .handler(new ChannelInboundHandlerAdapter())
                        .bind("127.0.0.1", 0);
        await(NettyBridge.future(binding));
        await(NettyBridge.future(binding.channel().close()));
        // @end
    }
}
