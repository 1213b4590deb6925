package dev.weft.http;

import dev.weft.net.ClientTls;
import dev.weft.net.Proxy;
import dev.weft.net.TcpOptions;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Limits and choices of an {@link HttpClient}. Immutable: each setter returns a changed copy. Every
 * limit is finite by default.
 */
public final class HttpOptions {
    private static final HttpOptions DEFAULTS = new HttpOptions(new Values());

    /** Never changed once it is here. */
    private final Values values;

    private HttpOptions(Values values) {
        this.values = values;
    }

    /** The options, with their defaults; a setter changes a copy before it becomes another's. */
    private static final class Values implements Cloneable {
        Duration connectTimeout = Duration.ofSeconds(10);
        Duration poolTimeout = Duration.ofSeconds(30);
        Duration responseTimeout = Duration.ofSeconds(60);
        Duration readIdleTimeout = Duration.ofSeconds(60);
        Duration timeout = Duration.ofMinutes(5);
        Duration idleTimeout = Duration.ofSeconds(60);
        Duration continueTimeout = Duration.ofSeconds(1);
        int maxConnections = 1000;
        int maxConnectionsPerOrigin = 100;
        int maxHeaderBytes = 64 * 1024;
        int maxBodyBytes = 16 * 1024 * 1024;
        long maxInflatedBytes = 256L * 1024 * 1024;
        int maxRedirects = 10;
        boolean followRedirects = true;
        boolean decompress = true;
        Set<HttpVersion> versions = EnumSet.allOf(HttpVersion.class);
        TcpOptions tcp = TcpOptions.defaults();
        ClientTls tls = ClientTls.defaults();
        Function<URI, @Nullable Proxy> proxies = _ -> null;
        String userAgent = "weft";
        HttpHeaders headers = HttpHeaders.empty();
        @Nullable Cookies cookies;
        RetryPolicy retries = RetryPolicy.none();
        List<HttpInterceptor> interceptors = List.of();
        @Nullable Consumer<HttpEvent> listener;

        Values copy() {
            try {
                return (Values) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private HttpOptions with(Consumer<Values> change) {
        Values copy = values.copy();
        change.accept(copy);
        return new HttpOptions(copy);
    }

    /**
     * The defaults.
     *
     * @return options to start from
     */
    public static HttpOptions defaults() {
        return DEFAULTS;
    }

    /**
     * How long opening a connection may take, with looking up the name and a proxy's answer; TLS
     * has {@link ClientTls#handshakeTimeout} besides.
     *
     * @return 10 s by default
     */
    public Duration connectTimeout() {
        return values.connectTimeout;
    }

    /**
     * Sets how long opening a connection may take, with looking up the name and a proxy's answer;
     * TLS has {@link ClientTls#handshakeTimeout} besides.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public HttpOptions connectTimeout(Duration value) {
        requirePositive(value, "connectTimeout");
        return with(v -> v.connectTimeout = value);
    }

    /**
     * How long a call may wait for a connection while the client has as many as it may.
     *
     * @return 30 s by default
     */
    public Duration poolTimeout() {
        return values.poolTimeout;
    }

    /**
     * Sets how long a call may wait for a connection while the client has as many as it may.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public HttpOptions poolTimeout(Duration value) {
        requirePositive(value, "poolTimeout");
        return with(v -> v.poolTimeout = value);
    }

    /**
     * How long a server may take until its response begins, once the request is on its way; while a
     * body is sent the time does not count.
     *
     * @return 60 s by default
     */
    public Duration responseTimeout() {
        return values.responseTimeout;
    }

    /**
     * Sets how long a server may take until its response begins, once the request is on its way;
     * while a body is sent the time does not count.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public HttpOptions responseTimeout(Duration value) {
        requirePositive(value, "responseTimeout");
        return with(v -> v.responseTimeout = value);
    }

    /**
     * How long a server may send nothing in the middle of a body that a task waits for.
     *
     * @return 60 s by default
     */
    public Duration readIdleTimeout() {
        return values.readIdleTimeout;
    }

    /**
     * Sets how long a server may send nothing in the middle of a body that a task waits for.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public HttpOptions readIdleTimeout(Duration value) {
        requirePositive(value, "readIdleTimeout");
        return with(v -> v.readIdleTimeout = value);
    }

    /**
     * How long a call may take altogether, from {@link HttpClient#send} until its body is read,
     * with redirects and further attempts.
     *
     * @return 5 min by default
     */
    public Duration timeout() {
        return values.timeout;
    }

    /**
     * Sets how long a call may take altogether, from {@link HttpClient#send} until its body is
     * read, with redirects and further attempts.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public HttpOptions timeout(Duration value) {
        requirePositive(value, "timeout");
        return with(v -> v.timeout = value);
    }

    /**
     * How long a connection that carries nothing is kept for the next call. A server that announces
     * less (Keep-Alive) is believed.
     *
     * @return 60 s by default
     */
    public Duration idleTimeout() {
        return values.idleTimeout;
    }

    /**
     * Sets how long a connection that carries nothing is kept for the next call. A server that
     * announces less (Keep-Alive) is believed.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public HttpOptions idleTimeout(Duration value) {
        requirePositive(value, "idleTimeout");
        return with(v -> v.idleTimeout = value);
    }

    /**
     * How long a call with {@link HttpRequest#expectContinue} waits for the server's word before it
     * sends the body all the same.
     *
     * @return 1 s by default
     */
    public Duration continueTimeout() {
        return values.continueTimeout;
    }

    /**
     * Sets how long a call with {@link HttpRequest#expectContinue} waits for the server's word
     * before it sends the body all the same.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public HttpOptions continueTimeout(Duration value) {
        requirePositive(value, "continueTimeout");
        return with(v -> v.continueTimeout = value);
    }

    /**
     * How many connections the client may have at once, to all servers.
     *
     * @return 1,000 by default
     */
    public int maxConnections() {
        return values.maxConnections;
    }

    /**
     * Sets how many connections the client may have at once, to all servers.
     *
     * @param value 1 or more
     * @return the changed copy
     */
    public HttpOptions maxConnections(int value) {
        requireAtLeastOne(value, "maxConnections");
        return with(v -> v.maxConnections = value);
    }

    /**
     * How many connections of HTTP/1.1 the client may have at once to one origin (scheme, host and
     * port); of HTTP/2 it has one.
     *
     * @return 100 by default
     */
    public int maxConnectionsPerOrigin() {
        return values.maxConnectionsPerOrigin;
    }

    /**
     * Sets how many connections of HTTP/1.1 the client may have at once to one origin (scheme, host
     * and port); of HTTP/2 it has one.
     *
     * @param value 1 or more
     * @return the changed copy
     */
    public HttpOptions maxConnectionsPerOrigin(int value) {
        requireAtLeastOne(value, "maxConnectionsPerOrigin");
        return with(v -> v.maxConnectionsPerOrigin = value);
    }

    /**
     * How long the headers of a response may be, all together, and its first line.
     *
     * @return 64 KiB by default
     */
    public int maxHeaderBytes() {
        return values.maxHeaderBytes;
    }

    /**
     * Sets how long the headers of a response may be, all together, and its first line.
     *
     * @param value 1 or more
     * @return the changed copy
     */
    public HttpOptions maxHeaderBytes(int value) {
        requireAtLeastOne(value, "maxHeaderBytes");
        return with(v -> v.maxHeaderBytes = value);
    }

    /**
     * How long a body may be that is read as a whole: {@link HttpResponse#text()}, {@link
     * HttpResponse#bytes()}, {@link HttpResponse#json(Class)}.
     *
     * @return 16 MiB by default
     */
    public int maxBodyBytes() {
        return values.maxBodyBytes;
    }

    /**
     * Sets how long a body may be that is read as a whole: {@link HttpResponse#text()}, {@link
     * HttpResponse#bytes()}, {@link HttpResponse#json(Class)}.
     *
     * @param value 1 or more
     * @return the changed copy
     */
    public HttpOptions maxBodyBytes(int value) {
        requireAtLeastOne(value, "maxBodyBytes");
        return with(v -> v.maxBodyBytes = value);
    }

    /**
     * How long a compressed body may become, however it is read.
     *
     * @return 256 MiB by default
     */
    public long maxInflatedBytes() {
        return values.maxInflatedBytes;
    }

    /**
     * Sets how long a compressed body may become, however it is read.
     *
     * @param value 1 or more
     * @return the changed copy
     */
    public HttpOptions maxInflatedBytes(long value) {
        requireAtLeastOne(value, "maxInflatedBytes");
        return with(v -> v.maxInflatedBytes = value);
    }

    /**
     * How often a call may be redirected.
     *
     * @return 10 by default
     */
    public int maxRedirects() {
        return values.maxRedirects;
    }

    /**
     * Sets how often a call may be redirected.
     *
     * @param value 0 or more; with 0 the first redirect is an error: to get such responses, see
     *     {@link #followRedirects(boolean)}
     * @return the changed copy
     */
    public HttpOptions maxRedirects(int value) {
        if (value < 0) {
            throw new IllegalArgumentException("maxRedirects must be >= 0, was " + value);
        }
        return with(v -> v.maxRedirects = value);
    }

    /**
     * Whether a redirect is followed.
     *
     * @return true by default
     */
    public boolean followRedirects() {
        return values.followRedirects;
    }

    /**
     * Sets whether a redirect is followed.
     *
     * @param value false to get the response itself
     * @return the changed copy
     */
    public HttpOptions followRedirects(boolean value) {
        return with(v -> v.followRedirects = value);
    }

    /**
     * Whether the server is told that bodies may be compressed, and those that are become what they
     * were. The headers Content-Encoding and Content-Length stay as they were sent.
     *
     * @return true by default
     */
    public boolean decompress() {
        return values.decompress;
    }

    /**
     * Sets whether the server is told that bodies may be compressed, and those that are become what
     * they were. The headers Content-Encoding and Content-Length stay as they were sent.
     *
     * @param value false to get bodies as they are sent
     * @return the changed copy
     */
    public HttpOptions decompress(boolean value) {
        return with(v -> v.decompress = value);
    }

    /**
     * The sockets' options, the local address, and who looks up names. Its limit for connecting
     * does not count here, and it must have neither TLS nor a proxy.
     *
     * @return the defaults of {@code TcpOptions}
     */
    public TcpOptions tcp() {
        return values.tcp;
    }

    /**
     * Sets the sockets' options, the local address, and who looks up names. Its limit for
     * connecting does not count here, and it must have neither TLS nor a proxy.
     *
     * @param value the options
     * @return the changed copy
     */
    public HttpOptions tcp(TcpOptions value) {
        Objects.requireNonNull(value, "tcp must not be null");
        if (value.clientTls() != null || value.proxy() != null) {
            throw new IllegalArgumentException(
                    "tcp must have neither TLS nor a proxy: they are set with HttpOptions.tls and"
                            + " HttpOptions.proxy");
        }
        return with(v -> v.tcp = value);
    }

    /**
     * How TLS is spoken: whom to trust, and who the client is. Application protocols are set by the
     * client.
     *
     * @return the defaults of {@code ClientTls}
     */
    public ClientTls tls() {
        return values.tls;
    }

    /**
     * Sets how TLS is spoken: whom to trust, and who the client is. Application protocols are set
     * by the client.
     *
     * @param value the options; keep the object, which remembers sessions
     * @return the changed copy
     */
    public HttpOptions tls(ClientTls value) {
        Objects.requireNonNull(value, "tls must not be null");
        return with(v -> v.tls = value);
    }

    /**
     * What the header User-Agent says, where the request does not.
     *
     * @return {@code weft} by default
     */
    public String userAgent() {
        return values.userAgent;
    }

    /**
     * Sets what the header User-Agent says, where the request does not.
     *
     * @param value a header's value; empty for no such header
     * @return the changed copy
     */
    public HttpOptions userAgent(String value) {
        Objects.requireNonNull(value, "userAgent must not be null");
        return with(v -> v.userAgent = value);
    }

    /**
     * Headers for each request that does not have them itself.
     *
     * @return none by default
     */
    public HttpHeaders headers() {
        return values.headers;
    }

    /**
     * Sets headers for each request that does not have them itself.
     *
     * @param value the headers
     * @return the changed copy
     */
    public HttpOptions headers(HttpHeaders value) {
        Objects.requireNonNull(value, "headers must not be null");
        return with(v -> v.headers = value);
    }

    /**
     * Where cookies are kept.
     *
     * @return null by default: none are, and none are sent
     */
    public @Nullable Cookies cookies() {
        return values.cookies;
    }

    /**
     * Sets where cookies are kept.
     *
     * @param value such as {@link Cookies#inMemory()}; null for none
     * @return the changed copy
     */
    public HttpOptions cookies(@Nullable Cookies value) {
        return with(v -> v.cookies = value);
    }

    /**
     * When a call that failed is made again.
     *
     * @return {@link RetryPolicy#none} by default
     */
    public RetryPolicy retries() {
        return values.retries;
    }

    /**
     * Sets when a call that failed is made again.
     *
     * @param value the policy
     * @return the changed copy
     */
    public HttpOptions retries(RetryPolicy value) {
        Objects.requireNonNull(value, "retries must not be null");
        return with(v -> v.retries = value);
    }

    /**
     * The versions of HTTP to speak.
     *
     * @return both by default
     */
    public Set<HttpVersion> versions() {
        return Set.copyOf(values.versions);
    }

    /**
     * Sets the versions of HTTP to speak. Over TLS the server chooses one of them (ALPN). Without
     * TLS it is HTTP/1.1 if that is among them; with HTTP/2 alone, the server must know (RFC 9113,
     * section 3.3).
     *
     * @param value one or more
     * @return the changed copy
     */
    public HttpOptions versions(HttpVersion... value) {
        if (value.length == 0) {
            throw new IllegalArgumentException("versions must not be empty");
        }
        Set<HttpVersion> copy = EnumSet.copyOf(List.of(value));
        return with(v -> v.versions = copy);
    }

    /**
     * Sets a proxy for all calls.
     *
     * @param value the proxy; null for none
     * @return the changed copy
     */
    public HttpOptions proxy(@Nullable Proxy value) {
        return with(v -> v.proxies = _ -> value);
    }

    /**
     * Sets what chooses a proxy for each call, such as {@link EnvironmentProxies}.
     *
     * @param value given the URL, returns the proxy, or null for none; asked for each call, and
     *     should return the same object for the same proxy
     * @return the changed copy
     */
    public HttpOptions proxies(Function<URI, @Nullable Proxy> value) {
        Objects.requireNonNull(value, "proxies must not be null");
        return with(v -> v.proxies = value);
    }

    /** The proxy for a URL, or null. */
    @Nullable Proxy proxyFor(URI url) {
        return values.proxies.apply(url);
    }

    /**
     * Adds what stands around each call.
     *
     * @param value the first one added is the outermost
     * @return the changed copy
     */
    public HttpOptions interceptor(HttpInterceptor value) {
        Objects.requireNonNull(value, "interceptor must not be null");
        List<HttpInterceptor> more = new ArrayList<>(values.interceptors);
        more.add(value);
        List<HttpInterceptor> copy = List.copyOf(more);
        return with(v -> v.interceptors = copy);
    }

    List<HttpInterceptor> interceptors() {
        return values.interceptors;
    }

    /**
     * Sets what is told of each call's phases.
     *
     * @param value called in the tasks of the calls; null for nobody
     * @return the changed copy
     */
    public HttpOptions listener(@Nullable Consumer<HttpEvent> value) {
        return with(v -> v.listener = value);
    }

    @Nullable Consumer<HttpEvent> listener() {
        return values.listener;
    }

    /** Whether connections carry many calls at once; null if that is the server's choice. */
    @Nullable Boolean multiplexes(boolean secure) {
        boolean one = values.versions.contains(HttpVersion.HTTP_1_1);
        boolean two = values.versions.contains(HttpVersion.HTTP_2);
        return !one ? Boolean.TRUE : secure && two ? null : Boolean.FALSE;
    }

    private static void requirePositive(Duration value, String name) {
        Objects.requireNonNull(value, name + " must not be null");
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " must be positive, was " + value);
        }
    }

    private static void requireAtLeastOne(long value, String name) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be >= 1, was " + value);
        }
    }

    @Override
    public String toString() {
        return "HttpOptions[versions=%s, timeout=%s, maxConnectionsPerOrigin=%d]"
                .formatted(values.versions, timeout(), maxConnectionsPerOrigin());
    }
}
