package dev.weft.http;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Percent-encoding (RFC 3986, section 2), of UTF-8. Halves of surrogate pairs become U+FFFD, as
 * browsers have it.
 */
final class Percent {
    /** What need not be encoded anywhere: RFC 3986, section 2.3. */
    static final boolean[] UNRESERVED = set("-._~");

    /** What may stand in a path: its section 3.3, and what is encoded already. */
    static final boolean[] PATH = set("-._~!$&'()*+,;=:@/");

    /** What may stand in a query: its section 3.4, and brackets, which everyone sends. */
    static final boolean[] QUERY = set("-._~!$&'()*+,;=:@/?[]");

    /** What HTML forms leave as it is (WHATWG URL, application/x-www-form-urlencoded). */
    static final boolean[] FORM = set("-._*");

    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private Percent() {}

    /** Letters, digits and these. */
    private static boolean[] set(String others) {
        boolean[] set = new boolean[128];
        for (char c = 'a'; c <= 'z'; c++) {
            set[c] = true;
            set[c - 'a' + 'A'] = true;
        }
        for (char c = '0'; c <= '9'; c++) {
            set[c] = true;
        }
        for (int i = 0; i < others.length(); i++) {
            set[others.charAt(i)] = true;
        }
        return set;
    }

    static String encoded(String text, boolean[] allowed) {
        StringBuilder to = new StringBuilder(text.length() + 16);
        append(to, text, 0, text.length(), allowed, false);
        return to.toString();
    }

    /** As a field of an HTML form. */
    static void appendForm(StringBuilder to, String text) {
        int from = 0;
        for (int space; (space = text.indexOf(' ', from)) >= 0; from = space + 1) {
            append(to, text, from, space, FORM, false);
            to.append('+');
        }
        append(to, text, from, text.length(), FORM, false);
    }

    /**
     * Appends a part of a text.
     *
     * @param keepEncoded leaves {@code %} and two hexadecimal digits as they are
     */
    static void append(
            StringBuilder to,
            String text,
            int from,
            int end,
            boolean[] allowed,
            boolean keepEncoded) {
        for (int i = from; i < end; i++) {
            char c = text.charAt(i);
            if (c < 128 && allowed[c] || keepEncoded && isEncoded(text, i, end)) {
                to.append(c);
            } else if (c < 128) {
                appendByte(to, c);
            } else {
                int point = Character.codePointAt(text, i);
                i += Character.charCount(point) - 1;
                boolean half = point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
                String whole = Character.toString(half ? 0xfffd : point);
                for (byte b : whole.getBytes(StandardCharsets.UTF_8)) {
                    appendByte(to, b);
                }
            }
        }
    }

    private static void appendByte(StringBuilder to, int b) {
        to.append('%');
        HEX.toHexDigits(to, (byte) b);
    }

    /** Whether {@code %} and two hexadecimal digits stand there. */
    static boolean isEncoded(String text, int at, int end) {
        return text.charAt(at) == '%'
                && at + 2 < end
                && HexFormat.isHexDigit(text.charAt(at + 1))
                && HexFormat.isHexDigit(text.charAt(at + 2));
    }

    /** Decodes UTF-8; what is no UTF-8 is replaced, a lone {@code %} stays. */
    static String decoded(String text) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        byte[] from = text.getBytes(StandardCharsets.UTF_8);
        byte[] to = new byte[from.length];
        int length = 0;
        for (int i = 0; i < from.length; i++) {
            if (from[i] == '%'
                    && i + 2 < from.length
                    && HexFormat.isHexDigit(from[i + 1])
                    && HexFormat.isHexDigit(from[i + 2])) {
                int high = HexFormat.fromHexDigit(from[i + 1]);
                to[length++] = (byte) (high << 4 | HexFormat.fromHexDigit(from[i + 2]));
                i += 2;
            } else {
                to[length++] = from[i];
            }
        }
        return new String(to, 0, length, StandardCharsets.UTF_8);
    }
}
