package dev.weft.call;

import dev.weft.call.Paint.Colour;

/**
 * Lays JSON out for people, as it comes: a member or element a line, indented, in colours. What is
 * no JSON follows as it is from there on. Names and values stay as they were written, escapes
 * included.
 */
final class JsonPrinter implements JsonScanner.Parts {
    private static final String INDENT = "    ";

    private final StringBuilder out;
    private final Paint paint;
    private int depth;

    /** A container has begun, and nothing stands in it yet. */
    private boolean opened;

    private boolean broken;

    /** Appends to a buffer, which the caller empties between its feeds. */
    JsonPrinter(StringBuilder out, Paint paint) {
        this.out = out;
        this.paint = paint;
    }

    @Override
    public void punctuation(char c) {
        switch (c) {
            case '{', '[' -> {
                beforeValue();
                out.append(c);
                depth++;
                opened = true;
            }
            case '}', ']' -> {
                depth--;
                if (!opened) {
                    newLine();
                }
                opened = false;
                out.append(c);
            }
            case ',' -> {
                out.append(c);
                newLine();
            }
            default -> out.append(": ");
        }
    }

    private void beforeValue() {
        if (opened) {
            opened = false;
            newLine();
        }
    }

    private void newLine() {
        out.append('\n').repeat(INDENT, depth);
    }

    @Override
    public void beginString(boolean isName) {
        beforeValue();
        out.append(paint.begin(isName ? Colour.NAME : Colour.STRING));
    }

    @Override
    public void inString(char c) {
        out.append(Printable.of(c));
    }

    @Override
    public void endString() {
        out.append(paint.end());
    }

    @Override
    public void number(String text) {
        beforeValue();
        out.append(paint.in(Colour.NUMBER, text));
    }

    @Override
    public void word(String text) {
        beforeValue();
        out.append(paint.in(Colour.WORD, text));
    }

    @Override
    public void endOfValue() {
        out.append('\n');
    }

    @Override
    public void other(String text) {
        if (!broken) {
            broken = true;
            out.append(paint.end());
        }
        Printable.append(out, text);
    }
}
