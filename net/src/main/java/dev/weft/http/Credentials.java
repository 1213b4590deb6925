package dev.weft.http;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Objects;

/** Values of the header Authorization. Errors never show what they are made of. */
final class Credentials {
    private Credentials() {}

    /** Basic authentication (RFC 7617), in UTF-8. */
    static String basic(String user, String password) {
        requireNoControls(user, "user");
        requireNoControls(password, "password");
        if (user.indexOf(':') >= 0) {
            throw new IllegalArgumentException(
                    "user must have no colon: it ends the name in Basic authentication");
        }
        byte[] both = (user + ':' + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(both);
    }

    /** A bearer token (RFC 6750). */
    static String bearer(String token) {
        Objects.requireNonNull(token, "token must not be null");
        if (token.isEmpty()) {
            throw new IllegalArgumentException("token must not be empty");
        }
        for (int i = 0; i < token.length(); i++) {
            if (token.charAt(i) <= ' ' || token.charAt(i) >= 0x7f) {
                throw new IllegalArgumentException(
                        "token must be of visible ASCII characters (U+%04X at %d)"
                                .formatted((int) token.charAt(i), i));
            }
        }
        return "Bearer " + token;
    }

    private static void requireNoControls(String text, String name) {
        Objects.requireNonNull(text, name + " must not be null");
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(name + " must have no control characters");
        }
    }
}
