package dev.weft.call;

import org.jspecify.annotations.Nullable;

/**
 * A word behind the URL that says what to send, as HTTPie writes it: a name, a sign that tells what
 * it is, and a value. The first sign in the word counts, and of several at one place the longest; a
 * backslash before it makes it a part of the name.
 */
record Item(Kind kind, String name, String value) {
    /** What an item becomes. */
    enum Kind {
        HEADER(":"),
        JSON(":="),
        JSON_FILE(":=@"),
        FIELD("="),
        FIELD_FILE("=@"),
        QUERY("=="),
        FILE("@");

        private final String sign;

        Kind(String sign) {
            this.sign = sign;
        }

        /** Whether it is a field of a body. */
        boolean isField() {
            return this != HEADER && this != QUERY && this != FILE;
        }
    }

    static Item parse(String word) {
        StringBuilder name = new StringBuilder();
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if (c == '\\' && i + 1 < word.length() && isSign(word.charAt(i + 1))) {
                i++;
                name.append(word.charAt(i));
                continue;
            }
            Kind kind = kindAt(word, i);
            if (kind != null) {
                Item item = new Item(kind, name.toString(), word.substring(i + kind.sign.length()));
                return item.checked(word);
            }
            name.append(c);
        }
        throw new IllegalArgumentException(
                "not an item: "
                        + word
                        + ": expected Name:Value, name=value, name:=json, name==value, name@file"
                        + " or @file");
    }

    private Item checked(String word) {
        if (name.isEmpty() && kind != Kind.FILE) {
            throw new IllegalArgumentException(
                    "not an item: " + word + ": there is no name before " + kind.sign);
        }
        return this;
    }

    private static boolean isSign(char c) {
        return c == ':' || c == '=' || c == '@' || c == '\\';
    }

    private static @Nullable Kind kindAt(String word, int index) {
        Kind longest = null;
        for (Kind kind : Kind.values()) {
            if (word.startsWith(kind.sign, index)
                    && (longest == null || kind.sign.length() > longest.sign.length())) {
                longest = kind;
            }
        }
        return longest;
    }
}
