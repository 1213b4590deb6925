package dev.weft.net.internal;

import dev.weft.Transport;
import dev.weft.net.UdpOptions;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.StandardSocketOptions;

/**
 * Options of IP on a UDP socket. Netty's own names do not mean the same everywhere: its multicast
 * TTL sets the unicast one on epoll, and "loopback disabled" enables it on NIO. So the JDK's are
 * used on NIO, Linux's numbers on epoll and io_uring, and Netty's on kqueue alone.
 */
final class UdpChannelOptions {
    // <linux/in.h> and <linux/in6.h>
    private static final int IPPROTO_IP = 0;
    private static final int IPPROTO_IPV6 = 41;
    private static final ChannelOption<Integer> TTL = option("IP_TTL", IPPROTO_IP, 2);
    private static final ChannelOption<Integer> HOPS = option("V6_HOPS", IPPROTO_IPV6, 16);
    private static final ChannelOption<Integer> MULTICAST_TTL =
            option("IP_MULTICAST_TTL", IPPROTO_IP, 33);
    private static final ChannelOption<Integer> MULTICAST_HOPS =
            option("IPV6_MULTICAST_HOPS", IPPROTO_IPV6, 18);
    private static final ChannelOption<Integer> MULTICAST_LOOP =
            option("IP_MULTICAST_LOOP", IPPROTO_IP, 34);
    private static final ChannelOption<Integer> MULTICAST_LOOP_V6 =
            option("IPV6_MULTICAST_LOOP", IPPROTO_IPV6, 19);

    private UdpChannelOptions() {}

    private static ChannelOption<Integer> option(String name, int level, int number) {
        return new IntegerUnixChannelOption("weft." + name, level, number);
    }

    /** Sets what differs from the system's defaults. */
    static void set(
            DatagramChannel channel, UdpOptions options, InetAddress family, Transport transport) {
        boolean ipv6 = family instanceof Inet6Address;
        boolean raw = transport == Transport.EPOLL || transport == Transport.IO_URING;
        if (options.timeToLive() != 0) {
            if (!raw) {
                throw new UnsupportedOperationException(
                        "timeToLive needs the transport epoll or io_uring, this loop's is "
                                + transport);
            }
            set(channel, ipv6 ? HOPS : TTL, options.timeToLive());
        }
        int ttl = options.multicastTimeToLive();
        if (ttl != 1) {
            if (raw) {
                set(channel, ipv6 ? MULTICAST_HOPS : MULTICAST_TTL, ttl);
            } else if (transport == Transport.NIO) {
                set(channel, NioChannelOption.of(StandardSocketOptions.IP_MULTICAST_TTL), ttl);
            } else {
                set(channel, ChannelOption.IP_MULTICAST_TTL, ttl);
            }
        }
        if (!options.multicastLoopback()) {
            if (raw) {
                set(channel, ipv6 ? MULTICAST_LOOP_V6 : MULTICAST_LOOP, 0);
            } else if (transport == Transport.NIO) {
                set(channel, NioChannelOption.of(StandardSocketOptions.IP_MULTICAST_LOOP), false);
            } else {
                set(channel, ChannelOption.IP_MULTICAST_LOOP_DISABLED, true);
            }
        }
        NetworkInterface by = options.multicastInterface();
        if (by != null) {
            set(channel, ChannelOption.IP_MULTICAST_IF, by);
        }
    }

    private static <T> void set(DatagramChannel channel, ChannelOption<T> option, T value) {
        if (!channel.config().setOption(option, value)) {
            throw new UnsupportedOperationException("no such option here: " + option);
        }
    }
}
