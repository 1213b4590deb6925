package dev.weft.net;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Certificates or keys cannot be used: a file is missing or damaged, a password is wrong, a key is
 * not that of its certificate. The message names the file.
 */
public final class InvalidKeyMaterialException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    private final String source;

    /**
     * Creates the exception.
     *
     * @param message what is wrong, and with which file
     * @param source the file's path, or what else it came from
     * @param cause what was thrown while it was read
     */
    public InvalidKeyMaterialException(String message, String source, IOException cause) {
        super(message, cause);
        this.source = source;
    }

    /**
     * Where it came from.
     *
     * @return the file's path as it was given; for what did not come from a file, a word on it
     */
    public String source() {
        return source;
    }
}
