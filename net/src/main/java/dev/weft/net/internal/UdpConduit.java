package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.ConnectRefusedException;
import dev.weft.net.Datagram;
import dev.weft.net.StreamClosedException;
import dev.weft.net.TimedOutException;
import dev.weft.net.UdpOptions;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a UDP channel and the tasks that use it meet; what {@link Conduit} is for streams. Reading
 * never stops, so that what is dropped is dropped here, where it is counted.
 *
 * <p>A waiter is woken by completing its promise with nothing; it then looks for itself, and a
 * receiver that was woken and is cancelled wakes the next one, so that no datagram is left lying.
 */
public final class UdpConduit extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(UdpConduit.class);

    private final LoopNet net;
    private final DatagramChannel channel;
    private final EventLoop eventLoop;
    private final UdpOptions options;
    final UdpInbox inbox;
    final UdpOutbox outbox;

    /** Set on the event loop before tasks see this object. */
    private @Nullable ChannelHandlerContext context;

    private @Nullable InetSocketAddress local;
    private @Nullable InetSocketAddress remote;

    /** The multicast groups; owned by the tasks of the loop. */
    private final Set<UdpGroups.Membership> memberships = new HashSet<>();

    // ---- guarded by this

    boolean closed;
    boolean inactive;
    private boolean timedOut;
    private final ArrayDeque<Promise<Boolean>> closers = new ArrayDeque<>(1);

    /** To be closed when all has been sent; owned by the event loop. */
    private boolean closing;

    UdpConduit(LoopNet net, DatagramChannel channel, UdpOptions options) {
        this.net = net;
        this.channel = channel;
        this.options = options;
        eventLoop = channel.eventLoop();
        inbox = new UdpInbox(this, options);
        outbox = new UdpOutbox(this, channel);
    }

    /** It is bound, and connected if it has a peer; on the event loop. */
    void opened(@Nullable InetSocketAddress peer) {
        local = channel.localAddress();
        remote = peer;
    }

    LoopNet net() {
        return net;
    }

    Set<UdpGroups.Membership> memberships() {
        return memberships;
    }

    DatagramChannel channel() {
        return channel;
    }

    public InetSocketAddress localAddress() {
        return Objects.requireNonNull(local);
    }

    public @Nullable InetSocketAddress remoteAddress() {
        return remote;
    }

    public synchronized boolean isOpen() {
        return !closed && !inactive;
    }

    public long dropped() {
        return inbox.dropped();
    }

    public long sendFailures() {
        return outbox.failures();
    }

    @Override
    public String toString() {
        return "UdpSocket[" + local + (remote == null ? "]" : " - " + remote + "]");
    }

    // ---- tasks: receiving

    /** Takes the next datagram, and waits for it. */
    public Datagram receive() {
        Datagram datagram = receiveUntilClosed();
        if (datagram == null) {
            throw closedWhen("receive");
        }
        return datagram;
    }

    /** As {@link #receive}, but null if the socket is closed. */
    public @Nullable Datagram receiveUntilClosed() {
        return inbox.receiveUntilClosed();
    }

    // ---- tasks: sending

    /** Sends, and waits if too much is unsent. */
    public void send(byte[] bytes, InetSocketAddress recipient) {
        outbox.send(bytes, recipient);
    }

    /** Waits until all before has been sent or has failed. */
    public void flush() {
        outbox.flush();
    }

    // ---- tasks: closing

    /** Sends what is unsent, for a limited time, then closes; waits for that. */
    public void close(Duration limit) {
        Promise<Boolean> end = Promise.create();
        boolean first;
        synchronized (this) {
            first = !closed;
            closed = true;
            if (inactive) {
                return;
            }
            closers.add(end);
        }
        drop();
        if (first) {
            execute(() -> closeOnLoop(limit));
        }
        boolean complete;
        try {
            complete = Async.await(end);
        } catch (Throwable e) {
            abort();
            throw e;
        }
        if (!complete && first) {
            throw new TimedOutException(
                    "not all datagrams could be sent before closing " + this, limit);
        }
    }

    /** Closes at once; from any thread. */
    public void abort() {
        synchronized (this) {
            closed = true;
        }
        drop();
        execute(channel::close);
    }

    /** Nobody receives any more. */
    private void drop() {
        List<Promise<@Nullable Void>> waiting = new ArrayList<>();
        synchronized (this) {
            waiting.addAll(inbox.drop());
            waiting.addAll(outbox.senders());
        }
        waiting.forEach(UdpConduit::wake);
    }

    StreamClosedException closedWhen(String what) {
        return new StreamClosedException("cannot " + what + ": " + this + " is closed");
    }

    void execute(Runnable action) {
        try {
            eventLoop.execute(action);
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: its loop has closed", this, e);
            gone();
        }
    }

    static void wake(@Nullable Promise<@Nullable Void> waiter) {
        if (waiter != null) {
            waiter.tryComplete(null);
        }
    }

    // ---- the event loop: sending

    @Nullable ChannelHandlerContext context() {
        return context;
    }

    /** For now. */
    void allSent() {
        if (closing) {
            channel.close();
        }
    }

    static boolean isRefusal(IOException cause) {
        return cause instanceof PortUnreachableException
                || String.valueOf(cause.getMessage()).contains("refused");
    }

    static ConnectRefusedException refused(InetSocketAddress peer, IOException cause) {
        return new ConnectRefusedException(
                "nobody listens on UDP port "
                        + peer.getPort()
                        + " of "
                        + peer.getAddress().getHostAddress()
                        + ", it answers: is the server running, and is the port right?",
                peer.getHostString(),
                peer.getPort(),
                cause);
    }

    private void closeOnLoop(Duration limit) {
        outbox.run();
        boolean all;
        synchronized (this) {
            all = outbox.isAllSent();
        }
        if (all) {
            channel.close();
            return;
        }
        closing = true;
        var timer =
                eventLoop.schedule(
                        () -> {
                            synchronized (this) {
                                timedOut = true;
                            }
                            channel.close();
                        },
                        Clock.nanos(limit),
                        TimeUnit.NANOSECONDS);
        channel.closeFuture().addListener(f -> timer.cancel(false));
    }

    // ---- the event loop: Netty's events

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            DatagramPacket packet = (DatagramPacket) message;
            ByteBuf content = packet.content();
            int length = content.readableBytes();
            net.read(length);
            int most = options.maxDatagramBytes();
            byte[] bytes =
                    ByteBufUtil.getBytes(content, content.readerIndex(), Math.min(length, most));
            inbox.received(new Datagram(bytes, packet.sender(), length > most));
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    @SuppressWarnings("deprecation") // not of inbound handlers, Netty says
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        IOException io = cause instanceof IOException e ? e : new IOException(cause);
        InetSocketAddress peer = remote;
        RuntimeException failed =
                peer != null && isRefusal(io)
                        ? refused(peer, io)
                        : new BrokenConnectionException(
                                "cannot receive: " + this + ": " + io.getMessage(), peer, io);
        LOG.debug("{} could not receive", this, cause);
        inbox.failed(failed);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        gone();
    }

    /** The channel has gone: by our closing, or since the loop is closing. */
    private void gone() {
        List<Promise<@Nullable Void>> waiting = new ArrayList<>();
        List<Promise<Boolean>> ends;
        boolean all;
        synchronized (this) {
            inactive = true;
            closed = true;
            all = !timedOut;
            waiting.addAll(outbox.drop());
            ends = List.copyOf(closers);
            closers.clear();
        }
        drop();
        waiting.forEach(UdpConduit::wake);
        ends.forEach(end -> end.tryComplete(all));
    }
}
