package dev.weft.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The two sides could not agree on a secure connection, or one broke TLS's rules. The connection is
 * closed.
 */
public final class TlsException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    /** What it failed on. */
    public enum Reason {
        /** The peer's certificate was issued by nobody that this side trusts. */
        UNKNOWN_ISSUER,
        /** The peer's certificate is for other names than the one that was asked for. */
        WRONG_HOST,
        /** A certificate of the peer has expired. */
        EXPIRED,
        /** A certificate of the peer is not valid yet. */
        NOT_YET_VALID,
        /** The peer's key is none of those that were pinned. */
        WRONG_KEY,
        /** The peer's certificate is bad in another way. */
        BAD_CERTIFICATE,
        /** The two sides have no version of TLS in common. */
        NO_COMMON_PROTOCOL,
        /** The two sides have no cipher suite in common. */
        NO_COMMON_CIPHER_SUITE,
        /** The two sides have no application protocol (ALPN) in common. */
        NO_COMMON_APPLICATION_PROTOCOL,
        /** The server requires a certificate, and the client has shown none. */
        CERTIFICATE_REQUIRED,
        /** The peer has refused this side's certificate. */
        CERTIFICATE_REFUSED,
        /** The peer does not speak TLS. */
        NOT_TLS,
        /** Something else; the message says what. */
        OTHER
    }

    private final Reason reason;
    private final transient @Nullable SocketAddress peer;
    private final transient @Nullable List<X509Certificate> certificates;

    /**
     * Creates the exception.
     *
     * @param message what failed, on which connection, and what helps
     * @param reason what it failed on
     * @param peer the peer's address, or null when it never had one
     * @param certificates the peer's certificates, as far as they came
     * @param cause what the engine said
     */
    public TlsException(
            String message,
            Reason reason,
            @Nullable SocketAddress peer,
            List<X509Certificate> certificates,
            IOException cause) {
        super(message, cause);
        this.reason = reason;
        this.peer = peer;
        this.certificates = List.copyOf(certificates);
    }

    /**
     * What it failed on.
     *
     * @return to be told apart by programs
     */
    public Reason reason() {
        return reason;
    }

    /**
     * Who was at the other end.
     *
     * @return the peer's address; null when there was none, or after serialization
     */
    public @Nullable SocketAddress peer() {
        return peer;
    }

    /**
     * The certificates that were refused.
     *
     * @return the peer's own first; empty if none came, or after serialization
     */
    public List<X509Certificate> certificates() {
        List<X509Certificate> known = certificates;
        return known == null ? List.of() : known;
    }
}
