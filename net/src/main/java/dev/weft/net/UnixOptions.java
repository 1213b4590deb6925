package dev.weft.net;

import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Limits of Unix sockets and their servers, and who may connect. Immutable: each setter returns a
 * changed copy.
 */
public final class UnixOptions {
    private static final UnixOptions DEFAULTS =
            new UnixOptions(
                    TcpOptions.defaults(),
                    Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));

    /** The limits that they have in common. */
    private final TcpOptions stream;

    private final Set<PosixFilePermission> permissions;

    private UnixOptions(TcpOptions stream, Set<PosixFilePermission> permissions) {
        this.stream = stream;
        this.permissions = permissions;
    }

    /**
     * The defaults.
     *
     * @return options to start from
     */
    public static UnixOptions defaults() {
        return DEFAULTS;
    }

    TcpOptions stream() {
        return stream;
    }

    private UnixOptions with(TcpOptions changed) {
        return new UnixOptions(changed, permissions);
    }

    /**
     * The permissions of a server's socket file: whoever may write to it may connect.
     *
     * @return the owner's alone by default ({@code rw-------}), since whoever connects acts with
     *     this program's rights
     */
    public Set<PosixFilePermission> permissions() {
        return permissions;
    }

    /**
     * Sets the permissions of a server's socket file, which it has from the moment on that anybody
     * can connect. The process's umask does not narrow them.
     *
     * @param value the permissions, such as {@code PosixFilePermissions.fromString("rw-rw----")}
     * @return the changed copy
     */
    public UnixOptions permissions(Set<PosixFilePermission> value) {
        Objects.requireNonNull(value, "permissions must not be null");
        return new UnixOptions(stream, Set.copyOf(value));
    }

    /**
     * How long connecting may take: a server may be slow in accepting.
     *
     * @return 10 s by default
     */
    public Duration connectTimeout() {
        return stream.connectTimeout();
    }

    /**
     * Sets how long connecting may take.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public UnixOptions connectTimeout(Duration value) {
        return with(stream.connectTimeout(value));
    }

    /**
     * How long {@link ByteStream#close} may go on sending what was written.
     *
     * @return 5 s by default
     */
    public Duration closeTimeout() {
        return stream.closeTimeout();
    }

    /**
     * Sets how long {@link ByteStream#close} may go on sending what was written.
     *
     * @param value the duration, 0 or more
     * @return the changed copy
     */
    public UnixOptions closeTimeout(Duration value) {
        return with(stream.closeTimeout(value));
    }

    /**
     * How long a peer may send nothing while a task waits to read.
     *
     * @return null by default: as long as it likes
     */
    public @Nullable Duration readIdleTimeout() {
        return stream.readIdleTimeout();
    }

    /**
     * Sets how long a peer may send nothing while a task waits to read; see {@link
     * TcpOptions#readIdleTimeout(Duration)}.
     *
     * @param value a positive duration; null for no limit
     * @return the changed copy
     */
    public UnixOptions readIdleTimeout(@Nullable Duration value) {
        return with(stream.readIdleTimeout(value));
    }

    /**
     * How long a peer may take nothing while a task waits to write.
     *
     * @return null by default: as long as it likes
     */
    public @Nullable Duration writeIdleTimeout() {
        return stream.writeIdleTimeout();
    }

    /**
     * Sets how long a peer may take nothing while a task waits to write; see {@link
     * TcpOptions#writeIdleTimeout(Duration)}.
     *
     * @param value a positive duration; null for no limit
     * @return the changed copy
     */
    public UnixOptions writeIdleTimeout(@Nullable Duration value) {
        return with(stream.writeIdleTimeout(value));
    }

    /**
     * How many connections may wait to be accepted by a server.
     *
     * @return 1,024 by default
     */
    public int backlog() {
        return stream.backlog();
    }

    /**
     * Sets how many connections may wait to be accepted by a server.
     *
     * @param value 1 or more; the operating system may have a lower bound
     * @return the changed copy
     */
    public UnixOptions backlog(int value) {
        return with(stream.backlog(value));
    }

    /**
     * How many connections a server may have at once.
     *
     * @return {@link Integer#MAX_VALUE} by default: as many as the process may have file
     *     descriptors
     */
    public int maxConnections() {
        return stream.maxConnections();
    }

    /**
     * Sets how many connections a server may have at once: see {@link TcpOptions#maxConnections}. A
     * client that finds the backlog full waits in connecting, where that of TCP is told nothing.
     *
     * @param value 1 or more
     * @return the changed copy
     */
    public UnixOptions maxConnections(int value) {
        return with(stream.maxConnections(value));
    }

    /**
     * How long a line that is read may be, for {@link ByteStream#readLine} and the like.
     *
     * @return 64 KiB by default, the line's end included
     */
    public int maxLineBytes() {
        return stream.maxLineBytes();
    }

    /**
     * Sets how long a line may be, for {@link ByteStream#readLine} and the like.
     *
     * @param value how many bytes with the line's end, 1 or more
     * @return the changed copy
     */
    public UnixOptions maxLineBytes(int value) {
        return with(stream.maxLineBytes(value));
    }

    @Override
    public String toString() {
        return "UnixOptions[permissions=%s, connectTimeout=%s, closeTimeout=%s, backlog=%d, maxConnections=%d, maxLineBytes=%d]"
                .formatted(
                        permissions,
                        connectTimeout(),
                        closeTimeout(),
                        backlog(),
                        maxConnections(),
                        maxLineBytes());
    }
}
