package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Promise;
import io.netty.channel.AddressedEnvelope;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverTimeoutException;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One question to one server; what the event loop and the task that asks share. */
final class DnsQuery {
    private final DnsNameResolver netty;
    private final EventLoop eventLoop;
    private final InetSocketAddress server;
    private final String name;
    private final DnsRecordType type;

    /** Completed with null when the server has not answered in time. */
    private final Promise<@Nullable DnsAnswer> answered = Promise.create();

    /** Owned by the event loop; cancelling it closes the channel. */
    private io.netty.util.concurrent.@Nullable Promise<
                    AddressedEnvelope<? extends DnsResponse, InetSocketAddress>>
            asked;

    DnsQuery(
            DnsNameResolver netty,
            EventLoop eventLoop,
            InetSocketAddress server,
            String name,
            DnsRecordType type) {
        this.netty = netty;
        this.eventLoop = eventLoop;
        this.server = server;
        this.name = name;
        this.type = type;
    }

    /** Suspends. The answer; null when the server has not answered in time. */
    @Nullable DnsAnswer ask() {
        eventLoop.execute(this::start);
        try {
            return Async.await(answered);
        } catch (Throwable e) {
            answered.cancel();
            eventLoop.execute(this::giveUp);
            throw e;
        }
    }

    private void start() {
        if (answered.isDone()) {
            return;
        }
        io.netty.util.concurrent.Promise<
                        AddressedEnvelope<? extends DnsResponse, InetSocketAddress>>
                promise = eventLoop.newPromise();
        asked = promise;
        promise.addListener(this::ended);
        try {
            // A dot, as it is a whole name.
            netty.query(server, new DefaultDnsQuestion(name + ".", type), promise);
        } catch (RuntimeException e) {
            promise.tryFailure(e);
        }
    }

    private void giveUp() {
        if (asked != null) {
            asked.cancel(false);
        }
    }

    private void ended(
            Future<? super AddressedEnvelope<? extends DnsResponse, InetSocketAddress>> future) {
        String from = server.getAddress().getHostAddress() + " port " + server.getPort();
        if (!future.isSuccess()) {
            Throwable cause = Objects.requireNonNull(future.cause());
            boolean late = cause instanceof DnsNameResolverTimeoutException;
            Throwable root = cause.getCause() != null ? cause.getCause() : cause;
            answered.tryComplete(
                    late
                            ? null
                            : DnsAnswer.failed(from + " cannot be asked: " + root.getMessage()));
            return;
        }
        AddressedEnvelope<?, ?> envelope = (AddressedEnvelope<?, ?>) future.getNow();
        try {
            answered.tryComplete(DnsAnswer.of((DnsResponse) envelope.content(), name, type, from));
        } finally {
            envelope.release();
        }
    }
}
