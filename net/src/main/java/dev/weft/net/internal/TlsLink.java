package dev.weft.net.internal;

import dev.weft.net.TlsException;
import dev.weft.net.TlsSession;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** TLS below a connection, and what its events mean. For the event loop but for the session. */
public interface TlsLink {
    /** What stands in the pipeline. */
    TlsLayer layer();

    /** What was agreed on; null before the handshake is done. */
    @Nullable TlsSession session();

    /** The handshake is done. */
    void handshaken();

    /**
     * The handshake has failed.
     *
     * @param cause what came out of the engine
     * @param connection its name in messages
     * @param peer who is at the other end
     * @return the error of whoever waits for it
     */
    RuntimeException failed(Throwable cause, String connection, SocketAddress peer);

    /**
     * Something has failed, during the handshake or later.
     *
     * @param cause what came out of the engine
     * @param connection its name in messages
     * @param peer who is at the other end
     * @return says what
     */
    TlsException explain(Throwable cause, String connection, SocketAddress peer);
}
