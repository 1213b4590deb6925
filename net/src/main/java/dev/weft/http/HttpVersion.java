package dev.weft.http;

/** A version of HTTP. */
public enum HttpVersion {
    /** HTTP/1.1 (RFC 9112): one call at a time on a connection. A server may answer in 1.0. */
    HTTP_1_1("HTTP/1.1"),
    /** HTTP/2 (RFC 9113): many calls at a time on one connection. */
    HTTP_2("HTTP/2");

    private final String label;

    HttpVersion(String label) {
        this.label = label;
    }

    /** {@return its usual name} */
    @Override
    public String toString() {
        return label;
    }
}
