package dev.weft.net;

import dev.weft.net.internal.UdpConduit;
import dev.weft.net.internal.UdpGroups;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A UDP socket. {@link Udp#bind} opens one that talks to anybody, {@link Udp#connect} one for a
 * single peer.
 *
 * <p>Any number of tasks may send and receive at the same time, as no datagram is ever mixed with
 * another; each goes to one receiver. What comes while nobody receives is queued, up to {@link
 * UdpOptions#receiveQueue} datagrams; then it is dropped and counted. Datagrams may get lost before
 * as well, in the network and in the operating system, which nobody counts.
 *
 * <p>All methods are for tasks, and do not block threads; those that suspend say so. {@link #close}
 * it when done, best with {@code try}.
 *
 * <p>A datagram that the system did not send is as one that was lost on the way: a server must not
 * fail since one of its clients has an odd address. {@link #flush} tells of it, and {@link
 * #sendFailures} counts. On a connected socket, whose peer is the only one, the next call of any
 * kind tells.
 */
public final class UdpSocket implements AutoCloseable {
    private final UdpConduit conduit;
    private final UdpOptions options;

    UdpSocket(UdpConduit conduit, UdpOptions options) {
        this.conduit = conduit;
        this.options = options;
    }

    /**
     * Sends a datagram to the peer of a connected socket.
     *
     * <p><b>Suspends</b> while more than 64 KiB are unsent, until that is down to 16 KiB.
     * <b>Cancellation</b>: it is sent all the same.
     *
     * @param bytes what to send, perhaps nothing (but not on NIO, since the JDK cannot on connected
     *     sockets); 65,507 bytes at most to IPv4, 65,527 to IPv6. It is copied at once
     * @throws IllegalArgumentException if it is longer
     * @throws IllegalStateException if the socket is not connected
     * @throws ConnectRefusedException if nobody listened when something was sent before; this
     *     datagram is not sent then
     * @throws SendFailedException if something could not be sent before; this is not sent then
     * @throws StreamClosedException if the socket is closed
     */
    public void send(byte[] bytes) {
        Objects.requireNonNull(bytes, "bytes must not be null");
        InetSocketAddress peer = conduit.remoteAddress();
        if (peer == null) {
            throw new IllegalStateException(
                    this + " is not connected: name the recipient, or open it with Udp.connect");
        }
        conduit.send(bytes, peer);
    }

    /**
     * Sends a datagram to anybody.
     *
     * <p><b>Suspends</b> while more than 64 KiB are unsent, until that is down to 16 KiB.
     * <b>Cancellation</b>: it is sent all the same.
     *
     * @param bytes what to send, perhaps nothing; 65,507 bytes at most to IPv4, 65,527 to IPv6. It
     *     is copied at once
     * @param recipient whom to; of the family of the socket's own address, if that is IPv4
     * @throws IllegalArgumentException if it is longer, or the recipient is not resolved or of the
     *     other family
     * @throws IllegalStateException if the socket is connected
     * @throws StreamClosedException if the socket is closed
     */
    public void send(byte[] bytes, InetSocketAddress recipient) {
        Objects.requireNonNull(bytes, "bytes must not be null");
        Objects.requireNonNull(recipient, "recipient must not be null");
        if (conduit.remoteAddress() != null) {
            throw new IllegalStateException(
                    this + " is connected: send to its peer alone, or open one with Udp.bind");
        }
        conduit.send(bytes, recipient);
    }

    /**
     * Waits until all that was sent before has been handed to the operating system.
     *
     * <p><b>Suspends</b> until then. <b>Cancellation</b>: ends the wait alone.
     *
     * @throws ConnectRefusedException if nobody listens at a connected socket's peer
     * @throws SendFailedException if something could not be sent since the last call; the first
     * @throws StreamClosedException if the socket is closed
     */
    public void flush() {
        conduit.flush();
    }

    /**
     * Receives a datagram.
     *
     * <p><b>Suspends</b> until one has come. <b>Cancellation</b>: none was taken.
     *
     * @return the next one
     * @throws ConnectRefusedException if nobody listens at a connected socket's peer
     * @throws SendFailedException if a connected socket could not send something before
     * @throws StreamClosedException if the socket is closed
     */
    public Datagram receive() {
        return conduit.receive();
    }

    /**
     * The datagrams that are still to come: {@link #receive} in a loop, which ends when this side
     * closes the socket.
     *
     * {@snippet file="UdpTest.java" region="datagrams"}
     *
     * @return can be iterated over as often as one likes, also by several tasks
     */
    public Iterable<Datagram> datagrams() {
        return Received::new;
    }

    private final class Received implements Iterator<Datagram> {
        private @Nullable Datagram next;

        @Override
        public boolean hasNext() {
            if (next == null) {
                next = conduit.receiveUntilClosed();
            }
            return next != null;
        }

        @Override
        public Datagram next() {
            Datagram datagram = hasNext() ? next : null;
            if (datagram == null) {
                throw new NoSuchElementException(UdpSocket.this + " is closed");
            }
            next = null;
            return datagram;
        }
    }

    /**
     * How many datagrams were dropped since the queue was full. Those that the operating system
     * dropped are not among them.
     *
     * @return the count so far
     */
    public long dropped() {
        return conduit.dropped();
    }

    /**
     * How many datagrams the operating system did not send.
     *
     * @return the count so far
     */
    public long sendFailures() {
        return conduit.sendFailures();
    }

    /**
     * Joins a multicast group, by {@link UdpOptions#multicastInterface}. Bind the socket to the
     * wildcard address of the group's family, and to the group's port.
     *
     * <p><b>Suspends</b> until joined. <b>Cancellation</b>: it may be joined all the same.
     *
     * @param group a multicast address
     * @throws ListenFailedException if that fails
     * @throws IllegalArgumentException if it is no multicast address, or of the other family
     */
    public void join(InetAddress group) {
        join(group, null, null);
    }

    /**
     * As {@link #join(InetAddress)}, by an interface of one's choice, and from one sender if wanted
     * (source-specific multicast, RFC 4607).
     *
     * @param group a multicast address
     * @param by the network interface; null for the default
     * @param source the only sender to hear; null for all
     */
    public void join(
            InetAddress group, @Nullable NetworkInterface by, @Nullable InetAddress source) {
        UdpGroups.change(conduit, options, true, new UdpGroups.Membership(group, by, source));
    }

    /**
     * Leaves a multicast group that was joined by {@link #join(InetAddress)}.
     *
     * <p><b>Suspends</b> until that is done. <b>Cancellation</b>: it may be left all the same.
     *
     * @param group the group
     * @throws ListenFailedException if that fails, as for one that was not joined
     * @throws IllegalArgumentException if it is no multicast address, or of the other family
     */
    public void leave(InetAddress group) {
        leave(group, null, null);
    }

    /**
     * Leaves a multicast group that was joined with the same arguments.
     *
     * @param group the group
     * @param by the network interface; null for the default
     * @param source the only sender to hear; null for all
     */
    public void leave(
            InetAddress group, @Nullable NetworkInterface by, @Nullable InetAddress source) {
        UdpGroups.change(conduit, options, false, new UdpGroups.Membership(group, by, source));
    }

    /**
     * The address that it is bound to.
     *
     * @return with the real port
     */
    public InetSocketAddress localAddress() {
        return conduit.localAddress();
    }

    /**
     * The port that it is bound to.
     *
     * @return 1 to 65,535
     */
    public int port() {
        return conduit.localAddress().getPort();
    }

    /**
     * The peer of a connected socket.
     *
     * @return its address; null if the socket is not connected
     */
    public @Nullable InetSocketAddress remoteAddress() {
        return conduit.remoteAddress();
    }

    /**
     * Whether it is open.
     *
     * @return false once this side has closed it, or its loop has
     */
    public boolean isOpen() {
        return conduit.isOpen();
    }

    /**
     * Sends what was to be sent, for {@link UdpOptions#closeTimeout} at most, and closes. What was
     * not received is dropped; tasks that wait get {@link StreamClosedException}. Idempotent.
     *
     * <p><b>Suspends</b> until closed. <b>Cancellation</b>: it is closed at once.
     *
     * @throws TimedOutException if not all could be sent in time; it is closed all the same
     */
    @Override
    public void close() {
        conduit.close(options.closeTimeout());
    }

    /** Closes at once; what was not sent is dropped. Does not suspend; from any thread. */
    public void abort() {
        conduit.abort();
    }

    @Override
    public String toString() {
        return conduit.toString();
    }
}
