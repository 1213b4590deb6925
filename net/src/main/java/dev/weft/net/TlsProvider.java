package dev.weft.net;

/** Who does the work of TLS. */
public enum TlsProvider {
    /** BoringSSL if it is on the class path ({@code netty-tcnative}), else the JDK. */
    AUTO,

    /** The JDK. */
    JDK,

    /**
     * BoringSSL or OpenSSL, through {@code netty-tcnative-boringssl-static} or its like, which the
     * application has to bring; if it does not, that is an error.
     *
     * <p>Differences to the JDK: when the peer has ended its output, this side's has ended too
     * (there is no half-closed connection); a server goes on without an application protocol when
     * it has none in common with the client; and keys on the curves P-521, Ed25519 and Ed448 are
     * not spoken.
     */
    OPENSSL
}
