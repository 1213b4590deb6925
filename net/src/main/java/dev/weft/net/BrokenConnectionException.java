package dev.weft.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A connection ended without the peer's having closed it properly: reset by the peer, lost by the
 * network, or ended in the middle of its protocol. Open a new one.
 */
public final class BrokenConnectionException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable SocketAddress peer;

    /**
     * Creates the exception.
     *
     * @param message what happened, to which connection
     * @param peer the peer's address, or null when it never had one
     * @param cause what the operating system said
     */
    public BrokenConnectionException(
            String message, @Nullable SocketAddress peer, IOException cause) {
        super(message, cause);
        this.peer = peer;
    }

    /**
     * Who was at the other end.
     *
     * @return the peer's address; null when there was none, or after serialization
     */
    public @Nullable SocketAddress peer() {
        return peer;
    }
}
