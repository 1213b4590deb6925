package dev.weft.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.File;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Mono;
import reactor.netty.http.Http11SslContextSpec;
import reactor.netty.http.Http2SslContextSpec;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.AbstractProtocolSslContextSpec;
import reactor.netty.tcp.SslProvider.GenericSslContextSpec;

/** Reactor Netty: publishers, on one event loop. */
final class ReactorHttp implements HttpPeer {
    private final LoopResources loops;
    private final ConnectionProvider pool;
    private final HttpClient.ResponseReceiver<?> get;

    /** On what it chooses by itself: io_uring where there is that. */
    static ReactorHttp open(Target target) {
        return new ReactorHttp(target, LoopResources.create("reactor", 1, true));
    }

    static ReactorHttp onEpoll(Target target) {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        return new ReactorHttp(target, new Given(group));
    }

    /** An event loop that was made elsewhere. */
    private record Given(EventLoopGroup group) implements LoopResources {
        @Override
        public EventLoopGroup onServer(boolean useNative) {
            return group;
        }

        @Override
        public Mono<Void> disposeLater(Duration quietPeriod, Duration timeout) {
            return Mono.fromRunnable(
                    () -> group.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly());
        }
    }

    private ReactorHttp(Target target, LoopResources loops) {
        this.loops = loops;
        HttpLoad load = target.load();
        pool =
                ConnectionProvider.builder("pool")
                        .maxConnections(load.http2() ? 1 : load.calls())
                        .pendingAcquireMaxCount(load.calls())
                        .maxIdleTime(Duration.ofSeconds(KEPT_SECONDS))
                        .build();
        HttpClient client = HttpClient.create(pool).runOn(loops, true).compress(false);
        if (load.http2()) {
            client =
                    client.protocol(load.tls() ? HttpProtocol.H2 : HttpProtocol.H2C)
                            .http2Settings(settings -> settings.initialWindowSize(WINDOW));
        }
        if (load.tls()) {
            client = secured(client, target);
        }
        get = client.get().uri(target.url());
    }

    private static HttpClient secured(HttpClient client, Target target) {
        AbstractProtocolSslContextSpec<?> tls =
                target.load().http2()
                        ? Http2SslContextSpec.forClient()
                        : Http11SslContextSpec.forClient();
        tls.configure(builder ->
                builder.trustManager(new File(target.certificate())).sslProvider(SslProvider.JDK));
        return client.secure(spec -> spec.sslContext((GenericSslContextSpec<?>) tls));
    }

    @Override
    public void start(List<Calls.Caller> callers) {
        callers.forEach(this::call);
    }

    private void call(Calls.Caller caller) {
        get.response((response, body) ->
                        body.map(ByteBuf::readableBytes)
                                .reduce(0, Integer::sum)
                                .map(length -> caller.received(response.status().code(), length)))
                .subscribe(
                        again -> {
                            if (again) {
                                call(caller);
                            }
                        },
                        caller::failed);
    }

    @Override
    public void close() {
        pool.dispose();
        loops.disposeLater(Duration.ZERO, Duration.ofSeconds(10)).block();
    }
}
