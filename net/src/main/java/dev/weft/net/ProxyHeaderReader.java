package dev.weft.net;

import dev.weft.net.internal.Clock;
import dev.weft.net.internal.Lane;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolVersion;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol.AddressFamily;
import io.netty.handler.codec.haproxy.HAProxyTLV;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server's way from an accepted channel to a connection whose client a PROXY header names. On the
 * event loop; it stands before the conduit, which gets what follows the header.
 */
final class ProxyHeaderReader extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ProxyHeaderReader.class);

    /** The beginning of a header; enough to know it by. */
    private static final byte[] VERSION_1 = "PROXY ".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] VERSION_2 = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a");

    /** Of fields together; what proxies tell fits a fraction. */
    private static final int MAX_FIELD_BYTES = 4096;

    private final Lane lane;
    private final TcpConduit conduit;
    private final ProxyProtocol protocol;
    private final Decoder decoder = new Decoder();
    private @Nullable ScheduledFuture<?> limit;
    private boolean done;
    private boolean refused;

    private ProxyHeaderReader(Lane lane, TcpConduit conduit, ProxyProtocol protocol) {
        this.lane = lane;
        this.conduit = conduit;
        this.protocol = protocol;
    }

    /** Fills a new channel's pipeline. */
    static void setUp(Lane lane, TcpConduit conduit, ProxyProtocol protocol) {
        Channel channel = conduit.channel();
        if (protocol.trusts(channel.remoteAddress())) {
            new ProxyHeaderReader(lane, conduit, protocol).start(channel);
        } else if (protocol.isRequired()) {
            LOG.debug("{} is closed: it is not from a trusted proxy", channel);
            channel.close();
        } else {
            channel.pipeline().addLast(conduit);
            lane.accepted(conduit);
        }
    }

    private void start(Channel channel) {
        channel.pipeline().addLast(decoder, this, conduit);
        limit =
                channel.eventLoop()
                        .schedule(
                                () -> withoutHeader(channel, "no PROXY header came in time"),
                                Clock.nanos(protocol.timeout()),
                                TimeUnit.NANOSECONDS);
    }

    /** Tells headers from other bytes at the first that differs, before Netty's decoder waits. */
    private final class Decoder extends HAProxyMessageDecoder {
        private int seen;
        private boolean mayBe1 = true;
        private boolean mayBe2 = true;

        Decoder() {
            super(MAX_FIELD_BYTES);
        }

        boolean isCertain() {
            return mayBe1 ? seen >= VERSION_1.length : seen >= VERSION_2.length;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
            if (!done && message instanceof ByteBuf bytes && isSomethingElse(bytes)) {
                if (withoutHeader(ctx.channel(), "it does not begin with a PROXY header")) {
                    ctx.fireChannelRead(message);
                } else {
                    bytes.release();
                }
                return;
            }
            super.channelRead(ctx, message);
        }

        /** Before Netty's, which drops what it has when the input ends. */
        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
            if (done || event != ChannelInputShutdownEvent.INSTANCE) {
                super.userEventTriggered(ctx, event);
            } else if (withoutHeader(ctx.channel(), "it ended before a PROXY header")) {
                ctx.fireUserEventTriggered(event);
            }
        }

        private boolean isSomethingElse(ByteBuf bytes) {
            for (int i = bytes.readerIndex(); i < bytes.writerIndex() && !isCertain(); i++) {
                byte b = bytes.getByte(i);
                mayBe1 = mayBe1 && seen < VERSION_1.length && b == VERSION_1[seen];
                mayBe2 = mayBe2 && b == VERSION_2[seen];
                if (!mayBe1 && !mayBe2) {
                    return true;
                }
                seen++;
            }
            return false;
        }
    }

    /** Goes on without, if that is allowed; what has come goes to the conduit. */
    private boolean withoutHeader(Channel channel, String why) {
        if (done) {
            return false;
        }
        if (protocol.isRequired() || decoder.isCertain()) {
            refuse(channel, why, null);
            return false;
        }
        finish(channel);
        return true;
    }

    private void refuse(Channel channel, String why, @Nullable Throwable cause) {
        if (!done) {
            done = true;
            refused = true;
            stopTimer();
            LOG.debug("{} is closed: {}", channel, why, cause);
        }
        channel.close();
    }

    /** The connection is ready. */
    private void finish(Channel channel) {
        done = true;
        stopTimer();
        if (channel.pipeline().context(decoder) != null) {
            channel.pipeline().remove(decoder);
        }
        channel.pipeline().remove(this);
        lane.accepted(conduit);
    }

    private void stopTimer() {
        ScheduledFuture<?> timer = limit;
        if (timer != null) {
            limit = null;
            timer.cancel(false);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (refused) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (done || !(message instanceof HAProxyMessage header)) {
            ctx.fireChannelRead(message);
            return;
        }
        try {
            conduit.arrivedThrough(header(header));
        } finally {
            header.release();
        }
        done = true;
        stopTimer();
        // The decoder takes itself out, and then hands on what it has left.
        ctx.pipeline().remove(this);
        lane.accepted(conduit);
    }

    private static ProxyHeader header(HAProxyMessage message) {
        int version = message.protocolVersion() == HAProxyProtocolVersion.V1 ? 1 : 2;
        Map<Integer, byte[]> fields = new TreeMap<>();
        for (HAProxyTLV field : message.tlvs()) {
            fields.putIfAbsent(field.typeByteValue() & 0xff, ByteBufUtil.getBytes(field.content()));
        }
        AddressFamily family = message.proxiedProtocol().addressFamily();
        boolean inet = family == AddressFamily.AF_IPv4 || family == AddressFamily.AF_IPv6;
        return new ProxyHeader(
                version,
                inet ? address(message.sourceAddress(), message.sourcePort()) : null,
                inet ? address(message.destinationAddress(), message.destinationPort()) : null,
                fields);
    }

    private static InetSocketAddress address(String text, int port) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
        try {
            return new InetSocketAddress(
                    InetAddress.getByAddress(bytes == null ? new byte[0] : bytes), port);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("no address: " + text, e);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        done = true;
        stopTimer();
        ctx.fireChannelInactive();
    }

    @Override
    @SuppressWarnings("deprecation") // not of inbound handlers, Netty says
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        refuse(ctx.channel(), "its PROXY header is bad", cause);
    }
}
