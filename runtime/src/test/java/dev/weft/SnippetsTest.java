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
import java.util.ArrayList;
import java.util.List;
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

    @AsyncTest
    void group() {
        // @start region="group"
        List<String> found = new ArrayList<>();
        Async.group(g -> {
            g.async(() -> found.add(lookUp("ada")));
            g.async(() -> found.add(lookUp("bob")));
        }); // both have ended; had one failed, the other would have been cancelled
        // @end
        org.assertj.core.api.Assertions.assertThat(found).containsExactly("ADA", "BOB");
    }

    private static String lookUp(String name) {
        Async.yieldNow();
        return name.toUpperCase(java.util.Locale.ROOT);
    }

    @AsyncTest
    void timeout() {
        // @start region="timeout"
        String answer;
        try {
            answer = Async.timeout(Duration.ofMillis(10), () -> await(Promise.<String>create()));
        } catch (DeadlineExceededException e) {
            answer = "nobody answered within " + e.limit();
        }
        // @end
        org.assertj.core.api.Assertions.assertThat(answer)
                .isEqualTo("nobody answered within PT0.01S");
    }

    @AsyncTest
    void deadline() {
        // @start region="deadline"
        String last =
                Async.timeout(
                        Duration.ofSeconds(5),
                        deadline -> {
                            String name = lookUp("carol");
                            deadline.reschedule(Duration.ofSeconds(30)); // got so far: take more
                            return lookUp(name);
                        });
        // @end
        org.assertj.core.api.Assertions.assertThat(last).isEqualTo("CAROL");
    }

    @AsyncTest
    void shield() {
        // @start region="shield"
        List<String> log = new ArrayList<>();
        Task<Void> payment =
                async(() ->
                        Async.shield(() -> {
                            Async.yieldNow();
                            log.add("paid"); // whoever cancels the payment, it is not left half-way
                        }));
        Async.yieldNow();
        payment.cancel();
        // @end
        for (int i = 0; i < 5; i++) {
            Async.yieldNow();
        }
        org.assertj.core.api.Assertions.assertThat(log).containsExactly("paid");
        org.assertj.core.api.Assertions.assertThat(payment.isCancelled()).isTrue();
    }

    @AsyncTest
    void dump() {
        // @start region="dump"
        Promise<String> order = Promise.create();
        Task<String> cook = Async.async("cook", () -> await(order));
        Async.yieldNow();
        System.out.println(Loop.current().dump());
        // Loop[weft-1, LOOP, EPOLL, open]
        //   loop weft-1
        //     weft-1-main #40: awaiting …
        //       the run of loop weft-1
        //         cook #42: awaiting Promise@6d06d69c
        //             at Kitchen.cook(Kitchen.java:8)
        order.complete("tea");
        // @end
        org.assertj.core.api.Assertions.assertThat(await(cook)).isEqualTo("tea");
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
