package dev.weft.http;

import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which charset a text is in. In this order: UTF-8 for JSON, which has no other (RFC 8259, section
 * 8.1); what a byte order mark says, as in browsers, since no text begins so by chance; the
 * parameter {@code charset} of the media type; UTF-8. A name that is unknown here counts as none.
 */
final class Charsets {
    /** The longest name of the JDK's has 24 characters. */
    private static final int LONGEST_NAME = 40;

    private static final String CHARSET = "charset";

    private Charsets() {}

    static String name(Charset charset) {
        return charset.name().toLowerCase(Locale.ROOT);
    }

    /** Bytes that are none of the charset's are replaced; a byte order mark is left out. */
    static String decode(byte[] bytes, @Nullable String contentType) {
        Charset charset = of(contentType, bytes, bytes.length);
        int mark = markLength(charset, bytes, bytes.length);
        return new String(bytes, mark, bytes.length - mark, charset);
    }

    /** The charset of a text that begins so: with its first four bytes, or all if it has less. */
    static Charset of(@Nullable String contentType, byte[] first, int length) {
        if (isJson(contentType)) {
            return StandardCharsets.UTF_8;
        }
        Charset marked = marked(first, length);
        return marked != null ? marked : of(contentType);
    }

    private static @Nullable Charset marked(byte[] first, int length) {
        if (length >= 2) {
            int mark = (first[0] & 0xff) << 8 | first[1] & 0xff;
            if (mark == 0xfeff) {
                return StandardCharsets.UTF_16BE;
            }
            if (mark == 0xfffe) {
                return StandardCharsets.UTF_16LE;
            }
            if (mark == 0xefbb && length >= 3 && (first[2] & 0xff) == 0xbf) {
                return StandardCharsets.UTF_8;
            }
        }
        return null;
    }

    /** How many bytes of a byte order mark a text in this charset begins with. */
    static int markLength(Charset charset, byte[] first, int length) {
        if (!charset.equals(marked(first, length))) {
            return 0;
        }
        return charset.equals(StandardCharsets.UTF_8) ? 3 : 2;
    }

    /** Without a look at the text. */
    static Charset of(@Nullable String contentType) {
        String name = contentType == null ? null : parameter(contentType, CHARSET);
        if (name == null || name.isEmpty() || name.length() > LONGEST_NAME || isJson(contentType)) {
            return StandardCharsets.UTF_8;
        }
        try {
            return Charset.forName(name);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            return StandardCharsets.UTF_8;
        }
    }

    static boolean isJson(@Nullable String contentType) {
        if (contentType == null) {
            return false;
        }
        int semicolon = contentType.indexOf(';');
        String type = (semicolon < 0 ? contentType : contentType.substring(0, semicolon)).strip();
        return type.equalsIgnoreCase("application/json")
                || type.regionMatches(true, type.length() - 5, "+json", 0, 5);
    }

    /**
     * The value of a parameter of a media type (RFC 9110, section 8.3.1), without its quotes; the
     * first one counts. Null if there is none.
     */
    static @Nullable String parameter(String contentType, String name) {
        int length = contentType.length();
        int at = contentType.indexOf(';');
        while (at >= 0 && at < length) {
            int begin = at + 1;
            while (begin < length && Character.isWhitespace(contentType.charAt(begin))) {
                begin++;
            }
            int end = endOfParameter(contentType, begin);
            if (contentType.regionMatches(true, begin, name, 0, name.length())
                    && begin + name.length() < end
                    && contentType.charAt(begin + name.length()) == '=') {
                return unquoted(contentType.substring(begin + name.length() + 1, end).strip());
            }
            at = end;
        }
        return null;
    }

    /** The next semicolon that is not quoted, or the end. */
    private static int endOfParameter(String text, int from) {
        boolean quoted = false;
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (c == '\\' && quoted) {
                i++;
            } else if (c == ';' && !quoted) {
                return i;
            }
        }
        return text.length();
    }

    private static String unquoted(String value) {
        if (value.length() < 2 || value.charAt(0) != '"') {
            return value;
        }
        StringBuilder text = new StringBuilder(value.length());
        for (int i = 1; i < value.length() && value.charAt(i) != '"'; i++) {
            if (value.charAt(i) == '\\' && i + 1 < value.length()) {
                i++;
            }
            text.append(value.charAt(i));
        }
        return text.toString();
    }
}
