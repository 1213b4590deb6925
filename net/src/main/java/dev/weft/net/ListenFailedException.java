package dev.weft.net;

import java.io.IOException;
import java.io.UncheckedIOException;

/** A server could not be opened; {@link AddressInUseException} says that the port is taken. */
public sealed class ListenFailedException extends UncheckedIOException
        permits AddressInUseException {
    private static final long serialVersionUID = 1L;

    private final String host;
    private final int port;

    /**
     * Creates the exception.
     *
     * @param message what happened
     * @param host where to listen
     * @param port where to listen
     * @param cause what the operating system said
     */
    public ListenFailedException(String message, String host, int port, IOException cause) {
        super(message, cause);
        this.host = host;
        this.port = port;
    }

    /**
     * The host that was to be listened on, as it was given.
     *
     * @return a name, an address, or the path of a Unix socket
     */
    public String host() {
        return host;
    }

    /**
     * The port that was to be listened on.
     *
     * @return 0 to 65,535; 0 for a Unix socket
     */
    public int port() {
        return port;
    }
}
