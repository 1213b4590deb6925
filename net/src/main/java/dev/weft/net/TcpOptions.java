package dev.weft.net;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Limits of TCP connections and servers, and their sockets' options. Immutable: each setter returns
 * a changed copy.
 */
public final class TcpOptions {
    private static final TcpOptions DEFAULTS = new TcpOptions(new Values());

    /** Never changed once it is here. */
    private final Values values;

    private TcpOptions(Values values) {
        this.values = values;
    }

    /** The options, with their defaults; a setter changes a copy before it becomes another's. */
    private static final class Values implements Cloneable {
        Duration connectTimeout = Duration.ofSeconds(10);
        Duration closeTimeout = Duration.ofSeconds(5);
        @Nullable Duration readIdleTimeout;
        @Nullable Duration writeIdleTimeout;
        int backlog = 1024;
        int maxConnections = Integer.MAX_VALUE;
        int maxLineBytes = 64 * 1024;
        boolean noDelay = true;
        @Nullable KeepAlive keepAlive;
        @Nullable Duration userTimeout;
        int sendBufferBytes;
        int receiveBufferBytes;
        int trafficClass;
        boolean ipv6Only;
        @Nullable InetSocketAddress localAddress;
        Resolver resolver = Resolver.dns();
        @Nullable Proxy proxy;
        @Nullable ProxyHeader proxyHeader;
        @Nullable ProxyProtocol proxyProtocol;
        @Nullable ClientTls clientTls;
        @Nullable ServerTls serverTls;

        Values copy() {
            try {
                return (Values) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private TcpOptions with(Consumer<Values> change) {
        Values copy = values.copy();
        change.accept(copy);
        return new TcpOptions(copy);
    }

    /**
     * The defaults.
     *
     * @return options to start from
     */
    public static TcpOptions defaults() {
        return DEFAULTS;
    }

    /**
     * How long looking up the name and connecting may take together.
     *
     * @return 10 s by default
     */
    public Duration connectTimeout() {
        return values.connectTimeout;
    }

    /**
     * Sets how long looking up the name and connecting may take together.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public TcpOptions connectTimeout(Duration value) {
        requirePositive(value, "connectTimeout");
        return with(v -> v.connectTimeout = value);
    }

    /**
     * How long {@link ByteStream#close} may go on sending what was written.
     *
     * @return 5 s by default
     */
    public Duration closeTimeout() {
        return values.closeTimeout;
    }

    /**
     * Sets how long {@link ByteStream#close} may go on sending what was written.
     *
     * @param value the duration, 0 or more
     * @return the changed copy
     */
    public TcpOptions closeTimeout(Duration value) {
        Objects.requireNonNull(value, "closeTimeout must not be null");
        if (value.isNegative()) {
            throw new IllegalArgumentException("closeTimeout must be >= 0, was " + value);
        }
        return with(v -> v.closeTimeout = value);
    }

    /**
     * How long a peer may send nothing while a task waits to read.
     *
     * @return null by default: as long as it likes
     */
    public @Nullable Duration readIdleTimeout() {
        return values.readIdleTimeout;
    }

    /**
     * Sets how long a peer may send nothing while a task waits to read. The reading method then
     * throws a {@link TimedOutException}, has read nothing, and the stream can be used on. The time
     * counts only while a task waits, and anew whenever bytes come: of a long line, or of a record
     * of TLS, too. It is no limit for the whole of what a method reads: that is {@code
     * Async.timeout}.
     *
     * <p>A server's handler that lets the exception through ends its connection; nobody is told but
     * the log (at level debug), as it is the peer's doing.
     *
     * @param value a positive duration; null for no limit
     * @return the changed copy
     */
    public TcpOptions readIdleTimeout(@Nullable Duration value) {
        requirePositiveOrNull(value, "readIdleTimeout");
        return with(v -> v.readIdleTimeout = value);
    }

    /**
     * How long a peer may take nothing while a task waits to write.
     *
     * @return null by default: as long as it likes
     */
    public @Nullable Duration writeIdleTimeout() {
        return values.writeIdleTimeout;
    }

    /**
     * Sets how long a peer may take nothing while a task waits to write, to flush or to shut down
     * the output. The method then throws a {@link TimedOutException} that says how much is unsent,
     * at the latest when a quarter more has passed. What was written was accepted, as when the
     * method is cancelled, and stays to be sent: {@link ByteStream#abort} drops it. The time counts
     * only while a task waits, and anew whenever bytes leave.
     *
     * <p>Bytes have left when the operating system has taken them; it may hold a few MiB for the
     * peer. So give a peer that is slow but alive the time to read that much.
     *
     * @param value a positive duration; null for no limit
     * @return the changed copy
     */
    public TcpOptions writeIdleTimeout(@Nullable Duration value) {
        requirePositiveOrNull(value, "writeIdleTimeout");
        return with(v -> v.writeIdleTimeout = value);
    }

    /**
     * How many connections may wait to be accepted by a server.
     *
     * @return 1,024 by default
     */
    public int backlog() {
        return values.backlog;
    }

    /**
     * Sets how many connections may wait to be accepted by a server.
     *
     * @param value 1 or more; the operating system may have a lower bound
     * @return the changed copy
     */
    public TcpOptions backlog(int value) {
        requireAtLeastOne(value, "backlog");
        return with(v -> v.backlog = value);
    }

    /**
     * How many connections a server may have at once.
     *
     * @return {@link Integer#MAX_VALUE} by default: as many as the process may have file
     *     descriptors
     */
    public int maxConnections() {
        return values.maxConnections;
    }

    /**
     * Sets how many connections a server may have at once, from their acceptance until they are
     * closed and their handlers have ended. When it has so many, it stops accepting: further
     * clients are connected by the operating system, which keeps them waiting in its backlog
     * ({@link #backlog}), and are served in the order in which they came. None is reset. To a
     * client it looks as if the server were slow: how long it waits is for the client to limit.
     *
     * <p>With NIO up to 15 more may be accepted, and otherwise one for each loop of a group; they
     * wait in the same way, each with a file descriptor.
     *
     * @param value 1 or more
     * @return the changed copy
     */
    public TcpOptions maxConnections(int value) {
        requireAtLeastOne(value, "maxConnections");
        return with(v -> v.maxConnections = value);
    }

    /**
     * How long a line that is read may be, for {@link ByteStream#readLine} and the like.
     *
     * @return 64 KiB by default, the line's end included
     */
    public int maxLineBytes() {
        return values.maxLineBytes;
    }

    /**
     * Sets how long a line may be, for {@link ByteStream#readLine} and the like.
     *
     * @param value how many bytes with the line's end, 1 or more
     * @return the changed copy
     */
    public TcpOptions maxLineBytes(int value) {
        requireAtLeastOne(value, "maxLineBytes");
        return with(v -> v.maxLineBytes = value);
    }

    /**
     * Whether small writes go out at once, and do not wait for the peer's answer to earlier ones.
     *
     * @return true by default: Nagle's algorithm is off
     */
    public boolean noDelay() {
        return values.noDelay;
    }

    /**
     * Sets whether small writes go out at once ({@code TCP_NODELAY}).
     *
     * @param value false for Nagle's algorithm
     * @return the changed copy
     */
    public TcpOptions noDelay(boolean value) {
        return with(v -> v.noDelay = value);
    }

    /**
     * When the operating system asks a silent peer whether it is there.
     *
     * @return null by default: never
     */
    public @Nullable KeepAlive keepAlive() {
        return values.keepAlive;
    }

    /**
     * Sets when the operating system asks a silent peer whether it is there ({@code SO_KEEPALIVE});
     * on epoll, io_uring and NIO.
     *
     * @param value the times; null for never
     * @return the changed copy
     */
    public TcpOptions keepAlive(@Nullable KeepAlive value) {
        return with(v -> v.keepAlive = value);
    }

    /**
     * How long sent bytes may stay unacknowledged before the connection is broken.
     *
     * @return null by default: the system's, with Linux some 15 minutes
     */
    public @Nullable Duration userTimeout() {
        return values.userTimeout;
    }

    /**
     * Sets how long sent bytes may stay unacknowledged before the connection is broken (TCP's user
     * timeout, RFC 5482): for a peer that has vanished while something is on its way. On epoll and
     * io_uring.
     *
     * @param value 1 ms to 24 days; null for the system's
     * @return the changed copy
     */
    public TcpOptions userTimeout(@Nullable Duration value) {
        if (value != null && (value.compareTo(Duration.ofDays(24)) > 0 || value.toMillis() < 1)) {
            throw new IllegalArgumentException("userTimeout must be 1 ms to 24 days, was " + value);
        }
        return with(v -> v.userTimeout = value);
    }

    /**
     * How much the operating system holds for the peer to take.
     *
     * @return 0 by default: as the system sees fit, which adapts it
     */
    public int sendBufferBytes() {
        return values.sendBufferBytes;
    }

    /**
     * Sets how much the operating system holds for the peer to take ({@code SO_SNDBUF}). Linux
     * takes twice as much, for its own needs, within limits of its own.
     *
     * @param value how many bytes, 1 or more; 0 for what the system sees fit
     * @return the changed copy
     */
    public TcpOptions sendBufferBytes(int value) {
        requireAtLeastZero(value, "sendBufferBytes");
        return with(v -> v.sendBufferBytes = value);
    }

    /**
     * How much the operating system holds of what the peer has sent and nobody has read.
     *
     * @return 0 by default: as the system sees fit, which adapts it
     */
    public int receiveBufferBytes() {
        return values.receiveBufferBytes;
    }

    /**
     * Sets how much the operating system holds of what nobody has read ({@code SO_RCVBUF}), and so
     * the peer's window. Linux takes twice as much, for its own needs, within limits of its own.
     *
     * @param value how many bytes, 1 or more; 0 for what the system sees fit
     * @return the changed copy
     */
    public TcpOptions receiveBufferBytes(int value) {
        requireAtLeastZero(value, "receiveBufferBytes");
        return with(v -> v.receiveBufferBytes = value);
    }

    /**
     * How packets are marked for routers: IPv4's type of service, IPv6's traffic class.
     *
     * @return 0 by default
     */
    public int trafficClass() {
        return values.trafficClass;
    }

    /**
     * Sets how packets are marked for routers (RFC 2474; {@code IP_TOS}).
     *
     * @param value the octet, 0 to 255, such as 0xb8 for expedited forwarding
     * @return the changed copy
     */
    public TcpOptions trafficClass(int value) {
        if (value < 0 || value > 255) {
            throw new IllegalArgumentException("trafficClass must be 0 to 255, was " + value);
        }
        return with(v -> v.trafficClass = value);
    }

    /**
     * Whether a server on an IPv6 address is for IPv6 alone.
     *
     * @return false by default: {@code "::"} takes IPv4 too, where the system has it so
     */
    public boolean ipv6Only() {
        return values.ipv6Only;
    }

    /**
     * Sets whether a server on an IPv6 address is for IPv6 alone, so that the port is free for
     * another on IPv4 ({@code IPV6_V6ONLY}); on epoll and io_uring.
     *
     * @param value true to have {@code "::"} mean IPv6
     * @return the changed copy
     */
    public TcpOptions ipv6Only(boolean value) {
        return with(v -> v.ipv6Only = value);
    }

    /**
     * Where clients connect from.
     *
     * @return null by default: the system chooses
     */
    public @Nullable InetSocketAddress localAddress() {
        return values.localAddress;
    }

    /**
     * Sets where clients connect from: an address of this machine. Only the host's addresses of the
     * same family are tried then. With a port of its own only one connection to a peer is possible
     * at a time, and the host's addresses should be one.
     *
     * @param value the address, with port 0 for any; null for what the system chooses
     * @return the changed copy
     */
    public TcpOptions localAddress(@Nullable InetSocketAddress value) {
        if (value != null && value.isUnresolved()) {
            throw new IllegalArgumentException("localAddress must be resolved, was " + value);
        }
        return with(v -> v.localAddress = value);
    }

    /**
     * What finds the addresses of a host to connect to.
     *
     * @return {@link Resolver#dns} by default
     */
    public Resolver resolver() {
        return values.resolver;
    }

    /**
     * Sets what finds the addresses of a host to connect to.
     *
     * @param value the resolver
     * @return the changed copy
     */
    public TcpOptions resolver(Resolver value) {
        Objects.requireNonNull(value, "resolver must not be null");
        return with(v -> v.resolver = value);
    }

    /**
     * The proxy that clients connect through.
     *
     * @return null by default: none
     */
    public @Nullable Proxy proxy() {
        return values.proxy;
    }

    /**
     * Sets the proxy that clients connect through. It is the proxy's name that is looked up, and
     * its addresses that are raced; the destination goes to it as it stands.
     *
     * @param value the proxy; null for none
     * @return the changed copy
     */
    public TcpOptions proxy(@Nullable Proxy value) {
        return with(v -> v.proxy = value);
    }

    /**
     * The PROXY header that clients send first.
     *
     * @return null by default: none
     */
    public @Nullable ProxyHeader proxyHeader() {
        return values.proxyHeader;
    }

    /**
     * Sets the PROXY header that clients send before anything else: for a proxy, which tells a
     * server on whose behalf it connects.
     *
     * @param value the header; null for none
     * @return the changed copy
     */
    public TcpOptions proxyHeader(@Nullable ProxyHeader value) {
        return with(v -> v.proxyHeader = value);
    }

    /**
     * What a server makes of PROXY headers.
     *
     * @return null by default: they are bytes like any others
     */
    public @Nullable ProxyProtocol proxyProtocol() {
        return values.proxyProtocol;
    }

    /**
     * Sets what a server makes of PROXY headers, by which a load balancer in front tells the
     * client's address: that is then {@link ByteStream#remoteAddress}. A handler begins after the
     * header; a connection with a bad one is closed without.
     *
     * @param value who is believed, and within what time; null for nobody
     * @return the changed copy
     */
    public TcpOptions proxyProtocol(@Nullable ProxyProtocol value) {
        return with(v -> v.proxyProtocol = value);
    }

    /**
     * How to speak TLS as a client.
     *
     * @return null by default: not at all
     */
    public @Nullable ClientTls clientTls() {
        return values.clientTls;
    }

    /**
     * Sets how to speak TLS as a client: {@link Tcp#connect} returns once the handshake is done,
     * which has a limit of its own, {@link ClientTls#handshakeTimeout}.
     *
     * @param value the options of TLS
     * @return the changed copy
     */
    public TcpOptions tls(ClientTls value) {
        Objects.requireNonNull(value, "tls must not be null");
        return with(v -> v.clientTls = value);
    }

    /**
     * How to speak TLS as a server.
     *
     * @return null by default: not at all
     */
    public @Nullable ServerTls serverTls() {
        return values.serverTls;
    }

    /**
     * Sets how to speak TLS as a server: a handler gets its stream once the handshake is done. A
     * client that fails in that is closed, and nobody is told but the log (at level debug).
     *
     * @param value the options of TLS
     * @return the changed copy
     */
    public TcpOptions tls(ServerTls value) {
        Objects.requireNonNull(value, "tls must not be null");
        return with(v -> v.serverTls = value);
    }

    private static void requirePositive(Duration value, String name) {
        Objects.requireNonNull(value, name + " must not be null");
        if (!value.isPositive()) {
            throw new IllegalArgumentException(name + " must be > 0, was " + value);
        }
    }

    private static void requirePositiveOrNull(@Nullable Duration value, String name) {
        if (value != null) {
            requirePositive(value, name);
        }
    }

    private static void requireAtLeastZero(int value, String name) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " must be >= 0, was " + value);
        }
    }

    private static void requireAtLeastOne(int value, String name) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be >= 1, was " + value);
        }
    }

    @Override
    public String toString() {
        return "TcpOptions[connectTimeout=%s, closeTimeout=%s, backlog=%d, maxConnections=%d, maxLineBytes=%d]"
                .formatted(
                        connectTimeout(),
                        closeTimeout(),
                        backlog(),
                        maxConnections(),
                        maxLineBytes());
    }
}
