package dev.weft.websocket;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/** What a {@code ws:} or {@code wss:} URL has to be. */
final class WebSocketUrl {
    private static final String EXPECTED = ": expected ws://HOST:PORT/PATH, or wss:// for TLS";

    private WebSocketUrl() {}

    static URI parse(String url) {
        try {
            return new URI(url);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("not a WebSocket URL: " + url + EXPECTED, e);
        }
    }

    static URI check(URI url) {
        String scheme = url.getScheme();
        boolean known = scheme != null && (isPlain(scheme) || scheme.equalsIgnoreCase("wss"));
        if (!known || url.getHost() == null || url.getPort() > 65_535) {
            throw new IllegalArgumentException("not a WebSocket URL: " + url + EXPECTED);
        }
        if (url.getRawFragment() != null) {
            throw new IllegalArgumentException(
                    "not a WebSocket URL: " + url + ": it must not have a fragment (#...)");
        }
        return url;
    }

    private static boolean isPlain(String scheme) {
        return scheme.equalsIgnoreCase("ws");
    }

    static boolean isSecure(URI url) {
        return url.getScheme().toLowerCase(Locale.ROOT).equals("wss");
    }

    static int port(URI url) {
        return url.getPort() >= 0 ? url.getPort() : isSecure(url) ? 443 : 80;
    }
}
