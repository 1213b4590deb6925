package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Deadline;
import dev.weft.DeadlineExceededException;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.net.HostNotFoundException;
import dev.weft.net.Resolver;
import dev.weft.net.TimedOutException;
import io.netty.util.NetUtil;
import java.io.UncheckedIOException;
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
    /** Asks name servers; its limit is that of whoever calls. */
    public static final Resolver DNS = host -> ask(LoopNet.of(Loop.current()), host);

    private Names() {}

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
            throw e instanceof HostNotFoundException
                    ? e
                    : new HostNotFoundException(host, Objects.requireNonNull(e.getCause()));
        }
    }

    private static List<InetAddress> ask(LoopNet net, String host) {
        String name = host.toLowerCase(Locale.ROOT);
        if (name.equals("invalid") || name.endsWith(".invalid")) {
            // RFC 6761, section 6.4: never asked for.
            throw new HostNotFoundException(
                    host, new UnknownHostException(host + " is reserved to be invalid"));
        }
        Promise<List<InetAddress>> found = Promise.create();
        net.eventLoop()
                .execute(() ->
                        net.resolver()
                                .resolveAll(host)
                                .addListener(
                                        (io.netty.util.concurrent.Future<List<InetAddress>> f) ->
                                                found(found, host, f)));
        return Async.await(found);
    }

    private static void found(
            Promise<List<InetAddress>> promise,
            String host,
            io.netty.util.concurrent.Future<List<InetAddress>> result) {
        if (result.isSuccess()) {
            promise.tryComplete(result.getNow());
            return;
        }
        Throwable cause = result.cause();
        UnknownHostException unknown =
                cause instanceof UnknownHostException u ? u : new UnknownHostException(host);
        if (unknown != cause) {
            unknown.initCause(cause);
        }
        if (!promise.isDone()) {
            promise.tryFail(new HostNotFoundException(host, unknown));
        }
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
