package dev.weft.http;

import dev.weft.Async;
import dev.weft.CancelledError;
import dev.weft.Handle;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.ConnectFailedException;
import dev.weft.net.ConnectRefusedException;
import dev.weft.net.Proxy;
import dev.weft.net.TimedOutException;
import dev.weft.net.internal.Clock;
import dev.weft.net.internal.StreamAccess;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A call, from the request that a user has made until the body of its response is read: the
 * attempts, the redirects, and the limits of time. It belongs to the task that makes it, and later
 * to the one that reads.
 *
 * <p>A request is sent again without anybody's having asked for it in two cases. If the server
 * surely did not process it (nothing was sent, or HTTP/2 says so), at once, a few times at most.
 * And once, on a new connection, if it was sent on one that had carried a call before and nothing
 * came back: then the server has most likely closed it at the same moment; but only a request that
 * may be sent twice. All else is for the {@link RetryPolicy}.
 */
final class Call implements Pool.Holder {
    /** How often what the server has surely not processed is sent again. */
    private static final int MOST_REPLAYS = 20;

    /** A timer fires after the loop has polled, however short it is. */
    private static final Duration ONE_TURN = Duration.ofNanos(1);

    /** Of a response that nobody will read: more than this is not worth a connection. */
    private static final int MOST_DRAINED = 64 * 1024;

    private static final Duration DRAIN_LIMIT = Duration.ofSeconds(1);

    private final HttpClient client;
    private final HttpOptions options;
    private final Loop loop;
    private final Duration limit;
    private final long began;
    private final long deadline;
    private final String task = Task.current().name();
    private final List<HttpResponse.Hop> history = new ArrayList<>(0);

    private HttpRequest request;
    private Origin origin;
    private RequestHead head;
    private int attempts;

    /** Sends the body of the last attempt; null if that was at hand. */
    private @Nullable Task<@Nullable Void> sender;

    /** When the whole request had been sent; the largest value before. Volatile: another task's. */
    private volatile long sentAt = Long.MAX_VALUE;

    Call(HttpClient client, HttpRequest request) {
        this.client = client;
        this.options = client.options();
        this.loop = client.loop();
        this.request = request;
        Duration own = request.timeout();
        limit = own != null ? own : options.timeout();
        began = now();
        deadline = began + Clock.nanos(limit);
        origin = Origin.of(request, options.proxyFor(request.url()));
        head = headOf(request);
    }

    // ---- time

    long now() {
        return Clock.now(loop);
    }

    Duration since(long start) {
        return Duration.ofNanos(now() - start);
    }

    /**
     * Awaits a promise until it is completed, by whomever, or a time has come; what it was
     * completed for is for the caller to see, who waits again if there was nothing.
     *
     * @param promise nobody else's
     * @param until by the loop's clock
     * @param tooLate what to throw if that time has come already
     * @return what the clock showed
     */
    private long await(
            Promise<@Nullable Void> promise, long until, Supplier<RuntimeException> tooLate) {
        long now = now();
        await(promise, now, until, tooLate);
        return now;
    }

    private void await(
            Promise<@Nullable Void> promise,
            long now,
            long until,
            Supplier<RuntimeException> tooLate) {
        if (now >= deadline) {
            throw overdue();
        }
        if (now >= until) {
            throw tooLate.get();
        }
        Handle timer =
                loop.callLater(
                        Duration.ofNanos(Math.min(until, deadline) - now),
                        () -> promise.tryComplete(null));
        try {
            Async.await(promise);
        } finally {
            timer.cancel();
        }
    }

    private TimedOutException overdue() {
        return new TimedOutException(
                request + " took more than the timeout of " + limit.toMillis() + " ms", limit);
    }

    // ---- events

    boolean isHeard() {
        return options.listener() != null;
    }

    void tell(Function<HttpRequest, HttpEvent> event) {
        Consumer<HttpEvent> listener = options.listener();
        if (listener != null) {
            listener.accept(event.apply(request));
        }
    }

    @Override
    public String describe(long now) {
        return request + " since " + Duration.ofNanos(now - began).toMillis() + " ms, in " + task;
    }

    // ---- the call

    HttpResponse run() {
        try {
            return follow();
        } catch (Throwable e) {
            tell(r -> new HttpEvent.Failed(r, e));
            throw e;
        }
    }

    private HttpResponse follow() {
        for (int retry = 1; ; ) {
            Exchange exchange;
            ResponseHead response;
            try {
                exchange = exchange();
                response = exchange.head();
            } catch (RuntimeException e) {
                Duration pause = pauseAfter(e, retry);
                if (pause == null) {
                    throw e;
                }
                tell(r -> new HttpEvent.Again(r, r.url(), 0, e));
                retry++;
                Async.sleep(pause);
                continue;
            }
            try {
                Cookies cookies = options.cookies();
                if (cookies != null) {
                    cookies.received(request, response.headers());
                }
                HttpRequest next = Redirects.next(options, request, response, history);
                Duration pause = next == null ? pauseAfter(response, retry) : null;
                if (next == null && pause == null) {
                    return new HttpResponse(this, exchange, response, request);
                }
                drain(exchange);
                HttpRequest to = next == null ? request : next;
                tell(r -> new HttpEvent.Again(r, to.url(), response.status(), null));
                if (next != null) {
                    history.add(new HttpResponse.Hop(response.status(), request.url()));
                    goTo(next);
                    retry = 1;
                } else if (pause != null) {
                    retry++;
                    Async.sleep(pause);
                }
            } catch (Throwable e) {
                exchange.cancel();
                stopSending();
                throw e;
            }
        }
    }

    private void goTo(HttpRequest next) {
        request = next;
        origin = Origin.of(next, options.proxyFor(next.url()));
        head = headOf(next);
    }

    /** How long to wait before the next attempt; null if there is to be none. */
    private @Nullable Duration pauseAfter(RuntimeException failure, int retry) {
        boolean passing =
                failure instanceof ConnectRefusedException
                        || failure instanceof ConnectFailedException
                        || failure instanceof BrokenConnectionException;
        return passing && mayRetry(retry) ? backoff(retry) : null;
    }

    private @Nullable Duration pauseAfter(ResponseHead response, int retry) {
        if (!options.retries().statuses().contains(response.status()) || !mayRetry(retry)) {
            return null;
        }
        Duration wanted = RetryAfter.of(response.headers());
        if (wanted == null) {
            return backoff(retry);
        }
        return wanted.compareTo(options.retries().maxBackoff()) > 0 ? null : wanted;
    }

    private boolean mayRetry(int retry) {
        return retry < options.retries().attempts() && isRepeatable();
    }

    private boolean isRepeatable() {
        return request.isIdempotent() && request.body().isReplayable();
    }

    private Duration backoff(int retry) {
        long most = Clock.nanos(options.retries().maxBackoff());
        long base = Clock.nanos(options.retries().backoff());
        int doublings = Math.min(retry - 1, 30);
        long full = base > most >> doublings ? most : base << doublings;
        return Duration.ofNanos(full - ThreadLocalRandom.current().nextLong(full / 2 + 1));
    }

    /** So that the connection can be used on, where that costs little. */
    private void drain(Exchange exchange) {
        long until = now() + DRAIN_LIMIT.toNanos();
        int drained = 0;
        try {
            for (ByteBuf part;
                    drained <= MOST_DRAINED
                            && (part = exchange.take((p, since) -> await(p, until, this::overdue)))
                                    != null; ) {
                drained += part.readableBytes();
                part.release();
            }
        } catch (RuntimeException e) {
            // It cannot be, then.
        }
        exchange.cancel();
        stopSending();
    }

    // ---- an exchange

    /** One whose response has begun. */
    private Exchange exchange() {
        boolean fresh = false;
        for (int replays = 0; ; replays++) {
            attempts++;
            long start = now();
            Pool.Place place = acquire(fresh);
            boolean used = place.isUsed();
            tell(r -> new HttpEvent.Acquired(r, place.connection().version(), used, since(start)));
            Exchange exchange = new Exchange((HttpConnection) place.connection(), head);
            try {
                long sent = now();
                ResponseHead response = send(exchange);
                tell(r -> new HttpEvent.Responded(r, response.status(), since(sent)));
                return exchange;
            } catch (Throwable e) {
                Exchange.Failure failure = exchange.failure();
                exchange.cancel();
                stopSending();
                boolean unprocessed =
                        failure != null && failure.error() == e && failure.unprocessed();
                boolean stale =
                        failure != null
                                && failure.error() == e
                                && failure.silent()
                                && e instanceof BrokenConnectionException
                                && used
                                && !fresh
                                && isRepeatable();
                boolean again =
                        (unprocessed && request.body().isReplayable() || stale)
                                && replays < MOST_REPLAYS;
                if (!again) {
                    throw e;
                }
                fresh = stale;
                tell(r -> new HttpEvent.Again(r, r.url(), 0, e));
            }
        }
    }

    /**
     * Takes a place. If nobody could send the request again, the loop polls once before it is sent
     * on a connection that was idle: a server may have closed it together with its last response,
     * and a task that has not suspended since is ahead of the loop, which does not know it yet.
     */
    private Pool.Place acquire(boolean fresh) {
        Pool pool = client.pool();
        while (true) {
            Duration most = options.poolTimeout();
            long left = deadline - now();
            Pool.Patience patience =
                    left <= Clock.nanos(most)
                            ? new Pool.Patience(Duration.ofNanos(Math.max(1, left)), this::overdue)
                            : new Pool.Patience(most, () -> pool.tooLate(origin, most));
            Pool.Place place = pool.acquire(origin, this, fresh, patience);
            if (isRepeatable() || !place.wasIdle()) {
                return place;
            }
            try {
                Async.sleep(ONE_TURN);
            } catch (Throwable e) {
                place.finished();
                throw e;
            }
            if (!place.isGone()) {
                return place;
            }
            place.finished();
        }
    }

    private ResponseHead send(Exchange exchange) {
        HttpBody body = request.body();
        byte[] small = body.small();
        if (small != null && !request.expectContinue()) {
            boolean empty = small.length == 0;
            exchange.begin(empty ? null : Unpooled.wrappedBuffer(small), true);
            sentAt = now();
            return exchange.awaitHead(this::awaitResponse);
        }
        sentAt = Long.MAX_VALUE;
        exchange.begin(null, false);
        // A task of its own, as the server may answer before it has all, or while it gets it.
        sender = Async.async("body of " + request, () -> sendBody(exchange, body));
        return exchange.awaitHead(this::awaitResponse);
    }

    /** The body is not needed any more, if it is still being sent. */
    void stopSending() {
        Task<@Nullable Void> task = sender;
        if (task != null) {
            sender = null;
            task.cancel();
        }
    }

    private void sendBody(Exchange exchange, HttpBody body) {
        try {
            if (request.expectContinue()) {
                long until = now() + Clock.nanos(options.continueTimeout());
                if (!exchange.awaitContinue(p -> isCompleted(p, until))) {
                    return; // it was refused; what has begun is never complete, and ends with that
                }
            }
            body.writeTo(new BodySink(exchange, this::awaitRoom), exchange.request().length());
            sentAt = now();
            exchange.end();
        } catch (CancelledError e) {
            exchange.cancel();
            throw e;
        } catch (Throwable e) {
            exchange.cancel(Failures.unchecked("cannot send the body of " + request, e));
        }
    }

    /** Whether there was time to wait. */
    private boolean isCompleted(Promise<@Nullable Void> promise, long until) {
        if (now() >= Math.min(until, deadline)) {
            return false;
        }
        await(promise, until, this::overdue);
        return true;
    }

    private void awaitRoom(Promise<@Nullable Void> room) {
        await(room, Long.MAX_VALUE, this::overdue);
    }

    private void awaitResponse(Promise<@Nullable Void> arrival) {
        long sent = sentAt;
        long from = sent == Long.MAX_VALUE ? now() : sent;
        await(arrival, from + Clock.nanos(options.responseTimeout()), this::noResponse);
    }

    private TimedOutException noResponse() {
        Duration most = options.responseTimeout();
        return new TimedOutException(
                request
                        + " was not answered within the responseTimeout of "
                        + most.toMillis()
                        + " ms",
                most);
    }

    // ---- for the response

    Loop loop() {
        return loop;
    }

    HttpOptions options() {
        return options;
    }

    int attempts() {
        return attempts;
    }

    List<HttpResponse.Hop> history() {
        return List.copyOf(history);
    }

    /** Takes the next part of the body; null at the end. */
    @Nullable ByteBuf take(Exchange exchange) {
        return exchange.take(this::awaitPart);
    }

    private long awaitPart(Promise<@Nullable Void> arrival, long since) {
        long now = now();
        long from = since == 0 ? now : since;
        await(arrival, now, from + Clock.nanos(options.readIdleTimeout()), this::idle);
        return from;
    }

    private TimedOutException idle() {
        Duration most = options.readIdleTimeout();
        return new TimedOutException(
                request
                        + " has sent nothing of its body for the readIdleTimeout of "
                        + most.toMillis()
                        + " ms",
                most);
    }

    // ---- the request's head

    private RequestHead headOf(HttpRequest r) {
        HttpHeaders headers = r.headers().withDefaults(client.defaults());
        String type = r.body().contentType();
        if (type != null) {
            headers = unlessThere(headers, "content-type", type);
        }
        if (r.expectContinue()) {
            headers = headers.set("expect", "100-continue");
        }
        Cookies cookies = options.cookies();
        String own = cookies == null ? null : cookies.headerFor(r);
        if (own != null) {
            headers = unlessThere(headers, "cookie", own);
        }
        String target = r.target();
        Proxy proxy = origin.proxy();
        if (proxy != null && Connector.forwards(origin, options)) {
            target = "http://" + r.authority() + target;
            String credentials = StreamAccess.get().basicCredentials(proxy);
            if (credentials != null) {
                headers = headers.set("proxy-authorization", credentials);
            }
        }
        return new RequestHead(
                r.method(),
                r.isSecure() ? "https" : "http",
                r.authority(),
                target,
                headers,
                r.body().awaitLength());
    }

    private static HttpHeaders unlessThere(HttpHeaders headers, String name, String value) {
        return headers.contains(name) ? headers : headers.add(name, value);
    }
}
