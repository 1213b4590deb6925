package dev.weft.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.AbstractEventExecutorGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A loop's event loop, as a group that nobody but the loop can shut down. */
final class LoopEventLoopGroup extends AbstractEventExecutorGroup implements IoEventLoopGroup {
    private final IoEventLoop eventLoop;
    private final Class<? extends IoHandler> ioType;

    LoopEventLoopGroup(IoEventLoop eventLoop, Class<? extends IoHandler> ioType) {
        this.eventLoop = eventLoop;
        this.ioType = ioType;
    }

    @Override
    public IoEventLoop next() {
        return eventLoop;
    }

    @Override
    @Deprecated
    public ChannelFuture register(Channel channel) {
        return eventLoop.register(channel);
    }

    @Override
    @Deprecated
    public ChannelFuture register(ChannelPromise promise) {
        return eventLoop.register(promise);
    }

    @Override
    @Deprecated
    public ChannelFuture register(Channel channel, ChannelPromise promise) {
        return eventLoop.register(channel, promise);
    }

    @Override
    public Future<IoRegistration> register(IoHandle handle) {
        return eventLoop.register(handle);
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return eventLoop.isCompatible(handleType);
    }

    @Override
    public boolean isIoType(Class<? extends IoHandler> handlerType) {
        return ioType.equals(handlerType);
    }

    @Override
    public Iterator<EventExecutor> iterator() {
        return List.<EventExecutor>of(eventLoop).iterator();
    }

    @Override
    public boolean isShuttingDown() {
        return eventLoop.isShuttingDown();
    }

    @Override
    public boolean isShutdown() {
        return eventLoop.isShutdown();
    }

    @Override
    public boolean isTerminated() {
        return eventLoop.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        return eventLoop.awaitTermination(timeout, unit);
    }

    @Override
    public Future<?> terminationFuture() {
        return eventLoop.terminationFuture();
    }

    /** Does nothing: the loop is its owner's to close. Answers with a future that is done. */
    @Override
    public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
        return eventLoop.newSucceededFuture(null);
    }

    /** Does nothing, where the JDK's would wait for a termination that does not come. */
    @Override
    public void close() {}

    @Override
    @Deprecated
    public void shutdown() {
        // as shutdownGracefully
    }
}
