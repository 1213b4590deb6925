package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.Transport;
import dev.weft.net.AddressInUseException;
import dev.weft.net.ConnectFailedException;
import dev.weft.net.HostNotFoundException;
import dev.weft.net.ListenFailedException;
import dev.weft.net.UdpOptions;
import dev.weft.netty.NettyBridge;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DatagramChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Opens UDP sockets. */
public final class UdpOpener {
    private final LoopNet net;
    private final UdpOptions options;
    private final Promise<UdpConduit> opened = Promise.create();

    // ---- owned by the event loop

    private @Nullable UdpConduit conduit;
    private @Nullable Channel channel;

    /** What an option that cannot be set here says; Netty's own failure would not. */
    private @Nullable RuntimeException unsupported;

    private UdpOpener(LoopNet net, UdpOptions options) {
        this.net = net;
        this.options = options;
    }

    /**
     * Opens one for anybody; suspends.
     *
     * @param host what to bind
     * @param port what to bind, or 0
     * @param options its options
     * @return the conduit of a bound channel
     */
    public static UdpConduit bind(String host, int port, UdpOptions options) {
        requirePort(port, 0);
        LoopNet net = LoopNet.of(Loop.current());
        InetAddress address = resolve(host, options).getFirst();
        try {
            return new UdpOpener(net, options).open(new InetSocketAddress(address, port), null);
        } catch (OpenFailed e) {
            String said = String.valueOf(e.cause.getMessage());
            throw said.contains("in use")
                    ? new AddressInUseException(host, port, e.cause)
                    : new ListenFailedException(
                            "cannot bind UDP port " + port + " of " + host + ": " + said,
                            host,
                            port,
                            e.cause);
        }
    }

    /**
     * Opens one for a single peer; suspends.
     *
     * @param host the peer
     * @param port the peer's
     * @param options its options
     * @return the conduit of a connected channel
     */
    public static UdpConduit connect(String host, int port, UdpOptions options) {
        requirePort(port, 1);
        LoopNet net = LoopNet.of(Loop.current());
        ConnectFailedException failed = null;
        for (InetAddress address : resolve(host, options)) {
            try {
                InetSocketAddress peer = new InetSocketAddress(address, port);
                return new UdpOpener(net, options).open(null, peer);
            } catch (OpenFailed e) {
                ConnectFailedException next =
                        new ConnectFailedException(
                                "cannot connect UDP to "
                                        + address.getHostAddress()
                                        + " port "
                                        + port
                                        + ": "
                                        + e.cause.getMessage(),
                                host,
                                port,
                                e.cause);
                if (failed == null) {
                    failed = next;
                } else {
                    failed.addSuppressed(next);
                }
            }
        }
        throw failed == null
                ? new HostNotFoundException(host, new UnknownHostException(host))
                : failed;
    }

    private static void requirePort(int port, int least) {
        if (port < least || port > 65_535) {
            throw new IllegalArgumentException("port must be " + least + " to 65535, was " + port);
        }
    }

    private static List<InetAddress> resolve(String host, UdpOptions options) {
        List<InetAddress> found = Names.resolve(options.resolver(), host, options.lookupTimeout());
        if (found.isEmpty()) {
            throw new HostNotFoundException(host, new UnknownHostException("empty answer"));
        }
        return found;
    }

    /** Why one could not be opened; made into what users see by whoever knows where. */
    private static final class OpenFailed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final IOException cause;

        OpenFailed(IOException cause) {
            super(cause);
            this.cause = cause;
        }
    }

    private UdpConduit open(@Nullable InetSocketAddress toBind, @Nullable InetSocketAddress peer) {
        Bootstrap bootstrap = bootstrap(Objects.requireNonNull(toBind != null ? toBind : peer));
        net.eventLoop().execute(() -> start(bootstrap, toBind, peer));
        try {
            return Async.await(opened);
        } catch (Throwable e) {
            net.eventLoop().execute(this::giveUp);
            throw e;
        }
    }

    private Bootstrap bootstrap(InetSocketAddress family) {
        // One more, so that what is too long is seen to be.
        int bytes = options.maxDatagramBytes() + 1;
        return new Bootstrap()
                .group(net.group())
                .channelFactory(
                        NettyBridge.datagramChannels(net.loop(), family.getAddress(), bytes))
                .option(ChannelOption.SO_BROADCAST, options.broadcast())
                .option(ChannelOption.SO_REUSEADDR, options.reuseAddress())
                .handler(
                        new ChannelInitializer<DatagramChannel>() {
                            @Override
                            protected void initChannel(DatagramChannel ch) {
                                setUp(ch, family.getAddress());
                            }
                        });
    }

    private void start(
            Bootstrap bootstrap,
            @Nullable InetSocketAddress toBind,
            @Nullable InetSocketAddress peer) {
        ChannelFuture opening = toBind != null ? bootstrap.bind(toBind) : bootstrap.connect(peer);
        channel = opening.channel();
        opening.addListener(f -> {
            UdpConduit made = conduit;
            if (!f.isSuccess() || made == null) {
                giveUp();
                fail(f.cause());
                return;
            }
            made.opened(peer);
            if (!opened.tryComplete(made)) {
                giveUp();
            }
        });
    }

    private void fail(@Nullable Throwable cause) {
        IOException io = cause instanceof IOException e ? e : new IOException(cause);
        opened.tryFail(unsupported != null ? unsupported : new OpenFailed(io));
    }

    private void setUp(DatagramChannel ch, InetAddress family) {
        Transport transport = net.loop().transport();
        try {
            UdpChannelOptions.set(ch, options, family, transport);
        } catch (UnsupportedOperationException e) {
            unsupported = e;
            ch.close();
            return;
        }
        UdpConduit made = new UdpConduit(net, ch, options);
        conduit = made;
        ch.pipeline().addLast(made);
    }

    private void giveUp() {
        if (channel != null && channel.isOpen()) {
            channel.close();
        }
    }
}
