package dev.weft.benchmarks;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.net.NetServerOptions;
import java.util.concurrent.ExecutionException;

/** The peer that is nearest to raw Netty: Vert.x, one event loop, the native transport. */
final class VertxEcho {
    private VertxEcho() {}

    /** Starts it on a free port, which is returned. */
    static int start() throws InterruptedException, ExecutionException {
        Vertx vertx =
                Vertx.vertx(
                        new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
        return vertx.createNetServer(
                        new NetServerOptions().setTcpNoDelay(true).setHost("127.0.0.1").setPort(0))
                .connectHandler(socket -> socket.handler(socket::write))
                .listen()
                .toCompletionStage()
                .toCompletableFuture()
                .get()
                .actualPort();
    }
}
