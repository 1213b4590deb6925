package dev.weft.benchmarks;

import dev.weft.SchedulerMode;
import dev.weft.Transport;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A client process. It obeys lines on standard input, and answers each with one line:
 *
 * <pre>
 *   open PORT CALLS BYTES HTTP2 TLS   ok
 *   run MILLIS                        calls nanos p50 p99 (nanoseconds)
 *   close                             ok
 * </pre>
 */
public final class HttpProgram {
    private final Kind kind;
    private final String certificate;
    private @Nullable HttpPeer peer;
    private @Nullable Calls calls;

    private HttpProgram(Kind kind, String certificate) {
        this.kind = kind;
        this.certificate = certificate;
    }

    /** What a client is made of. */
    enum Kind {
        WEFT("Weft, loop mode"),
        WEFT_PORTABLE("Weft, portable mode"),
        WEFT_IO_URING("Weft, io_uring"),
        REACTOR_NETTY("Reactor Netty 1.3"),
        REACTOR_NETTY_EPOLL("Reactor Netty, epoll"),
        ASYNC_HTTP_CLIENT("AsyncHttpClient 3.0"),
        VERTX("Vert.x 5.2"),
        JDK("JDK, java.net.http"),
        OKHTTP("OkHttp 5.5");

        final String title;

        Kind(String title) {
            this.title = title;
        }

        String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private HttpPeer open(HttpPeer.Target target) throws Exception {
        return switch (kind) {
            case WEFT -> WeftHttp.open(SchedulerMode.LOOP, Transport.AUTO, target);
            case WEFT_PORTABLE -> WeftHttp.open(SchedulerMode.PORTABLE, Transport.AUTO, target);
            case WEFT_IO_URING -> WeftHttp.open(SchedulerMode.LOOP, Transport.IO_URING, target);
            case REACTOR_NETTY -> ReactorHttp.open(target);
            case REACTOR_NETTY_EPOLL -> ReactorHttp.onEpoll(target);
            case ASYNC_HTTP_CLIENT -> new AhcHttp(target);
            case VERTX -> VertxHttp.open(target);
            case JDK -> new JdkHttp(target);
            case OKHTTP -> new OkHttp(target);
        };
    }

    private String obey(String[] words) throws Exception {
        switch (words[0]) {
            case "open" -> {
                HttpLoad load = HttpLoad.of(words[2], words[3], words[4], words[5]);
                calls = new Calls(load);
                peer = open(new HttpPeer.Target(load, Integer.parseInt(words[1]), certificate));
            }
            case "run" -> {
                if (calls == null || peer == null) {
                    throw new IllegalStateException("not open");
                }
                return calls.run(peer, Integer.parseInt(words[1]));
            }
            case "close" -> {
                if (peer != null) {
                    peer.close();
                }
                peer = null;
                calls = null;
            }
            default -> throw new IllegalArgumentException("unknown: " + words[0]);
        }
        return "ok";
    }

    /**
     * Obeys standard input until it ends; the arguments are the kind and a certificate to trust.
     */
    public static void main(String[] args) throws Exception {
        Kind kind = Kind.valueOf(args[0].toUpperCase(Locale.ROOT));
        Orders.obeyAll("ready", new HttpProgram(kind, args[1])::obey);
    }
}
