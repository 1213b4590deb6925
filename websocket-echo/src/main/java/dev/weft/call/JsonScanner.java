package dev.weft.call;

import java.util.BitSet;
import java.util.regex.Pattern;

/**
 * Reads JSON (RFC 8259) as it comes, character by character, and tells its parts; several values
 * one behind the other, too. Holds nothing but how it is nested and a number or word that has
 * begun, so that it can read what is longer than memory. At the first error it says so, and all
 * that follows is handed on as it is.
 */
final class JsonScanner {
    private static final int MOST_NESTED = 1000;
    private static final int LONGEST_NUMBER = 1000;
    private static final Pattern NUMBER =
            Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

    /** Is told the parts. */
    interface Parts {
        /** One of <code>{ } [ ] , :</code>. */
        void punctuation(char c);

        /** A string begins, which is a member's name or a value. */
        void beginString(boolean isName);

        /** The next of its characters, quotes and escapes included. */
        void inString(char c);

        /** The string has ended. */
        void endString();

        /** A number. */
        void number(String text);

        /** {@code true}, {@code false} or {@code null}. */
        void word(String text);

        /** A value that stands in no other has ended. */
        void endOfValue();

        /** No JSON, or no longer: to be shown as it is. */
        void other(String text);
    }

    private enum State {
        VALUE,
        VALUE_OR_END,
        NAME,
        NAME_OR_END,
        COLON,
        COMMA_OR_END,
        STRING,
        ESCAPE,
        HEX,
        NUMBER,
        WORD,
        BROKEN
    }

    private final Parts parts;
    private final BitSet objects = new BitSet();
    private final StringBuilder text = new StringBuilder();
    private State state = State.VALUE;
    private int depth;
    private int digits;
    private boolean isName;
    private long values;

    JsonScanner(Parts parts) {
        this.parts = parts;
    }

    /** Whether a text is one JSON value, with white space around it at most. */
    static boolean isValue(String text) {
        JsonScanner scanner = new JsonScanner(new Nobody());
        scanner.feed(text);
        scanner.end();
        return scanner.state != State.BROKEN && scanner.values == 1 && scanner.depth == 0;
    }

    void feed(CharSequence more) {
        for (int i = 0; i < more.length(); i++) {
            if (state == State.BROKEN) {
                parts.other(more.subSequence(i, more.length()).toString());
                return;
            }
            take(more.charAt(i));
        }
    }

    /** Nothing follows. */
    void end() {
        if (state == State.NUMBER || state == State.WORD) {
            endOfText();
        }
        boolean complete = depth == 0 && state == State.VALUE;
        if (!complete && state != State.BROKEN) {
            state = State.BROKEN;
            parts.other("");
        }
    }

    private void take(char c) {
        switch (state) {
            case STRING -> inString(c);
            case ESCAPE -> escaped(c);
            case HEX -> hex(c);
            case NUMBER -> inNumber(c);
            case WORD -> inWord(c);
            default -> {
                if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
                    structure(c);
                }
            }
        }
    }

    private void structure(char c) {
        switch (state) {
            case VALUE -> value(c);
            case VALUE_OR_END -> {
                if (c == ']') {
                    close(c);
                } else {
                    value(c);
                }
            }
            case NAME, NAME_OR_END -> {
                if (c == '"') {
                    begin(true);
                } else if (c == '}' && state == State.NAME_OR_END) {
                    close(c);
                } else {
                    fail(c);
                }
            }
            case COLON -> {
                if (c == ':') {
                    parts.punctuation(c);
                    state = State.VALUE;
                } else {
                    fail(c);
                }
            }
            default -> commaOrEnd(c);
        }
    }

    private void commaOrEnd(char c) {
        boolean inObject = objects.get(depth);
        if (c == ',') {
            parts.punctuation(c);
            state = inObject ? State.NAME : State.VALUE;
        } else if (c == (inObject ? '}' : ']')) {
            close(c);
        } else {
            fail(c);
        }
    }

    private void value(char c) {
        if (c == '"') {
            begin(false);
        } else if (c == '{' || c == '[') {
            open(c);
        } else if (c == '-' || c >= '0' && c <= '9') {
            text.append(c);
            state = State.NUMBER;
        } else if (c == 't' || c == 'f' || c == 'n') {
            text.append(c);
            state = State.WORD;
        } else {
            fail(c);
        }
    }

    private void open(char c) {
        if (depth == MOST_NESTED) {
            fail(c);
            return;
        }
        parts.punctuation(c);
        depth++;
        objects.set(depth, c == '{');
        state = c == '{' ? State.NAME_OR_END : State.VALUE_OR_END;
    }

    private void close(char c) {
        parts.punctuation(c);
        depth--;
        valueEnded();
    }

    private void valueEnded() {
        if (depth > 0) {
            state = State.COMMA_OR_END;
        } else {
            state = State.VALUE;
            values++;
            parts.endOfValue();
        }
    }

    private void begin(boolean name) {
        isName = name;
        state = State.STRING;
        parts.beginString(name);
        parts.inString('"');
    }

    private void inString(char c) {
        if (c < ' ') {
            fail(c);
            return;
        }
        parts.inString(c);
        if (c == '\\') {
            state = State.ESCAPE;
        } else if (c == '"') {
            parts.endString();
            if (isName) {
                state = State.COLON;
            } else {
                valueEnded();
            }
        }
    }

    private void escaped(char c) {
        if ("\"\\/bfnrtu".indexOf(c) < 0) {
            fail(c);
            return;
        }
        parts.inString(c);
        digits = 4;
        state = c == 'u' ? State.HEX : State.STRING;
    }

    private void hex(char c) {
        if (Character.digit(c, 16) < 0 || c > 'f') {
            fail(c);
            return;
        }
        parts.inString(c);
        digits--;
        if (digits == 0) {
            state = State.STRING;
        }
    }

    private void inNumber(char c) {
        if (c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-') {
            text.append(c);
            if (text.length() > LONGEST_NUMBER) {
                failWithText();
            }
        } else {
            endOfText();
            again(c);
        }
    }

    private void inWord(char c) {
        if (c >= 'a' && c <= 'z' && text.length() < 5) {
            text.append(c);
        } else {
            endOfText();
            again(c);
        }
    }

    /** What ended a number or word is a part of its own. */
    private void again(char c) {
        if (state == State.BROKEN) {
            parts.other(String.valueOf(c));
        } else {
            take(c);
        }
    }

    private void endOfText() {
        String all = text.toString();
        boolean number = state == State.NUMBER;
        boolean good =
                number
                        ? NUMBER.matcher(all).matches()
                        : all.equals("true") || all.equals("false") || all.equals("null");
        if (!good) {
            failWithText();
            return;
        }
        text.setLength(0);
        if (number) {
            parts.number(all);
        } else {
            parts.word(all);
        }
        valueEnded();
    }

    private void failWithText() {
        state = State.BROKEN;
        parts.other(text.toString());
        text.setLength(0);
    }

    private void fail(char c) {
        state = State.BROKEN;
        parts.other(String.valueOf(c));
    }

    /** Is told in vain: for who wants to know no more than whether it is JSON. */
    private static final class Nobody implements Parts {
        @Override
        public void punctuation(char c) {}

        @Override
        public void beginString(boolean isName) {}

        @Override
        public void inString(char c) {}

        @Override
        public void endString() {}

        @Override
        public void number(String text) {}

        @Override
        public void word(String text) {}

        @Override
        public void endOfValue() {}

        @Override
        public void other(String text) {}
    }
}
