package dev.weft.http;

import java.util.Objects;

/**
 * What names and values of headers may be made of (RFC 9110, sections 5.1, 5.5 and 5.6.2). Errors
 * never show a value, which may be a secret.
 */
final class HeaderSyntax {
    private static final boolean[] TOKEN = new boolean[128];

    static {
        for (char c = '0'; c <= '9'; c++) {
            TOKEN[c] = true;
        }
        for (char c = 'a'; c <= 'z'; c++) {
            TOKEN[c] = true;
            TOKEN[c - 'a' + 'A'] = true;
        }
        for (char c : "!#$%&'*+-.^_`|~".toCharArray()) {
            TOKEN[c] = true;
        }
    }

    private HeaderSyntax() {}

    static boolean isToken(String text) {
        int length = text.length();
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c >= 128 || !TOKEN[c]) {
                return false;
            }
        }
        return length > 0;
    }

    static String requireName(String name) {
        Objects.requireNonNull(name, "the name of a header must not be null");
        if (!isToken(name)) {
            throw new IllegalArgumentException(
                    name.isEmpty()
                            ? "the name of a header must not be empty"
                            : "the name of a header must be of letters, digits and"
                                    + " !#$%&'*+-.^_`|~ only, was "
                                    + printable(name));
        }
        return name;
    }

    /** {@return the value, without white space around it} */
    static String requireValue(String name, String value) {
        if (value == null) {
            throw new NullPointerException("the value of header " + name + " must not be null");
        }
        int length = value.length();
        for (int i = 0; i < length; i++) {
            char c = value.charAt(i);
            if (c < ' ' && c != '\t' || c == 0x7f || c > 0xff) {
                throw refused(name, c, i);
            }
        }
        if (length == 0 || !isBlank(value.charAt(0)) && !isBlank(value.charAt(length - 1))) {
            return value;
        }
        return stripped(value);
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }

    private static String stripped(String value) {
        int begin = 0;
        int end = value.length();
        while (begin < end && isBlank(value.charAt(begin))) {
            begin++;
        }
        while (begin < end && isBlank(value.charAt(end - 1))) {
            end--;
        }
        return value.substring(begin, end);
    }

    private static IllegalArgumentException refused(String name, char c, int at) {
        String what =
                switch (c) {
                    case '\r' -> "carriage return, which would begin another header";
                    case '\n' -> "line feed, which would begin another header";
                    default ->
                            c > 0xff
                                    ? "character beyond U+00FF: encode it, as RFC 8187 has it"
                                    : "control character";
                };
        return new IllegalArgumentException(
                "the value of header %s must have no %s (U+%04X at %d)"
                        .formatted(name, what, (int) c, at));
    }

    /** A bounded text for a message, in which what cannot be printed is replaced. */
    static String printable(String text) {
        StringBuilder shown = new StringBuilder();
        int end = Math.min(text.length(), 200);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            shown.append(Character.isISOControl(c) || Character.isSurrogate(c) ? '\ufffd' : c);
        }
        return shown.append(end < text.length() ? "..." : "").toString();
    }
}
