package dev.weft.net;

import dev.weft.net.internal.LoopNet;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.internal.StringUtil;
import java.io.IOException;

/** The end of a pipeline whose other handlers are a user's. */
final class NettyConduit extends TcpConduit {
    NettyConduit(LoopNet net, Channel channel, TcpOptions options) {
        super(net, channel, options, null);
    }

    /** It is in the pipeline, and somebody has the stream; on the event loop. */
    void attached() {
        if (channel() instanceof DuplexChannel socket && socket.isInputShutdown()) {
            ended();
        }
        channel().config().setAutoRead(true);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf) {
            super.channelRead(ctx, message);
            return;
        }
        ReferenceCountUtil.release(message);
        fail(
                new IOException(
                        "the pipeline hands on a "
                                + StringUtil.simpleClassName(message)
                                + " where a stream takes bytes (ByteBuf): encode it before"));
    }

    /** Who knows with whom a user's handlers share the buffers that they hand on. */
    @Override
    protected boolean join(Object last, Object message) {
        return false;
    }

    /** Not one of Netty's void promises, which not every handler puts up with. */
    @Override
    protected ChannelPromise promise(ChannelHandlerContext ctx) {
        ChannelPromise promise = ctx.newPromise();
        promise.addListener(f -> {
            if (!f.isSuccess()) {
                exceptionCaught(ctx, f.cause());
            }
        });
        return promise;
    }

    /** A user's handlers may do what they like with the bytes. */
    @Override
    boolean sendsFiles() {
        return false;
    }
}
