package dev.weft.http;

import dev.weft.net.Proxy;
import org.jspecify.annotations.Nullable;

/**
 * Where connections go: those of one origin (RFC 9110, section 4.3.1), by the same way, are shared.
 *
 * @param secure whether it is https
 * @param host a name or an address, without brackets
 * @param port 1 to 65,535
 * @param proxy what to go through; null for none
 */
record Origin(boolean secure, String host, int port, @Nullable Proxy proxy) {
    static Origin of(HttpRequest request, @Nullable Proxy proxy) {
        return new Origin(request.isSecure(), request.host(), request.port(), proxy);
    }

    /** Whether another is the same server, by whatever way. */
    boolean isSameServer(Origin other) {
        return secure == other.secure && port == other.port && host.equals(other.host);
    }

    /** {@return such as {@code https://example.org}} */
    @Override
    public String toString() {
        String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return (secure ? "https://" : "http://")
                + name
                + (port == (secure ? 443 : 80) ? "" : ":" + port);
    }
}
