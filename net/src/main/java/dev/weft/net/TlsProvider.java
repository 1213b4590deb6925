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
     * (there is no half-closed connection), and a server goes on without an application protocol
     * when it has none in common with the client.
     */
    OPENSSL
}
