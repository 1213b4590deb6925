package dev.weft.net;

import dev.weft.net.internal.Listener;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;

/**
 * A listening socket with the connections it has accepted: what {@link Tcp#listen} opens.
 * Counterpart of asyncio's {@code Server}, which accepts from the start here.
 *
 * <p>It is closed when the scope ends in which it was opened, or before by {@link #close}.
 */
public final class Server implements AutoCloseable {
    /** More nanoseconds than this do not fit the clock's arithmetic. */
    private static final Duration LONGEST_GRACE = Duration.ofDays(100 * 365);

    private final Listener listener;

    Server(Listener listener) {
        this.listener = listener;
    }

    /**
     * The port it listens on.
     *
     * @return 1 to 65,535; the one that was found if 0 was asked for
     * @throws IllegalStateException if it listens on a Unix socket, which has none
     */
    public int port() {
        if (listener.address() instanceof InetSocketAddress address) {
            return address.getPort();
        }
        throw new IllegalStateException(
                this + " has no port, as it listens on a Unix socket: see localAddress()");
    }

    /**
     * The address it listens on.
     *
     * @return an {@code InetSocketAddress}, or a {@link UnixAddress}
     */
    public SocketAddress localAddress() {
        return listener.address();
    }

    /**
     * How many connections it has: those that are being set up (by a TLS handshake or a PROXY
     * header), are served, or are being closed after that. From any thread.
     *
     * @return 0 or more; a snapshot
     */
    public int connections() {
        return listener.connections();
    }

    /**
     * Closes the stream of every connection as {@link ByteStream#close} does, without waiting: what
     * was written is sent, for {@link TcpOptions#closeTimeout} at most. A handler that reads or
     * writes gets {@link StreamClosedException}, and if that is what it ends with, nobody is told.
     * Handlers are not cancelled: one that does something else goes on with that. Counterpart of
     * asyncio's {@code Server.close_clients}, where readers see the end of the input instead.
     *
     * <p>The server goes on to accept: to end it, call {@link #close}, or first {@link #drain} in a
     * task of its own, whose grace this cuts short. On a server that has closed, or has no
     * connections, it does nothing.
     *
     * <p>Does not suspend.
     */
    public void closeClients() {
        listener.closeClients(false);
    }

    /**
     * As {@link #closeClients}, but drops what was not sent: the peers see reset connections, as
     * after {@link ByteStream#abort}. Counterpart of asyncio's {@code Server.abort_clients}.
     */
    public void abortClients() {
        listener.closeClients(true);
    }

    /**
     * Stops accepting, cancels the handlers' tasks and awaits them, closes their streams as {@link
     * ByteStream#close} does. Idempotent; it cuts the grace of a {@link #drain} short.
     *
     * <p><b>Suspends</b> until all that is done and the port is free; on NIO and io_uring that may
     * be a moment later. <b>Cancellation</b>: ends the wait alone; the closing goes on. Called by a
     * handler of this very server it never returns normally: the handler is cancelled too.
     */
    @Override
    public void close() {
        listener.close();
    }

    /**
     * Closes gently: stops accepting at once, and lets handlers come to their end for a time; those
     * that have not by then are ended as {@link #close} ends them. Idempotent; called again, it
     * waits, and a grace that ends sooner counts, from when the closing began.
     *
     * <p><b>Suspends</b> until all handlers have ended and the port is free, as for {@link #close}.
     * <b>Cancellation</b>: ends the wait alone; the closing goes on. Not for handlers of this very
     * server, for which it would wait.
     *
     * @param grace how long handlers may go on, 0 or more
     */
    public void drain(Duration grace) {
        Objects.requireNonNull(grace, "grace must not be null");
        if (grace.isNegative()) {
            throw new IllegalArgumentException("grace must be >= 0, was " + grace);
        }
        listener.close(grace.compareTo(LONGEST_GRACE) < 0 ? grace : LONGEST_GRACE);
    }

    /**
     * Waits until the server has closed: the last thing in a program that serves for ever.
     *
     * <p><b>Suspends</b> until then. <b>Cancellation</b>: ends the wait alone.
     */
    public void awaitClosed() {
        listener.awaitClosed();
    }

    @Override
    public String toString() {
        return "Server[" + listener.address() + "]";
    }
}
