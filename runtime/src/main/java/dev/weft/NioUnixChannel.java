package dev.weft;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.FileRegion;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.AbstractNioByteChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * A Unix domain socket on NIO. Netty's own ({@code NioDomainSocketChannel}, which is final) closes
 * altogether when its peer ends the output, whatever {@code ALLOW_HALF_CLOSURE} says; this one
 * always leaves the other direction open.
 */
final class NioUnixChannel extends AbstractNioByteChannel implements DuplexChannel {
    private static final int MAX_BUFFERS = 1024;
    private static final int MAX_BYTES = 1024 * 1024;

    private final ChannelConfig config = new Config(this);
    private volatile boolean inputShutdown;
    private volatile boolean outputShutdown;

    private static final class Config extends DefaultChannelConfig {
        Config(Channel channel) {
            super(channel);
        }

        @Override
        public <T> boolean setOption(ChannelOption<T> option, T value) {
            return option == ChannelOption.ALLOW_HALF_CLOSURE || super.setOption(option, value);
        }

        @Override
        protected void autoReadCleared() {
            ((NioUnixChannel) channel).clearReadPending();
        }
    }

    NioUnixChannel() throws IOException {
        this(null, SocketChannel.open(StandardProtocolFamily.UNIX));
    }

    NioUnixChannel(@Nullable ServerChannel parent, SocketChannel socket) {
        super(parent, socket);
    }

    @Override
    public ServerChannel parent() {
        return (ServerChannel) super.parent();
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    protected SocketChannel javaChannel() {
        return (SocketChannel) super.javaChannel();
    }

    @Override
    public boolean isActive() {
        return javaChannel().isOpen() && javaChannel().isConnected();
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        try {
            return javaChannel().getLocalAddress();
        } catch (IOException e) {
            return null; // closed
        }
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        try {
            return javaChannel().getRemoteAddress();
        } catch (IOException e) {
            return null; // closed
        }
    }

    @Override
    protected void doBind(SocketAddress address) throws Exception {
        javaChannel().bind(address);
    }

    @Override
    protected boolean doConnect(SocketAddress remote, @Nullable SocketAddress local)
            throws Exception {
        if (local != null) {
            doBind(local);
        }
        return javaChannel().connect(remote); // at once, or it fails
    }

    @Override
    protected void doFinishConnect() throws Exception {
        if (!javaChannel().finishConnect()) {
            throw new IOException("not connected yet");
        }
    }

    @Override
    protected void doDisconnect() throws Exception {
        doClose();
    }

    @Override
    protected void doClose() throws Exception {
        super.doClose();
        javaChannel().close();
    }

    // ---- bytes

    /** At the end of the input nothing is closed: Netty is told that this has been done already. */
    @Override
    protected int doReadBytes(ByteBuf buffer) throws Exception {
        int room = buffer.writableBytes();
        unsafe().recvBufAllocHandle().attemptedBytesRead(room);
        int read = buffer.writeBytes(javaChannel(), room);
        if (read < 0 && !inputShutdown) {
            inputShutdown = true;
            pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
        return read;
    }

    @Override
    protected boolean isInputShutdown0() {
        return inputShutdown;
    }

    @Override
    protected int doWriteBytes(ByteBuf buffer) throws Exception {
        return buffer.readBytes(javaChannel(), buffer.readableBytes());
    }

    @Override
    protected long doWriteFileRegion(FileRegion region) throws Exception {
        return region.transferTo(javaChannel(), region.transferred());
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer out) throws Exception {
        for (int spins = config.getWriteSpinCount(); spins > 0; spins--) {
            if (out.isEmpty()) {
                clearOpWrite();
                return;
            }
            ByteBuffer[] buffers = out.nioBuffers(MAX_BUFFERS, MAX_BYTES);
            int count = out.nioBufferCount();
            if (count == 0) { // a file, or nothing but empty buffers
                super.doWrite(out);
                return;
            }
            long written = javaChannel().write(buffers, 0, count);
            if (written <= 0) {
                incompleteWrite(true);
                return;
            }
            out.removeBytes(written);
        }
        incompleteWrite(false);
    }

    // ---- each direction

    @Override
    public boolean isInputShutdown() {
        return inputShutdown || !isActive();
    }

    @Override
    public boolean isOutputShutdown() {
        return outputShutdown || !isActive();
    }

    @Override
    public boolean isShutdown() {
        return isInputShutdown() && isOutputShutdown();
    }

    @Override
    protected void doShutdownOutput() throws Exception {
        javaChannel().shutdownOutput();
        outputShutdown = true;
    }

    @Override
    public ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        onLoop(() -> ((AbstractUnsafe) unsafe()).shutdownOutput(promise));
        return promise;
    }

    @Override
    public ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    @Override
    public ChannelFuture shutdownInput(ChannelPromise promise) {
        onLoop(() -> {
            try {
                javaChannel().shutdownInput();
                inputShutdown = true;
                promise.trySuccess();
            } catch (IOException e) {
                promise.tryFailure(e);
            }
        });
        return promise;
    }

    @Override
    public ChannelFuture shutdown() {
        return shutdown(newPromise());
    }

    @Override
    public ChannelFuture shutdown(ChannelPromise promise) {
        shutdownOutput()
                .addListener(out -> {
                    if (out.isSuccess()) {
                        shutdownInput(promise);
                    } else {
                        promise.tryFailure(out.cause());
                    }
                });
        return promise;
    }

    private void onLoop(Runnable action) {
        if (eventLoop().inEventLoop()) {
            action.run();
        } else {
            eventLoop().execute(action);
        }
    }
}
