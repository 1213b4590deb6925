package dev.weft.http;

import dev.weft.Loop;
import dev.weft.net.internal.Waits;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * Makes HTTP calls, and keeps connections for the next ones. Counterpart of aiohttp's {@code
 * ClientSession}: open one, and use it for everything.
 *
 * <p>A call suspends its task, and nothing else: thousands run at once on one loop. A response's
 * body comes as it is read; reading it to its end, or closing the response, makes its connection
 * free for another call. What is small has come completely by then, and holds none.
 *
 * <p>A client belongs to the loop on which it was opened, and any number of that loop's tasks may
 * use it at the same time.
 *
 * <p>Failures of a call, beside those of {@code Tcp.connect} and of TLS: {@link
 * dev.weft.net.TimedOutException}, which names the limit; {@link
 * dev.weft.net.BrokenConnectionException} when the connection ended before the response did; {@link
 * HttpProtocolException}; {@link TooManyRedirectsException}. A response of 404 or 500 is none: see
 * {@link HttpResponse#requireSuccess}.
 *
 * {@snippet file="HttpClientTest.java" region="get"}
 */
public final class HttpClient implements AutoCloseable {
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

    private final Loop loop;
    private final HttpOptions options;
    private final Connector connector;
    private final Pool pool;
    private final HttpInterceptor.Chain chain;

    /** Headers of requests that do not have them themselves. */
    private final HttpHeaders defaults;

    private HttpClient(Loop loop, HttpOptions options) {
        this.loop = loop;
        this.options = options;
        connector = new Connector(options);
        pool = new Pool(loop, options, connector);
        chain = chain(options.interceptors());
        defaults = defaults(options);
    }

    private static HttpHeaders defaults(HttpOptions options) {
        HttpHeaders usual = HttpHeaders.of("accept", "*/*");
        if (!options.userAgent().isEmpty()) {
            usual = usual.add("user-agent", options.userAgent());
        }
        if (options.decompress()) {
            usual = usual.add("accept-encoding", ContentDecoder.acceptEncoding());
        }
        return options.headers().withDefaults(usual);
    }

    HttpHeaders defaults() {
        return defaults;
    }

    private HttpInterceptor.Chain chain(List<HttpInterceptor> interceptors) {
        HttpInterceptor.Chain next = request -> new Call(this, request).run();
        for (HttpInterceptor interceptor : interceptors.reversed()) {
            HttpInterceptor.Chain behind = next;
            next = request -> intercept(interceptor, request, behind);
        }
        return next;
    }

    private static HttpResponse intercept(
            HttpInterceptor interceptor, HttpRequest request, HttpInterceptor.Chain behind) {
        try {
            return Objects.requireNonNull(
                    interceptor.intercept(request, behind),
                    "an interceptor must return a response, returned null");
        } catch (Exception e) {
            throw Failures.unchecked("an interceptor failed at " + request, e);
        }
    }

    /**
     * Opens a client with the default options.
     *
     * @return the client, which the caller has to close
     * @throws IllegalStateException outside a task
     */
    public static HttpClient open() {
        return open(HttpOptions.defaults());
    }

    /**
     * Opens a client. Nothing is connected before the first call.
     *
     * @param options limits and choices
     * @return the client, which the caller has to close
     * @throws IllegalStateException outside a task
     */
    public static HttpClient open(HttpOptions options) {
        Objects.requireNonNull(options, "options must not be null");
        return new HttpClient(Loop.current(), options);
    }

    Loop loop() {
        return loop;
    }

    HttpOptions options() {
        return options;
    }

    Pool pool() {
        return pool;
    }

    /**
     * Makes a call, and returns as soon as the response has begun.
     *
     * <p><b>Suspends</b> until then. <b>Cancellation</b>: the request may have reached the server;
     * its connection is closed, or, with HTTP/2, the stream is reset.
     *
     * @param request what to ask for
     * @return the response, to be read to its end or closed
     * @throws IllegalStateException on another loop
     * @throws dev.weft.net.StreamClosedException if the client is closed
     */
    public HttpResponse send(HttpRequest request) {
        Objects.requireNonNull(request, "request must not be null");
        if (Loop.current() != loop) {
            throw new IllegalStateException(
                    "this HttpClient belongs to loop "
                            + loop.name()
                            + ", and was used on loop "
                            + Loop.current().name()
                            + ": open one on each loop");
        }
        return chain.proceed(request);
    }

    /**
     * Gets what is at a URL: {@link #send} of {@link HttpRequest#get(String)}.
     *
     * @param url of http or https
     * @return the response, to be read to its end or closed
     */
    public HttpResponse get(String url) {
        return send(HttpRequest.get(url));
    }

    /**
     * Asks for the headers alone.
     *
     * @param url of http or https
     * @return the response, which has no body
     */
    public HttpResponse head(String url) {
        return send(HttpRequest.head(url));
    }

    /**
     * Sends a body to be processed.
     *
     * @param url of http or https
     * @param body the body
     * @return the response, to be read to its end or closed
     */
    public HttpResponse post(String url, HttpBody body) {
        return send(HttpRequest.post(url, body));
    }

    /**
     * Puts something at a URL.
     *
     * @param url of http or https
     * @param body the body
     * @return the response, to be read to its end or closed
     */
    public HttpResponse put(String url, HttpBody body) {
        return send(HttpRequest.put(url, body));
    }

    /**
     * Changes what is at a URL (RFC 5789).
     *
     * @param url of http or https
     * @param body the body
     * @return the response, to be read to its end or closed
     */
    public HttpResponse patch(String url, HttpBody body) {
        return send(HttpRequest.patch(url, body));
    }

    /**
     * Removes what is at a URL.
     *
     * @param url of http or https
     * @return the response, to be read to its end or closed
     */
    public HttpResponse delete(String url) {
        return send(HttpRequest.delete(url));
    }

    /**
     * How many connections are open, or being opened.
     *
     * @return 0 or more
     */
    public int connections() {
        return pool.size();
    }

    /**
     * How many calls have a connection, from when they got it until the response has come.
     *
     * @return 0 or more
     */
    public int activeCalls() {
        return pool.active();
    }

    /**
     * Closes all connections: idle ones in good order, the others at once, so that calls that are
     * under way fail. Calls made later fail, too. May be called again.
     *
     * <p><b>Suspends</b> until they are closed, 5 s at most. <b>Cancellation</b>: ends the wait
     * alone.
     */
    @Override
    public void close() {
        pool.close();
        Waits.completes(connector.allClosed(), CLOSE_LIMIT);
    }

    /** {@return what is open} */
    @Override
    public String toString() {
        return "HttpClient[" + connections() + " connections, " + activeCalls() + " active calls]";
    }
}
