package dev.weft.net;

import java.net.NetworkInterface;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Limits and properties of UDP sockets. Immutable: each setter returns a changed copy. */
public final class UdpOptions {
    /** No datagram is longer. */
    private static final int LONGEST = 65_535;

    private static final UdpOptions DEFAULTS = new UdpOptions(new Values());

    /** Never changed once it is here. */
    private final Values values;

    private UdpOptions(Values values) {
        this.values = values;
    }

    /** The options, with their defaults; a setter changes a copy before it becomes another's. */
    private static final class Values implements Cloneable {
        int maxDatagramBytes = LONGEST;
        int receiveQueue = 1024;
        int receiveQueueBytes = 1024 * 1024;
        Duration lookupTimeout = Duration.ofSeconds(10);
        Duration closeTimeout = Duration.ofSeconds(5);
        Resolver resolver = Resolver.dns();
        boolean broadcast;
        boolean reuseAddress;
        int timeToLive;
        int multicastTimeToLive = 1;
        boolean multicastLoopback = true;
        @Nullable NetworkInterface multicastInterface;

        Values copy() {
            try {
                return (Values) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private UdpOptions with(Consumer<Values> change) {
        Values copy = values.copy();
        change.accept(copy);
        return new UdpOptions(copy);
    }

    /**
     * The defaults.
     *
     * @return options to start from
     */
    public static UdpOptions defaults() {
        return DEFAULTS;
    }

    /**
     * How much of a datagram is received; longer ones are {@link Datagram#truncated}.
     *
     * @return 65,535 bytes by default: everything
     */
    public int maxDatagramBytes() {
        return values.maxDatagramBytes;
    }

    /**
     * Sets how much of a datagram is received. Less takes less memory while reading.
     *
     * @param value 1 to 65,535 bytes
     * @return the changed copy
     */
    public UdpOptions maxDatagramBytes(int value) {
        requireRange(value, 1, LONGEST, "maxDatagramBytes");
        return with(v -> v.maxDatagramBytes = value);
    }

    /**
     * How many datagrams wait to be received; those that come besides are dropped, and counted by
     * {@link UdpSocket#dropped}.
     *
     * @return 1,024 by default
     */
    public int receiveQueue() {
        return values.receiveQueue;
    }

    /**
     * Sets how many datagrams wait to be received.
     *
     * @param value 1 or more
     * @return the changed copy
     */
    public UdpOptions receiveQueue(int value) {
        requireRange(value, 1, Integer.MAX_VALUE, "receiveQueue");
        return with(v -> v.receiveQueue = value);
    }

    /**
     * How many bytes of datagrams wait to be received; as {@link #receiveQueue()}.
     *
     * @return 1 MiB by default
     */
    public int receiveQueueBytes() {
        return values.receiveQueueBytes;
    }

    /**
     * Sets how many bytes of datagrams wait to be received. One that is longer is received if it is
     * alone.
     *
     * @param value 1 or more
     * @return the changed copy
     */
    public UdpOptions receiveQueueBytes(int value) {
        requireRange(value, 1, Integer.MAX_VALUE, "receiveQueueBytes");
        return with(v -> v.receiveQueueBytes = value);
    }

    /**
     * How long looking up the host's name may take.
     *
     * @return 10 s by default
     */
    public Duration lookupTimeout() {
        return values.lookupTimeout;
    }

    /**
     * Sets how long looking up the host's name may take.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public UdpOptions lookupTimeout(Duration value) {
        Objects.requireNonNull(value, "lookupTimeout must not be null");
        if (!value.isPositive()) {
            throw new IllegalArgumentException("lookupTimeout must be > 0, was " + value);
        }
        return with(v -> v.lookupTimeout = value);
    }

    /**
     * How long {@link UdpSocket#close} may go on sending.
     *
     * @return 5 s by default
     */
    public Duration closeTimeout() {
        return values.closeTimeout;
    }

    /**
     * Sets how long {@link UdpSocket#close} may go on sending.
     *
     * @param value the duration, 0 or more
     * @return the changed copy
     */
    public UdpOptions closeTimeout(Duration value) {
        Objects.requireNonNull(value, "closeTimeout must not be null");
        if (value.isNegative()) {
            throw new IllegalArgumentException("closeTimeout must be >= 0, was " + value);
        }
        return with(v -> v.closeTimeout = value);
    }

    /**
     * What finds the addresses of a host.
     *
     * @return {@link Resolver#dns()} by default
     */
    public Resolver resolver() {
        return values.resolver;
    }

    /**
     * Sets what finds the addresses of a host.
     *
     * @param value the resolver
     * @return the changed copy
     */
    public UdpOptions resolver(Resolver value) {
        Objects.requireNonNull(value, "resolver must not be null");
        return with(v -> v.resolver = value);
    }

    /**
     * Whether datagrams may be sent to broadcast addresses.
     *
     * @return false by default
     */
    public boolean broadcast() {
        return values.broadcast;
    }

    /**
     * Sets whether datagrams may be sent to broadcast addresses ({@code SO_BROADCAST}).
     *
     * @param value true if so
     * @return the changed copy
     */
    public UdpOptions broadcast(boolean value) {
        return with(v -> v.broadcast = value);
    }

    /**
     * Whether several sockets may be bound to one port.
     *
     * @return false by default
     */
    public boolean reuseAddress() {
        return values.reuseAddress;
    }

    /**
     * Sets whether several sockets may be bound to one port ({@code SO_REUSEADDR}), as receivers of
     * multicast are: each gets the groups' datagrams, but one alone those sent to the port itself.
     *
     * @param value true if so
     * @return the changed copy
     */
    public UdpOptions reuseAddress(boolean value) {
        return with(v -> v.reuseAddress = value);
    }

    /**
     * Over how many routers datagrams to one host go.
     *
     * @return 0 by default: the system's default
     */
    public int timeToLive() {
        return values.timeToLive;
    }

    /**
     * Sets over how many routers datagrams to one host go (IPv4's TTL, IPv6's hop limit). Needs
     * Linux and the transport epoll or io_uring.
     *
     * @param value 1 to 255, or 0 for the system's default
     * @return the changed copy
     */
    public UdpOptions timeToLive(int value) {
        requireRange(value, 0, 255, "timeToLive");
        return with(v -> v.timeToLive = value);
    }

    /**
     * Over how many routers datagrams to a multicast group go.
     *
     * @return 1 by default: they stay in the local network
     */
    public int multicastTimeToLive() {
        return values.multicastTimeToLive;
    }

    /**
     * Sets over how many routers datagrams to a multicast group go.
     *
     * @param value 0, for this machine alone, to 255
     * @return the changed copy
     */
    public UdpOptions multicastTimeToLive(int value) {
        requireRange(value, 0, 255, "multicastTimeToLive");
        return with(v -> v.multicastTimeToLive = value);
    }

    /**
     * Whether this machine's own members of a multicast group get what is sent to it.
     *
     * @return true by default
     */
    public boolean multicastLoopback() {
        return values.multicastLoopback;
    }

    /**
     * Sets whether this machine's own members of a multicast group get what is sent to it.
     *
     * @param value true if so
     * @return the changed copy
     */
    public UdpOptions multicastLoopback(boolean value) {
        return with(v -> v.multicastLoopback = value);
    }

    /**
     * The network interface by which multicast groups are joined and sent to.
     *
     * @return null by default: sent as the routes say, and joined by that of the bound address, or
     *     the first that has multicast
     */
    public @Nullable NetworkInterface multicastInterface() {
        return values.multicastInterface;
    }

    /**
     * Sets the network interface by which multicast groups are joined and sent to.
     *
     * @param value the interface; null for the default
     * @return the changed copy
     */
    public UdpOptions multicastInterface(@Nullable NetworkInterface value) {
        return with(v -> v.multicastInterface = value);
    }

    private static void requireRange(int value, int least, int most, String name) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    most == Integer.MAX_VALUE
                            ? name + " must be >= " + least + ", was " + value
                            : name + " must be " + least + " to " + most + ", was " + value);
        }
    }

    @Override
    public String toString() {
        return "UdpOptions[maxDatagramBytes=%d, receiveQueue=%d, receiveQueueBytes=%d, lookupTimeout=%s, closeTimeout=%s]"
                .formatted(
                        maxDatagramBytes(),
                        receiveQueue(),
                        receiveQueueBytes(),
                        lookupTimeout(),
                        closeTimeout());
    }
}
