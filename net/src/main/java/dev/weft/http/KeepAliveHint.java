package dev.weft.http;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a server says about how long it keeps a connection: {@code Keep-Alive: timeout=5}. */
final class KeepAliveHint {
    /** Before the server's own limit: it may close while a request is on its way. */
    private static final Duration MARGIN = Duration.ofSeconds(1);

    private KeepAliveHint() {}

    /** How long the connection may be idle; null if the header does not say. */
    static @Nullable Duration timeout(String value) {
        for (String part : value.split(",", 8)) {
            String hint = part.strip().toLowerCase(Locale.ROOT);
            if (hint.startsWith("timeout=")) {
                return seconds(hint.substring("timeout=".length()).strip());
            }
        }
        return null;
    }

    private static @Nullable Duration seconds(String digits) {
        if (digits.isEmpty()
                || digits.length() > 9
                || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return null;
        }
        Duration limit = Duration.ofSeconds(Integer.parseInt(digits));
        return limit.compareTo(MARGIN) > 0 ? limit.minus(MARGIN) : limit.dividedBy(2);
    }
}
