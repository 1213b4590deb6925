package dev.weft.echo;

/** The echo did not come back; the message says why, and what to do. */
final class EchoFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    EchoFailedException(String message) {
        super(message);
    }
}
