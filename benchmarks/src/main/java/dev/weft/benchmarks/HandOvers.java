package dev.weft.benchmarks;

import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.benchmarks.TaskProgram.Effort;
import dev.weft.benchmarks.TaskProgram.Kind;
import io.netty.channel.EventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/**
 * Offloading without tasks: one thread hands functions to an executor, which hands back the next
 * step. Either a raw Netty loop, with nothing in between; or two executors of the JDK and a {@code
 * CompletableFuture}.
 */
final class HandOvers {
    private HandOvers() {}

    /** Does a step at home which hands over; when it is back, the next. */
    @FunctionalInterface
    private interface HandOver {
        void toPoolAndBack(Runnable next);
    }

    static double measure(Kind kind, Figure figure, Effort effort) throws Exception {
        Executor home = kind == Kind.NETTY ? nettyLoop() : Executors.newSingleThreadExecutor();
        Executor pool = pool(kind, figure);
        Integer one = 1;
        HandOver handOver =
                kind == Kind.NETTY
                        ? next -> pool.execute(() -> home.execute(next))
                        : next ->
                                CompletableFuture.supplyAsync(() -> one, pool)
                                        .thenAcceptAsync(_ -> next.run(), home);
        int inFlight = figure == Figure.OFFLOAD_MANY ? 100 : 1;
        return TaskProgram.nanosPerOperation(
                effort, figure.clock(), n -> handOver(home, handOver, inFlight, n / inFlight));
    }

    private static EventLoop nettyLoop() {
        IoHandlerFactory handlers =
                Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        return new MultiThreadIoEventLoopGroup(1, handlers).next();
    }

    /**
     * One thread; or for Netty that which a Weft loop uses, so that there only the loops differ.
     */
    private static Executor pool(Kind kind, Figure figure) {
        if (figure == Figure.OFFLOAD_THREAD) {
            return Executors.newFixedThreadPool(1);
        }
        return kind == Kind.NETTY
                ? Loop.open(LoopOptions.defaults()).defaultExecutor()
                : Executors.newFixedThreadPool(poolThreads());
    }

    /** As many as Weft's default executor has, and asyncio's. */
    static int poolThreads() {
        return LoopOptions.defaults().offloadThreads();
    }

    private static void handOver(Executor home, HandOver handOver, int inFlight, int times)
            throws InterruptedException {
        CountDownLatch done = new CountDownLatch(inFlight);
        for (int i = 0; i < inFlight; i++) {
            home.execute(
                    new Runnable() {
                        private int left = times;

                        @Override
                        public void run() {
                            if (left-- == 0) {
                                done.countDown();
                            } else {
                                handOver.toPoolAndBack(this);
                            }
                        }
                    });
        }
        done.await();
    }
}
