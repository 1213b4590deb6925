package dev.weft.net;

import java.io.Serial;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where a Unix socket is: a path in the file system, a name in Linux's abstract namespace, or
 * nowhere, as with most clients. See {@link Unix}.
 *
 * <p>Addresses are equal if they name the same place; one that names none equals only itself.
 */
public final class UnixAddress extends SocketAddress {
    @Serial private static final long serialVersionUID = 1L;

    private final @Nullable String path;
    private final @Nullable String abstractName;

    private UnixAddress(@Nullable String path, @Nullable String abstractName) {
        this.path = path;
        this.abstractName = abstractName;
    }

    /**
     * A path in the file system.
     *
     * @param path relative paths count from the program's current folder
     * @return the address
     */
    public static UnixAddress of(Path path) {
        String text = path.toString();
        if (text.isEmpty()) {
            throw new IllegalArgumentException("path must not be empty");
        }
        return new UnixAddress(text, null);
    }

    /**
     * A name in Linux's abstract namespace: it has no file and no permissions, and goes with its
     * server. Whoever shares the network namespace can connect. Needs epoll or io_uring.
     *
     * @param name 1 to 107 bytes in UTF-8
     * @return the address
     */
    public static UnixAddress ofAbstractName(String name) {
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes < 1 || bytes > 107) {
            throw new IllegalArgumentException(
                    "abstractName must be 1 to 107 bytes, was " + bytes + ": " + name);
        }
        return new UnixAddress(null, name);
    }

    /** That of a socket that is bound to nothing; a new one for each. */
    static UnixAddress unnamed() {
        return new UnixAddress(null, null);
    }

    /**
     * The path in the file system.
     *
     * @return the path; null if it has none
     */
    public @Nullable Path path() {
        return path == null ? null : Path.of(path);
    }

    /**
     * The name in the abstract namespace.
     *
     * @return the name; null if it has none
     */
    public @Nullable String abstractName() {
        return abstractName;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || other instanceof UnixAddress that
                        && Objects.equals(path, that.path)
                        && Objects.equals(abstractName, that.abstractName)
                        && (path != null || abstractName != null);
    }

    @Override
    public int hashCode() {
        return path != null || abstractName != null
                ? Objects.hash(path, abstractName)
                : System.identityHashCode(this);
    }

    /** The path, {@code @} and the name as in {@code ss -x}, or {@code unnamed}. */
    @Override
    public String toString() {
        return path != null ? path : abstractName != null ? "@" + abstractName : "unnamed";
    }
}
