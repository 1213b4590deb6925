package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.Transport;
import dev.weft.net.AddressInUseException;
import dev.weft.net.ListenFailedException;
import dev.weft.net.UnixAddress;
import dev.weft.netty.NettyBridge;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The place of a server on a Unix socket.
 *
 * <p>A socket that is bound to its path can be connected to before its permissions are set, and
 * Netty removes whatever is at the path, before binding and after closing. So the socket is bound
 * within a folder that only its owner may enter, gets its permissions there, and is then linked to
 * its path; the folder goes. A link fails if something is there already, so nothing is overwritten.
 *
 * <p>Files are handled on threads for that, but for the removal at the end, which is short.
 */
public final class UnixPlace implements Listener.Place {
    private static final Logger LOG = LoggerFactory.getLogger(UnixPlace.class);

    /** Linux's {@code sun_path} has 108 bytes with a zero at the end, that of others 104. */
    private static final int LONGEST =
            System.getProperty("os.name", "").startsWith("Linux") ? 107 : 103;

    private static final int FORMAT = 0170000;
    private static final int SOCKET = 0140000;

    private final UnixAddress address;
    private final @Nullable Path path;
    private final Set<PosixFilePermission> permissions;

    /** Set by {@link #prepare}. */
    private @Nullable SocketAddress toBind;

    // ---- guarded by this

    /** Where it is bound first. */
    private @Nullable Path folder;

    /** The identity of our socket file, once it stands at its path. */
    private @Nullable Object published;

    private boolean closed;

    /**
     * For one server.
     *
     * @param address where to listen
     * @param permissions those of the file
     */
    public UnixPlace(UnixAddress address, Set<PosixFilePermission> permissions) {
        this.address = address;
        this.permissions = permissions;
        path = address.path();
    }

    // ---- addresses

    /** An address as a transport wants it. */
    static SocketAddress nettyAddress(Loop loop, UnixAddress address) {
        String name = address.abstractName();
        if (name != null) {
            if (loop.transport() != Transport.EPOLL && loop.transport() != Transport.IO_URING) {
                throw new UnsupportedOperationException(
                        "abstract addresses need the transport epoll or io_uring, on Linux; this loop's is "
                                + loop.transport());
            }
            return new DomainSocketAddress("\0" + name);
        }
        return nettyAddress(loop, requireShort(address.toString()));
    }

    private static SocketAddress nettyAddress(Loop loop, String path) {
        return loop.transport() == Transport.NIO
                ? UnixDomainSocketAddress.of(path)
                : new DomainSocketAddress(path);
    }

    private static String requireShort(String path) {
        int bytes = path.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > LONGEST) {
            throw new IllegalArgumentException(
                    "the path of a Unix socket must be <= "
                            + LONGEST
                            + " bytes, was "
                            + bytes
                            + ": "
                            + path
                            + "; a relative one may be shorter");
        }
        return path;
    }

    /**
     * The path of an address of Netty's or the JDK's.
     *
     * @param address what the transport says
     * @return the path, after a zero the abstract name; null if it is bound to nothing
     */
    public static @Nullable String pathOf(@Nullable SocketAddress address) {
        String text =
                switch (address) {
                    case DomainSocketAddress netty -> netty.path();
                    case UnixDomainSocketAddress jdk -> jdk.getPath().toString();
                    case null, default -> "";
                };
        return text.isEmpty() ? null : text;
    }

    /**
     * An address from what {@link #pathOf} found.
     *
     * @param path not empty
     * @return the address
     */
    public static UnixAddress addressOf(String path) {
        return path.charAt(0) == 0
                ? UnixAddress.ofAbstractName(path.substring(1))
                : UnixAddress.of(Path.of(path));
    }

    // ---- before and after binding

    @Override
    public void prepare(Loop loop) {
        if (path == null) {
            toBind = nettyAddress(loop, address);
            return;
        }
        requireShort(path.toString());
        Path bound = Async.offload(() -> makeFolder(path)).resolve("s");
        toBind = nettyAddress(loop, requireShort(bound.toString()));
    }

    private Path makeFolder(Path at) {
        try {
            for (; ; ) {
                // Few letters, as a path may have few bytes.
                int random = ThreadLocalRandom.current().nextInt(1 << 16);
                String name = ".w" + HexFormat.of().toHexDigits((short) random);
                try {
                    Path made = at.resolveSibling(name);
                    Files.createDirectory(made, ownersAlone());
                    synchronized (this) {
                        folder = made;
                        if (closed) {
                            removeFolder();
                        }
                    }
                    return made;
                } catch (FileAlreadyExistsException e) {
                    LOG.debug("{} exists, another name is tried", name, e);
                }
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private static FileAttribute<?> ownersAlone() {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    }

    @Override
    public ChannelFactory<? extends ServerChannel> channels(Loop loop) {
        return NettyBridge.serverDomainSocketChannels(loop);
    }

    @Override
    public SocketAddress toBind() {
        return Objects.requireNonNull(toBind);
    }

    @Override
    public SocketAddress address(Channel bound) {
        return address;
    }

    @Override
    public void publish() {
        Path target = path;
        if (target != null) {
            Async.offload(() -> publish(target));
        }
    }

    private synchronized void publish(Path target) {
        Path made = folder;
        if (closed || made == null) {
            return; // and nobody waits any more
        }
        try {
            Path bound = made.resolve("s");
            Files.setPosixFilePermissions(bound, permissions);
            makeWay(target);
            Files.createLink(target, bound);
            published = identity(target);
            removeFolder();
        } catch (FileAlreadyExistsException e) {
            throw inUse(e);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** Removes what a server left that did not close. */
    private void makeWay(Path target) throws IOException {
        Object found = identity(target);
        if (found == null) {
            return;
        }
        Object mode = Files.getAttribute(target, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        if (((Integer) mode & FORMAT) != SOCKET) {
            throw new FileSystemException(
                    target.toString(),
                    null,
                    "there is a file that is no socket: remove it, or choose another path");
        }
        if (answers(target)) {
            throw inUse(new IOException("it accepts connections"));
        }
        if (found.equals(identity(target))) {
            Files.deleteIfExists(target);
        }
    }

    private static boolean answers(Path target) throws IOException {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false); // else it would wait while the backlog is full
            probe.connect(UnixDomainSocketAddress.of(target));
            return true;
        } catch (IOException e) {
            String said = String.valueOf(e.getMessage());
            if (said.contains("refused")) {
                return false;
            }
            if (said.contains("temporarily unavailable")) {
                return true; // its backlog is full
            }
            throw e;
        }
    }

    /** Tells files apart; null if there is none. */
    private static @Nullable Object identity(Path file) throws IOException {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    @Override
    public void closed() {
        withdraw();
    }

    /** Leaves no file. */
    private synchronized void withdraw() {
        closed = true;
        try {
            Path target = path;
            if (target != null && published != null && published.equals(identity(target))) {
                Files.deleteIfExists(target);
            }
            removeFolder();
        } catch (IOException e) {
            LOG.warn("cannot remove the socket file of the closed server on {}", address, e);
        }
    }

    private synchronized void removeFolder() throws IOException {
        Path made = folder;
        folder = null;
        if (made != null) {
            Files.deleteIfExists(made.resolve("s"));
            Files.deleteIfExists(made);
        }
    }

    private AddressInUseException inUse(IOException cause) {
        return new AddressInUseException(
                address + " is in use: stop the program that listens there, or choose another path",
                address.toString(),
                cause);
    }

    @Override
    public RuntimeException failure(Throwable cause) {
        withdraw();
        IOException io = cause instanceof IOException e ? e : new IOException(cause);
        String said = String.valueOf(io.getMessage());
        if (said.contains("in use")) {
            return inUse(io);
        }
        String why =
                switch (io) {
                    case NoSuchFileException _ -> "its folder does not exist";
                    case AccessDeniedException _ -> "no permission to write to its folder";
                    case FileSystemException e when e.getReason() != null -> e.getReason();
                    default -> said;
                };
        return new ListenFailedException(
                "cannot listen on " + address + ": " + why, address.toString(), 0, io);
    }
}
