package dev.weft.http;

import io.netty.util.NetUtil;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The cookies of a client (RFC 6265), in memory: taken from its responses, and sent with its
 * requests.
 *
 * {@snippet file="CookiesTest.java" region="cookies"}
 *
 * <p>It is bounded, whatever servers send: 3,000 cookies, 50 of them for one domain, 4,096 bytes
 * each; when there are more, those go first that have expired, then those that were not used for
 * the longest time. The header {@code Cookie} has 8,190 bytes at most; what does not fit, the
 * cookies for the shortest paths first, is not sent.
 *
 * <p>A server may set cookies for a domain above its own host, but never for a single label such as
 * {@code com}, nor for an address. There is no list of public suffixes: a server beneath {@code
 * co.uk} can set one that all others there get. Who talks to hosts that do not trust each other
 * keeps a client for each. {@code SameSite} means nothing without pages, and is not looked at.
 *
 * <p>All methods are for any thread, and do not suspend.
 */
public final class Cookies {
    private static final int MAX_COOKIES = 3000;
    private static final int MAX_COOKIES_PER_DOMAIN = 50;

    /** What common servers take in one line. */
    private static final int MAX_HEADER_BYTES = 8190;

    private static final Comparator<Stored> IN_HEADER =
            Comparator.<Stored>comparingInt(stored -> -stored.cookie.path().length())
                    .thenComparingLong(stored -> stored.created);

    private final InstantSource clock;

    // Guarded by this.

    /** By domain, then by name and path. */
    private final Map<String, Map<Id, Stored>> domains = new HashMap<>();

    private int size;

    /** Counts what happens, to tell what was earlier. */
    private long events;

    /** One for each domain. */
    private record Id(String name, String path) {}

    private static final class Stored {
        final Cookie cookie;
        final long created;
        long used;

        Stored(Cookie cookie, long created, long used) {
            this.cookie = cookie;
            this.created = created;
            this.used = used;
        }
    }

    private Cookies(InstantSource clock) {
        this.clock = Objects.requireNonNull(clock, "clock must not be null");
    }

    /**
     * Holds cookies in memory; they are gone with it.
     *
     * @return without any cookie
     */
    public static Cookies inMemory() {
        return inMemory(InstantSource.system());
    }

    /**
     * As {@link #inMemory()}, by a clock of one's own.
     *
     * @param clock tells when cookies expire
     * @return without any cookie
     */
    public static Cookies inMemory(InstantSource clock) {
        return new Cookies(clock);
    }

    // ---- for users

    /**
     * Sets a cookie, as if the URL's host had: for this host alone and all its paths, until the end
     * of the client; over https only, if the URL is. It replaces the host's cookie of this name and
     * path.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @param name a token
     * @param value of visible ASCII characters but {@code ;}, and spaces, though not at its ends
     * @throws IllegalArgumentException if they are not such, or have more than 4,096 bytes; or if
     *     the name's prefix ({@code __Secure-}, {@code __Host-}) asks for https and the URL is not
     */
    public void set(String url, String name, String value) {
        Objects.requireNonNull(url, "url must not be null");
        set(UrlParser.parse(url), name, value);
    }

    /**
     * Sets a cookie, as {@link #set(String, String, String)} does.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @param name a token
     * @param value of visible ASCII characters but {@code ;}, and spaces, though not at its ends
     */
    public void set(URI url, String name, String value) {
        Objects.requireNonNull(url, "url must not be null");
        set(UrlParser.parse(url.toString()), name, value);
    }

    private void set(HttpUrl url, String name, String value) {
        Objects.requireNonNull(name, "name must not be null");
        Objects.requireNonNull(value, "value must not be null");
        if (!HeaderSyntax.isToken(name)) {
            throw new IllegalArgumentException(
                    "the name of a cookie must be a token, was " + HeaderSyntax.printable(name));
        }
        requireValue(name, value);
        if (!url.isSecure() && (isPrefixed(name, "__Secure-") || isPrefixed(name, "__Host-"))) {
            throw new IllegalArgumentException(
                    "cookie " + name + " must be set for an https URL, as its prefix says");
        }
        String host = url.host();
        put(new Cookie(name, value, host, "/", null, url.isSecure(), false, true));
    }

    /** Never shows the value. */
    private static void requireValue(String name, String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < ' ' || c > '~' || c == ';') {
                throw new IllegalArgumentException(
                        "the value of cookie %s must be of visible ASCII characters but ; (U+%04X at %d)"
                                .formatted(name, (int) c, i));
            }
        }
        if (value.startsWith(" ") || value.endsWith(" ")) {
            throw new IllegalArgumentException(
                    "the value of cookie " + name + " must have no space around it");
        }
        if (name.length() + value.length() > SetCookie.MAX_BYTES) {
            throw new IllegalArgumentException(
                    "cookie %s must have 4096 bytes at most, had %d"
                            .formatted(name, name.length() + value.length()));
        }
    }

    /**
     * All cookies that have not expired.
     *
     * @return the oldest first; a copy
     */
    public synchronized List<Cookie> all() {
        Instant now = clock.instant();
        return domains.values().stream()
                .map(Map::values)
                .flatMap(Collection::stream)
                .filter(stored -> !stored.cookie.hasExpired(now))
                .sorted(Comparator.comparingLong(stored -> stored.created))
                .map(stored -> stored.cookie)
                .toList();
    }

    /**
     * The cookies that a request would be sent with.
     *
     * @param url begins with {@code http://} or {@code https://}
     * @return in the order in which they are sent; a copy
     */
    public synchronized List<Cookie> matching(URI url) {
        Objects.requireNonNull(url, "url must not be null");
        return matching(UrlParser.parse(url.toString())).stream()
                .map(stored -> stored.cookie)
                .toList();
    }

    /** Removes all cookies. */
    public synchronized void clear() {
        domains.clear();
        size = 0;
    }

    // ---- for the client

    /** Takes what a response sets; whatever must not be set is left out. */
    void received(URI url, HttpHeaders headers) {
        if (headers.contains("set-cookie")) {
            received(UrlParser.parse(url.toString()), headers);
        }
    }

    /** As {@link #received(URI, HttpHeaders)}, without taking the URL apart again. */
    void received(HttpRequest request, HttpHeaders headers) {
        received(request.parsedUrl(), headers);
    }

    private void received(HttpUrl url, HttpHeaders headers) {
        for (String value : headers.all("set-cookie")) {
            SetCookie set = SetCookie.parse(value, clock.instant());
            Cookie cookie = set == null ? null : accepted(set, url);
            if (cookie != null) {
                put(cookie, url.isSecure());
            }
        }
    }

    /** The value for the header Cookie; null if there is nothing to send. */
    @Nullable String headerFor(URI url) {
        return headerFor(UrlParser.parse(url.toString()));
    }

    /** As {@link #headerFor(URI)}, without taking the URL apart again. */
    @Nullable String headerFor(HttpRequest request) {
        return headerFor(request.parsedUrl());
    }

    private synchronized @Nullable String headerFor(HttpUrl url) {
        if (size == 0) {
            return null;
        }
        StringBuilder header = new StringBuilder();
        for (Stored stored : matching(url)) {
            Cookie cookie = stored.cookie;
            int more = cookie.name().length() + cookie.value().length() + 3;
            if (header.length() + more > MAX_HEADER_BYTES) {
                break;
            }
            header.append(header.isEmpty() ? "" : "; ");
            header.append(cookie.name()).append('=').append(cookie.value());
            stored.used = ++events;
        }
        return header.isEmpty() ? null : header.toString();
    }

    // ---- what may be set: section 5.3

    /** Null if this URL's server must not set it. */
    private static @Nullable Cookie accepted(SetCookie set, HttpUrl url) {
        String host = url.host();
        boolean hostOnly = set.domain.isEmpty() || set.domain.equals(host) && isNarrow(host);
        if (!hostOnly && (isNarrow(set.domain) || !isWithin(host, set.domain))) {
            return null;
        }
        if (set.secure && !url.isSecure() || !keepsPrefix(set)) {
            return null;
        }
        return new Cookie(
                set.name,
                set.value,
                hostOnly ? host : set.domain,
                set.path.isEmpty() ? defaultPath(url) : set.path,
                set.expires(),
                set.secure,
                set.httpOnly,
                hostOnly);
    }

    /**
     * An address, or a single label, dot at the end or not: no domain that has hosts beneath it.
     */
    private static boolean isNarrow(String domain) {
        int dot = domain.indexOf('.');
        return dot < 0
                || dot == domain.length() - 1
                || NetUtil.isValidIpV4Address(domain)
                || domain.indexOf(':') >= 0;
    }

    /** Section 5.1.3. */
    private static boolean isWithin(String host, String domain) {
        int above = host.length() - domain.length();
        return host.equals(domain)
                || host.endsWith(domain)
                        && host.charAt(above - 1) == '.'
                        && !NetUtil.isValidIpV4Address(host);
    }

    /** What a name promises (draft-ietf-httpbis-rfc6265bis, section 4.1.3), in any case. */
    private static boolean keepsPrefix(SetCookie set) {
        if (isPrefixed(set.name, "__Host-")) {
            return set.secure && set.domain.isEmpty() && set.path.equals("/");
        }
        return set.secure || !isPrefixed(set.name, "__Secure-");
    }

    private static boolean isPrefixed(String name, String prefix) {
        return name.regionMatches(true, 0, prefix, 0, prefix.length());
    }

    /** Section 5.1.4: up to the last slash of the request's path, but for the first one. */
    private static String defaultPath(HttpUrl url) {
        String path = url.path();
        int slash = path.lastIndexOf('/');
        return slash <= 0 ? "/" : path.substring(0, slash);
    }

    // ---- the store

    private synchronized void put(Cookie cookie) {
        put(cookie, true);
    }

    private synchronized void put(Cookie cookie, boolean secureOrigin) {
        if (!secureOrigin && wouldHideSecure(cookie)) {
            return;
        }
        Instant now = clock.instant();
        Id id = new Id(cookie.name(), cookie.path());
        Map<Id, Stored> domain = domains.get(cookie.domain());
        Stored old = domain == null ? null : domain.remove(id);
        if (old != null) {
            size--;
        }
        if (cookie.hasExpired(now)) {
            dropIfEmpty(cookie.domain(), domain);
            return;
        }
        if (domain == null) {
            domain = new LinkedHashMap<>();
            domains.put(cookie.domain(), domain);
        }
        long event = ++events;
        domain.put(id, new Stored(cookie, old == null ? event : old.created, event));
        size++;
        if (domain.size() > MAX_COOKIES_PER_DOMAIN) {
            evict(now, MAX_COOKIES_PER_DOMAIN, Map.of(cookie.domain(), domain));
        }
        if (size > MAX_COOKIES) {
            evict(now, MAX_COOKIES, domains);
        }
    }

    private void dropIfEmpty(String name, @Nullable Map<Id, Stored> domain) {
        if (domain != null && domain.isEmpty()) {
            domains.remove(name);
        }
    }

    /**
     * An insecure server must neither replace a secure cookie nor send one along that a server
     * would take for it (draft-ietf-httpbis-rfc6265bis, section 5.7).
     */
    private boolean wouldHideSecure(Cookie cookie) {
        for (Map.Entry<String, Map<Id, Stored>> entry : domains.entrySet()) {
            String domain = entry.getKey();
            if (!isWithin(domain, cookie.domain()) && !isWithin(cookie.domain(), domain)) {
                continue;
            }
            for (Stored stored : entry.getValue().values()) {
                Cookie other = stored.cookie;
                if (other.secure()
                        && other.name().equals(cookie.name())
                        && other.matchesPath(cookie.path())
                        && !other.hasExpired(clock.instant())) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Down to a limit: the expired, then those that were not used for the longest time. One scan
     * for each that is too many, which is one, as servers may make this happen often.
     */
    private void evict(Instant now, int limit, Map<String, Map<Id, Stored>> from) {
        List<Cookie> expired = new ArrayList<>();
        Stored oldest = null;
        int left = 0;
        for (Map<Id, Stored> domain : from.values()) {
            for (Stored stored : domain.values()) {
                if (stored.cookie.hasExpired(now)) {
                    expired.add(stored.cookie);
                    continue;
                }
                left++;
                oldest = oldest == null || stored.used < oldest.used ? stored : oldest;
            }
        }
        expired.forEach(this::remove);
        if (left > limit && oldest != null) {
            remove(oldest.cookie);
        }
    }

    private void remove(Cookie cookie) {
        Map<Id, Stored> domain = domains.get(cookie.domain());
        if (domain != null && domain.remove(new Id(cookie.name(), cookie.path())) != null) {
            size--;
            dropIfEmpty(cookie.domain(), domain);
        }
    }

    /** Those for a URL, in the order of section 5.4; what has expired is dropped. */
    private List<Stored> matching(HttpUrl url) {
        Instant now = clock.instant();
        String host = url.host();
        List<Stored> found = new ArrayList<>();
        List<Cookie> expired = new ArrayList<>();
        for (String domain = host; domain != null; domain = parent(domain)) {
            for (Stored stored : domains.getOrDefault(domain, Map.of()).values()) {
                Cookie cookie = stored.cookie;
                if (cookie.hasExpired(now)) {
                    expired.add(cookie);
                } else if ((!cookie.hostOnly() || domain.equals(host))
                        && (!cookie.secure() || url.isSecure())
                        && cookie.matchesPath(url.path())) {
                    found.add(stored);
                }
            }
        }
        expired.forEach(this::remove);
        found.sort(IN_HEADER);
        return found;
    }

    /** The domain above; null if there is none that could have cookies. */
    private static @Nullable String parent(String domain) {
        if (isNarrow(domain)) {
            return null;
        }
        return domain.substring(domain.indexOf('.') + 1);
    }

    /** {@return how many there are} */
    @Override
    public synchronized String toString() {
        return String.format(Locale.ROOT, "Cookies[%d in memory]", size);
    }
}
