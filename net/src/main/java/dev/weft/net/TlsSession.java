package dev.weft.net;

import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a TLS handshake has come to. See {@link ByteStream#tls}.
 *
 * @param protocol the version, such as {@code TLSv1.3}
 * @param cipherSuite the suite, such as {@code TLS_AES_128_GCM_SHA256}
 * @param applicationProtocol what ALPN has chosen, or null
 * @param peerCertificates the peer's certificates, its own first; empty if it has shown none, as
 *     most clients
 * @param serverName on a server, the name that the client asked for (SNI), or null; null on a
 *     client
 * @param resumed whether a session from before was taken up again, without certificates
 */
public record TlsSession(
        String protocol,
        String cipherSuite,
        @Nullable String applicationProtocol,
        List<X509Certificate> peerCertificates,
        @Nullable String serverName,
        boolean resumed) {
    /** Copies the list. */
    public TlsSession {
        peerCertificates = List.copyOf(peerCertificates);
    }
}
