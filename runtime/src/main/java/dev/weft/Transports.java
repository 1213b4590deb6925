package dev.weft;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFactory;
import io.netty.channel.DefaultSelectStrategyFactory;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.ReflectiveChannelFactory;
import io.netty.channel.SelectStrategyFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.kqueue.KQueue;
import io.netty.channel.kqueue.KQueueDatagramChannel;
import io.netty.channel.kqueue.KQueueDomainSocketChannel;
import io.netty.channel.kqueue.KQueueIoHandler;
import io.netty.channel.kqueue.KQueueServerDomainSocketChannel;
import io.netty.channel.kqueue.KQueueServerSocketChannel;
import io.netty.channel.kqueue.KQueueSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringDomainSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerDomainSocketChannel;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.AttributeKey;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.spi.SelectorProvider;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The one file that names Netty's transports and their channel classes. */
final class Transports {
    /** The JDK's channel of a UDP channel on NIO. */
    private static final AttributeKey<java.nio.channels.DatagramChannel> JDK_SOCKET =
            AttributeKey.valueOf(Transports.class, "JDK_SOCKET");

    /**
     * How many channels one poll may bring. They are gone through three times: the event loop reads
     * from each, its tasks run, the event loop writes. With a thousand at once each time finds the
     * memory of the first ones gone from the processor's cache: an echo took 1.24 to 1.27 times a
     * raw handler's time, which reads and writes in one go; with 128 at once 1.18, with 32 about
     * 1.1 or less. A poll costs as much as half an echo, so among 32 it hardly counts.
     */
    private static final int MOST_EVENTS = 32;

    private static final SelectStrategyFactory SELECT = DefaultSelectStrategyFactory.INSTANCE;

    /** Datagrams are read several at once, if so many bytes can hold them. */
    private static final int BATCH_BYTES = 64 * 1024;

    private static final int MAX_BATCH = 16;

    /**
     * What Netty 4.2.18 cannot do well on io_uring, and is told not to; read when its class is
     * initialised, so that whoever has set one of them has decided.
     *
     * <ul>
     *   <li>A multishot accept that has failed is repeated at once, though reading was turned off:
     *       without a file descriptor left, a server would keep its core busy.
     *   <li>A multishot poll tells once that a connection was reset. If that comes together with
     *       the last bytes, these are read, the poll has told all it had to, and whoever reads on
     *       waits for ever.
     * </ul>
     */
    private static final List<String> FAULTY_ON_IO_URING =
            List.of(
                    "io.netty.iouring.acceptMultiShotEnabled",
                    "io.netty.iouring.pollAddMultishotEnabled");

    static {
        for (String property : FAULTY_ON_IO_URING) {
            if (System.getProperty(property) == null) {
                System.setProperty(property, "false");
            }
        }
    }

    private Transports() {}

    /** Why a transport does not work here, or null when it does. */
    static @Nullable Throwable unavailableBecause(Transport transport) {
        try {
            return switch (transport) {
                case IO_URING -> IoUring.unavailabilityCause();
                case EPOLL -> Epoll.unavailabilityCause();
                case KQUEUE -> KQueue.unavailabilityCause();
                case NIO, NONE, AUTO -> null;
            };
        } catch (LinkageError e) {
            return e; // its jar is not on the class path
        }
    }

    /** The transport that is meant, one that works here and with the clock. */
    static Transport resolve(Transport wanted, LoopClock clock) {
        if (clock.isVirtual()) {
            if (wanted != Transport.AUTO && wanted != Transport.NONE) {
                throw new IllegalStateException(
                        "transport "
                                + wanted
                                + " waits in real time, which a virtual clock has not: leave the transport AUTO");
            }
            return Transport.NONE;
        }
        if (wanted == Transport.AUTO) {
            return unavailableBecause(Transport.EPOLL) == null
                    ? Transport.EPOLL
                    : unavailableBecause(Transport.KQUEUE) == null
                            ? Transport.KQUEUE
                            : Transport.NIO;
        }
        Throwable cause = unavailableBecause(wanted);
        if (cause != null) {
            throw new IllegalStateException(
                    "transport "
                            + wanted
                            + " does not work here; AUTO picks one that does: "
                            + cause,
                    cause);
        }
        return wanted;
    }

    static IoHandlerFactory handlers(Transport transport) {
        return switch (transport) {
            case IO_URING -> IoUringIoHandler.newFactory();
            case EPOLL -> EpollIoHandler.newFactory(MOST_EVENTS, SELECT);
            case KQUEUE -> KQueueIoHandler.newFactory();
            case NIO -> NioIoHandler.newFactory();
            case NONE, AUTO -> throw new IllegalArgumentException(transport + " has no handler");
        };
    }

    /** What is done to each channel's registration, where a handler needs mending. */
    static UnaryOperator<IoRegistration> registrations(Transport transport) {
        return transport == Transport.EPOLL ? EpollRegistration::new : UnaryOperator.identity();
    }

    /**
     * Whether the event loop blocks in native code, with the carrier under it; NIO parks its
     * virtual thread.
     */
    static boolean blocksInKernel(Transport transport) {
        return transport != Transport.NIO && transport != Transport.NONE;
    }

    static Class<? extends SocketChannel> socketChannel(Transport transport) {
        return switch (transport) {
            case IO_URING -> IoUringSocketChannel.class;
            case EPOLL -> EpollSocketChannel.class;
            case KQUEUE -> KQueueSocketChannel.class;
            case NIO -> NioSocketChannel.class;
            case NONE, AUTO -> throw withoutIo();
        };
    }

    static Class<? extends ServerChannel> serverChannel(Transport transport) {
        return switch (transport) {
            case IO_URING -> IoUringServerSocketChannel.class;
            case EPOLL -> EpollServerSocketChannel.class;
            case KQUEUE -> KQueueServerSocketChannel.class;
            case NIO -> NioServerSocketChannel.class;
            case NONE, AUTO -> throw withoutIo();
        };
    }

    /**
     * As {@link #serverChannel}, for an IPv4 address a socket that is IPv4 alone, so that 0.0.0.0
     * does not mean IPv6 too. Netty has no such choice for io_uring and kqueue.
     */
    static ChannelFactory<? extends ServerChannel> serverChannels(
            Transport transport, InetAddress address) {
        if (address instanceof Inet4Address && transport == Transport.EPOLL) {
            return () -> new EpollServerSocketChannel(SocketProtocolFamily.INET);
        }
        if (address instanceof Inet4Address && transport == Transport.NIO) {
            return () ->
                    new NioServerSocketChannel(
                            SelectorProvider.provider(), SocketProtocolFamily.INET);
        }
        return new ReflectiveChannelFactory<>(serverChannel(transport));
    }

    static Class<? extends DatagramChannel> datagramChannel(Transport transport) {
        return switch (transport) {
            case IO_URING -> IoUringDatagramChannel.class;
            case EPOLL -> EpollDatagramChannel.class;
            case KQUEUE -> KQueueDatagramChannel.class;
            case NIO -> NioDatagramChannel.class;
            case NONE, AUTO -> throw withoutIo();
        };
    }

    /**
     * Of the address's family, where Netty would take IPv6 if it can: multicast is of a family.
     *
     * @param maxBytes how much of a datagram is read
     */
    static ChannelFactory<? extends DatagramChannel> datagramChannels(
            Transport transport, InetAddress address, int maxBytes) {
        SocketProtocolFamily family =
                address instanceof Inet6Address
                        ? SocketProtocolFamily.INET6
                        : SocketProtocolFamily.INET;
        int several = Math.clamp(BATCH_BYTES / maxBytes, 1, MAX_BATCH);
        return switch (transport) {
            case IO_URING ->
                    () -> {
                        var channel = new IoUringDatagramChannel(family);
                        channel.config()
                                .setOption(
                                        IoUringChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, maxBytes);
                        return reading(channel, maxBytes * several);
                    };
            case EPOLL ->
                    () -> {
                        var channel = new EpollDatagramChannel(family);
                        channel.config()
                                .setOption(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, maxBytes);
                        // For one at a time Netty calls recv if the socket is connected, and takes
                        // an empty datagram for none.
                        return reading(channel, maxBytes * Math.max(2, several));
                    };
            case KQUEUE -> () -> reading(new KQueueDatagramChannel(family), maxBytes);
            case NIO -> () -> reading(nioDatagramChannel(family), maxBytes);
            case NONE, AUTO -> throw withoutIo();
        };
    }

    private static DatagramChannel reading(DatagramChannel channel, int bytes) {
        channel.config().setRecvByteBufAllocator(new FixedRecvByteBufAllocator(bytes));
        return channel;
    }

    private static NioDatagramChannel nioDatagramChannel(SocketProtocolFamily family) {
        var socket =
                opened(() ->
                        java.nio.channels.DatagramChannel.open(
                                family == SocketProtocolFamily.INET6
                                        ? StandardProtocolFamily.INET6
                                        : StandardProtocolFamily.INET));
        NioDatagramChannel channel = new NioDatagramChannel(socket);
        channel.attr(JDK_SOCKET).set(socket);
        return channel;
    }

    /**
     * Sends an empty datagram, which Netty's NIO and epoll channels claim to have sent without
     * doing so; on the event loop. It is dropped if the socket's buffer is full. The JDK cannot
     * send one if the channel is connected.
     *
     * @param recipient whom to; null if the channel is connected
     */
    static void sendEmptyDatagram(Channel channel, @Nullable InetSocketAddress recipient)
            throws IOException {
        java.nio.channels.DatagramChannel jdk = channel.attr(JDK_SOCKET).get();
        if (jdk != null) {
            if (recipient == null) {
                throw new IOException(
                        "the JDK sends no empty datagrams on a connected NIO socket: epoll and io_uring do, and sockets that are not connected");
            }
            jdk.send(ByteBuffer.allocate(0), recipient);
        } else {
            Socket socket = (Socket) ((UnixChannel) channel).fd();
            ByteBuffer nothing = ByteBuffer.allocateDirect(0);
            if (recipient == null) {
                socket.send(nothing, 0, 0);
            } else {
                socket.sendTo(nothing, 0, 0, recipient.getAddress(), recipient.getPort());
            }
        }
    }

    static ChannelFactory<? extends DuplexChannel> domainSocketChannels(Transport transport) {
        return switch (transport) {
            case IO_URING -> IoUringDomainSocketChannel::new;
            case EPOLL -> EpollDomainSocketChannel::new;
            case KQUEUE -> KQueueDomainSocketChannel::new;
            case NIO -> () -> opened(NioUnixChannel::new);
            case NONE, AUTO -> throw withoutIo();
        };
    }

    static ChannelFactory<? extends ServerChannel> serverDomainSocketChannels(Transport transport) {
        return switch (transport) {
            case IO_URING -> IoUringServerDomainSocketChannel::new;
            case EPOLL -> EpollServerDomainSocketChannel::new;
            case KQUEUE -> KQueueServerDomainSocketChannel::new;
            case NIO -> () -> opened(NioUnixServerChannel::new);
            case NONE, AUTO -> throw withoutIo();
        };
    }

    private interface Opening<T> {
        T open() throws IOException;
    }

    private static <T> T opened(Opening<T> opening) {
        try {
            return opening.open();
        } catch (IOException e) {
            throw new ChannelException("cannot open a socket", e);
        }
    }

    /** Who is at the other end of a Unix domain socket; null where Netty cannot tell. */
    static @Nullable PeerCredentials peerCredentials(Channel channel) throws IOException {
        return switch (channel) {
            case EpollDomainSocketChannel epoll -> epoll.peerCredentials();
            case IoUringDomainSocketChannel uring -> uring.peerCredentials();
            case KQueueDomainSocketChannel kqueue -> kqueue.peerCredentials();
            default -> null;
        };
    }

    /**
     * Whether a channel's kernel side sends files by itself. Not io_uring's: Netty 4.2.18 splices
     * with offsets of 32 bits ({@code IoUringFileRegion}).
     */
    static boolean sendsFiles(Channel channel) {
        return channel instanceof NioSocketChannel
                || channel instanceof NioUnixChannel
                || channel instanceof EpollSocketChannel
                || channel instanceof EpollDomainSocketChannel
                || channel instanceof KQueueSocketChannel
                || channel instanceof KQueueDomainSocketChannel;
    }

    private static IllegalStateException withoutIo() {
        return new IllegalStateException(
                "this loop has no I/O: open it with an operating system's transport, such as Transport.AUTO");
    }
}
