package dev.weft.http;

import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.ReadOnlyHttp2Headers;
import io.netty.util.AsciiString;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request as HTTP/2 has it (RFC 9113, section 8.3.1): names in lower case, the
 * request line as pseudo-headers, and nothing that is about the connection (section 8.2.2).
 *
 * <p>A Host that a user has set takes the place of the authority: the two must not differ, and a
 * client is to send {@code :authority} alone.
 *
 * <p>All is made of {@link AsciiString}, whose hash HPACK's encoder asks for again and again.
 */
final class Http2RequestHeaders {
    private static final AsciiString CONTENT_LENGTH = AsciiString.cached("content-length");
    private static final AsciiString HTTP = AsciiString.cached("http");
    private static final AsciiString HTTPS = AsciiString.cached("https");

    private static final Map<String, AsciiString> METHODS =
            known("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    /** What most requests have, lest it be made anew for each. */
    private static final Map<String, AsciiString> NAMES =
            known(
                    "accept",
                    "accept-encoding",
                    "accept-language",
                    "authorization",
                    "cache-control",
                    "content-encoding",
                    "content-type",
                    "cookie",
                    "expect",
                    "if-match",
                    "if-modified-since",
                    "if-none-match",
                    "origin",
                    "range",
                    "referer",
                    "user-agent");

    private Http2RequestHeaders() {}

    private static Map<String, AsciiString> known(String... texts) {
        Map<String, AsciiString> map = new HashMap<>();
        for (String text : texts) {
            map.put(text, AsciiString.cached(text));
        }
        return map;
    }

    static Http2Headers of(RequestHead request) {
        HttpHeaders own = request.headers();
        AsciiString[] flat = new AsciiString[2 * own.size() + 2];
        AsciiString authority = null;
        int length = 0;
        for (int i = 0; i < own.size(); i++) {
            AsciiString name = name(own.name(i));
            CharSequence value = own.value(i);
            if (name.contentEquals("host")) {
                authority = AsciiString.of(value);
            } else if (!isOfConnection(name, value)) {
                flat[length++] = name;
                flat[length++] = AsciiString.of(value);
            }
        }
        if (request.length() > 0 || request.length() == 0 && mayHaveBody(request.method())) {
            flat[length++] = CONTENT_LENGTH;
            flat[length++] = new AsciiString(Long.toString(request.length()));
        }
        return ReadOnlyHttp2Headers.clientHeaders(
                false, // names and values were checked by HttpHeaders
                known(METHODS, request.method()),
                new AsciiString(request.target()),
                request.scheme().equals("https") ? HTTPS : HTTP,
                authority != null ? authority : new AsciiString(request.authority()),
                length == flat.length ? flat : Arrays.copyOf(flat, length));
    }

    private static AsciiString known(Map<String, AsciiString> map, String text) {
        AsciiString known = map.get(text);
        return known != null ? known : new AsciiString(text);
    }

    private static AsciiString name(CharSequence name) {
        AsciiString known = name instanceof String text ? NAMES.get(text) : null;
        return known != null ? known : AsciiString.of(name).toLowerCase();
    }

    /** RFC 9110, section 8.6: those for which a server expects a body are to say that it is 0. */
    static boolean mayHaveBody(String method) {
        return method.equals("POST") || method.equals("PUT") || method.equals("PATCH");
    }

    private static boolean isOfConnection(AsciiString name, CharSequence value) {
        return switch (name.length()) {
            case 2 ->
                    name.contentEquals("te")
                            && !AsciiString.contentEqualsIgnoreCase(value, "trailers");
            case 7 -> name.contentEquals("upgrade");
            case 10 -> name.contentEquals("connection") || name.contentEquals("keep-alive");
            case 14 -> name.contentEquals("content-length");
            case 16 -> name.contentEquals("proxy-connection");
            case 17 -> name.contentEquals("transfer-encoding");
            default -> false;
        };
    }

    /** The status of a response; 0 if it is none. */
    static int status(@Nullable CharSequence status) {
        if (status == null || status.length() != 3) {
            return 0;
        }
        int value = 0;
        for (int i = 0; i < 3; i++) {
            int digit = status.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return 0;
            }
            value = 10 * value + digit;
        }
        return value;
    }
}
