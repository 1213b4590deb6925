package dev.weft.http;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.ByteStream;
import dev.weft.net.ClientTls;
import dev.weft.net.Proxy;
import dev.weft.net.Resolver;
import dev.weft.net.Tcp;
import dev.weft.net.TcpOptions;
import dev.weft.net.TlsSession;
import dev.weft.net.internal.LoopNet;
import dev.weft.net.internal.StreamAccess;
import dev.weft.net.internal.TlsLink;
import io.netty.channel.Channel;
import io.netty.channel.MaxMessagesRecvByteBufAllocator;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Opens connections for a client: dials, speaks TLS where the origin wants it, finds out which
 * version of HTTP the server speaks, and puts that in place. Knows which channels are open.
 */
final class Connector implements Pool.Dialling {
    private final HttpOptions options;
    private final ClientTls tls;

    // ---- guarded by this

    private final Set<Channel> open = new HashSet<>();
    private @Nullable Promise<Boolean> none;

    Connector(HttpOptions options) {
        this.options = options;
        List<String> protocols =
                options.versions().stream()
                        .sorted(Comparator.reverseOrder())
                        .map(v -> v == HttpVersion.HTTP_2 ? "h2" : "http/1.1")
                        .toList();
        tls = options.tls().applicationProtocols(protocols.toArray(String[]::new));
    }

    @Override
    public HttpConnection dial(Origin origin, Pool.Place place, Pool.Holder holder) {
        Call call = (Call) holder;
        if (origin.secure()) {
            StreamAccess.get().prepare(tls); // before there is a connection
        }
        ByteStream stream = connect(origin, call);
        try {
            TlsSession session = origin.secure() ? secure(stream, call) : null;
            Arrival arrival = new Arrival(place, version(origin, session));
            StreamAccess.get().handOver(stream, arrival);
            return arrival.await();
        } catch (Throwable e) {
            stream.abort();
            throw e;
        }
    }

    private ByteStream connect(Origin origin, Call call) {
        TcpOptions tcp = options.tcp().connectTimeout(options.connectTimeout());
        String host = origin.host();
        int port = origin.port();
        Proxy proxy = origin.proxy();
        if (proxy != null && forwards(origin, options)) {
            host = proxy.host();
            port = proxy.port();
        } else if (proxy != null) {
            tcp = tcp.proxy(proxy);
        }
        if (!call.isHeard()) {
            return Tcp.connect(host, port, tcp);
        }
        long began = call.now();
        ByteStream stream = Tcp.connect(host, port, tcp.resolver(told(tcp.resolver(), call)));
        call.tell(r -> new HttpEvent.Connected(r, stream.remoteAddress(), call.since(began)));
        return stream;
    }

    /** Whether a proxy is given the whole URL, instead of being asked for a tunnel. */
    static boolean forwards(Origin origin, HttpOptions options) {
        Proxy proxy = origin.proxy();
        boolean knowsOne = options.versions().contains(HttpVersion.HTTP_1_1);
        return proxy != null && !origin.secure() && knowsOne && StreamAccess.get().isHttp(proxy);
    }

    private static Resolver told(Resolver resolver, Call call) {
        return host -> {
            long began = call.now();
            List<InetAddress> addresses = resolver.resolve(host);
            Duration took = call.since(began);
            call.tell(r -> new HttpEvent.Resolved(r, addresses, took));
            return addresses;
        };
    }

    private TlsSession secure(ByteStream stream, Call call) {
        long began = call.now();
        TlsSession session = stream.upgradeToTls(tls);
        call.tell(r -> new HttpEvent.Secured(r, session, call.since(began)));
        return session;
    }

    private HttpVersion version(Origin origin, @Nullable TlsSession session) {
        boolean only = Boolean.TRUE.equals(options.multiplexes(origin.secure()));
        if (session == null) {
            return only ? HttpVersion.HTTP_2 : HttpVersion.HTTP_1_1;
        }
        if ("h2".equals(session.applicationProtocol())) {
            return HttpVersion.HTTP_2;
        }
        if (only) {
            throw new HttpProtocolException(
                    origin
                            + " does not speak HTTP/2, and HttpOptions.versions allows for no other");
        }
        return HttpVersion.HTTP_1_1;
    }

    // ---- what is open

    private void opened(Channel channel) {
        synchronized (this) {
            open.add(channel);
        }
        channel.closeFuture().addListener(f -> closed(channel));
    }

    private void closed(Channel channel) {
        Promise<Boolean> waiting;
        synchronized (this) {
            open.remove(channel);
            waiting = open.isEmpty() ? none : null;
        }
        if (waiting != null) {
            waiting.tryComplete(true);
        }
    }

    /** Completed when no channel is open; for one waiter. */
    Promise<Boolean> allClosed() {
        Promise<Boolean> done = Promise.create();
        synchronized (this) {
            none = done;
            if (!open.isEmpty()) {
                return done;
            }
        }
        done.tryComplete(true);
        return done;
    }

    /** Takes the channel over from the stream. */
    private final class Arrival implements StreamAccess.Heir {
        private final Pool.Place place;
        private final HttpVersion version;
        private final Promise<HttpConnection> arrived = Promise.create();

        /** Set once, on the event loop. */
        private volatile @Nullable Channel taken;

        Arrival(Pool.Place place, HttpVersion version) {
            this.place = place;
            this.version = version;
        }

        HttpConnection await() {
            try {
                return Async.await(arrived);
            } catch (Throwable e) {
                Channel channel = taken;
                if (channel != null) {
                    channel.eventLoop().execute(channel::close);
                }
                throw e;
            }
        }

        @Override
        public void inherit(LoopNet net, Channel channel, @Nullable TlsLink link) {
            taken = channel;
            if (arrived.isDone()) {
                channel.close(); // the task no longer waits
                return;
            }
            opened(channel);
            HttpConnection connection;
            try {
                connection = open(net, channel, link);
            } catch (RuntimeException e) {
                channel.close();
                arrived.tryFail(e);
                return;
            }
            if (!arrived.tryComplete(connection)) {
                channel.close();
            }
        }

        private HttpConnection open(LoopNet net, Channel channel, @Nullable TlsLink link) {
            HttpConnection connection =
                    switch (version) {
                        case HTTP_1_1 -> new Http1Connection(place, net, channel, link, options);
                        case HTTP_2 -> new Http2Connection(place, net, channel, link, options);
                    };
            connection.addTo(channel);
            letTasksRun(channel);
            return connection;
        }

        /**
         * One read in a turn of the loop, so that tasks take what has come before more comes. Netty
         * would read 16 times, up to 1 MiB; of 50 connections at once that is more memory than its
         * pool keeps, and is allocated and zeroed anew each time.
         */
        private static void letTasksRun(Channel channel) {
            if (channel.config().getRecvByteBufAllocator()
                    instanceof MaxMessagesRecvByteBufAllocator reads) {
                reads.maxMessagesPerRead(1);
            }
        }

        @Override
        public void missed(RuntimeException why) {
            arrived.tryFail(why);
        }
    }
}
