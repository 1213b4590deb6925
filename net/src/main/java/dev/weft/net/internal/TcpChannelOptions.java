package dev.weft.net.internal;

import dev.weft.Transport;
import dev.weft.net.KeepAlive;
import dev.weft.net.TcpOptions;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * Options of TCP sockets. Only what differs from the defaults is set. Netty's names for Linux's
 * options differ between epoll and io_uring, so Linux's numbers are used there, and the JDK's
 * options on NIO.
 */
public final class TcpChannelOptions {
    // <linux/in.h>, <linux/in6.h> and <linux/tcp.h>
    private static final int IPPROTO_IP = 0;
    private static final int IPPROTO_TCP = 6;
    private static final int IPPROTO_IPV6 = 41;
    private static final ChannelOption<Integer> IDLE = option("TCP_KEEPIDLE", IPPROTO_TCP, 4);
    private static final ChannelOption<Integer> INTERVAL = option("TCP_KEEPINTVL", IPPROTO_TCP, 5);
    private static final ChannelOption<Integer> PROBES = option("TCP_KEEPCNT", IPPROTO_TCP, 6);
    private static final ChannelOption<Integer> USER_TIMEOUT =
            option("TCP_USER_TIMEOUT", IPPROTO_TCP, 18);
    private static final ChannelOption<Integer> BIND_ADDRESS_NO_PORT =
            option("IP_BIND_ADDRESS_NO_PORT", IPPROTO_IP, 24);
    private static final ChannelOption<Integer> V6ONLY = option("IPV6_V6ONLY", IPPROTO_IPV6, 26);

    private TcpChannelOptions() {}

    private static ChannelOption<Integer> option(String name, int level, int number) {
        return new IntegerUnixChannelOption("weft." + name, level, number);
    }

    private static boolean isLinux(Transport transport) {
        return transport == Transport.EPOLL || transport == Transport.IO_URING;
    }

    /**
     * Refuses what a transport cannot do, before anything is opened.
     *
     * @param options those that are wanted
     * @param transport the loop's
     */
    public static void require(TcpOptions options, Transport transport) {
        if (options.keepAlive() != null && !isLinux(transport) && transport != Transport.NIO) {
            throw unsupported("keepAlive needs the transport epoll, io_uring or NIO", transport);
        }
        if (options.userTimeout() != null && !isLinux(transport)) {
            throw unsupported("userTimeout needs the transport epoll or io_uring", transport);
        }
        if (options.ipv6Only() && !isLinux(transport)) {
            throw unsupported("ipv6Only needs the transport epoll or io_uring", transport);
        }
    }

    private static UnsupportedOperationException unsupported(String what, Transport transport) {
        return new UnsupportedOperationException(what + ", this loop's is " + transport);
    }

    /**
     * Sets the options of a connection, before it is connected, or just after it was accepted.
     *
     * @param channel the channel
     * @param options those that are wanted
     * @param transport the loop's
     */
    public static void set(Channel channel, TcpOptions options, Transport transport) {
        if (!options.noDelay()) {
            set(channel, ChannelOption.TCP_NODELAY, false);
        }
        if (options.sendBufferBytes() > 0) {
            set(channel, ChannelOption.SO_SNDBUF, options.sendBufferBytes());
        }
        if (options.receiveBufferBytes() > 0) {
            set(channel, ChannelOption.SO_RCVBUF, options.receiveBufferBytes());
        }
        if (options.trafficClass() > 0) {
            set(channel, ChannelOption.IP_TOS, options.trafficClass());
        }
        Duration limit = options.userTimeout();
        if (limit != null) {
            set(channel, USER_TIMEOUT, Math.toIntExact(limit.toMillis()));
        }
        KeepAlive alive = options.keepAlive();
        if (alive != null) {
            set(channel, alive, transport == Transport.NIO);
        }
    }

    private static void set(Channel channel, KeepAlive alive, boolean nio) {
        set(channel, ChannelOption.SO_KEEPALIVE, true);
        set(
                channel,
                nio ? NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE) : IDLE,
                seconds(alive.idle()));
        set(
                channel,
                nio ? NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL) : INTERVAL,
                seconds(alive.interval()));
        set(
                channel,
                nio ? NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT) : PROBES,
                alive.probes());
    }

    private static int seconds(Duration time) {
        return Math.toIntExact(time.plusNanos(999_999_999).toSeconds());
    }

    /**
     * Readies a client's channel to be bound before it connects.
     *
     * @param channel the channel
     * @param local where it will be bound
     * @param transport the loop's
     */
    static void bindTo(Channel channel, @Nullable InetSocketAddress local, Transport transport) {
        if (local == null) {
            return;
        }
        if (local.getPort() != 0) {
            // Else the port could not be used again while an old connection lingers.
            set(channel, ChannelOption.SO_REUSEADDR, true);
        } else if (isLinux(transport)) {
            // The kernel then chooses the port when it knows the peer, so that one port serves
            // connections to many peers.
            set(channel, BIND_ADDRESS_NO_PORT, 1);
        }
    }

    /**
     * Sets the options of a listening socket.
     *
     * @param bootstrap what will open it
     * @param options those that are wanted
     */
    static void listen(Bootstrap bootstrap, TcpOptions options) {
        if (options.receiveBufferBytes() > 0) {
            // Connections inherit it: later it would be too late for the window's scale.
            bootstrap.option(ChannelOption.SO_RCVBUF, options.receiveBufferBytes());
        }
        if (options.ipv6Only()) {
            bootstrap.option(V6ONLY, 1);
        }
    }

    /** Refuses an IPv4 address where IPv6 alone is wanted. */
    static void requireFamily(TcpOptions options, InetAddress address) {
        if (options.ipv6Only() && address instanceof Inet4Address) {
            throw new IllegalArgumentException(
                    "host must be of IPv6 with ipv6Only, was " + address.getHostAddress());
        }
    }

    private static <T> void set(Channel channel, ChannelOption<T> option, T value) {
        if (!channel.config().setOption(option, value)) {
            throw new UnsupportedOperationException("no such option here: " + option);
        }
    }
}
