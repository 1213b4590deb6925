package dev.weft.net;

import java.io.IOException;
import java.io.UncheckedIOException;

/** A host name has no address, or no name server could be asked. */
public final class HostNotFoundException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    private final String host;

    /**
     * Creates the exception.
     *
     * @param host the name
     * @param cause what the resolver said
     */
    public HostNotFoundException(String host, IOException cause) {
        super("no address found for host " + host + ": is the name right?", cause);
        this.host = host;
    }

    /**
     * The name that was looked up.
     *
     * @return the name as it was given
     */
    public String host() {
        return host;
    }
}
