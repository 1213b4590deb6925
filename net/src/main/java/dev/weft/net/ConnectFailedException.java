package dev.weft.net;

import java.io.IOException;
import java.io.UncheckedIOException;

/** A connection could not be made; {@link ConnectRefusedException} says that nobody listens. */
public sealed class ConnectFailedException extends UncheckedIOException
        permits ConnectRefusedException, ProxyFailedException {
    private static final long serialVersionUID = 1L;

    private final String host;
    private final int port;

    /**
     * Creates the exception.
     *
     * @param message what happened
     * @param host where to
     * @param port where to
     * @param cause what the operating system said
     */
    public ConnectFailedException(String message, String host, int port, IOException cause) {
        super(message, cause);
        this.host = host;
        this.port = port;
    }

    /**
     * The host that was to be connected to, as it was given.
     *
     * @return a name, an address, or the path of a Unix socket
     */
    public String host() {
        return host;
    }

    /**
     * The port that was to be connected to.
     *
     * @return 0 to 65,535; 0 for a Unix socket
     */
    public int port() {
        return port;
    }
}
