package dev.weft.http;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A cookie that {@link Cookies} holds (RFC 6265, section 5.3).
 *
 * @param name its name
 * @param value its value, which may be a secret
 * @param domain the host that gets it, or the domain whose hosts do; in lower case
 * @param path the path beneath which it is sent
 * @param expires when it ends; null when it does so with the client
 * @param secure whether it is sent over https only
 * @param httpOnly whether scripts in a browser could not see it, which matters to none here
 * @param hostOnly whether only the host itself gets it, and none beneath it
 */
public record Cookie(
        String name,
        String value,
        String domain,
        String path,
        @Nullable Instant expires,
        boolean secure,
        boolean httpOnly,
        boolean hostOnly) {

    boolean hasExpired(Instant now) {
        return expires != null && !expires.isAfter(now);
    }

    /** Section 5.1.4. */
    boolean matchesPath(String requested) {
        return requested.startsWith(path)
                && (requested.length() == path.length()
                        || path.endsWith("/")
                        || requested.charAt(path.length()) == '/');
    }

    /** {@return what it is and where it goes, without the value} */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("Cookie[").append(name).append(" for ");
        text.append(hostOnly ? "" : "*.").append(domain).append(path);
        text.append(secure ? ", secure" : "").append(httpOnly ? ", httpOnly" : "");
        return text.append(expires == null ? "" : ", until " + expires).append(']').toString();
    }
}
