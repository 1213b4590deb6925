package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.SendFailedException;
import dev.weft.netty.NettyBridge;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sending side of a {@link UdpConduit}. Netty tells of each datagram when it was sent or has
 * failed, in their order: so flushing is waiting for a number. Guarded by the conduit's monitor.
 */
final class UdpOutbox implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(UdpOutbox.class);

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

    private final UdpConduit conduit;
    private final DatagramChannel channel;

    // ---- guarded by the conduit

    private ArrayDeque<Outgoing> queue = new ArrayDeque<>();
    private boolean scheduled;
    private long unsent;
    private long begun;
    private long done;
    private long failures;
    private final ArrayDeque<Promise<@Nullable Void>> senders = new ArrayDeque<>();
    private final ArrayDeque<Waiter> flushers = new ArrayDeque<>();

    /** What went wrong first since somebody was told. */
    private @Nullable RuntimeException failure;

    UdpOutbox(UdpConduit conduit, DatagramChannel channel) {
        this.conduit = conduit;
        this.channel = channel;
    }

    long failures() {
        synchronized (conduit) {
            return failures;
        }
    }

    // ---- tasks

    /** Sends, and waits if too much is unsent. */
    void send(byte[] bytes, InetSocketAddress recipient) {
        requireReachable(recipient, bytes.length);
        Outgoing outgoing = new Outgoing(bytes.clone(), recipient);
        boolean schedule;
        boolean full;
        synchronized (conduit) {
            requireUsable("send");
            queue.add(outgoing);
            begun++;
            unsent += outgoing.weight();
            full = unsent > Conduit.HIGH;
            schedule = !scheduled;
            scheduled = true;
        }
        if (schedule) {
            conduit.execute(this);
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
        if (!ipv4 && conduit.localAddress().getAddress() instanceof Inet4Address) {
            throw new IllegalArgumentException(
                    "recipient must be an IPv4 address, was "
                            + recipient
                            + ": "
                            + conduit
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
        if (conduit.closed || conduit.inactive) {
            throw conduit.closedWhen(what);
        }
        RuntimeException failed =
                conduit.remoteAddress() == null ? null : conduit.inbox.takeFailure();
        if (failed != null) {
            throw failed;
        }
    }

    private void awaitRoom() {
        Promise<@Nullable Void> room = Promise.create();
        synchronized (conduit) {
            if (unsent <= Conduit.HIGH || conduit.closed || conduit.inactive) {
                return;
            }
            senders.add(room);
        }
        try {
            Async.await(room);
        } finally {
            synchronized (conduit) {
                senders.remove(room);
            }
        }
        if (!conduit.isOpen()) {
            throw conduit.closedWhen("send");
        }
    }

    /** Waits until all before has been sent or has failed. */
    void flush() {
        Promise<@Nullable Void> promise = Promise.create();
        synchronized (conduit) {
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
            synchronized (conduit) {
                flushers.removeIf(w -> w.promise == promise);
            }
        }
        RuntimeException failed;
        synchronized (conduit) {
            failed =
                    conduit.inactive
                            ? conduit.closedWhen("flush")
                            : conduit.remoteAddress() == null
                                    ? takeFailure()
                                    : conduit.inbox.takeFailure();
        }
        if (failed != null) {
            throw failed;
        }
    }

    // ---- with the monitor held

    @Nullable RuntimeException takeFailure() {
        RuntimeException failed = failure;
        failure = null;
        return failed;
    }

    /** Those that wait for room. */
    List<Promise<@Nullable Void>> senders() {
        return List.copyOf(senders);
    }

    boolean isAllSent() {
        return done == begun;
    }

    /** Nothing will be sent any more; gives those that wait for it. */
    List<Promise<@Nullable Void>> drop() {
        List<Promise<@Nullable Void>> waiting = flushers.stream().map(Waiter::promise).toList();
        flushers.clear();
        queue.clear();
        return waiting;
    }

    // ---- the event loop

    /** Hands over what has come together, and flushes once. */
    @Override
    public void run() {
        ArrayDeque<Outgoing> batch;
        boolean late;
        synchronized (conduit) {
            late = conduit.inactive;
            batch = queue;
            queue = new ArrayDeque<>();
            scheduled = false;
        }
        ChannelHandlerContext ctx = conduit.context();
        if (ctx == null || late) {
            batch.forEach(o -> ended(o, null));
            return;
        }
        InetSocketAddress remote = conduit.remoteAddress();
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
            NettyBridge.sendEmptyDatagram(
                    channel, conduit.remoteAddress() != null ? null : outgoing.recipient);
        } catch (IOException | RuntimeException e) {
            failed = e;
        }
        ended(outgoing, failed);
    }

    /** It was sent, or was not. */
    private void ended(Outgoing outgoing, @Nullable Throwable cause) {
        List<Promise<@Nullable Void>> waiting = new ArrayList<>(1);
        boolean all;
        synchronized (conduit) {
            done++;
            unsent -= outgoing.weight();
            if (cause != null && !conduit.inactive && channel.isOpen()) {
                failures++;
                failure = failure != null ? failure : failure(outgoing, cause);
                if (conduit.remoteAddress() != null) {
                    waiting.add(conduit.inbox.pollReceiver());
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
            conduit.net().wrote(outgoing.bytes.length);
        } else {
            LOG.debug("{} could not send to {}", conduit, outgoing.recipient, cause);
        }
        waiting.forEach(UdpConduit::wake);
        if (all) {
            conduit.allSent();
        }
    }

    private RuntimeException failure(Outgoing outgoing, Throwable cause) {
        IOException io = cause instanceof IOException e ? e : new IOException(cause);
        InetSocketAddress remote = conduit.remoteAddress();
        if (UdpConduit.isRefusal(io) && remote != null) {
            return UdpConduit.refused(remote, io);
        }
        return new SendFailedException(
                "cannot send "
                        + outgoing.bytes.length
                        + " bytes to "
                        + outgoing.recipient
                        + " from "
                        + conduit
                        + ": "
                        + io.getMessage(),
                outgoing.recipient,
                io);
    }
}
