package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.Datagram;
import dev.weft.net.UdpOptions;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The receiving side of a {@link UdpConduit}: a bounded queue that drops what does not fit. Guarded
 * by the conduit's monitor.
 */
final class UdpInbox {
    private final UdpConduit conduit;
    private final UdpOptions options;

    // ---- guarded by the conduit

    private final ArrayDeque<Datagram> queue = new ArrayDeque<>();
    private long bytes;
    private long dropped;
    private final ArrayDeque<Promise<@Nullable Void>> receivers = new ArrayDeque<>();

    /** What went wrong first since somebody was told. */
    private @Nullable RuntimeException failure;

    UdpInbox(UdpConduit conduit, UdpOptions options) {
        this.conduit = conduit;
        this.options = options;
    }

    long dropped() {
        synchronized (conduit) {
            return dropped;
        }
    }

    // ---- tasks

    /** Takes the next datagram, and waits for it; null if the socket is closed. */
    @Nullable Datagram receiveUntilClosed() {
        for (; ; ) {
            Promise<@Nullable Void> arrival = Promise.create();
            synchronized (conduit) {
                if (conduit.closed || conduit.inactive) {
                    return null;
                }
                RuntimeException failed = takeFailure();
                if (failed != null) {
                    throw failed;
                }
                Datagram datagram = queue.poll();
                if (datagram != null) {
                    bytes -= datagram.bytes().length;
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
        synchronized (conduit) {
            boolean woken = !receivers.remove(arrival);
            if (woken && (!queue.isEmpty() || failure != null)) {
                next = receivers.poll();
            }
        }
        UdpConduit.wake(next);
    }

    // ---- with the monitor held

    /** What a call must tell before it does anything; for a connected socket, of sending too. */
    @Nullable RuntimeException takeFailure() {
        RuntimeException failed = failure;
        failure = null;
        return failed == null && conduit.remoteAddress() != null
                ? conduit.outbox.takeFailure()
                : failed;
    }

    /** The one to be woken next, who waits no more. */
    @Nullable Promise<@Nullable Void> pollReceiver() {
        return receivers.poll();
    }

    /** Nobody receives any more; gives those to be woken. */
    List<Promise<@Nullable Void>> drop() {
        queue.clear();
        bytes = 0;
        List<Promise<@Nullable Void>> waiting = List.copyOf(receivers);
        receivers.clear();
        return waiting;
    }

    // ---- the event loop

    void received(Datagram datagram) {
        int length = datagram.bytes().length;
        Promise<@Nullable Void> waiting = null;
        synchronized (conduit) {
            if (conduit.closed) {
                return;
            }
            boolean full =
                    queue.size() >= options.receiveQueue()
                            || !queue.isEmpty() && bytes + length > options.receiveQueueBytes();
            if (full) {
                dropped++;
            } else {
                queue.add(datagram);
                bytes += length;
                waiting = receivers.poll();
            }
        }
        UdpConduit.wake(waiting);
    }

    void failed(RuntimeException cause) {
        Promise<@Nullable Void> waiting;
        synchronized (conduit) {
            failure = failure != null ? failure : cause;
            waiting = receivers.poll();
        }
        UdpConduit.wake(waiting);
    }
}
