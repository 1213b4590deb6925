package dev.weft.http;

import java.net.URI;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where a response sends a call (RFC 9110, section 15.4), and as what.
 *
 * <p>A 303 makes it a GET, as do a 301 and a 302 of a POST, which is what everybody does; a HEAD
 * stays one. With 307 and 308 method and body stay. To another origin go neither credentials nor
 * cookies that the request had of its own; and nothing goes from https to http.
 */
final class Redirects {
    private static final Set<Integer> STATUSES = Set.of(301, 302, 303, 307, 308);

    /** Not for another origin. */
    private static final List<String> CREDENTIALS =
            List.of("authorization", "cookie", "proxy-authorization");

    private Redirects() {}

    /**
     * The next request.
     *
     * @param history what has been redirected before
     * @return null if the response is the call's; so it is if the body cannot be sent again
     */
    static @Nullable HttpRequest next(
            HttpOptions options,
            HttpRequest request,
            ResponseHead response,
            List<HttpResponse.Hop> history) {
        String location = response.headers().first("location");
        if (!options.followRedirects()
                || location == null
                || !STATUSES.contains(response.status())) {
            return null;
        }
        boolean keepsBody = response.status() >= 307;
        if (keepsBody && !request.body().isReplayable()) {
            return null;
        }
        HttpRequest next = to(request, location);
        if (history.size() >= options.maxRedirects()) {
            throw tooMany(options, request, next.url(), history);
        }
        if (request.isSecure() && !next.isSecure()) {
            throw new HttpProtocolException(
                    request
                            + " was redirected from https to http, which is refused: whoever"
                            + " listens on the way could read and change it");
        }
        boolean elsewhere = !Origin.of(request, null).isSameServer(Origin.of(next, null));
        if (elsewhere) {
            for (String name : CREDENTIALS) {
                next = keepsOwn(name, next, request) ? next : next.removeHeader(name);
            }
        }
        return keepsBody ? next : withoutBody(next, response.status());
    }

    /** Of the new URL's user info: the server that redirects has told it. */
    private static boolean keepsOwn(String name, HttpRequest next, HttpRequest before) {
        return name.equals("authorization")
                && !Objects.equals(next.headers().first(name), before.headers().first(name));
    }

    private static HttpRequest withoutBody(HttpRequest request, int status) {
        String method = request.method();
        boolean becomesGet =
                status == 303
                        ? !method.equals("GET") && !method.equals("HEAD")
                        : method.equals("POST");
        if (!becomesGet) {
            return request;
        }
        return request.method("GET")
                .body(HttpBody.none())
                .removeHeader("content-type")
                .removeHeader("content-encoding")
                .removeHeader("content-language")
                .removeHeader("content-location")
                .expectContinue(false);
    }

    /** Relative to where the request went (RFC 3986, section 5.2); a fragment is passed on. */
    private static HttpRequest to(HttpRequest request, String location) {
        String url = absolute(request, asBytes(location));
        String fragment = request.url().getRawFragment();
        if (fragment != null && url.indexOf('#') < 0) {
            url += "#" + fragment;
        }
        try {
            HttpRequest next = request.url(url);
            return next.target().contains("/.")
                    ? request.url(withoutDots(next.url()).toString())
                    : next;
        } catch (IllegalArgumentException e) {
            throw new HttpProtocolException(
                    request
                            + " was redirected to what is no URL of http or https: "
                            + e.getMessage());
        }
    }

    /** What is not ASCII came byte by byte, most likely of UTF-8: each is encoded as it came. */
    private static String asBytes(String location) {
        if (location.chars().allMatch(c -> c < 0x80)) {
            return location;
        }
        StringBuilder encoded = new StringBuilder(location.length() + 32);
        location.chars()
                .forEach(c -> {
                    if (c < 0x80 || c > 0xff) {
                        encoded.append((char) c);
                    } else {
                        encoded.append('%')
                                .append(HexFormat.of().withUpperCase().toHexDigits((byte) c));
                    }
                });
        return encoded.toString();
    }

    private static String absolute(HttpRequest request, String location) {
        String scheme = request.isSecure() ? "https:" : "http:";
        if (location.startsWith("//")) {
            return scheme + location;
        }
        int colon = location.indexOf(':');
        int delimiter = firstOf(location, "/?#");
        if (colon >= 0 && colon < delimiter) {
            return location;
        }
        String base = scheme + "//" + authority(request);
        String path = request.url().getRawPath();
        if (location.startsWith("/")) {
            return base + location;
        }
        if (location.startsWith("?")) {
            return base + path + location;
        }
        if (location.isEmpty() || location.startsWith("#")) {
            return base + request.target() + location;
        }
        return base + path.substring(0, path.lastIndexOf('/') + 1) + location;
    }

    private static int firstOf(String text, String characters) {
        for (int i = 0; i < text.length(); i++) {
            if (characters.indexOf(text.charAt(i)) >= 0) {
                return i;
            }
        }
        return text.length();
    }

    /** With the zone of an IPv6 address, which Host is not told. */
    private static String authority(HttpRequest request) {
        String host = request.host();
        String name = host.indexOf(':') >= 0 ? "[" + host.replace("%", "%25") + "]" : host;
        return name + ":" + request.port();
    }

    private static URI withoutDots(URI url) {
        String text = url.normalize().toString();
        int path = text.indexOf('/', text.indexOf("//") + 2);
        while (path >= 0 && text.startsWith("/../", path)) {
            text = text.substring(0, path) + text.substring(path + 3);
        }
        return URI.create(text);
    }

    private static TooManyRedirectsException tooMany(
            HttpOptions options, HttpRequest request, URI url, List<HttpResponse.Hop> history) {
        List<URI> urls = new ArrayList<>();
        history.forEach(hop -> urls.add(hop.url()));
        urls.add(request.url());
        urls.add(url);
        return new TooManyRedirectsException(
                urls.getFirst()
                        + " was redirected more than the maxRedirects of "
                        + options.maxRedirects()
                        + " times, at last to "
                        + url
                        + (urls.indexOf(url) < urls.size() - 1
                                ? ", where it has been before: does the server want a cookie?"
                                : ""),
                urls);
    }
}
