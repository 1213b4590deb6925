package dev.weft.call;

/** Colours of a terminal (ECMA-48), or none. */
record Paint(boolean isOn) {
    enum Colour {
        NAME("34"),
        STRING("32"),
        NUMBER("36"),
        WORD("35"),
        GOOD("1;32"),
        PASSING("1;36"),
        BAD("1;31"),
        FAINT("2");

        private final String code;

        Colour(String code) {
            this.code = code;
        }
    }

    String begin(Colour colour) {
        return isOn ? "\u001b[" + colour.code + "m" : "";
    }

    String end() {
        return isOn ? "\u001b[0m" : "";
    }

    String in(Colour colour, String text) {
        return begin(colour) + text + end();
    }
}
