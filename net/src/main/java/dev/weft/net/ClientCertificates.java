package dev.weft.net;

/** Whether a TLS server asks its clients for a certificate. */
public enum ClientCertificates {
    /** They are not asked. */
    NONE,

    /** They are asked; whoever has none is served all the same, whoever has a bad one is not. */
    WANTED,

    /** Whoever has none is refused. */
    REQUIRED
}
