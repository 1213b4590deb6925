package dev.weft.benchmarks;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.X509TrustManager;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okio.Okio;

/**
 * OkHttp: a virtual thread for each caller. With callbacks ({@code enqueue}), or on platform
 * threads, a call costs more.
 */
final class OkHttp implements HttpPeer {
    private final OkHttpClient client;
    private final Request request;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    OkHttp(Target target) throws GeneralSecurityException, IOException {
        HttpLoad load = target.load();
        OkHttpClient.Builder builder =
                new OkHttpClient.Builder()
                        .connectionPool(
                                new ConnectionPool(load.calls(), KEPT_SECONDS, TimeUnit.SECONDS))
                        .protocols(protocols(load));
        if (load.tls()) {
            X509TrustManager trust = Certificate.trusting(target.certificate());
            builder.sslSocketFactory(Certificate.tls(trust).getSocketFactory(), trust);
        }
        client = builder.build();
        request =
                new Request.Builder()
                        .url(target.url())
                        .header("Accept-Encoding", "identity")
                        .build();
    }

    private static List<Protocol> protocols(HttpLoad load) {
        if (!load.http2()) {
            return List.of(Protocol.HTTP_1_1);
        }
        return load.tls()
                ? List.of(Protocol.HTTP_2, Protocol.HTTP_1_1)
                : List.of(Protocol.H2_PRIOR_KNOWLEDGE);
    }

    @Override
    public void start(List<Calls.Caller> callers) {
        callers.forEach(caller -> threads.execute(() -> call(caller)));
    }

    private void call(Calls.Caller caller) {
        try {
            boolean again;
            do {
                try (Response response = client.newCall(request).execute()) {
                    again =
                            caller.received(
                                    response.code(),
                                    response.body().source().readAll(Okio.blackhole()));
                }
            } while (again);
        } catch (IOException e) {
            caller.failed(e);
        }
    }

    @Override
    public void close() {
        client.connectionPool().evictAll();
        threads.shutdown();
    }
}
