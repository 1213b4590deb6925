package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Deadline;
import dev.weft.DeadlineExceededException;
import dev.weft.Loop;
import dev.weft.net.DnsOptions;
import dev.weft.net.HostNotFoundException;
import dev.weft.net.HostNotFoundException.Reason;
import dev.weft.net.Resolver;
import dev.weft.net.TimedOutException;
import io.netty.util.NetUtil;
import java.io.UncheckedIOException;
import java.net.IDN;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Looks up host names, without ever blocking the event loop or a task's thread. */
public final class Names {
    /** Asks the system's name servers. */
    public static final Resolver DNS = dns(DnsOptions.defaults());

    private Names() {}

    /**
     * Asks name servers.
     *
     * @param options whom, and how
     * @return a resolver
     */
    public static Resolver dns(DnsOptions options) {
        Objects.requireNonNull(options, "options must not be null");
        return host -> ask(LoopNet.of(Loop.current()).dns(options), host);
    }

    /**
     * The addresses of a host: of a literal at once, else asked for.
     *
     * @param limit how long it may take
     */
    static List<InetAddress> resolve(Resolver resolver, String host, Duration limit) {
        InetAddress literal = literal(host);
        if (literal != null) {
            return List.of(literal);
        }
        AtomicReference<@Nullable Deadline> ours = new AtomicReference<>();
        try {
            return Async.timeout(
                    limit,
                    deadline -> {
                        ours.set(deadline);
                        return resolver.resolve(host);
                    });
        } catch (DeadlineExceededException e) {
            Deadline deadline = ours.get();
            if (deadline == null || !deadline.isExpired()) {
                throw e; // one of the resolver's own
            }
            throw new TimedOutException(
                    "looking up host "
                            + host
                            + " took more than "
                            + limit.toMillis()
                            + " ms: does the name server answer?",
                    limit);
        } catch (UncheckedIOException e) {
            throw e instanceof HostNotFoundException || e instanceof TimedOutException
                    ? e
                    : new HostNotFoundException(host, Objects.requireNonNull(e.getCause()));
        }
    }

    private static List<InetAddress> ask(Dns dns, String host) {
        String name = ascii(host);
        String bare = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
        if (isIn(bare, "invalid")) {
            // RFC 6761, section 6.4: never asked for.
            String why = "it is reserved to be invalid";
            throw new HostNotFoundException(
                    host, Reason.NO_SUCH_NAME, why, new UnknownHostException(host + ": " + why));
        }
        AtomicReference<@Nullable Deadline> ours = new AtomicReference<>();
        Duration limit = dns.options().lookupTimeout();
        try {
            return Async.timeout(
                    limit,
                    deadline -> {
                        ours.set(deadline);
                        return dns.lookUp(host, name);
                    });
        } catch (DeadlineExceededException e) {
            Deadline deadline = ours.get();
            if (deadline == null || !deadline.isExpired()) {
                throw e;
            }
            throw new TimedOutException(
                    "looking up host "
                            + host
                            + " took more than "
                            + limit.toMillis()
                            + " ms: "
                            + dns.servers()
                            + " did not answer",
                    limit);
        }
    }

    private static boolean isIn(String name, String domain) {
        return name.equals(domain) || name.endsWith("." + domain);
    }

    private static String ascii(String host) {
        try {
            String name = IDN.toASCII(host, IDN.ALLOW_UNASSIGNED).toLowerCase(Locale.ROOT);
            if (!name.isEmpty() && !name.equals(".") && name.length() <= 254) {
                return name;
            }
        } catch (IllegalArgumentException e) {
            throw notAName(host, e);
        }
        throw notAName(host, null);
    }

    private static HostNotFoundException notAName(String host, @Nullable Throwable cause) {
        UnknownHostException unknown = new UnknownHostException(host);
        unknown.initCause(cause);
        return new HostNotFoundException(
                host, Reason.NO_SUCH_NAME, "it is no name of a host", unknown);
    }

    private static @Nullable InetAddress literal(String host) {
        String bare =
                host.startsWith("[") && host.endsWith("]")
                        ? host.substring(1, host.length() - 1)
                        : host;
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(bare);
        if (bytes == null) {
            return null;
        }
        try {
            return InetAddress.getByAddress(host, bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("no address: " + host, e);
        }
    }
}
