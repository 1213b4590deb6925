package dev.weft.call;

/**
 * What a server sends, for a terminal's eyes: control characters, with which it could move the
 * cursor, name the window or worse, are shown as U+FFFD.
 */
final class Printable {
    private static final char REPLACEMENT = '\ufffd';

    private Printable() {}

    static char of(char c) {
        boolean control = c < ' ' && c != '\n' && c != '\t' || c >= '\u007f' && c < '\u00a0';
        return control ? REPLACEMENT : c;
    }

    static void append(StringBuilder out, CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean lineEnd = c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n';
            if (!lineEnd) {
                out.append(of(c));
            }
        }
    }

    static String of(CharSequence text) {
        StringBuilder out = new StringBuilder(text.length());
        append(out, text);
        return out.toString();
    }
}
