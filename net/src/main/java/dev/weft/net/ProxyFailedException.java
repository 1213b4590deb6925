package dev.weft.net;

import java.io.IOException;

/**
 * A proxy was not there, or refused to connect, or is none. {@link #host} and {@link #port} are the
 * destination's.
 */
public final class ProxyFailedException extends ConnectFailedException {
    private static final long serialVersionUID = 1L;

    private final String proxyHost;
    private final int proxyPort;
    private final int code;

    /**
     * Creates the exception.
     *
     * @param message which proxy refused what, and why
     * @param proxy the proxy
     * @param code what it answered: HTTP's status or SOCKS's reply; -1 for no answer
     * @param host where to
     * @param port where to
     * @param cause what was seen
     */
    public ProxyFailedException(
            String message, Proxy proxy, int code, String host, int port, IOException cause) {
        super(message, host, port, cause);
        proxyHost = proxy.host();
        proxyPort = proxy.port();
        this.code = code;
    }

    /**
     * The proxy's host, as it was given.
     *
     * @return a name or an address
     */
    public String proxyHost() {
        return proxyHost;
    }

    /**
     * The proxy's port.
     *
     * @return 1 to 65,535
     */
    public int proxyPort() {
        return proxyPort;
    }

    /**
     * The number that the proxy answered.
     *
     * @return an HTTP status such as 407, or a reply of SOCKS 5 (1 to 255) or SOCKS 4 (91 to 93);
     *     -1 if there was no such answer
     */
    public int code() {
        return code;
    }
}
