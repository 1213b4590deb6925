package dev.weft.net;

import dev.weft.net.internal.LoopNet;
import dev.weft.net.internal.TlsContexts;
import dev.weft.net.internal.TlsContexts.Peer;
import dev.weft.net.internal.TlsLayer;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One side's options, ready to be put to work on a connection. */
record TlsUpgrade(
        boolean client,
        @Nullable String host,
        boolean hasIdentity,
        TlsValues options,
        SslContext context,
        boolean verify) {
    /** Suspends the first time, as files are read. */
    static TlsUpgrade of(ClientTls tls, @Nullable String host) {
        String name = tls.serverName() != null ? tls.serverName() : host;
        boolean verify = tls.needsHost();
        if (name == null && verify) {
            throw new IllegalStateException(
                    "the certificate's name cannot be verified, as the host is not known: give it"
                            + " to upgradeToTls, or set ClientTls.serverName");
        }
        return new TlsUpgrade(
                true, name, tls.identity() != null, tls.values(), tls.context(), verify);
    }

    /** Suspends the first time, as files are read. */
    static TlsUpgrade of(ServerTls tls) {
        return new TlsUpgrade(false, null, true, tls.values(), tls.context(), false);
    }

    Duration handshakeTimeout() {
        return options.handshakeTimeout;
    }

    Duration closeTimeout() {
        return options.closeTimeout;
    }

    /** On the event loop. */
    TlsLayer layer(LoopNet net, Channel channel) {
        int port = channel.remoteAddress() instanceof InetSocketAddress a ? a.getPort() : -1;
        Function<Executor, SslHandler> make =
                client
                        ? delegate ->
                                TlsContexts.clientHandler(
                                        context, channel, new Peer(host, port, verify), delegate)
                        : delegate -> context.newHandler(channel.alloc(), delegate);
        return new TlsLayer(net, options.closeTimeout, make);
    }
}
