package dev.weft.benchmarks;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.asynchttpclient.AsyncHandler;
import org.asynchttpclient.AsyncHttpClient;
import org.asynchttpclient.AsyncHttpClientConfig;
import org.asynchttpclient.DefaultAsyncHttpClientConfig;
import org.asynchttpclient.Dsl;
import org.asynchttpclient.HttpResponseBodyPart;
import org.asynchttpclient.HttpResponseStatus;
import org.asynchttpclient.Request;
import org.jspecify.annotations.Nullable;

/** AsyncHttpClient: handlers, on one event loop. */
final class AhcHttp implements HttpPeer {
    private final AsyncHttpClient client;
    private final Request request;

    AhcHttp(Target target) throws IOException {
        HttpLoad load = target.load();
        DefaultAsyncHttpClientConfig.Builder options =
                Dsl.config()
                        .setUseNativeTransport(true)
                        .setUseOnlyEpollNativeTransport(true)
                        .setIoThreadsCount(1)
                        .setMaxConnectionsPerHost(load.http2() ? 1 : load.calls())
                        .setPooledConnectionIdleTimeout(Duration.ofSeconds(KEPT_SECONDS))
                        .setResponseBodyPartFactory(
                                AsyncHttpClientConfig.ResponseBodyPartFactory.LAZY)
                        .setHttp2Enabled(load.http2())
                        .setHttp2CleartextEnabled(load.http2())
                        .setHttp2InitialWindowSize(WINDOW);
        if (load.tls()) {
            options.setSslContext(tls(target));
        }
        client = Dsl.asyncHttpClient(options);
        request = Dsl.get(target.url()).build();
    }

    private static SslContext tls(Target target) throws IOException {
        SslContextBuilder tls =
                SslContextBuilder.forClient()
                        .sslProvider(SslProvider.JDK)
                        .trustManager(new File(target.certificate()));
        if (target.load().http2()) {
            tls.applicationProtocolConfig(NettyHttp.ALPN);
        }
        return tls.build();
    }

    private final class Handler implements AsyncHandler<Void> {
        private final Calls.Caller caller;
        private int status;
        private long length;

        Handler(Calls.Caller caller) {
            this.caller = caller;
        }

        @Override
        public State onStatusReceived(HttpResponseStatus received) {
            status = received.getStatusCode();
            return State.CONTINUE;
        }

        @Override
        public State onHeadersReceived(HttpHeaders headers) {
            return State.CONTINUE;
        }

        @Override
        public State onBodyPartReceived(HttpResponseBodyPart part) {
            length += part.length();
            return State.CONTINUE;
        }

        @Override
        public void onThrowable(Throwable cause) {
            caller.failed(cause);
        }

        @Override
        public @Nullable Void onCompleted() {
            if (caller.received(status, length)) {
                call(caller);
            }
            return null;
        }
    }

    @Override
    public void start(List<Calls.Caller> callers) {
        callers.forEach(this::call);
    }

    private void call(Calls.Caller caller) {
        client.executeRequest(request, new Handler(caller));
    }

    @Override
    public void close() throws IOException {
        client.close();
    }
}
