package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Promise;
import io.netty.channel.AddressedEnvelope;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DnsQuestion;
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
    private final LoopNet net;
    private final DnsNameResolver netty;
    private final EventLoop eventLoop;
    private final InetSocketAddress server;
    private final String name;
    private final DnsQuestion question;

    /** Completed with null when the server has not answered in time. */
    private final Promise<@Nullable DnsAnswer> answered = Promise.create();

    // ---- owned by the event loop

    /** Cancelling it closes the channel. */
    private io.netty.util.concurrent.@Nullable Promise<
                    AddressedEnvelope<? extends DnsResponse, InetSocketAddress>>
            asked;

    private @Nullable DnsByTcp tcp;

    DnsQuery(
            LoopNet net,
            DnsNameResolver netty,
            InetSocketAddress server,
            String name,
            DnsRecordType type) {
        this.net = net;
        this.netty = netty;
        this.server = server;
        this.name = name;
        eventLoop = net.eventLoop();
        // A dot, as it is a whole name.
        question = new DefaultDnsQuestion(name + ".", type);
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
            netty.query(server, question, promise);
        } catch (RuntimeException e) {
            promise.tryFailure(e);
        }
    }

    private void giveUp() {
        if (asked != null) {
            asked.cancel(false);
        }
        if (tcp != null) {
            tcp.close();
        }
    }

    private void ended(
            Future<? super AddressedEnvelope<? extends DnsResponse, InetSocketAddress>> future) {
        if (!future.isSuccess()) {
            Throwable cause = Objects.requireNonNull(future.cause());
            boolean late = cause instanceof DnsNameResolverTimeoutException;
            Throwable root = cause.getCause() != null ? cause.getCause() : cause;
            answered.tryComplete(
                    late
                            ? null
                            : DnsAnswer.failed(from() + " cannot be asked: " + root.getMessage()));
            return;
        }
        AddressedEnvelope<?, ?> envelope = (AddressedEnvelope<?, ?>) future.getNow();
        try {
            DnsResponse response = (DnsResponse) envelope.content();
            DnsAnswer answer = read(response);
            if (response.isTruncated() && !answered.isDone()) {
                askByTcp(answer);
            } else {
                answered.tryComplete(answer);
            }
        } finally {
            envelope.release();
        }
    }

    private DnsAnswer read(DnsResponse response) {
        return DnsAnswer.of(response, name, question.type(), from());
    }

    private String from() {
        return server.getAddress().getHostAddress() + " port " + server.getPort();
    }

    private void askByTcp(DnsAnswer part) {
        tcp =
                new DnsByTcp(net, server, question, netty.queryTimeoutMillis()) {
                    @Override
                    void answered(DnsResponse response) {
                        answered.tryComplete(read(response));
                    }

                    @Override
                    void failed(String why) {
                        // Some addresses are better than none.
                        answered.tryComplete(
                                part.kind() == DnsAnswer.Kind.FOUND
                                        ? part
                                        : DnsAnswer.failed(
                                                "too long an answer of "
                                                        + from()
                                                        + ", and by TCP: "
                                                        + why));
                    }
                };
        tcp.start();
    }
}
