package dev.weft.net;

import dev.weft.net.internal.Listener;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;

/**
 * A listening socket with the connections it has accepted: what {@link Tcp#listen} opens.
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
     * Stops accepting, cancels the handlers' tasks and awaits them, closes their streams as {@link
     * ByteStream#close} does. Idempotent.
     *
     * <p><b>Suspends</b> until all that is done and the port is free. <b>Cancellation</b>: ends the
     * wait alone; the closing goes on. Called by a handler of this very server it never returns
     * normally: the handler is cancelled too.
     */
    @Override
    public void close() {
        listener.close();
    }

    /**
     * Closes gently: stops accepting at once, and lets handlers come to their end for a time; those
     * that have not by then are ended as {@link #close} ends them. Idempotent; on a server that is
     * closing already it only waits.
     *
     * <p><b>Suspends</b> until all handlers have ended and the port is free. <b>Cancellation</b>:
     * ends the wait alone; the closing goes on. Not for handlers of this very server, for which it
     * would wait.
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
