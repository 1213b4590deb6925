package dev.weft.net;

import java.io.IOException;

/**
 * A server could not be opened since another program, or this one, listens on its port or Unix
 * socket already.
 */
public final class AddressInUseException extends ListenFailedException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param host where to listen
     * @param port where to listen
     * @param cause what the operating system said
     */
    public AddressInUseException(String host, int port, IOException cause) {
        super(
                "port "
                        + port
                        + " of "
                        + host
                        + " is in use: stop the program that listens there, or choose another port"
                        + " (0 finds a free one)",
                host,
                port,
                cause);
    }

    /**
     * Creates the exception, for what is no port.
     *
     * @param message what is in use
     * @param host where to listen, such as a Unix socket's path
     * @param cause what the operating system said
     */
    public AddressInUseException(String message, String host, IOException cause) {
        super(message, host, 0, cause);
    }
}
