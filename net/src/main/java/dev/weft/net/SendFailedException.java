package dev.weft.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The operating system did not send a datagram: there is no route, a firewall forbids it, it is too
 * long for the network. The socket can be used on.
 */
public final class SendFailedException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable InetSocketAddress recipient;

    /**
     * Creates the exception.
     *
     * @param message what happened
     * @param recipient who was to get it
     * @param cause what the operating system said
     */
    public SendFailedException(
            String message, @Nullable InetSocketAddress recipient, IOException cause) {
        super(message, cause);
        this.recipient = recipient;
    }

    /**
     * Who was to get the datagram.
     *
     * @return the address; null after serialization
     */
    public @Nullable InetSocketAddress recipient() {
        return recipient;
    }
}
