package dev.weft.http;

import dev.weft.Handle;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.net.StreamClosedException;
import dev.weft.net.TimedOutException;
import dev.weft.net.internal.Clock;
import dev.weft.net.internal.Waits;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A client's connections: those that are open, those that are being opened, and who waits for one.
 *
 * <p>Each origin has a <b>line</b>. A call takes a {@link Place} that has room: of HTTP/1.1 one
 * that carries no call, the one used last; of HTTP/2 the only one, while the server takes more
 * streams. If there is none, and the limits allow for another, the call itself dials; else it waits
 * in the line, first come, first served. Whoever gives something back, be it room or the right to
 * dial, serves the line in the same breath: so <b>nobody waits while there is room</b>, and nobody
 * who comes later gets what an earlier one waits for. That is the invariant; {@link #serve} is the
 * only place that restores it, and it is called after every change that could break it.
 *
 * <p>While it is not known whether an origin speaks HTTP/2, one call alone dials, as the others may
 * share what comes of it.
 *
 * <p>What is granted to a waiter is counted as taken at once, with the monitor held. A waiter that
 * was cancelled in between gives it back. So the counts are right whoever is cancelled when.
 *
 * <p>Tasks and the event loop, two threads in portable mode, both change it: all is guarded by this
 * object's monitor. With it held nothing is called but the completion of promises, and a
 * connection's way of handing something to its event loop.
 */
final class Pool {
    private final Loop loop;
    private final HttpOptions options;
    private final Dialling dialling;

    // ---- guarded by this

    private final Map<Origin, Line> lines = new HashMap<>();
    private int places;
    private int waiting;
    private long tickets;
    private boolean closed;
    private @Nullable Handle eviction;

    /** Opens a connection; suspends. */
    interface Dialling {
        /**
         * Opens a connection.
         *
         * @param origin where to
         * @param place what it is to tell of its fate
         * @param holder whose call it is
         * @return the open connection
         */
        Carrier dial(Origin origin, Place place, Holder holder);
    }

    /** A connection, as the pool sees it. */
    interface Carrier {
        /** Which version it speaks. */
        HttpVersion version();

        /** Closes it, as it carries nothing. Does not suspend, nor tell of it before it returns. */
        void leaveSoon();

        /** Ends it, and what it carries. Does not suspend, nor tell of it before it returns. */
        void abort(String why);
    }

    Pool(Loop loop, HttpOptions options, Dialling dialling) {
        this.loop = loop;
        this.options = options;
        this.dialling = dialling;
    }

    /** An origin's. All guarded by the pool. */
    final class Line {
        final Origin origin;
        final ArrayDeque<Waiter> waiters = new ArrayDeque<>(0);

        /** Those open or being opened; a closed one is not here any more. */
        final List<Place> places = new ArrayList<>(1);

        /** Those of them that have room; the last one was used last. */
        final ArrayDeque<Place> roomy = new ArrayDeque<>(1);

        /** Whether they speak HTTP/2; null if nobody knows yet. */
        @Nullable Boolean multiplexes;

        Line(Origin origin) {
            this.origin = origin;
            multiplexes = options.multiplexes(origin.secure());
        }

        boolean mayDial() {
            int most = Boolean.FALSE.equals(multiplexes) ? options.maxConnectionsPerOrigin() : 1;
            return places.size() < most;
        }
    }

    /**
     * How long a call waits.
     *
     * @param limit the time
     * @param tooLate what it throws then, such as {@link Pool#tooLate}
     */
    record Patience(Duration limit, Supplier<RuntimeException> tooLate) {}

    /** A call that waits. */
    static final class Waiter {
        final Holder holder;
        final long ticket;
        final boolean fresh;
        final Promise<Boolean> granted = Promise.create();

        /** Set before that is completed; one that is open, or is to be dialled. */
        @Nullable Place place;

        Waiter(Holder holder, long ticket, boolean fresh) {
            this.holder = holder;
            this.ticket = ticket;
            this.fresh = fresh;
        }
    }

    /**
     * A connection's place in the pool, from before it is dialled. The methods are for the
     * connection, on the event loop.
     */
    final class Place {
        private final Line line;

        // ---- guarded by the pool

        private @Nullable Carrier connection;
        private @Nullable Holder holder;
        private int active = 1;
        private int capacity = 1;
        private boolean gone;
        private boolean inRoomy;
        private boolean used;
        private long idleSince;
        private Duration idleLimit;

        Place(Line line) {
            this.line = line;
            idleLimit = options.idleTimeout();
        }

        Origin origin() {
            return line.origin;
        }

        /** What it is the place of; once it was acquired. */
        Carrier connection() {
            return Objects.requireNonNull(connection);
        }

        /** Whether a call has been carried before the present one. */
        boolean isUsed() {
            synchronized (Pool.this) {
                return used;
            }
        }

        /** Whether it carried nothing when the present call took it, but has before. */
        boolean wasIdle() {
            synchronized (Pool.this) {
                return used && active == 1;
            }
        }

        /** Whether it takes no more calls. */
        boolean isGone() {
            synchronized (Pool.this) {
                return gone;
            }
        }

        /** A call has ended, however. */
        void finished() {
            synchronized (Pool.this) {
                holder = null;
                used = true;
                giveBack(this);
            }
        }

        /** How many calls it takes at once, from now on. */
        void capacity(int value) {
            synchronized (Pool.this) {
                capacity = value;
                roomChanged(this);
                serve();
            }
        }

        /** What the server says about how long it waits for the next call: a Keep-Alive header. */
        void keepAlive(@Nullable String hint) {
            if (hint != null) {
                Duration limit = KeepAliveHint.timeout(hint);
                synchronized (Pool.this) {
                    idleLimit =
                            limit != null && limit.compareTo(options.idleTimeout()) < 0
                                    ? limit
                                    : options.idleTimeout();
                }
            }
        }

        /** It takes no more calls, and closes when those that it carries have ended, or has. */
        void closed() {
            synchronized (Pool.this) {
                remove(this);
                serve();
                forgetIfEmpty(line);
            }
        }
    }

    /** Who has a place: what others are told that wait for it. */
    interface Holder {
        /**
         * Says who it is, in the middle of a sentence.
         *
         * @param now by the loop's clock, in nanoseconds
         */
        String describe(long now);
    }

    // ---- tasks

    /**
     * Takes room for a call, which has to be given back by {@link Place#finished}; suspends.
     *
     * @param origin where to
     * @param holder whose call it is
     * @param fresh whether it must be a connection that has carried nothing
     * @param patience how long to wait for others to give something back
     * @return its connection is open, or was a moment ago
     */
    Place acquire(Origin origin, Holder holder, boolean fresh, Patience patience) {
        Place place;
        Waiter waiter = null;
        synchronized (this) {
            requireOpen();
            Line line = lines.computeIfAbsent(origin, Line::new);
            place = line.waiters.isEmpty() ? take(line, fresh) : null;
            if (place == null) {
                waiter = new Waiter(holder, tickets++, fresh);
                line.waiters.add(waiter);
                waiting++;
            } else {
                place.holder = holder;
            }
        }
        if (waiter != null) {
            place = await(origin, waiter, patience.limit);
            if (place == null) {
                throw isClosed() ? closed() : patience.tooLate.get();
            }
        }
        Place taken = Objects.requireNonNull(place);
        if (taken.connection == null) {
            dial(taken, holder);
        }
        return taken;
    }

    /** Null if it took too long, or the client was closed. */
    private @Nullable Place await(Origin origin, Waiter waiter, Duration limit) {
        try {
            Waits.completes(waiter.granted, limit);
        } catch (Throwable e) {
            synchronized (this) {
                Place granted = waiter.place;
                if (granted != null) {
                    giveBack(granted);
                } else {
                    leave(origin, waiter);
                }
            }
            throw e;
        }
        synchronized (this) {
            if (waiter.place == null) {
                leave(origin, waiter);
            }
            return waiter.place;
        }
    }

    private void leave(Origin origin, Waiter waiter) {
        Line line = lines.get(origin);
        if (line != null && line.waiters.remove(waiter)) {
            waiting--;
            forgetIfEmpty(line);
        }
    }

    private void dial(Place place, Holder holder) {
        Carrier opened;
        try {
            opened = dialling.dial(place.line.origin, place, holder);
        } catch (Throwable e) {
            synchronized (this) {
                if (place.line.multiplexes == null) {
                    place.line.multiplexes = false; // or those who wait would fail one by one
                }
                remove(place);
                serve();
                forgetIfEmpty(place.line);
            }
            throw e;
        }
        boolean late;
        synchronized (this) {
            late = closed;
            place.connection = opened;
            place.line.multiplexes = opened.version() == HttpVersion.HTTP_2;
            roomChanged(place);
            serve();
        }
        if (late) {
            opened.abort("the client was closed");
        }
    }

    private boolean isClosed() {
        synchronized (this) {
            return closed;
        }
    }

    private void requireOpen() {
        if (closed) {
            throw closed();
        }
    }

    private static StreamClosedException closed() {
        return new StreamClosedException("cannot make a call: the HTTP client is closed");
    }

    /**
     * The error of a call that has waited for too long.
     *
     * @param origin where to
     * @param limit how long it might take
     * @return says who has the connections
     */
    RuntimeException tooLate(Origin origin, Duration limit) {
        List<String> who = new ArrayList<>();
        int most;
        synchronized (this) {
            Line line = lines.get(origin);
            most = line == null ? 0 : line.places.size();
            long now = Clock.now(loop);
            for (Place place : line == null ? List.<Place>of() : line.places) {
                if (place.connection == null) {
                    who.add("one is being opened");
                } else if (place.capacity > 1 || place.active > 1) {
                    who.add(
                            place.active
                                    + " calls on one, of "
                                    + place.capacity
                                    + " that the server takes");
                } else if (place.holder != null) {
                    who.add(place.holder.describe(now));
                }
            }
        }
        return new TimedOutException(
                "no connection to "
                        + origin
                        + " became free within the poolTimeout of "
                        + limit.toMillis()
                        + " ms: "
                        + (who.isEmpty()
                                ? "the client's maxConnections of "
                                        + options.maxConnections()
                                        + " are in use elsewhere"
                                : "its "
                                        + most
                                        + (most == 1 ? " connection is" : " connections are")
                                        + " held by "
                                        + shortened(who)
                                        + ". Is a response neither read to its end nor closed?"),
                limit);
    }

    private static String shortened(List<String> who) {
        int shown = Math.min(who.size(), 5);
        return who.stream().limit(shown).collect(Collectors.joining("; "))
                + (who.size() > shown ? "; and " + (who.size() - shown) + " more" : "");
    }

    // ---- with the monitor held

    /**
     * Room that there is, or the right to dial; null if there is neither. With HTTP/2 any
     * connection is fresh: that which has failed is not here any more, and one alone is to be open.
     */
    private @Nullable Place take(Line line, boolean mustBeFresh) {
        boolean fresh = mustBeFresh && !Boolean.TRUE.equals(line.multiplexes);
        for (Place place; !fresh && (place = line.roomy.peekLast()) != null; ) {
            if (place.active == 0 && isStale(place)) {
                leave(place);
                continue;
            }
            place.active++;
            roomChanged(place);
            return place;
        }
        if ((line.mayDial() || fresh && evictIdle(line))
                && (places < options.maxConnections()
                        || evictIdleOfOthers(line)
                        || fresh && evictIdle(line))) {
            Place place = new Place(line);
            line.places.add(place);
            places++;
            return place;
        }
        return null;
    }

    private boolean isStale(Place place) {
        return Clock.now(loop) - place.idleSince >= Clock.nanos(place.idleLimit);
    }

    /** Whether there was one of the line's that carries nothing; it makes room for a fresh one. */
    private boolean evictIdle(Line line) {
        for (Place place : line.places) {
            if (place.connection != null && place.active == 0) {
                leave(place);
                return true;
            }
        }
        return false;
    }

    /** The one that has been idle for longest makes room. */
    private boolean evictIdleOfOthers(Line line) {
        Place oldest = null;
        for (Line other : lines.values()) {
            for (Place place : other.places) {
                if (other != line
                        && place.connection != null
                        && place.active == 0
                        && (oldest == null || place.idleSince < oldest.idleSince)) {
                    oldest = place;
                }
            }
        }
        if (oldest != null) {
            leave(oldest);
            forgetIfEmpty(oldest.line);
        }
        return oldest != null;
    }

    /** It carries nothing, and closes. */
    private void leave(Place place) {
        remove(place);
        place.connection().leaveSoon();
    }

    private void remove(Place place) {
        if (place.gone) {
            return;
        }
        place.gone = true;
        place.line.places.remove(place);
        places--;
        roomChanged(place);
    }

    private void giveBack(Place place) {
        place.active--;
        if (place.connection == null) {
            remove(place); // the right to dial, which was not made use of
        } else if (place.active == 0) {
            place.idleSince = Clock.now(loop);
        }
        roomChanged(place);
        serve();
        if (place.active == 0 && !place.gone) {
            if (closed) {
                leave(place);
            } else {
                evictLater(place.idleLimit);
            }
        }
        forgetIfEmpty(place.line);
    }

    private static void roomChanged(Place place) {
        boolean has = !place.gone && place.connection != null && place.active < place.capacity;
        if (has != place.inRoomy) {
            place.inRoomy = has;
            ArrayDeque<Place> roomy = place.line.roomy;
            if (has) {
                roomy.addLast(place);
            } else if (roomy.peekLast() == place) {
                roomy.removeLast();
            } else {
                roomy.remove(place);
            }
        }
    }

    /** Gives those who wait what there is, in the order in which they came. */
    private void serve() {
        if (waiting == 0) {
            return;
        }
        if (lines.size() == 1) {
            lines.values().forEach(this::serve);
            return;
        }
        lines.values().stream()
                .filter(line -> !line.waiters.isEmpty())
                .sorted(Comparator.comparingLong(line -> line.waiters.element().ticket))
                .toList()
                .forEach(this::serve);
    }

    private void serve(Line line) {
        for (Waiter waiter; (waiter = line.waiters.peek()) != null; ) {
            Place place = take(line, waiter.fresh);
            if (place == null) {
                return;
            }
            line.waiters.remove();
            waiting--;
            waiter.place = place;
            place.holder = waiter.holder;
            if (!waiter.granted.tryComplete(true)) { // cancelled, or too late
                waiter.place = null;
                takeBack(place);
            }
        }
    }

    /** As if it had not been taken. */
    private void takeBack(Place place) {
        if (place.connection == null) {
            remove(place);
        } else {
            place.active--;
            roomChanged(place);
        }
    }

    private void forgetIfEmpty(Line line) {
        if (line.places.isEmpty() && line.waiters.isEmpty()) {
            lines.remove(line.origin, line);
        }
    }

    // ---- idle connections

    private void evictLater(Duration delay) {
        if (eviction == null && !loop.isClosed()) {
            eviction = loop.callLater(delay, this::evict);
        }
    }

    private void evict() {
        synchronized (this) {
            eviction = null;
            long now = Clock.now(loop);
            long next = Long.MAX_VALUE;
            for (Line line : List.copyOf(lines.values())) {
                for (Place place : List.copyOf(line.places)) {
                    if (place.connection != null && place.active == 0) {
                        long left = Clock.nanos(place.idleLimit) - (now - place.idleSince);
                        if (left <= 0) {
                            leave(place);
                        } else {
                            next = Math.min(next, left);
                        }
                    }
                }
                forgetIfEmpty(line);
            }
            if (next != Long.MAX_VALUE) {
                evictLater(Duration.ofNanos(next));
            }
        }
    }

    // ---- the end

    /** Closes what is idle, and ends the rest; those who wait get an error. */
    void close() {
        synchronized (this) {
            closed = true;
            if (eviction != null) {
                eviction.cancel();
                eviction = null;
            }
            for (Line line : List.copyOf(lines.values())) {
                for (Waiter waiter : line.waiters) {
                    waiter.granted.tryComplete(true);
                }
                waiting -= line.waiters.size();
                line.waiters.clear();
                for (Place place : List.copyOf(line.places)) {
                    if (place.connection == null) {
                        continue; // who dials looks
                    }
                    if (place.active == 0) {
                        leave(place);
                    } else {
                        place.connection.abort("the HTTP client was closed");
                    }
                }
            }
        }
    }

    /** How many connections are open or being opened. */
    int size() {
        synchronized (this) {
            return places;
        }
    }

    /** How many calls have a place. */
    int active() {
        synchronized (this) {
            return lines.values().stream()
                    .flatMap(line -> line.places.stream())
                    .mapToInt(place -> place.active)
                    .sum();
        }
    }
}
