package dev.weft.net;

import io.netty.handler.proxy.HttpProxyHandler;
import io.netty.handler.proxy.ProxyHandler;
import io.netty.handler.proxy.Socks4ProxyHandler;
import io.netty.handler.proxy.Socks5ProxyHandler;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A proxy to connect through: HTTP's CONNECT, SOCKS 5 or SOCKS 4a. It gets the name of the
 * destination as it stands, and looks it up itself. Immutable: each setter returns a changed copy.
 *
 * <p>For {@link TcpOptions#proxy(Proxy)}. What is carried is whatever one likes; the proxy sees it
 * all unless it is TLS.
 *
 * {@snippet file="ProxyTest.java" region="proxy"}
 */
public final class Proxy {
    /** SOCKS 5 has a byte for the length (RFC 1929); no other protocol wants more. */
    private static final int MAX_CREDENTIAL_BYTES = 255;

    /** The protocols, with their names in messages. */
    enum Kind {
        HTTP("HTTP"),
        SOCKS5("SOCKS 5"),
        SOCKS4("SOCKS 4");

        final String label;

        Kind(String label) {
            this.label = label;
        }
    }

    private final Kind kind;
    private final String host;
    private final int port;
    private final @Nullable String user;
    private final String password;

    private Proxy(Kind kind, String host, int port, @Nullable String user, String password) {
        this.kind = kind;
        this.host = host;
        this.port = port;
        this.user = user;
        this.password = password;
    }

    private static Proxy open(Kind kind, String host, int port) {
        Objects.requireNonNull(host, "host must not be null");
        if (host.isEmpty()) {
            throw new IllegalArgumentException("host must not be empty");
        }
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port must be 1 to 65535, was " + port);
        }
        return new Proxy(kind, host, port, null, "");
    }

    /**
     * An HTTP proxy that carries anything by the method CONNECT (RFC 9110, section 9.3.6).
     *
     * @param host the proxy's name or address
     * @param port its port, 1 to 65,535
     * @return a proxy without credentials
     */
    public static Proxy http(String host, int port) {
        return open(Kind.HTTP, host, port);
    }

    /**
     * A SOCKS 5 proxy (RFC 1928).
     *
     * @param host the proxy's name or address
     * @param port its port, 1 to 65,535
     * @return a proxy without credentials
     */
    public static Proxy socks5(String host, int port) {
        return open(Kind.SOCKS5, host, port);
    }

    /**
     * A SOCKS 4 proxy. It cannot connect to an IPv6 address. Names go to it by SOCKS 4a, which not
     * all of them know: dante, for one, refuses them with 91.
     *
     * @param host the proxy's name or address
     * @param port its port, 1 to 65,535
     * @return a proxy without a user
     */
    public static Proxy socks4(String host, int port) {
        return open(Kind.SOCKS4, host, port);
    }

    /**
     * Sets who asks: for Basic authentication (RFC 7617), for SOCKS 5's (RFC 1929), or as SOCKS 4's
     * user, which has no password. They go to the proxy in the clear, and appear in no message.
     *
     * @param user the user's name, 1 to 255 bytes of UTF-8 without control characters; without a
     *     colon for HTTP
     * @param password the password, 1 to 255 bytes for SOCKS 5, at most as many for HTTP, empty for
     *     SOCKS 4
     * @return the changed copy
     */
    public Proxy credentials(String user, String password) {
        Objects.requireNonNull(user, "user must not be null");
        Objects.requireNonNull(password, "password must not be null");
        requireLength(user, "user", 1, MAX_CREDENTIAL_BYTES);
        int least = kind == Kind.SOCKS5 ? 1 : 0;
        int most = kind == Kind.SOCKS4 ? 0 : MAX_CREDENTIAL_BYTES;
        requireLength(password, "password", least, most);
        if (kind == Kind.HTTP && user.indexOf(':') >= 0) {
            throw new IllegalArgumentException(
                    "user must have no colon for an HTTP proxy: there it ends the name");
        }
        return new Proxy(kind, host, port, user, password);
    }

    /** Never shows the value. */
    private void requireLength(String value, String name, int least, int most) {
        int length = value.getBytes(StandardCharsets.UTF_8).length;
        if (length < least || length > most) {
            throw new IllegalArgumentException(
                    "%s must have %d to %d bytes for %s, had %d"
                            .formatted(name, least, most, kind.label, length));
        }
        if (value.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(name + " must have no control characters");
        }
    }

    /**
     * The proxy's host.
     *
     * @return a name or an address
     */
    public String host() {
        return host;
    }

    /**
     * The proxy's port.
     *
     * @return 1 to 65,535
     */
    public int port() {
        return port;
    }

    Kind kind() {
        return kind;
    }

    boolean hasCredentials() {
        return user != null;
    }

    /** For Basic authentication (RFC 7617); null if there are no credentials. */
    @Nullable String basic() {
        String u = user;
        return u == null
                ? null
                : "Basic "
                        + Base64.getEncoder()
                                .encodeToString(
                                        (u + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    /** What speaks the proxy's protocol, for one connection. */
    ProxyHandler handler(SocketAddress address) {
        String u = user;
        return switch (kind) {
            case HTTP ->
                    u == null
                            ? new HttpProxyHandler(address)
                            : new HttpProxyHandler(address, u, password);
            case SOCKS5 ->
                    u == null
                            ? new Socks5ProxyHandler(address)
                            : new Socks5ProxyHandler(address, octets(u), octets(password));
            case SOCKS4 ->
                    u == null
                            ? new Socks4ProxyHandler(address)
                            : new Socks4ProxyHandler(address, octets(u));
        };
    }

    /** A character for each byte of UTF-8, as Netty's SOCKS sends one byte for each character. */
    private static String octets(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** In the middle of a sentence. */
    String label() {
        return kind.label + " proxy " + host + " port " + port;
    }

    /** {@return which proxy it is, without the credentials} */
    @Override
    public String toString() {
        return "Proxy[" + kind.label + " at " + host + " port " + port + "]";
    }
}
