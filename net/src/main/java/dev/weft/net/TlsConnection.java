package dev.weft.net;

import dev.weft.net.internal.TlsLayer;
import dev.weft.net.internal.TlsLink;
import io.netty.handler.ssl.OpenSslEngine;
import io.netty.internal.tcnative.SSL;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** TLS of one connection: how its handshake and its input have ended. Owned by the event loop. */
final class TlsConnection implements TlsLink {
    private final TlsUpgrade upgrade;
    private final TlsLayer layer;
    private final TlsHandshake handshake;
    private final long started = System.currentTimeMillis();

    /** The peer has sent close_notify. */
    private boolean inputEnded;

    private boolean handshaken;

    /** What tasks see. */
    private volatile @Nullable TlsSession session;

    TlsConnection(TlsUpgrade upgrade, TlsLayer layer, TlsHandshake handshake) {
        this.upgrade = upgrade;
        this.layer = layer;
        this.handshake = handshake;
    }

    @Override
    public TlsLayer layer() {
        return layer;
    }

    @Override
    public @Nullable TlsSession session() {
        return session;
    }

    boolean isHandshaken() {
        return handshaken;
    }

    boolean hasInputEnded() {
        return inputEnded;
    }

    /** The peer has sent close_notify; the reason is why nothing can be written now, or null. */
    @Nullable IOException inputEnded() {
        inputEnded = true;
        TlsSession s = Objects.requireNonNull(session);
        // RFC 5246, section 7.2.1: the answer is due at once, and ends this side's output, too.
        // Netty's OpenSSL engine does so whatever the version.
        boolean lost =
                !s.protocol().equals("TLSv1.3")
                        || layer.handler().engine() instanceof OpenSslEngine;
        return lost
                ? new IOException(
                        "the peer has ended its output, and in "
                                + s.protocol()
                                + " as spoken here this side's ends with it")
                : null;
    }

    @Override
    public void handshaken() {
        handshaken = true;
        TlsSession made = describe();
        layer.handshaken(upgrade.client() && made.protocol().equals("TLSv1.3"));
        session = made;
        handshake.succeed(made);
    }

    private TlsSession describe() {
        SSLEngine engine = layer.handler().engine();
        SSLSession s = engine.getSession();
        String chosen = layer.handler().applicationProtocol();
        return new TlsSession(
                s.getProtocol(),
                s.getCipherSuite(),
                chosen,
                certificates(s),
                upgrade.client() ? null : IdentityKeys.serverName(s),
                isResumed(engine, s));
    }

    private static List<X509Certificate> certificates(SSLSession s) {
        try {
            return KeyMaterial.x509(s.getPeerCertificates());
        } catch (SSLPeerUnverifiedException e) {
            return List.of();
        }
    }

    /** The JDK does not tell, but a session that was resumed is older than its connection. */
    private boolean isResumed(SSLEngine engine, SSLSession s) {
        return engine instanceof OpenSslEngine openSsl
                ? SSL.isSessionReused(openSsl.sslPointer())
                : s.getCreationTime() < started;
    }

    @Override
    public RuntimeException failed(Throwable cause, String connection, SocketAddress peer) {
        layer.failed(cause);
        RuntimeException failure =
                cause instanceof SSLException
                        ? explain(cause, connection, peer)
                        : new BrokenConnectionException(
                                connection
                                        + " ended in the middle of the TLS handshake: does the"
                                        + " peer speak TLS?",
                                peer,
                                cause instanceof IOException e
                                                && !(cause instanceof ClosedChannelException)
                                        ? e
                                        : new IOException("ended by the peer"));
        return failure;
    }

    /** Tells whoever waits for the handshake. */
    void tell(RuntimeException failure) {
        handshake.fail(failure);
    }

    @Override
    public TlsException explain(Throwable cause, String connection, SocketAddress peer) {
        return new TlsFailures(
                        connection,
                        peer,
                        upgrade.client(),
                        upgrade.host(),
                        upgrade.hasIdentity(),
                        upgrade.options())
                .explain(cause, layer.beginning());
    }
}
