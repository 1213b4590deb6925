package dev.weft.http;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a server: a method, a URL, headers, a body, and how to send them. Immutable:
 * each setter returns a changed copy. The URL is taken apart once, so that a request which is kept
 * and sent again, or a copy of it, costs nothing to parse.
 *
 * {@snippet file="HttpRequestTest.java" region="request"}
 *
 * <p>A URL that is given as a text may be one that people paste: what may not stand in a path or a
 * query is percent-encoded, such as spaces, letters beyond ASCII (in UTF-8) and a {@code %} that
 * encodes nothing; an international host name becomes ASCII as {@link java.net.IDN} has it; white
 * space around it is dropped. The path is sent as it stands, {@code ..} in it too. User info
 * ({@code https://user:password@host/}) becomes Basic authentication, and is not sent otherwise nor
 * shown in messages; the fragment ({@code #...}) stays here.
 */
public final class HttpRequest {
    private final String method;
    private final HttpUrl url;
    private final HttpHeaders headers;
    private final HttpBody body;
    private final Settings settings;

    /** How to send it; null: as is usual. */
    private record Settings(
            @Nullable Duration timeout, @Nullable Boolean idempotent, boolean expectContinue) {
        static final Settings USUAL = new Settings(null, null, false);
    }

    private HttpRequest(
            String method, HttpUrl url, HttpHeaders headers, HttpBody body, Settings settings) {
        this.method = method;
        this.url = url;
        this.headers = headers;
        this.body = body;
        this.settings = settings;
    }

    private static HttpRequest of(String method, HttpUrl url, HttpBody body) {
        Objects.requireNonNull(body, "body must not be null");
        String authorization = url.authorization();
        HttpHeaders headers =
                authorization == null
                        ? HttpHeaders.empty()
                        : HttpHeaders.of("Authorization", authorization);
        return new HttpRequest(method, url, headers, body, Settings.USUAL);
    }

    private static HttpUrl parse(String url) {
        Objects.requireNonNull(url, "url must not be null");
        return UrlParser.parse(url);
    }

    private static HttpUrl parse(URI url) {
        Objects.requireNonNull(url, "url must not be null");
        return UrlParser.parse(url.toString());
    }

    /**
     * A GET, for what is there.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @return the request
     * @throws IllegalArgumentException if it is no such URL
     */
    public static HttpRequest get(String url) {
        return of("GET", parse(url), HttpBody.none());
    }

    /**
     * A GET, for what is there.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @return the request
     * @throws IllegalArgumentException if it is no such URL
     */
    public static HttpRequest get(URI url) {
        return of("GET", parse(url), HttpBody.none());
    }

    /**
     * A HEAD, for the headers alone of what is there.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @return the request
     * @throws IllegalArgumentException if it is no such URL
     */
    public static HttpRequest head(String url) {
        return of("HEAD", parse(url), HttpBody.none());
    }

    /**
     * A HEAD, for the headers alone of what is there.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @return the request
     * @throws IllegalArgumentException if it is no such URL
     */
    public static HttpRequest head(URI url) {
        return of("HEAD", parse(url), HttpBody.none());
    }

    /**
     * A DELETE.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @return the request
     * @throws IllegalArgumentException if it is no such URL
     */
    public static HttpRequest delete(String url) {
        return of("DELETE", parse(url), HttpBody.none());
    }

    /**
     * A DELETE.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @return the request
     * @throws IllegalArgumentException if it is no such URL
     */
    public static HttpRequest delete(URI url) {
        return of("DELETE", parse(url), HttpBody.none());
    }

    /**
     * An OPTIONS, for what can be done with what is there.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @return the request
     * @throws IllegalArgumentException if it is no such URL
     */
    public static HttpRequest options(String url) {
        return of("OPTIONS", parse(url), HttpBody.none());
    }

    /**
     * An OPTIONS, for what can be done with what is there.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @return the request
     * @throws IllegalArgumentException if it is no such URL
     */
    public static HttpRequest options(URI url) {
        return of("OPTIONS", parse(url), HttpBody.none());
    }

    /**
     * A POST.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @param body what to send
     * @return the request
     * @throws IllegalArgumentException if it is no such URL
     */
    public static HttpRequest post(String url, HttpBody body) {
        return of("POST", parse(url), body);
    }

    /**
     * A POST.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @param body what to send
     * @return the request
     * @throws IllegalArgumentException if it is no such URL
     */
    public static HttpRequest post(URI url, HttpBody body) {
        return of("POST", parse(url), body);
    }

    /**
     * A PUT.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @param body what to send
     * @return the request
     * @throws IllegalArgumentException if it is no such URL
     */
    public static HttpRequest put(String url, HttpBody body) {
        return of("PUT", parse(url), body);
    }

    /**
     * A PUT.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @param body what to send
     * @return the request
     * @throws IllegalArgumentException if it is no such URL
     */
    public static HttpRequest put(URI url, HttpBody body) {
        return of("PUT", parse(url), body);
    }

    /**
     * A PATCH (RFC 5789).
     *
     * @param url begins with {@code http://} or {@code https://}
     * @param body what to send
     * @return the request
     * @throws IllegalArgumentException if it is no such URL
     */
    public static HttpRequest patch(String url, HttpBody body) {
        return of("PATCH", parse(url), body);
    }

    /**
     * A PATCH (RFC 5789).
     *
     * @param url begins with {@code http://} or {@code https://}
     * @param body what to send
     * @return the request
     * @throws IllegalArgumentException if it is no such URL
     */
    public static HttpRequest patch(URI url, HttpBody body) {
        return of("PATCH", parse(url), body);
    }

    /**
     * A request with any method but CONNECT.
     *
     * @param method a token; case matters, and the usual ones are upper case
     * @param url begins with {@code http://} or {@code https://}
     * @return the request, without a body
     * @throws IllegalArgumentException if it is no method, or no such URL
     */
    public static HttpRequest of(String method, String url) {
        return of(requireMethod(method), parse(url), HttpBody.none());
    }

    /**
     * A request with any method but CONNECT.
     *
     * @param method a token; case matters, and the usual ones are upper case
     * @param url begins with {@code http://} or {@code https://}
     * @return the request, without a body
     * @throws IllegalArgumentException if it is no method, or no such URL
     */
    public static HttpRequest of(String method, URI url) {
        return of(requireMethod(method), parse(url), HttpBody.none());
    }

    private static String requireMethod(String method) {
        Objects.requireNonNull(method, "method must not be null");
        if (!HeaderSyntax.isToken(method)) {
            throw new IllegalArgumentException(
                    "method must be a token such as GET, was " + HeaderSyntax.printable(method));
        }
        if (method.equals("CONNECT")) {
            throw new IllegalArgumentException(
                    "method must not be CONNECT: a tunnel is opened by TcpOptions.proxy");
        }
        return method;
    }

    // ---- headers

    /**
     * Sets a header, in the place of all those with this name.
     *
     * @param name a token, such as {@code Accept}
     * @param value may be empty; white space around it is dropped
     * @return the changed copy
     * @throws IllegalArgumentException as {@link HttpHeaders#set}
     */
    public HttpRequest header(String name, String value) {
        return withHeaders(headers.set(name, value));
    }

    /**
     * Adds a header, whether or not there are others with this name.
     *
     * @param name a token, such as {@code Accept}
     * @param value may be empty; white space around it is dropped
     * @return the changed copy
     * @throws IllegalArgumentException as {@link HttpHeaders#set}
     */
    public HttpRequest addHeader(String name, String value) {
        return withHeaders(headers.add(name, value));
    }

    /**
     * Removes all headers with a name.
     *
     * @param name in any case
     * @return the changed copy; this if there is none
     */
    public HttpRequest removeHeader(String name) {
        HttpHeaders fewer = headers.remove(name);
        return fewer == headers ? this : withHeaders(fewer);
    }

    /**
     * Sets all headers, in the place of those there were; but an {@code Authorization} that came
     * from the URL's user info stays, if the new ones have none.
     *
     * @param value the headers
     * @return the changed copy
     */
    public HttpRequest headers(HttpHeaders value) {
        Objects.requireNonNull(value, "headers must not be null");
        String authorization = url.authorization();
        return withHeaders(
                authorization == null || value.contains("Authorization")
                        ? value
                        : value.add("Authorization", authorization));
    }

    private HttpRequest withHeaders(HttpHeaders value) {
        return new HttpRequest(method, url, value, body, settings);
    }

    /**
     * Authenticates by name and password (RFC 7617): sets {@code Authorization}. They are encoded,
     * not encrypted: use https.
     *
     * @param user without a colon and control characters
     * @param password without control characters
     * @return the changed copy
     */
    public HttpRequest basicAuth(String user, String password) {
        return header("Authorization", Credentials.basic(user, password));
    }

    /**
     * Authenticates by a token (RFC 6750): sets {@code Authorization}.
     *
     * @param token of visible ASCII characters
     * @return the changed copy
     */
    public HttpRequest bearer(String token) {
        return header("Authorization", Credentials.bearer(token));
    }

    /**
     * Asks for a part only: sets {@code Range}. A server that can do it answers with 206.
     *
     * @param from the first byte, counted from 0
     * @param to the last byte, which is part of it
     * @return the changed copy
     */
    public HttpRequest range(long from, long to) {
        requireNotNegative(from);
        if (to < from) {
            throw new IllegalArgumentException("to must be >= from, was " + to + " < " + from);
        }
        return header("Range", "bytes=" + from + '-' + to);
    }

    /**
     * Asks for the rest from a byte on: sets {@code Range}. A server that can do it answers with
     * 206.
     *
     * @param from the first byte, counted from 0
     * @return the changed copy
     */
    public HttpRequest rangeFrom(long from) {
        requireNotNegative(from);
        return header("Range", "bytes=" + from + '-');
    }

    private static void requireNotNegative(long from) {
        if (from < 0) {
            throw new IllegalArgumentException("from must be >= 0, was " + from);
        }
    }

    /**
     * Asks for it only if it is not what one has: sets {@code If-None-Match}. If it is, the server
     * answers with 304.
     *
     * @param etag as it came in {@code ETag}; quotes are added if there are none; or {@code *}
     * @return the changed copy
     */
    public HttpRequest ifNoneMatch(String etag) {
        return header("If-None-Match", Conditions.etag(etag));
    }

    /**
     * Asks for it to be done only if what is there has not changed: sets {@code If-Match}. If it
     * has, the server answers with 412.
     *
     * @param etag as it came in {@code ETag}; quotes are added if there are none; or {@code *}
     * @return the changed copy
     */
    public HttpRequest ifMatch(String etag) {
        return header("If-Match", Conditions.etag(etag));
    }

    /**
     * Asks for it only if it has changed since: sets {@code If-Modified-Since}. If it has not, the
     * server answers with 304.
     *
     * @param time cut to seconds
     * @return the changed copy
     */
    public HttpRequest ifModifiedSince(Instant time) {
        return header("If-Modified-Since", Conditions.date(time));
    }

    /**
     * Asks for it to be done only if what is there has not changed since: sets {@code
     * If-Unmodified-Since}. If it has, the server answers with 412.
     *
     * @param time cut to seconds
     * @return the changed copy
     */
    public HttpRequest ifUnmodifiedSince(Instant time) {
        return header("If-Unmodified-Since", Conditions.date(time));
    }

    // ---- URL and body

    /**
     * Adds a parameter at the end of the URL's query, percent-encoded in UTF-8. There may be
     * several with one name.
     *
     * @param name the parameter's name, as it is
     * @param value its value, as it is
     * @return the changed copy
     */
    public HttpRequest query(String name, String value) {
        Objects.requireNonNull(name, "name must not be null");
        Objects.requireNonNull(value, "value must not be null");
        return new HttpRequest(method, url.query(name, value), headers, body, settings);
    }

    /**
     * Sets the body.
     *
     * @param value the body
     * @return the changed copy
     */
    public HttpRequest body(HttpBody value) {
        Objects.requireNonNull(value, "body must not be null");
        return new HttpRequest(method, url, headers, value, settings);
    }

    // ---- how to send it

    /**
     * Sets how long the whole call may take, from the first attempt to the end of the body, in the
     * place of the client's own limit.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public HttpRequest timeout(Duration value) {
        Objects.requireNonNull(value, "timeout must not be null");
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException("timeout must be positive, was " + value);
        }
        return with(new Settings(value, settings.idempotent, settings.expectContinue));
    }

    /**
     * Sets whether it may be sent twice. By default by its method: GET, HEAD, OPTIONS, TRACE, PUT
     * and DELETE may (RFC 9110, section 9.2.2). Only what may be is sent anew when a connection
     * breaks after some of it has left.
     *
     * @param value whether sending it twice does what sending it once does
     * @return the changed copy
     */
    public HttpRequest idempotent(boolean value) {
        return with(new Settings(settings.timeout, value, settings.expectContinue));
    }

    /**
     * Sets whether the body waits until the server says that it wants it ({@code Expect:
     * 100-continue}), which saves sending a large one in vain.
     *
     * @param value false by default
     * @return the changed copy
     */
    public HttpRequest expectContinue(boolean value) {
        return with(new Settings(settings.timeout, settings.idempotent, value));
    }

    private HttpRequest with(Settings value) {
        return new HttpRequest(method, url, headers, body, value);
    }

    // ---- accessors

    /**
     * The method.
     *
     * @return such as {@code GET}
     */
    public String method() {
        return method;
    }

    /**
     * The URL, as it is sent: encoded, and without user info. It has the fragment, which is not
     * sent.
     *
     * @return an absolute URI
     */
    public URI url() {
        return url.uri();
    }

    /**
     * The headers that were set. What the client adds, such as {@code Host} and {@code
     * Content-Type}, is not among them.
     *
     * @return the headers
     */
    public HttpHeaders headers() {
        return headers;
    }

    /**
     * The body.
     *
     * @return {@link HttpBody#none()} if it has none
     */
    public HttpBody body() {
        return body;
    }

    /**
     * How long the whole call may take.
     *
     * @return null by default: as long as the client says
     */
    public @Nullable Duration timeout() {
        return settings.timeout;
    }

    /**
     * Whether it may be sent twice.
     *
     * @return what was set; else what its method says
     */
    public boolean isIdempotent() {
        Boolean set = settings.idempotent;
        return set != null ? set : isIdempotent(method);
    }

    private static boolean isIdempotent(String method) {
        return switch (method) {
            case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE" -> true;
            default -> false;
        };
    }

    /**
     * Whether the body waits until the server says that it wants it.
     *
     * @return false by default
     */
    public boolean expectContinue() {
        return settings.expectContinue;
    }

    // ---- as it is sent

    HttpUrl parsedUrl() {
        return url;
    }

    /** Path and query (RFC 9112, section 3.2.1). */
    String target() {
        return url.target();
    }

    /** For the header Host: the port is left out if it is the scheme's own. */
    String authority() {
        return url.authority();
    }

    /** A name in lower case, or an address; IPv6 without brackets, with its zone. */
    String host() {
        return url.host();
    }

    int port() {
        return url.port();
    }

    boolean isSecure() {
        return url.isSecure();
    }

    /** The same with another method, for redirects. */
    HttpRequest method(String value) {
        return new HttpRequest(value, url, headers, body, settings);
    }

    /**
     * The same at another place, for redirects: with its user info if it has any, else with the
     * headers as they are.
     */
    HttpRequest url(String value) {
        HttpUrl other = UrlParser.parse(value);
        String authorization = other.authorization();
        return new HttpRequest(
                method,
                other,
                authorization == null ? headers : headers.set("Authorization", authorization),
                body,
                settings);
    }

    /** {@return the method and the URL, without user info and fragment} */
    @Override
    public String toString() {
        return method + ' ' + url;
    }
}
