package dev.weft.net;

import java.io.IOException;

/** The host answered that nobody listens on the port. */
public final class ConnectRefusedException extends ConnectFailedException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param host where to
     * @param port where to
     * @param cause what the operating system said
     */
    public ConnectRefusedException(String host, int port, IOException cause) {
        super(
                "nobody listens on "
                        + host
                        + " port "
                        + port
                        + ": is the server running, and is the port right?",
                host,
                port,
                cause);
    }

    /**
     * Creates the exception, for a host with several addresses.
     *
     * @param message what was tried
     * @param host where to
     * @param port where to
     * @param cause what the operating system said
     */
    public ConnectRefusedException(String message, String host, int port, IOException cause) {
        super(message, host, port, cause);
    }
}
