package dev.weft.http;

import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Takes a value of the header Set-Cookie apart, as RFC 6265, section 5.2, has it: whatever a server
 * sends is a cookie or is none, and an attribute that makes no sense counts as missing.
 */
final class SetCookie {
    /** Of name and value together (section 6.1). */
    static final int MAX_BYTES = 4096;

    /** Longer ones count as missing, as in browsers. */
    private static final int MAX_ATTRIBUTE = 1024;

    /** A thousand years, in seconds. */
    private static final long FOR_EVER = 1000L * 365 * 24 * 3600;

    private final Instant now;

    final String name;
    final String value;
    private @Nullable Instant expires;
    private @Nullable Instant maxAge;

    /** Without a leading dot; empty if there is none. */
    String domain = "";

    /** Begins with a slash; empty if there is none. */
    String path = "";

    boolean secure;
    boolean httpOnly;

    private SetCookie(String name, String value, Instant now) {
        this.name = name;
        this.value = value;
        this.now = now;
    }

    /** Null if it is no cookie. */
    static @Nullable SetCookie parse(String header, Instant now) {
        int length = header.length();
        int end = indexOf(header, ';', 0, length);
        int equals = indexOf(header, '=', 0, end);
        if (equals == end || hasControls(header)) {
            return null;
        }
        String name = trimmed(header, 0, equals);
        String value = trimmed(header, equals + 1, end);
        if (name.isEmpty() || name.length() + value.length() > MAX_BYTES) {
            return null;
        }
        SetCookie cookie = new SetCookie(name, value, now);
        while (end < length) {
            int begin = end + 1;
            end = indexOf(header, ';', begin, length);
            int middle = indexOf(header, '=', begin, end);
            String attribute = trimmed(header, begin, middle);
            cookie.attribute(attribute, middle == end ? "" : trimmed(header, middle + 1, end));
        }
        return cookie;
    }

    private static int indexOf(String text, char c, int from, int end) {
        int at = text.indexOf(c, from, end);
        return at < 0 ? end : at;
    }

    private static boolean hasControls(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' && c != '\t' || c == 0x7f || c > 0xff) {
                return true;
            }
        }
        return false;
    }

    private static String trimmed(String text, int from, int end) {
        int begin = from;
        int last = end;
        while (begin < last && isBlank(text.charAt(begin))) {
            begin++;
        }
        while (begin < last && isBlank(text.charAt(last - 1))) {
            last--;
        }
        return text.substring(begin, last);
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }

    /** The last one of a name counts. */
    private void attribute(String attribute, String text) {
        if (text.length() > MAX_ATTRIBUTE) {
            return;
        }
        switch (attribute.toLowerCase(Locale.ROOT)) {
            case "expires" -> {
                Instant date = CookieDate.parse(text);
                expires = date == null ? expires : date;
            }
            case "max-age" -> maxAge(text);
            case "domain" -> domain(text);
            case "path" -> path = text.startsWith("/") ? text : "";
            case "secure" -> secure = true;
            case "httponly" -> httpOnly = true;
            default -> {}
        }
    }

    private void maxAge(String text) {
        boolean negative = text.startsWith("-");
        int from = negative ? 1 : 0;
        if (text.length() == from) {
            return;
        }
        long seconds = 0;
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return;
            }
            seconds = Math.min(seconds * 10 + c - '0', FOR_EVER);
        }
        maxAge = negative ? Instant.MIN : now.plusSeconds(seconds);
    }

    private void domain(String text) {
        if (!text.isEmpty()) {
            domain = (text.startsWith(".") ? text.substring(1) : text).toLowerCase(Locale.ROOT);
        }
    }

    /** Null if it ends with the client. Max-Age counts before Expires. */
    @Nullable Instant expires() {
        return maxAge != null ? maxAge : expires;
    }
}
