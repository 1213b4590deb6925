package dev.weft.net.internal;

import dev.weft.netty.NettyBridge;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.dns.DefaultDnsQuery;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.handler.codec.dns.TcpDnsQueryEncoder;
import io.netty.handler.codec.dns.TcpDnsResponseDecoder;
import java.net.InetSocketAddress;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A question that is asked again by TCP, since the answer did not fit (RFC 7766). All of it runs on
 * the event loop. (Netty's resolver can do so, but its connection outlives a cancelled question.)
 */
abstract class DnsByTcp {
    private final LoopNet net;
    private final InetSocketAddress server;
    private final DnsQuestion question;
    private final long limitMillis;
    private final int id = ThreadLocalRandom.current().nextInt(1 << 16);
    private @Nullable Channel channel;
    private boolean ended;

    DnsByTcp(LoopNet net, InetSocketAddress server, DnsQuestion question, long limitMillis) {
        this.net = net;
        this.server = server;
        this.question = question;
        this.limitMillis = limitMillis;
    }

    /** Told once, or {@link #failed} is; the response is released after. */
    abstract void answered(DnsResponse response);

    abstract void failed(String why);

    final void start() {
        ChannelFuture connecting =
                new Bootstrap()
                        .group(net.group())
                        .channel(NettyBridge.socketChannel(net.loop()))
                        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) limitMillis)
                        .handler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel ch) {
                                        ch.pipeline()
                                                .addLast(
                                                        new TcpDnsQueryEncoder(),
                                                        new TcpDnsResponseDecoder(),
                                                        new Answers());
                                    }
                                })
                        .connect(server);
        Channel opened = connecting.channel();
        channel = opened;
        var timer =
                net.eventLoop()
                        .schedule(() -> end("no answer"), limitMillis, TimeUnit.MILLISECONDS);
        opened.closeFuture()
                .addListener(f -> {
                    timer.cancel(false);
                    end("it has closed the connection");
                });
        connecting.addListener(f -> {
            if (f.isSuccess()) {
                opened.writeAndFlush(
                        new DefaultDnsQuery(id)
                                .setRecursionDesired(true)
                                .addRecord(DnsSection.QUESTION, question));
            } else {
                end(String.valueOf(f.cause().getMessage()));
            }
        });
    }

    /** Leaves nothing. */
    final void close() {
        ended = true;
        if (channel != null && channel.isOpen()) {
            channel.close();
        }
    }

    private void end(String why) {
        if (!ended) {
            close();
            failed(why);
        }
    }

    private final class Answers extends SimpleChannelInboundHandler<DnsResponse> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, DnsResponse response) {
            boolean ours =
                    response.id() == id
                            && response.count(DnsSection.QUESTION) == 1
                            && question.equals(response.recordAt(DnsSection.QUESTION));
            if (ended) {
                return;
            }
            if (ours) {
                close();
                answered(response);
            } else {
                end("an answer to another question");
            }
        }

        @Override
        @SuppressWarnings("deprecation") // not of inbound handlers, Netty says
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            end(String.valueOf(cause.getMessage()));
        }
    }
}
