package dev.weft.net;

import dev.weft.Loop;
import dev.weft.net.internal.Clock;
import dev.weft.net.internal.Dialer;
import dev.weft.net.internal.ProxyHandshake;
import dev.weft.net.internal.ProxyRefusal;
import dev.weft.net.internal.Waits;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.IDN;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Objects;
import java.util.regex.Pattern;

/** Connecting through a proxy: dials it, and waits for its answer, all within one limit. */
final class ProxyConnect {
    private static final int MAX_HOST_BYTES = 255;

    /** What may be in a name (RFC 3986's unreserved characters): nothing that ends a line. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._~-]+");

    private final Proxy proxy;
    private final String host;
    private final int port;
    private final TcpOptions options;

    private ProxyConnect(Proxy proxy, String host, int port, TcpOptions options) {
        this.proxy = proxy;
        this.host = host;
        this.port = port;
        this.options = options;
    }

    /** A connection to the proxy, with its handshake under way. */
    private record Reached(TcpConduit conduit, ProxyHandshake handshake) {}

    static TcpConduit connect(Proxy proxy, String host, int port, TcpOptions options) {
        return new ProxyConnect(proxy, host, port, options).connect();
    }

    private TcpConduit connect() {
        InetSocketAddress destination = destination();
        Loop loop = Loop.current();
        long begun = Clock.now(loop);
        Reached reached = reach(destination);
        boolean connected = false;
        try {
            Duration left = options.connectTimeout().minusNanos(Clock.now(loop) - begun);
            if (!left.isPositive() || !Waits.completes(reached.handshake.ended(), left)) {
                throw tooLate();
            }
            ProxyRefusal refusal = reached.handshake.refusal();
            if (refusal != null) {
                throw failed(
                        proxy.label()
                                + " did not connect to "
                                + target()
                                + ": "
                                + refusal.getMessage(),
                        refusal.code(),
                        new IOException(refusal.getMessage()));
            }
            connected = true;
            return reached.conduit;
        } finally {
            if (!connected) {
                reached.conduit.abort();
            }
        }
    }

    private Reached reach(InetSocketAddress destination) {
        try {
            return Dialer.dial(
                    options.resolver(),
                    proxy.host(),
                    proxy.port(),
                    options.connectTimeout(),
                    options.localAddress(),
                    (net, channel) -> {
                        ProxyHandshake handshake =
                                new ProxyHandshake(
                                        proxy::handler, destination, proxy.hasCredentials());
                        TcpConduit conduit = new TcpConduit(net, channel, options, null);
                        channel.pipeline().addLast(handshake, conduit);
                        return new Reached(conduit, handshake);
                    });
        } catch (TimedOutException e) {
            throw withTries(tooLate(), e);
        } catch (ConnectFailedException | HostNotFoundException e) {
            throw withTries(
                    failed(
                            "cannot reach "
                                    + proxy.label()
                                    + " on the way to "
                                    + target()
                                    + ": "
                                    + e.getMessage(),
                            -1,
                            Objects.requireNonNull(e.getCause())),
                    e);
        }
    }

    private static UncheckedIOException withTries(UncheckedIOException failure, Exception dialing) {
        failure.addSuppressed(dialing);
        return failure;
    }

    /** As the proxy gets it: an address if it is one, else a name that nobody has looked up. */
    private InetSocketAddress destination() {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port must be 1 to 65535, was " + port);
        }
        String bare =
                host.startsWith("[") && host.endsWith("]")
                        ? host.substring(1, host.length() - 1)
                        : host;
        byte[] literal = NetUtil.createByteArrayFromIpAddressString(bare);
        if (literal == null) {
            return InetSocketAddress.createUnresolved(name(), port);
        }
        if (literal.length > 4 && proxy.kind() == Proxy.Kind.SOCKS4) {
            throw failed(
                    proxy.label()
                            + " cannot connect to "
                            + target()
                            + ": SOCKS 4 has no IPv6 addresses, use Proxy.socks5",
                    -1,
                    new IOException("no IPv6 in SOCKS 4"));
        }
        try {
            return new InetSocketAddress(InetAddress.getByAddress(literal), port);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("no address: " + host, e);
        }
    }

    private String name() {
        String name;
        try {
            name = IDN.toASCII(host);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("host must be a name or an address: " + e, e);
        }
        if (name.length() > MAX_HOST_BYTES || !NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "host must have 1 to 255 letters, digits, dots and hyphens, had "
                            + name.length()
                            + " characters, others perhaps among them");
        }
        return name;
    }

    private String target() {
        return host + " port " + port;
    }

    private ProxyFailedException failed(String message, int code, IOException cause) {
        return new ProxyFailedException(message, proxy, code, host, port, cause);
    }

    private TimedOutException tooLate() {
        Duration limit = options.connectTimeout();
        return new TimedOutException(
                "connecting to "
                        + target()
                        + " through "
                        + proxy.label()
                        + " took more than "
                        + limit.toMillis()
                        + " ms (TcpOptions.connectTimeout): does the proxy answer, and is it of"
                        + " that kind?",
                limit);
    }
}
