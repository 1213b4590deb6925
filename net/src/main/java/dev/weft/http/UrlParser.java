package dev.weft.http;

import dev.weft.http.HttpUrl.Authority;
import io.netty.util.NetUtil;
import java.net.IDN;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Takes a URL apart. It is as lenient as browsers are with what people paste: what may not stand in
 * a path or a query is encoded, a lone {@code %} too; what is encoded stays so, also if it need not
 * be; nothing is normalised, so that {@code /a/../b} is sent as it stands.
 *
 * <p>It is strict where leniency is dangerous, since two programs that disagree on where the host
 * of a URL ends can be played off against each other: no control characters, no backslash before
 * the path, nothing but a name or an address for a host, also after {@link IDN} has made ASCII of
 * it, which turns some single characters into a slash with letters about it.
 *
 * <p>One pass over the text, without regular expressions: each request that is given as a text
 * comes through here. No error shows the user info.
 */
final class UrlParser {
    private static final String HTTP = "http://";
    private static final String HTTPS = "https://";

    /** Of a name in DNS; what is to become ASCII grows by it. */
    private static final int MAX_HOST = 253;

    private final String url;

    private UrlParser(String url) {
        this.url = url;
    }

    static HttpUrl parse(String url) {
        return new UrlParser(url.strip()).parse();
    }

    private HttpUrl parse() {
        boolean secure = url.regionMatches(true, 0, HTTPS, 0, HTTPS.length());
        if (!secure && !url.regionMatches(true, 0, HTTP, 0, HTTP.length())) {
            throw refusedScheme();
        }
        int begin = secure ? HTTPS.length() : HTTP.length();
        int path = begin;
        int at = -1;
        int end = url.length();
        while (path < end) {
            char c = url.charAt(path);
            if (c == '/' || c == '?' || c == '#') {
                break;
            }
            if (c == '@') {
                at = path;
            } else if (c == '\\') {
                throw refused("url must have no backslash before its path");
            }
            path++;
        }
        String authorization = at > begin ? authorization(url.substring(begin, at)) : null;
        Authority authority = authority(secure, at < 0 ? begin : at + 1, path);
        int hash = url.indexOf('#', path);
        String target = target(path, hash < 0 ? end : hash);
        return new HttpUrl(authority, target, hash < 0 ? null : fragment(hash + 1), authorization);
    }

    // ---- user info

    private @Nullable String authorization(String userInfo) {
        int colon = userInfo.indexOf(':');
        String user = Percent.decoded(colon < 0 ? userInfo : userInfo.substring(0, colon));
        String password = colon < 0 ? "" : Percent.decoded(userInfo.substring(colon + 1));
        return user.isEmpty() && password.isEmpty() ? null : Credentials.basic(user, password);
    }

    // ---- host and port

    private Authority authority(boolean secure, int from, int end) {
        if (from < end && url.charAt(from) == '[') {
            return ipv6(secure, from, end);
        }
        int colon = url.indexOf(':', from);
        int hostEnd = colon < 0 || colon > end ? end : colon;
        String host = host(from, hostEnd);
        int standard = secure ? 443 : 80;
        int port = hostEnd == end ? standard : port(hostEnd + 1, end, standard);
        return new Authority(secure, host, port, port == standard ? host : host + ':' + port);
    }

    private Authority ipv6(boolean secure, int from, int end) {
        int close = url.indexOf(']', from);
        if (close < 0 || close > end) {
            throw refused("url must have a ] after its IPv6 address");
        }
        if (close + 1 < end && url.charAt(close + 1) != ':') {
            throw refused("url must have nothing but a port after its IPv6 address");
        }
        String address = url.substring(from + 1, close).toLowerCase(Locale.ROOT);
        int percent = address.indexOf('%');
        String zone = "";
        if (percent >= 0) {
            zone = zone(url.substring(from + 2 + percent, close));
            address = address.substring(0, percent);
        }
        if (!NetUtil.isValidIpV6Address(address)) {
            throw refused("url must have an IPv6 address in its brackets");
        }
        int standard = secure ? 443 : 80;
        int port = close + 1 == end ? standard : port(close + 2, end, standard);
        String literal = '[' + address + ']';
        return new Authority(
                secure,
                zone.isEmpty() ? address : address + '%' + zone,
                port,
                port == standard ? literal : literal + ':' + port);
    }

    /** As RFC 6874 writes it, {@code %25eth0}, and as people do, {@code %eth0}. */
    private String zone(String text) {
        String zone = text.startsWith("25") && text.length() > 2 ? text.substring(2) : text;
        for (int i = 0; i < zone.length(); i++) {
            char c = zone.charAt(i);
            if (c >= 128 || !Percent.UNRESERVED[c]) {
                throw refused("url must have a zone of letters, digits and -._~ in its address");
            }
        }
        if (zone.isEmpty()) {
            throw refused("url must have a zone after the % of its address");
        }
        return zone;
    }

    private String host(int from, int end) {
        if (end - from > MAX_HOST) {
            throw refused("url must have a host of 253 characters at most");
        }
        String host = url.substring(from, end);
        boolean ascii = true;
        for (int i = 0; i < host.length(); i++) {
            ascii &= host.charAt(i) < 128;
        }
        if (!ascii) {
            host = toAscii(host);
        }
        if (host.isEmpty()) {
            throw refused("url must have a host");
        }
        boolean upper = false;
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                upper = true;
            } else if (!(c >= 'a' && c <= 'z' || c >= '0' && c <= '9')
                    && c != '-'
                    && c != '.'
                    && c != '_') {
                throw refused(
                        "url must have a host of letters, digits, - and . only, had U+%04X in it"
                                .formatted((int) c));
            }
        }
        return upper ? host.toLowerCase(Locale.ROOT) : host;
    }

    private String toAscii(String host) {
        try {
            return IDN.toASCII(host);
        } catch (IllegalArgumentException e) {
            IllegalArgumentException refused = refused("url must have a host that is a name");
            refused.initCause(e);
            throw refused;
        }
    }

    private int port(int from, int end, int standard) {
        if (from == end) {
            return standard;
        }
        int port = 0;
        for (int i = from; i < end; i++) {
            char c = url.charAt(i);
            if (c < '0' || c > '9') {
                throw refused("url must have a number after the colon of its host");
            }
            port = port * 10 + c - '0';
            if (port > 65_535) {
                break;
            }
        }
        if (port < 1 || port > 65_535) {
            throw refused("url must have a port of 1 to 65535");
        }
        return port;
    }

    // ---- path, query and fragment

    private String target(int from, int end) {
        boolean[] allowed = Percent.PATH;
        boolean clean = true;
        int query = end;
        for (int i = from; i < end; i++) {
            char c = url.charAt(i);
            if (c == '?' && query == end) {
                query = i;
                allowed = Percent.QUERY;
            } else if (c >= 128 || !allowed[c]) {
                clean &= Percent.isEncoded(url, i, end);
                requireNoControl(c, i);
            }
        }
        if (from == end) {
            return "/";
        }
        if (clean) {
            return query == from ? '/' + url.substring(from, end) : url.substring(from, end);
        }
        StringBuilder target = new StringBuilder(end - from + 32);
        Percent.append(target, url, from, query, Percent.PATH, true);
        if (query == from) {
            target.append('/');
        }
        if (query < end) {
            target.append('?');
            Percent.append(target, url, query + 1, end, Percent.QUERY, true);
        }
        return target.toString();
    }

    private String fragment(int from) {
        for (int i = from; i < url.length(); i++) {
            requireNoControl(url.charAt(i), i);
        }
        StringBuilder fragment = new StringBuilder();
        Percent.append(fragment, url, from, url.length(), Percent.QUERY, true);
        return fragment.toString();
    }

    private void requireNoControl(char c, int at) {
        if (c < ' ' || c == 0x7f) {
            throw refused(
                    "url must have no control character (U+%04X at %d)".formatted((int) c, at));
        }
    }

    // ---- errors

    private IllegalArgumentException refusedScheme() {
        int colon = url.indexOf("://");
        if (colon > 0 && HeaderSyntax.isToken(url.substring(0, colon))) {
            return refused("url must begin with http:// or https://");
        }
        String rest = url.startsWith("//") ? url.substring(2) : url;
        return refused(
                "url must begin with http:// or https://, such as "
                        + (rest.isEmpty() ? "https://example.org/" : HTTPS + shown(rest)));
    }

    private IllegalArgumentException refused(String what) {
        return new IllegalArgumentException(what + ", was " + shown(url));
    }

    /** Without whatever may be user info: a password may have a slash in it. */
    private static String shown(String url) {
        int at = url.lastIndexOf('@');
        if (at < 0) {
            return HeaderSyntax.printable(url);
        }
        int scheme = url.indexOf("://");
        int from = scheme < 0 || scheme > at ? 0 : scheme + 3;
        return HeaderSyntax.printable(url.substring(0, from) + "***" + url.substring(at));
    }
}
