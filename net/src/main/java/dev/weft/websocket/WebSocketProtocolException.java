package dev.weft.websocket;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * The peer broke a rule, of RFC 6455 or of this side's limits, and was told so: a malformed frame,
 * text that is no UTF-8, a message above {@link WebSocketOptions#maxMessageBytes}. The connection
 * is closed.
 */
public final class WebSocketProtocolException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    private final int closeCode;

    /**
     * Creates the exception.
     *
     * @param message what the peer did
     * @param closeCode what it was told, as RFC 6455, section 7.4.1, has it
     * @param cause what noticed it
     */
    public WebSocketProtocolException(String message, int closeCode, IOException cause) {
        super(message, cause);
        this.closeCode = closeCode;
    }

    /**
     * The code that this side closed the connection with.
     *
     * @return 1002 (protocol), 1007 (no UTF-8), 1009 (too big) or another of RFC 6455
     */
    public int closeCode() {
        return closeCode;
    }
}
