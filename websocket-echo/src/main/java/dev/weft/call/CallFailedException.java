package dev.weft.call;

import org.jspecify.annotations.Nullable;

/** The call did not do what was asked for; the message is for the user. */
public final class CallFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    CallFailedException(int status, String message) {
        this(status, message, null);
    }

    CallFailedException(int status, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    int status() {
        return status;
    }
}
