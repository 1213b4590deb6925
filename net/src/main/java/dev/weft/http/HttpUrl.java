package dev.weft.http;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * The URL of a request, in the parts that are sent: made once, by {@link UrlParser}. Immutable.
 *
 * <p>User info is no part of it: it is kept beside it, as the header that it becomes.
 */
final class HttpUrl {
    private final boolean secure;
    private final String host;
    private final int port;
    private final String authority;
    private final String target;
    private final @Nullable String fragment;

    /** Null without user info. */
    private final @Nullable String authorization;

    /** Made when it is asked for. */
    private volatile @Nullable URI uri;

    /** What a connection is made to, and its text for the header Host. */
    record Authority(boolean secure, String host, int port, String text) {}

    HttpUrl(
            Authority place,
            String target,
            @Nullable String fragment,
            @Nullable String authorization) {
        this.secure = place.secure;
        this.host = place.host;
        this.port = place.port;
        this.authority = place.text;
        this.target = target;
        this.fragment = fragment;
        this.authorization = authorization;
    }

    private HttpUrl(HttpUrl other, String target) {
        secure = other.secure;
        host = other.host;
        port = other.port;
        authority = other.authority;
        this.target = target;
        fragment = other.fragment;
        authorization = other.authorization;
    }

    boolean isSecure() {
        return secure;
    }

    /** A name in lower case, or an address; IPv6 without brackets, with its zone. */
    String host() {
        return host;
    }

    int port() {
        return port;
    }

    /**
     * For the header Host: IPv6 in brackets and without its zone, the scheme's own port left out.
     */
    String authority() {
        return authority;
    }

    /** Path and query, as they are sent. */
    String target() {
        return target;
    }

    String path() {
        int mark = target.indexOf('?');
        return mark < 0 ? target : target.substring(0, mark);
    }

    @Nullable String authorization() {
        return authorization;
    }

    /** With a parameter more at the query's end. */
    HttpUrl query(String name, String value) {
        StringBuilder longer = new StringBuilder(target.length() + name.length() + 32);
        longer.append(target);
        int mark = target.indexOf('?');
        if (mark < 0) {
            longer.append('?');
        } else if (mark < target.length() - 1 && target.charAt(target.length() - 1) != '&') {
            longer.append('&');
        }
        Percent.append(longer, name, 0, name.length(), Percent.UNRESERVED, false);
        longer.append('=');
        Percent.append(longer, value, 0, value.length(), Percent.UNRESERVED, false);
        return new HttpUrl(this, longer.toString());
    }

    URI uri() {
        URI u = uri;
        if (u == null) {
            uri = u = URI.create(this + (fragment == null ? "" : "#" + fragment));
        }
        return u;
    }

    /** Without the fragment. */
    @Override
    public String toString() {
        return (secure ? "https://" : "http://") + authority + target;
    }
}
