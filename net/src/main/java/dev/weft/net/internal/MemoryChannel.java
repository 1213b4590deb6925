package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.Promise;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.FileRegion;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.local.LocalIoHandle;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.AlreadyConnectedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * One end of a connection in memory, which behaves as a TCP channel does: it carries bytes, reads
 * when it is asked to, ends each direction alone, and resets the peer if it is closed with {@code
 * SO_LINGER} 0 or with unread input. Netty's own {@code LocalChannel} carries messages without any
 * limit, and has no half-closure.
 *
 * <p>Both ends are registered with one event loop, to which all here belongs. Neither calls the
 * other's pipeline: each has the event loop do so, as a selector would.
 */
public final class MemoryChannel extends AbstractChannel implements DuplexChannel {
    /** A name among those of this program's memory. */
    private static final class Address extends SocketAddress {
        private static final long serialVersionUID = 1;
        private static final AtomicInteger NUMBERS = new AtomicInteger();

        private final int number = NUMBERS.incrementAndGet();

        @Override
        public String toString() {
            return "memory:" + number;
        }
    }

    private static final class Config extends DefaultChannelConfig {
        Config(Channel channel) {
            super(channel);
        }

        /** What only sockets have is accepted, and means nothing. */
        @Override
        public <T> boolean setOption(ChannelOption<T> option, T value) {
            if (option == ChannelOption.SO_LINGER) {
                ((MemoryChannel) channel).resetsAtClose = value.equals(0);
            }
            super.setOption(option, value);
            return true;
        }

        @Override
        protected void autoReadCleared() {
            ((MemoryChannel) channel).readWanted = false;
        }
    }

    private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);

    private final ChannelConfig config = new Config(this);
    private final SocketAddress address = new Address();
    private final MemoryPipe in;
    private final MemoryPipe out;
    private @Nullable MemoryChannel other;
    private @Nullable IoRegistration registration;

    private boolean readWanted;
    private boolean readScheduled;
    private boolean flushScheduled;
    private boolean resetsAtClose;

    private volatile boolean open = true;
    private volatile boolean inputShutdown;
    private volatile boolean outputShutdown;

    private MemoryChannel(MemoryPipe in, MemoryPipe out) {
        super(null);
        this.in = in;
        this.out = out;
    }

    /**
     * Opens a connection with both ends on the current loop; suspends.
     *
     * @param setUp makes the conduit of a channel and fills its pipeline; on the event loop
     * @param <C> the type of the conduit
     * @return the conduits of both ends
     */
    public static <C> List<C> open(BiFunction<LoopNet, Channel, C> setUp) {
        LoopNet net = LoopNet.of(Loop.current());
        List<MemoryChannel> channels = pair();
        List<C> conduits = new ArrayList<>();
        Promise<@Nullable Void> opened = Promise.create();
        net.eventLoop()
                .execute(() -> {
                    for (MemoryChannel channel : channels) {
                        channel.pipeline()
                                .addLast(
                                        new ChannelInitializer<>() {
                                            @Override
                                            protected void initChannel(Channel ch) {
                                                conduits.add(setUp.apply(net, ch));
                                            }
                                        });
                        net.eventLoop().register(channel);
                    }
                    opened.tryComplete(null);
                });
        try {
            Async.await(opened);
        } catch (Throwable e) {
            net.eventLoop().execute(() -> channels.forEach(Channel::close));
            throw e;
        }
        return conduits;
    }

    private static List<MemoryChannel> pair() {
        MemoryPipe there = new MemoryPipe();
        MemoryPipe back = new MemoryPipe();
        MemoryChannel one = new MemoryChannel(back, there);
        MemoryChannel two = new MemoryChannel(there, back);
        one.other = two;
        two.other = one;
        return List.of(one, two);
    }

    private MemoryChannel other() {
        return Objects.requireNonNull(other);
    }

    // ---- reading

    @Override
    protected void doBeginRead() {
        readWanted = true;
        readable();
    }

    /** Something is to be read, or the end of all. */
    private void readable() {
        boolean news = !in.isEmpty() || in.isReset() || in.hasEnded() && !inputShutdown;
        if (open && readWanted && news && !readScheduled) {
            readScheduled = true;
            eventLoop().execute(this::readNow);
        }
    }

    private void readNow() {
        readScheduled = false;
        if (!open || !readWanted) {
            return;
        }
        readWanted = false;
        if (!in.isEmpty()) {
            readBytes();
        } else if (in.isReset()) {
            pipeline().fireExceptionCaught(new IOException("connection reset by peer"));
        } else if (in.hasEnded() && !inputShutdown) {
            inputShutdown = true;
            pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
    }

    private void readBytes() {
        var sizes = unsafe().recvBufAllocHandle();
        sizes.reset(config);
        do {
            ByteBuf buffer = sizes.allocate(alloc());
            sizes.attemptedBytesRead(buffer.writableBytes());
            sizes.lastBytesRead(in.read(buffer));
            sizes.incMessagesRead(1);
            pipeline().fireChannelRead(buffer);
        } while (!in.isEmpty() && sizes.continueReading());
        other().writable();
        sizes.readComplete();
        pipeline().fireChannelReadComplete();
    }

    // ---- writing

    /** There is room again, or nobody who would ever make some. */
    private void writable() {
        ChannelOutboundBuffer unsent = unsafe().outboundBuffer();
        if (unsent != null && unsent.size() > 0 && !flushScheduled) {
            flushScheduled = true;
            eventLoop()
                    .execute(() -> {
                        flushScheduled = false;
                        ((MemoryUnsafe) unsafe()).flush0();
                    });
        }
    }

    @Override
    protected Object filterOutboundMessage(Object message) {
        if (message instanceof ByteBuf || message instanceof FileRegion) {
            return message;
        }
        throw new UnsupportedOperationException(
                "message must be a ByteBuf or a FileRegion, was " + message.getClass().getName());
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer unsent) throws Exception {
        for (Object message; (message = unsent.current()) != null; ) {
            if (in.isReset() || out.isAbandoned()) {
                throw new IOException(in.isReset() ? "connection reset by peer" : "broken pipe");
            }
            boolean whole =
                    message instanceof FileRegion region
                            ? write(region, unsent)
                            : write((ByteBuf) message, unsent);
            other().readable();
            if (!whole) {
                return;
            }
            unsent.remove();
        }
    }

    private boolean write(ByteBuf bytes, ChannelOutboundBuffer unsent) {
        int length = bytes.readableBytes();
        int n = out.write(bytes);
        unsent.progress(n);
        return n == length;
    }

    private boolean write(FileRegion region, ChannelOutboundBuffer unsent) throws IOException {
        unsent.progress(region.transferTo(out, region.transferred()));
        return region.transferred() >= region.count();
    }

    // ---- each direction

    @Override
    public boolean isInputShutdown() {
        return inputShutdown || !open;
    }

    @Override
    public boolean isOutputShutdown() {
        return outputShutdown || !open;
    }

    @Override
    public boolean isShutdown() {
        return isInputShutdown() && isOutputShutdown();
    }

    @Override
    protected void doShutdownOutput() {
        outputShutdown = true;
        out.end();
        other().readable();
    }

    @Override
    public ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        EventLoop loop = eventLoop();
        if (loop.inEventLoop()) {
            ((AbstractUnsafe) unsafe()).shutdownOutput(promise);
        } else {
            loop.execute(() -> ((AbstractUnsafe) unsafe()).shutdownOutput(promise));
        }
        return promise;
    }

    @Override
    public ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    /** No socket of Weft does so. */
    @Override
    public ChannelFuture shutdownInput(ChannelPromise promise) {
        return promise.setFailure(
                new UnsupportedOperationException("a channel in memory cannot end its input"));
    }

    @Override
    public ChannelFuture shutdown() {
        return shutdown(newPromise());
    }

    @Override
    public ChannelFuture shutdown(ChannelPromise promise) {
        return close(promise);
    }

    // ---- its life

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return open;
    }

    @Override
    protected SocketAddress localAddress0() {
        return address;
    }

    @Override
    protected SocketAddress remoteAddress0() {
        return other().address;
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop instanceof IoEventLoop io && io.isCompatible(MemoryUnsafe.class);
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new MemoryUnsafe();
    }

    /** The event loop knows it, so that it is closed when the loop is. */
    private final class MemoryUnsafe extends AbstractUnsafe implements LocalIoHandle {
        @Override
        public void connect(SocketAddress to, SocketAddress from, ChannelPromise promise) {
            promise.setFailure(new AlreadyConnectedException());
        }

        @Override
        public void closeNow() {
            close(voidPromise());
        }

        @Override
        public void close() {
            closeNow();
        }

        @Override
        public void handle(IoRegistration ours, IoEvent event) {
            // There are none.
        }

        @Override
        protected void flush0() {
            super.flush0();
        }
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        ((IoEventLoop) eventLoop())
                .register((MemoryUnsafe) unsafe())
                .addListener(f -> {
                    if (f.isSuccess()) {
                        registration = (IoRegistration) f.getNow();
                        promise.setSuccess();
                    } else {
                        promise.setFailure(f.cause());
                    }
                });
    }

    @Override
    protected void doDeregister() {
        IoRegistration ours = registration;
        if (ours != null) {
            registration = null;
            ours.cancel();
        }
    }

    @Override
    protected void doBind(SocketAddress to) {
        throw new UnsupportedOperationException("a channel in memory has its address");
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    /** As TCP, resets the peer that has sent what nobody has read. */
    @Override
    protected void doClose() {
        if (!open) {
            return;
        }
        open = false;
        if (resetsAtClose || !in.isEmpty()) {
            out.reset();
        } else {
            out.end();
        }
        in.abandon();
        other().readable();
        other().writable();
    }
}
