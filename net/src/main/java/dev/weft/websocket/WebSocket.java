package dev.weft.websocket;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.net.TlsSession;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket connection (RFC 6455): whole messages in both directions. {@link #connect} opens one,
 * {@link WebSocketServer#listen} hands one to each handler.
 *
 * <p>One task at a time may receive; any number may send, and their messages are sent whole, one
 * after another. Sending suspends while more than 64 KiB wait to be sent, until that is down to 16
 * KiB; what nobody receives stays with the peer, but for some 64 KiB or one message. Pings of the
 * peer are answered by themselves.
 *
 * <p>All methods are for tasks, and do not block threads. {@link #close()} it when done, best with
 * {@code try}: a server's connections are closed when their handler returns.
 *
 * <p>Failures: {@link dev.weft.net.StreamClosedException} on a connection that was closed properly,
 * by either side; {@link dev.weft.net.BrokenConnectionException} on one that the peer or the
 * network broke; {@link WebSocketProtocolException} on one whose peer broke a rule.
 */
public final class WebSocket implements AutoCloseable {
    private final WebSocketConduit conduit;
    private final @Nullable String subprotocol;

    /** Who has sent a message in part, and who waits for its end. Guarded by this. */
    private @Nullable Task<?> fragmenting;

    private final ArrayDeque<Promise<@Nullable Void>> behind = new ArrayDeque<>(0);

    WebSocket(WebSocketConduit conduit, @Nullable String subprotocol) {
        this.conduit = conduit;
        this.subprotocol = subprotocol;
    }

    /**
     * Connects, with the default options.
     *
     * <p><b>Suspends</b> until the connection is open. <b>Cancellation</b>: nothing is left open.
     *
     * @param url {@code ws://host:port/path}, or {@code wss:} for TLS
     * @return the open connection, which the caller has to close
     * @throws IllegalArgumentException if it is no such URL
     * @throws dev.weft.net.HostNotFoundException if the name has no address
     * @throws dev.weft.net.ConnectFailedException if nobody listens there
     * @throws dev.weft.net.TlsException if the two sides do not agree on TLS
     * @throws UpgradeRefusedException if the server answers with anything but an upgrade
     * @throws dev.weft.net.TimedOutException if it took longer than {@link
     *     WebSocketOptions#handshakeTimeout}
     */
    public static WebSocket connect(String url) {
        return connect(WebSocketUrl.parse(url), WebSocketOptions.defaults());
    }

    /**
     * As {@link #connect(String)}, with options.
     *
     * @param url {@code ws://host:port/path}, or {@code wss:} for TLS
     * @param options limits and choices
     * @return the open connection, which the caller has to close
     * @throws dev.weft.net.ProxyFailedException if {@link
     *     WebSocketOptions#proxy(dev.weft.net.Proxy)} cannot be reached, or refuses
     */
    public static WebSocket connect(URI url, WebSocketOptions options) {
        Objects.requireNonNull(options, "options must not be null");
        return ClientHandshake.open(WebSocketUrl.check(url), options);
    }

    // ---- sending

    /**
     * Sends a text message.
     *
     * <p><b>Suspends</b> while more than 64 KiB wait to be sent, or another task sends a message in
     * parts. <b>Cancellation</b>: it is sent whole, or, if cancelled behind a message in parts, not
     * at all.
     *
     * @param text the message; half a surrogate pair is sent as {@code ?}
     */
    public void send(String text) {
        byte[] bytes = WebSocketConduit.utf8(text);
        awaitWholeMessages();
        conduit.sendPart(true, bytes, true, true);
    }

    /**
     * Sends a binary message. The array is copied, and may be reused at once.
     *
     * <p><b>Suspends</b> and <b>Cancellation</b> as {@link #send(String)}.
     *
     * @param bytes the message
     */
    public void send(byte[] bytes) {
        byte[] copy = bytes.clone();
        awaitWholeMessages();
        conduit.sendPart(false, copy, true, true);
    }

    /**
     * Sends one message in parts, as they become known; the peer receives it as a whole. Other
     * tasks' messages wait until it has ended, pings and the closing do not.
     *
     * <p><b>Suspends</b> as {@link #send(String)}, and while the source does. <b>Cancellation</b>:
     * a message that was begun cannot be taken back, so the connection is closed with code 1011;
     * the peer never sees a part for the whole. The same if the source fails.
     *
     * @param source writes the parts, in the current task; the message ends when it returns
     * @throws IllegalStateException if called, as {@code send}, by a source of this very socket
     */
    public void sendFragments(Fragments.Source source) {
        awaitWholeMessages();
        synchronized (this) {
            fragmenting = Task.current();
        }
        Fragments parts = new Fragments(conduit);
        boolean whole = false;
        try {
            source.writeTo(parts);
            parts.end();
            whole = true;
        } catch (RuntimeException e) {
            throw e;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (Exception e) {
            throw new CompletionException(e);
        } finally {
            if (!whole) {
                parts.abandon();
                conduit.giveUp("a message could not be finished");
            }
            endFragments();
        }
    }

    private void endFragments() {
        synchronized (this) {
            fragmenting = null;
            for (Promise<@Nullable Void> waiting : behind) {
                waiting.tryComplete(null);
            }
        }
    }

    private void awaitWholeMessages() {
        for (; ; ) {
            Promise<@Nullable Void> end;
            synchronized (this) {
                if (fragmenting == null) {
                    return;
                }
                if (fragmenting == Task.current()) {
                    throw new IllegalStateException(
                            "cannot send: this very task sends a message in parts on "
                                    + this
                                    + ", which has to end before the next: send this one after it");
                }
                end = Promise.create();
                behind.add(end);
            }
            try {
                Async.await(end);
            } finally {
                synchronized (this) {
                    behind.remove(end);
                }
            }
        }
    }

    /**
     * Sends a ping, and waits for its answer.
     *
     * <p><b>Suspends</b> until then; combine it with a limit. <b>Cancellation</b>: ends the wait
     * alone.
     *
     * @return how long it took
     */
    public Duration ping() {
        return conduit.ping();
    }

    // ---- receiving

    /**
     * Receives the next message.
     *
     * <p><b>Suspends</b> until one has come. <b>Cancellation</b>: none was taken.
     *
     * @return the message; null when the connection was closed properly, by either side
     * @throws dev.weft.net.BusyException if another task is receiving
     * @throws WebSocketProtocolException if the peer broke a rule, or sent a message above {@link
     *     WebSocketOptions#maxMessageBytes}
     */
    public @Nullable Message receive() {
        return conduit.receive();
    }

    /**
     * As {@link #receive}, for a peer that sends text alone.
     *
     * <p><b>Suspends</b> and <b>Cancellation</b> as {@link #receive}.
     *
     * @return the text; null when the connection was closed properly
     * @throws IllegalStateException if a binary message came; it has been taken
     */
    public @Nullable String receiveText() {
        return switch (receive()) {
            case Message.Text text -> text.text();
            case Message.Binary binary ->
                    throw new IllegalStateException(
                            "a binary message of "
                                    + binary.bytes().length
                                    + " bytes came where text was expected, from "
                                    + this
                                    + ": use receive()");
            case null -> null;
        };
    }

    // ---- closing

    /** As {@link #close(int, String)} with code 1000 and no reason. */
    @Override
    public void close() {
        close(WebSocketConduit.NORMAL, "");
    }

    /**
     * Closes: sends what was written, tells the peer, and waits for its answer. Messages that come
     * meanwhile are dropped. Idempotent: a connection that is closed or broken stays as it is.
     *
     * <p><b>Suspends</b> until it is closed, at most {@link WebSocketOptions#closeTimeout} or a
     * little more. <b>Cancellation</b>: it is closed at once.
     *
     * @param code why: 1000 (done), 1001 (going away), 1002 to 1014 as RFC 6455 says, or 3000 to
     *     4999
     * @param reason why, for people; at most 123 bytes in UTF-8
     * @throws dev.weft.net.TimedOutException if the peer did not answer; it is closed all the same
     */
    public void close(int code, String reason) {
        boolean known =
                code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)
                        || code >= 3000 && code <= 4999;
        if (!known) {
            throw new IllegalArgumentException(
                    "code must be 1000 to 1003, 1007 to 1014 or 3000 to 4999, was " + code);
        }
        int length = WebSocketConduit.utf8(reason).length;
        if (length > 123) {
            throw new IllegalArgumentException(
                    "reason must be <= 123 bytes in UTF-8, was " + length);
        }
        conduit.close(code, reason);
    }

    /**
     * Closes at once, without telling the peer, who sees a broken connection. Idempotent, and does
     * not suspend.
     */
    public void abort() {
        conduit.abort();
    }

    /**
     * The code with which the connection was closed.
     *
     * @return what the peer sent, or this side if the peer broke a rule; 1005 if the peer gave
     *     none, 1006 if the connection broke, -1 while it is open
     */
    public int closeCode() {
        return conduit.closeCode();
    }

    /**
     * The reason that came with {@link #closeCode}.
     *
     * @return words for people; often empty
     */
    public String closeReason() {
        return conduit.closeReason();
    }

    /**
     * Whether messages can be sent and received.
     *
     * @return false from the start of closing on
     */
    public boolean isOpen() {
        return conduit.isUsable();
    }

    /**
     * The subprotocol that both sides agreed on.
     *
     * @return its name, or null for none
     */
    public @Nullable String subprotocol() {
        return subprotocol;
    }

    /**
     * What the TLS handshake has come to.
     *
     * @return null without TLS
     */
    public @Nullable TlsSession tls() {
        return conduit.tls();
    }

    /**
     * This side's address.
     *
     * @return an {@code InetSocketAddress}
     */
    public SocketAddress localAddress() {
        return conduit.localAddress();
    }

    /**
     * The peer's address.
     *
     * @return an {@code InetSocketAddress}
     */
    public SocketAddress remoteAddress() {
        return conduit.remoteAddress();
    }

    @Override
    public String toString() {
        return conduit.toString();
    }
}
