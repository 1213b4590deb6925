package dev.weft.benchmarks;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.PemTrustOptions;
import java.util.List;
import java.util.concurrent.ExecutionException;

/** Vert.x: futures, on one event loop. Its HttpClient; its WebClient is a layer above that. */
final class VertxHttp implements HttpPeer {
    private final Vertx vertx;
    private final Context context;
    private final HttpClient client;
    private final RequestOptions request;

    private VertxHttp(Vertx vertx, HttpClient client, RequestOptions request) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.client = client;
        this.request = request;
    }

    static VertxHttp open(Target target) {
        Vertx vertx =
                Vertx.vertx(
                        new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
        HttpLoad load = target.load();
        HttpClient client =
                vertx.createHttpClient(
                        options(target),
                        new PoolOptions().setHttp1MaxSize(load.calls()).setHttp2MaxSize(1));
        RequestOptions request =
                new RequestOptions()
                        .setHost(Target.HOST)
                        .setPort(target.port())
                        .setURI(load.path());
        return new VertxHttp(vertx, client, request);
    }

    private static HttpClientOptions options(Target target) {
        HttpLoad load = target.load();
        HttpClientOptions options =
                new HttpClientOptions()
                        .setProtocolVersion(
                                load.http2() ? HttpVersion.HTTP_2 : HttpVersion.HTTP_1_1)
                        .setKeepAliveTimeout(KEPT_SECONDS)
                        .setHttp2KeepAliveTimeout(KEPT_SECONDS)
                        .setHttp2ClearTextUpgrade(false)
                        .setHttp2ConnectionWindowSize(WINDOW)
                        .setInitialSettings(new Http2Settings().setInitialWindowSize(WINDOW));
        if (load.tls()) {
            options.setSsl(true)
                    .setUseAlpn(load.http2())
                    .setTrustOptions(new PemTrustOptions().addCertPath(target.certificate()));
        }
        return options;
    }

    @Override
    public void start(List<Calls.Caller> callers) {
        context.runOnContext(_ -> callers.forEach(this::call));
    }

    private void call(Calls.Caller caller) {
        client.request(request)
                .compose(HttpClientRequest::send)
                .onSuccess(response -> read(caller, response))
                .onFailure(caller::failed);
    }

    private void read(Calls.Caller caller, HttpClientResponse response) {
        long[] length = {0};
        response.handler(bytes -> length[0] += bytes.length())
                .exceptionHandler(caller::failed)
                .endHandler(_ -> {
                    if (caller.received(response.statusCode(), length[0])) {
                        call(caller);
                    }
                });
    }

    @Override
    public void close() throws InterruptedException, ExecutionException {
        vertx.close().toCompletionStage().toCompletableFuture().get();
    }
}
