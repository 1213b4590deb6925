package dev.weft.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;

/** Counts the bytes of a pipeline whose last handler sees something else. */
public final class Meter extends ChannelDuplexHandler {
    private final LoopNet net;

    /**
     * First in a pipeline.
     *
     * @param net where to count
     */
    public Meter(LoopNet net) {
        this.net = net;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf buffer) {
            net.read(buffer.readableBytes());
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf buffer) {
            net.wrote(buffer.readableBytes());
        }
        ctx.write(message, promise);
    }
}
