package dev.weft.benchmarks;

import static dev.weft.Async.async;

import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.SchedulerMode;
import dev.weft.Transport;
import dev.weft.http.HttpClient;
import dev.weft.http.HttpOptions;
import dev.weft.http.HttpRequest;
import dev.weft.http.HttpResponse;
import dev.weft.http.HttpVersion;
import dev.weft.net.ClientTls;
import dev.weft.net.TlsProvider;
import dev.weft.net.TlsTrust;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;

/** Weft: a task for each caller, in direct style. */
final class WeftHttp implements HttpPeer {
    private final Loop loop;
    private final HttpClient client;
    private final HttpRequest request;

    private WeftHttp(Loop loop, HttpClient client, HttpRequest request) {
        this.loop = loop;
        this.client = client;
        this.request = request;
    }

    static WeftHttp open(SchedulerMode mode, Transport transport, Target target)
            throws InterruptedException, ExecutionException {
        Loop loop = Loop.open(LoopOptions.defaults().scheduler(mode).transport(transport));
        HttpOptions options = options(target);
        HttpClient client = loop.submit(() -> HttpClient.open(options)).get();
        return new WeftHttp(loop, client, HttpRequest.get(target.url()));
    }

    private static HttpOptions options(Target target) {
        HttpLoad load = target.load();
        HttpOptions options =
                HttpOptions.defaults()
                        .versions(load.http2() ? HttpVersion.HTTP_2 : HttpVersion.HTTP_1_1)
                        .maxConnections(load.calls())
                        .maxConnectionsPerOrigin(load.calls())
                        .idleTimeout(Duration.ofSeconds(KEPT_SECONDS))
                        .decompress(false);
        return load.tls()
                ? options.tls(
                        ClientTls.defaults()
                                .trust(TlsTrust.pem(Path.of(target.certificate())))
                                .provider(TlsProvider.JDK))
                : options;
    }

    @Override
    public void start(List<Calls.Caller> callers) {
        loop.submit(() -> callers.forEach(caller -> async(() -> call(caller))));
    }

    private void call(Calls.Caller caller) {
        try {
            HttpResponse response;
            long length;
            do {
                response = client.send(request);
                length = 0;
                for (ByteBuffer part; (part = response.readView()) != null; ) {
                    length += part.remaining();
                }
            } while (caller.received(response.status(), length));
        } catch (Exception e) {
            caller.failed(e);
        }
    }

    @Override
    public void close() throws InterruptedException, ExecutionException {
        loop.submit(client::close).get();
        loop.close();
    }
}
