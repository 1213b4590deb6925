package dev.weft.benchmarks;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;

/**
 * The JDK's client, with futures, and a thread for what depends on them: with its own executor,
 * with virtual threads, or with {@code send} on virtual threads a call costs more.
 */
final class JdkHttp implements HttpPeer {
    private final HttpClient client;
    private final HttpRequest request;
    private final ExecutorService executor = Executors.newSingleThreadExecutor();

    JdkHttp(Target target) throws GeneralSecurityException, IOException {
        // Read when the first client is made.
        System.setProperty("jdk.httpclient.keepalive.timeout", Integer.toString(KEPT_SECONDS));
        HttpClient.Builder builder =
                HttpClient.newBuilder()
                        .executor(executor)
                        .version(
                                target.load().http2()
                                        ? HttpClient.Version.HTTP_2
                                        : HttpClient.Version.HTTP_1_1);
        if (target.load().tls()) {
            builder.sslContext(Certificate.tls(Certificate.trusting(target.certificate())));
        }
        client = builder.build();
        request = HttpRequest.newBuilder(URI.create(target.url())).build();
    }

    /** Counts the bytes of a body. */
    private static final class Counter implements HttpResponse.BodySubscriber<Long> {
        private final CompletableFuture<Long> done = new CompletableFuture<>();
        private long length;

        @Override
        public CompletionStage<Long> getBody() {
            return done;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> parts) {
            for (ByteBuffer part : parts) {
                length += part.remaining();
            }
        }

        @Override
        public void onError(Throwable cause) {
            done.completeExceptionally(cause);
        }

        @Override
        public void onComplete() {
            done.complete(length);
        }
    }

    @Override
    public void start(List<Calls.Caller> callers) {
        callers.forEach(this::call);
    }

    private void call(Calls.Caller caller) {
        client.sendAsync(request, _ -> new Counter())
                .whenComplete((response, failure) -> {
                    if (failure != null) {
                        caller.failed(failure);
                    } else if (caller.received(response.statusCode(), response.body())) {
                        call(caller);
                    }
                });
    }

    @Override
    public void close() {
        client.close();
        executor.shutdown();
    }
}
