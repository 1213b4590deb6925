package dev.weft.net.netty;

import dev.weft.net.ByteStream;
import dev.weft.net.TcpOptions;
import dev.weft.net.internal.StreamAccess;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import java.util.Objects;

/**
 * Netty's channels and Weft's streams, each as the other: for a protocol that somebody has written
 * for Netty on a connection of Weft's, or a task in direct style on a channel of Netty's.
 *
 * <p>Handlers of a pipeline run on the loop's event-loop fiber, as Netty's rules have it: they must
 * not block, and are no tasks; they start one with {@code loop.submit}.
 */
public final class NettyStreams {
    private NettyStreams() {}

    /**
     * A channel as a stream, with the default options.
     *
     * {@snippet file="netty/NettyStreamsTest.java" region="asByteStream"}
     *
     * @param channel a connected channel
     * @return the stream, which the caller has to close
     */
    public static ByteStream asByteStream(Channel channel) {
        return asByteStream(channel, TcpOptions.defaults());
    }

    /**
     * A channel as a stream. The stream stands at the end of the pipeline: what the other handlers
     * hand on is read, and what is written goes through them. Both have to be bytes ({@code
     * ByteBuf}); anything else breaks the stream. Handlers may be added and removed before it.
     *
     * <p>The channel belongs to the stream then, which sets its water marks, lets one direction end
     * alone, and says when to read. What came before that is lost to the stream, as Netty drops
     * what nobody takes, and closes a channel whose peer has ended its output: make the channel
     * with {@code ChannelOption.AUTO_READ} set to false, which the stream turns on, and {@code
     * ALLOW_HALF_CLOSURE} set to true. Closing the stream closes the channel. If it is not closed,
     * the channel is closed with its loop.
     *
     * <p><b>Suspends</b> until it is in the pipeline. <b>Cancellation</b>: nothing has happened, or
     * the channel is closed.
     *
     * @param channel a connected channel, made with {@code NettyBridge.eventLoopGroup} of the
     *     current task's loop
     * @param options the limits
     * @return the stream, which the caller has to close
     * @throws IllegalArgumentException if the channel is on another event loop
     * @throws IllegalStateException if the channel is not connected, or a stream already; outside a
     *     task
     */
    public static ByteStream asByteStream(Channel channel, TcpOptions options) {
        Objects.requireNonNull(channel, "channel must not be null");
        Objects.requireNonNull(options, "options must not be null");
        return StreamAccess.get().attach(channel, options);
    }

    /**
     * Takes the channel out of a stream, for handlers of Netty's. A handler is put in the stream's
     * place, or several, if it is a {@code ChannelInitializer}. They then get all that had come and
     * was not read, in order, be it the rest of a chunk, and then all that comes. What was written
     * to the stream is sent before what they write. TLS stays below them.
     *
     * <p>The stream is of no use any more, and to close it does nothing: the channel is the
     * caller's to close, also when a server's handler returns or its server closes. If nobody does,
     * it is closed with its loop. The handlers are not told that the channel is active, which it
     * has been for long.
     *
     * {@snippet file="netty/NettyChannelsTest.java" region="channel"}
     *
     * <p><b>Suspends</b> until the handler is in the pipeline. <b>Cancellation</b>: nothing has
     * happened, or the channel is closed.
     *
     * @param stream a stream of TCP, TLS or a Unix socket, on which nobody reads or writes
     * @param handler what takes its place
     * @return the channel, which reads by itself from now on
     * @throws dev.weft.net.BusyException if another task is reading or writing
     * @throws dev.weft.net.StreamClosedException if the stream is closed, or was taken out before
     * @throws dev.weft.net.BrokenConnectionException if the connection is broken
     * @throws IllegalArgumentException if the stream is no socket's
     * @throws IllegalStateException if the current task is not of the stream's loop
     */
    public static Channel channel(ByteStream stream, ChannelHandler handler) {
        Objects.requireNonNull(stream, "stream must not be null");
        Objects.requireNonNull(handler, "handler must not be null");
        return StreamAccess.get().detach(stream, handler);
    }
}
