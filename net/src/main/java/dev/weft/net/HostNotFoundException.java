package dev.weft.net;

import java.io.IOException;
import java.io.UncheckedIOException;

/** A host name has no address, or no name server could tell; {@link #reason} says which. */
public final class HostNotFoundException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    /** Why there is no address. */
    public enum Reason {
        /** There is no such name (NXDOMAIN): trying again is of no use. */
        NO_SUCH_NAME,
        /** The name exists, and has no address. */
        NO_ADDRESS,
        /** The name servers failed, with an error of theirs: later they may not. */
        SERVERS_FAILED,
        /** A resolver of one's own did not say. */
        UNKNOWN
    }

    private final String host;
    private final Reason reason;

    /**
     * Creates the exception, for reasons unknown.
     *
     * @param host the name
     * @param cause what the resolver said
     */
    public HostNotFoundException(String host, IOException cause) {
        this(host, Reason.UNKNOWN, "is the name right?", cause);
    }

    /**
     * Creates the exception.
     *
     * @param host the name
     * @param reason why
     * @param explanation the same for people
     * @param cause what the resolver said
     */
    public HostNotFoundException(
            String host, Reason reason, String explanation, IOException cause) {
        super("no address found for host " + host + ": " + explanation, cause);
        this.host = host;
        this.reason = reason;
    }

    /**
     * The name that was looked up.
     *
     * @return the name as it was given
     */
    public String host() {
        return host;
    }

    /**
     * Why there is no address.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }
}
