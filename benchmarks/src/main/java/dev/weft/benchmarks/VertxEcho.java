package dev.weft.benchmarks;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;

/** The peer that is nearest to raw Netty: Vert.x, one event loop, the native transport. */
final class VertxEcho {
    private VertxEcho() {}

    /** Starts it on free ports, which are returned. */
    static EchoServer.Ports start(Path certificate, Path key)
            throws InterruptedException, ExecutionException {
        Vertx vertx =
                Vertx.vertx(
                        new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
        PemKeyCertOptions identity =
                new PemKeyCertOptions()
                        .setCertPath(certificate.toString())
                        .setKeyPath(key.toString());
        return new EchoServer.Ports(
                listen(vertx, options()),
                listen(vertx, options().setSsl(true).setKeyCertOptions(identity)));
    }

    private static NetServerOptions options() {
        return new NetServerOptions().setTcpNoDelay(true).setHost("127.0.0.1").setPort(0);
    }

    private static int listen(Vertx vertx, NetServerOptions options)
            throws InterruptedException, ExecutionException {
        return vertx.createNetServer(options)
                .connectHandler(
                        socket -> socket.exceptionHandler(VertxEcho::reset).handler(socket::write))
                .listen()
                .toCompletionStage()
                .toCompletableFuture()
                .get()
                .actualPort();
    }

    /** The load resets its connections, which is to cost as little as in the other servers. */
    private static void reset(Throwable expected) {}
}
