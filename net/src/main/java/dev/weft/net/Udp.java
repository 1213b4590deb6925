package dev.weft.net;

import dev.weft.net.internal.UdpOpener;
import java.util.Objects;

/**
 * UDP: datagrams, which arrive whole or not at all, once or twice, in any order. Counterpart of
 * asyncio's {@code create_datagram_endpoint}.
 *
 * {@snippet file="UdpTest.java" region="udp"}
 */
public final class Udp {
    private Udp() {}

    /**
     * Opens a socket that receives from anybody, with the default options.
     *
     * <p><b>Suspends</b> until bound. <b>Cancellation</b>: nothing is left open.
     *
     * @param host the name or address to bind: {@code "127.0.0.1"} for this machine alone, {@code
     *     "0.0.0.0"} for all of IPv4, {@code "::"} for IPv6 and IPv4
     * @param port the port, or 0 for a free one: see {@link UdpSocket#localAddress}
     * @return the open socket, which the caller has to close
     * @throws AddressInUseException if the port is taken
     * @throws ListenFailedException if it failed in another way
     * @throws HostNotFoundException if the name has no address
     * @throws TimedOutException if looking it up took longer than {@link UdpOptions#lookupTimeout}
     * @throws IllegalStateException outside a task
     */
    public static UdpSocket bind(String host, int port) {
        return bind(host, port, UdpOptions.defaults());
    }

    /**
     * As {@link #bind(String, int)}, with options.
     *
     * @param host the name or address to bind
     * @param port the port, or 0 for a free one
     * @param options the limits
     * @return the open socket, which the caller has to close
     */
    public static UdpSocket bind(String host, int port, UdpOptions options) {
        Objects.requireNonNull(host, "host must not be null");
        Objects.requireNonNull(options, "options must not be null");
        return new UdpSocket(UdpOpener.bind(host, port, options), options);
    }

    /**
     * Opens a socket that talks to one peer alone, with the default options: it receives from
     * nobody else, and is told when nobody listens there ({@link ConnectRefusedException}).
     * Connecting sends nothing.
     *
     * <p><b>Suspends</b> until the name is looked up. <b>Cancellation</b>: nothing is left open.
     *
     * @param host a name or an address; of several addresses the first that there is a route to
     * @param port 1 to 65,535
     * @return the open socket, which the caller has to close
     * @throws HostNotFoundException if the name has no address
     * @throws ConnectFailedException if there is no route to any
     * @throws TimedOutException if looking it up took longer than {@link UdpOptions#lookupTimeout}
     * @throws IllegalStateException outside a task
     */
    public static UdpSocket connect(String host, int port) {
        return connect(host, port, UdpOptions.defaults());
    }

    /**
     * As {@link #connect(String, int)}, with options.
     *
     * @param host a name or an address
     * @param port 1 to 65,535
     * @param options the limits
     * @return the open socket, which the caller has to close
     */
    public static UdpSocket connect(String host, int port, UdpOptions options) {
        Objects.requireNonNull(host, "host must not be null");
        Objects.requireNonNull(options, "options must not be null");
        return new UdpSocket(UdpOpener.connect(host, port, options), options);
    }
}
