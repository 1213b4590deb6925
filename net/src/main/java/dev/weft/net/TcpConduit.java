package dev.weft.net;

import dev.weft.net.internal.Conduit;
import dev.weft.net.internal.Listener;
import dev.weft.net.internal.LoopNet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A channel of bytes, and, on a server, the handler that it is for. */
final class TcpConduit extends Conduit implements Listener.Connection {
    private final ByteStream stream;
    private final @Nullable StreamHandler handler;

    TcpConduit(LoopNet net, Channel channel, TcpOptions options, @Nullable StreamHandler handler) {
        super(net, channel);
        this.handler = handler;
        stream = new ByteStream(this, options);
    }

    ByteStream stream() {
        return stream;
    }

    /** A trusted proxy has told for whom it connects; on the event loop, before tasks see this. */
    void arrivedThrough(ProxyHeader header) {
        stream.arrivedThrough(header, remoteAddress());
        InetSocketAddress client = header.source();
        if (client != null) {
            standsFor(client);
        }
    }

    @Override
    protected String kind() {
        return "ByteStream";
    }

    @Override
    protected int sizeOf(Object message) {
        return ((ByteBuf) message).readableBytes();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        net().read(((ByteBuf) message).readableBytes());
        received(message);
    }

    @Override
    protected Object detach(Object message) {
        ByteBuf buffer = (ByteBuf) message;
        byte[] bytes = ByteBufUtil.getBytes(buffer);
        buffer.release();
        return Unpooled.wrappedBuffer(bytes);
    }

    @Override
    protected void dropped() {
        stream.dropped();
    }

    @Override
    public void handle() throws Exception {
        if (handler != null) {
            handler.handle(stream);
        }
    }

    @Override
    public void finish(boolean failed, boolean cancelled) {
        stream.close();
    }

    @Override
    public void goAway() {
        // TCP has no word for it.
    }

    @Override
    public Conduit conduit() {
        return this;
    }
}
