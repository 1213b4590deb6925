package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.ConnectRefusedException;
import dev.weft.net.Datagram;
import dev.weft.net.SendFailedException;
import dev.weft.net.StreamClosedException;
import dev.weft.net.TimedOutException;
import dev.weft.net.UdpOptions;
import dev.weft.netty.NettyBridge;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
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
 *
 * <p>Each datagram is told by Netty when it was sent or failed, in their order: so flushing is
 * waiting for a number.
 */
public final class UdpConduit extends ChannelInboundHandlerAdapter implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(UdpConduit.class);

    /** What an empty datagram counts for, so that a queue of them is bounded as well. */
    private static final int OVERHEAD = 64;

    /** IPv4's 65,535 without its header and UDP's; IPv6 does not count its header. */
    private static final int LONGEST_IPV4 = 65_507;

    private static final int LONGEST_IPV6 = 65_527;

    /** One to be sent. */
    private final class Outgoing implements ChannelFutureListener {
        private final byte[] bytes;
        private final InetSocketAddress recipient;

        Outgoing(byte[] bytes, InetSocketAddress recipient) {
            this.bytes = bytes;
            this.recipient = recipient;
        }

        int weight() {
            return bytes.length + OVERHEAD;
        }

        @Override
        public void operationComplete(ChannelFuture future) {
            ended(this, future.cause());
        }
    }

    /** Who waits for datagrams to leave. */
    private record Waiter(Promise<@Nullable Void> promise, long until) {}

    private final LoopNet net;
    private final DatagramChannel channel;
    private final EventLoop eventLoop;
    private final UdpOptions options;

    /** Set on the event loop before tasks see this object. */
    private @Nullable ChannelHandlerContext context;

    private @Nullable InetSocketAddress local;
    private @Nullable InetSocketAddress remote;

    /** The multicast groups; owned by the tasks of the loop. */
    private final Set<UdpGroups.Membership> memberships = new HashSet<>();

    // ---- guarded by this

    private final ArrayDeque<Datagram> in = new ArrayDeque<>();
    private long inBytes;
    private long dropped;
    private final ArrayDeque<Promise<@Nullable Void>> receivers = new ArrayDeque<>();

    private ArrayDeque<Outgoing> out = new ArrayDeque<>();
    private boolean scheduled;
    private long unsent;
    private long begun;
    private long done;
    private long sendFailures;
    private final ArrayDeque<Promise<@Nullable Void>> senders = new ArrayDeque<>();
    private final ArrayDeque<Waiter> flushers = new ArrayDeque<>();

    /** What went wrong first since somebody was told. */
    private @Nullable RuntimeException sendFailure;

    private @Nullable RuntimeException readFailure;

    private boolean closed;
    private boolean inactive;
    private boolean timedOut;
    private final ArrayDeque<Promise<Boolean>> closers = new ArrayDeque<>(1);

    /** To be closed when all has been sent; owned by the event loop. */
    private boolean closing;

    UdpConduit(LoopNet net, DatagramChannel channel, UdpOptions options) {
        this.net = net;
        this.channel = channel;
        this.options = options;
        eventLoop = channel.eventLoop();
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

    public synchronized long dropped() {
        return dropped;
    }

    public synchronized long sendFailures() {
        return sendFailures;
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
        for (; ; ) {
            Promise<@Nullable Void> arrival = Promise.create();
            synchronized (this) {
                if (closed || inactive) {
                    return null;
                }
                RuntimeException failed = takeReadFailure();
                if (failed != null) {
                    throw failed;
                }
                Datagram datagram = in.poll();
                if (datagram != null) {
                    inBytes -= datagram.bytes().length;
                    return datagram;
                }
                receivers.add(arrival);
            }
            try {
                Async.await(arrival);
            } catch (Throwable e) {
                handOn(arrival);
                throw e;
            }
        }
    }

    private void handOn(Promise<@Nullable Void> arrival) {
        Promise<@Nullable Void> next = null;
        synchronized (this) {
            boolean woken = !receivers.remove(arrival);
            if (woken && (!in.isEmpty() || readFailure != null)) {
                next = receivers.poll();
            }
        }
        wake(next);
    }

    /** What a call must tell before it does anything; for a connected socket, of sending too. */
    private @Nullable RuntimeException takeReadFailure() {
        RuntimeException failed = readFailure;
        readFailure = null;
        return failed == null && remote != null ? takeSendFailure() : failed;
    }

    private @Nullable RuntimeException takeSendFailure() {
        RuntimeException failed = sendFailure;
        sendFailure = null;
        return failed;
    }

    // ---- tasks: sending

    /** Sends, and waits if too much is unsent. */
    public void send(byte[] bytes, InetSocketAddress recipient) {
        requireReachable(recipient, bytes.length);
        Outgoing outgoing = new Outgoing(bytes.clone(), recipient);
        boolean schedule;
        boolean full;
        synchronized (this) {
            requireUsable("send");
            out.add(outgoing);
            begun++;
            unsent += outgoing.weight();
            full = unsent > Conduit.HIGH;
            schedule = !scheduled;
            scheduled = true;
        }
        if (schedule) {
            execute(this);
        }
        if (full) {
            awaitRoom();
        }
    }

    private void requireReachable(InetSocketAddress recipient, int length) {
        InetAddress address = recipient.getAddress();
        if (address == null) {
            throw new IllegalArgumentException(
                    "recipient must be resolved, was " + recipient + ": look its name up before");
        }
        boolean ipv4 = address instanceof Inet4Address;
        if (!ipv4 && localAddress().getAddress() instanceof Inet4Address) {
            throw new IllegalArgumentException(
                    "recipient must be an IPv4 address, was "
                            + recipient
                            + ": "
                            + this
                            + " is bound to one");
        }
        int longest = ipv4 ? LONGEST_IPV4 : LONGEST_IPV6;
        if (length > longest) {
            throw new IllegalArgumentException(
                    "a datagram to "
                            + recipient
                            + " must be <= "
                            + longest
                            + " bytes, was "
                            + length);
        }
    }

    /** With the monitor held. */
    private void requireUsable(String what) {
        if (closed || inactive) {
            throw closedWhen(what);
        }
        RuntimeException failed = remote == null ? null : takeReadFailure();
        if (failed != null) {
            throw failed;
        }
    }

    private void awaitRoom() {
        Promise<@Nullable Void> room = Promise.create();
        synchronized (this) {
            if (unsent <= Conduit.HIGH || closed || inactive) {
                return;
            }
            senders.add(room);
        }
        try {
            Async.await(room);
        } finally {
            synchronized (this) {
                senders.remove(room);
            }
        }
        if (!isOpen()) {
            throw closedWhen("send");
        }
    }

    /** Waits until all before has been sent or has failed. */
    public void flush() {
        Promise<@Nullable Void> promise = Promise.create();
        synchronized (this) {
            requireUsable("flush");
            if (done < begun) {
                flushers.add(new Waiter(promise, begun));
            } else {
                promise.complete(null);
            }
        }
        try {
            Async.await(promise);
        } finally {
            synchronized (this) {
                flushers.removeIf(w -> w.promise == promise);
            }
        }
        RuntimeException failed;
        synchronized (this) {
            failed =
                    inactive
                            ? closedWhen("flush")
                            : remote == null ? takeSendFailure() : takeReadFailure();
        }
        if (failed != null) {
            throw failed;
        }
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
            in.clear();
            inBytes = 0;
            waiting.addAll(receivers);
            waiting.addAll(senders);
            receivers.clear();
        }
        waiting.forEach(UdpConduit::wake);
    }

    private StreamClosedException closedWhen(String what) {
        return new StreamClosedException("cannot " + what + ": " + this + " is closed");
    }

    private void execute(Runnable action) {
        try {
            eventLoop.execute(action);
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: its loop has closed", this, e);
            gone();
        }
    }

    private static void wake(@Nullable Promise<@Nullable Void> waiter) {
        if (waiter != null) {
            waiter.tryComplete(null);
        }
    }

    // ---- the event loop: sending

    /** Hands over what has come together, and flushes once. */
    @Override
    public void run() {
        ArrayDeque<Outgoing> batch;
        boolean late;
        synchronized (this) {
            late = inactive;
            batch = out;
            out = new ArrayDeque<>();
            scheduled = false;
        }
        ChannelHandlerContext ctx = context;
        if (ctx == null || late) {
            batch.forEach(o -> ended(o, null));
            return;
        }
        for (Outgoing outgoing : batch) {
            if (outgoing.bytes.length == 0) {
                ctx.flush(); // what is before it
                sendEmpty(outgoing);
            } else {
                ByteBuf bytes = Unpooled.wrappedBuffer(outgoing.bytes);
                Object message =
                        remote != null ? bytes : new DatagramPacket(bytes, outgoing.recipient);
                ctx.write(message).addListener(outgoing);
            }
        }
        ctx.flush();
    }

    private void sendEmpty(Outgoing outgoing) {
        Throwable failed = null;
        try {
            NettyBridge.sendEmptyDatagram(channel, remote != null ? null : outgoing.recipient);
        } catch (IOException | RuntimeException e) {
            failed = e;
        }
        ended(outgoing, failed);
    }

    /** It was sent, or was not. */
    private void ended(Outgoing outgoing, @Nullable Throwable cause) {
        List<Promise<@Nullable Void>> waiting = new ArrayList<>(1);
        boolean all;
        synchronized (this) {
            done++;
            unsent -= outgoing.weight();
            if (cause != null && !inactive && channel.isOpen()) {
                sendFailures++;
                sendFailure = sendFailure != null ? sendFailure : failure(outgoing, cause);
                if (remote != null) {
                    waiting.add(receivers.poll());
                }
            }
            if (unsent <= Conduit.LOW) {
                waiting.addAll(senders);
            }
            for (Iterator<Waiter> i = flushers.iterator(); i.hasNext(); ) {
                Waiter flusher = i.next();
                if (flusher.until <= done) {
                    waiting.add(flusher.promise);
                    i.remove();
                }
            }
            all = done == begun;
        }
        if (cause == null) {
            net.wrote(outgoing.bytes.length);
        } else {
            LOG.debug("{} could not send to {}", this, outgoing.recipient, cause);
        }
        waiting.forEach(UdpConduit::wake);
        if (all && closing) {
            channel.close();
        }
    }

    private RuntimeException failure(Outgoing outgoing, Throwable cause) {
        IOException io = cause instanceof IOException e ? e : new IOException(cause);
        if (isRefusal(io) && remote != null) {
            return refused(remote, io);
        }
        return new SendFailedException(
                "cannot send "
                        + outgoing.bytes.length
                        + " bytes to "
                        + outgoing.recipient
                        + " from "
                        + this
                        + ": "
                        + io.getMessage(),
                outgoing.recipient,
                io);
    }

    private static boolean isRefusal(IOException cause) {
        return cause instanceof PortUnreachableException
                || String.valueOf(cause.getMessage()).contains("refused");
    }

    private static ConnectRefusedException refused(InetSocketAddress peer, IOException cause) {
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
        run();
        boolean all;
        synchronized (this) {
            all = done == begun;
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
            received(new Datagram(bytes, packet.sender(), length > most));
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void received(Datagram datagram) {
        int length = datagram.bytes().length;
        Promise<@Nullable Void> waiting = null;
        synchronized (this) {
            if (closed) {
                return;
            }
            boolean full =
                    in.size() >= options.receiveQueue()
                            || !in.isEmpty() && inBytes + length > options.receiveQueueBytes();
            if (full) {
                dropped++;
            } else {
                in.add(datagram);
                inBytes += length;
                waiting = receivers.poll();
            }
        }
        wake(waiting);
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
        Promise<@Nullable Void> waiting;
        synchronized (this) {
            readFailure = readFailure != null ? readFailure : failed;
            waiting = receivers.poll();
        }
        wake(waiting);
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
            flushers.forEach(f -> waiting.add(f.promise));
            flushers.clear();
            out.clear();
            ends = List.copyOf(closers);
            closers.clear();
        }
        drop();
        waiting.forEach(UdpConduit::wake);
        ends.forEach(end -> end.tryComplete(all));
    }
}
