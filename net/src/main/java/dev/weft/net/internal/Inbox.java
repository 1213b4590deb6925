package dev.weft.net.internal;

import dev.weft.Promise;
import dev.weft.net.BusyException;
import dev.weft.net.TimedOutException;
import io.netty.channel.Channel;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The reading side of a {@link Conduit}, which tells how it works: the event loop fills it, and one
 * task at a time empties it. Guarded by the conduit's monitor.
 */
final class Inbox {
    private final Conduit conduit;
    private final Channel channel;

    /** Set before tasks see this object; null if the peer may be idle as long as it likes. */
    private @Nullable IdleWatch idle;

    // ---- guarded by the conduit

    private final ArrayDeque<Object> queue = new ArrayDeque<>(4);
    private int bytes;
    private boolean paused;
    private boolean ended;
    private @Nullable Promise<@Nullable Void> reader;

    Inbox(Conduit conduit, Channel channel) {
        this.conduit = conduit;
        this.channel = channel;
    }

    // ---- idle peers

    void limitIdleness(Duration limit) {
        idle = new IdleWatch(conduit.net().loop(), limit, this::silent);
    }

    private TimedOutException silent(Duration limit) {
        return new TimedOutException(
                "nothing has come on "
                        + conduit
                        + " for the readIdleTimeout of "
                        + limit.toMillis()
                        + " ms: nothing was read, and what had come before stays to be read",
                limit);
    }

    /** As {@link Conduit#heard}. */
    void heard() {
        IdleWatch watch = idle;
        if (watch != null) {
            watch.moved();
        }
    }

    boolean wasIdle(Throwable failure) {
        return idle != null && idle.hasThrown(failure);
    }

    void stopIdleWatch() {
        if (idle != null) {
            idle.stop();
        }
    }

    // ---- tasks

    /** As {@link Conduit#take(Object)}. */
    @Nullable Object take(@Nullable Object used) {
        Object unreleased = used;
        Promise<@Nullable Void> arrival = null;
        for (; ; ) {
            Object message;
            boolean resume = false;
            boolean end = false;
            RuntimeException refusal = null;
            synchronized (conduit) {
                if (unreleased != null && conduit.outbox.releases(unreleased)) {
                    unreleased = null;
                }
                if (reader != arrival) {
                    message = null;
                    arrival = null;
                    refusal = busy();
                } else {
                    message = queue.poll();
                    reader = null;
                    if (message != null) {
                        bytes -= conduit.sizeOf(message);
                        resume = paused && bytes <= Conduit.LOW;
                        paused &= !resume;
                    } else if (conduit.closed || conduit.failure != null) {
                        refusal = conduit.unusable("read");
                    } else if (ended) {
                        end = true;
                    } else {
                        arrival = Promise.create();
                        reader = arrival;
                    }
                }
            }
            if (unreleased != null) {
                ReferenceCountUtil.release(unreleased);
                unreleased = null;
            }
            if (refusal != null) {
                throw refusal;
            }
            if (resume) {
                conduit.execute(this::resume);
            }
            if (message != null || end) {
                return message;
            }
            awaitArrival(Objects.requireNonNull(arrival));
        }
    }

    private BusyException busy() {
        return new BusyException("cannot read: another task is reading from " + conduit);
    }

    private void awaitArrival(Promise<@Nullable Void> arrival) {
        try {
            IdleWatch.await(idle, arrival);
        } catch (Throwable e) {
            synchronized (conduit) {
                reader = null;
            }
            throw e;
        }
    }

    /** Unless so much has come meanwhile that it is paused again. */
    private void resume() {
        boolean wanted;
        synchronized (conduit) {
            wanted = !paused;
        }
        if (wanted && channel.isActive()) {
            channel.config().setAutoRead(true);
        }
    }

    boolean isEmpty() {
        synchronized (conduit) {
            return queue.isEmpty();
        }
    }

    // ---- with the monitor held

    /** Why nothing can be taken back now; null if nobody is reading. */
    @Nullable BusyException refusal() {
        return reader != null ? busy() : null;
    }

    void giveBack(Object first) {
        queue.addFirst(first);
        bytes += conduit.sizeOf(first);
    }

    /** The one to be woken, if there is. */
    @Nullable Promise<@Nullable Void> reader() {
        return reader;
    }

    /** Takes out what nobody will take; the caller releases it. */
    Object[] drop() {
        Object[] unread = queue.toArray();
        queue.clear();
        bytes = 0;
        return unread;
    }

    /** The channel has gone: what is left may lie here for long. */
    void detach() {
        ended = true;
        // A reader takes a message with the monitor held, so that each is either here or its.
        for (int n = queue.size(); n > 0; n--) {
            queue.add(conduit.detach(queue.remove()));
        }
    }

    // ---- the event loop

    /** As {@link Conduit#received}. */
    void received(Object message) {
        int size = conduit.sizeOf(message);
        boolean pause = false;
        Promise<@Nullable Void> waiting = null;
        boolean keep;
        boolean joined = false;
        synchronized (conduit) {
            keep = !conduit.closed;
            if (keep) {
                Object last = queue.peekLast();
                joined = last != null && conduit.join(last, message);
                if (!joined) {
                    queue.add(message);
                }
                bytes += size;
                waiting = reader;
                pause = !paused && bytes > Conduit.mostUnread(waiting != null);
                paused |= pause;
            }
        }
        if (!keep || joined) {
            ReferenceCountUtil.release(message);
        }
        if (pause || !keep && conduit.isAborting()) {
            channel.config().setAutoRead(false);
        }
        Conduit.wake(waiting);
    }

    /** As {@link Conduit#ended}. */
    void end() {
        Promise<@Nullable Void> waiting;
        synchronized (conduit) {
            ended = true;
            waiting = reader;
        }
        Conduit.wake(waiting);
    }

    /** Takes out all that has come; from now on somebody else decides when the input ends. */
    Conduit.Unread takeBack() {
        Conduit.Unread unread;
        boolean resume;
        synchronized (conduit) {
            unread = new Conduit.Unread(List.copyOf(queue), ended);
            queue.clear();
            bytes = 0;
            ended = false;
            resume = paused;
            paused = false;
        }
        if (resume) {
            resume();
        }
        return unread;
    }
}
