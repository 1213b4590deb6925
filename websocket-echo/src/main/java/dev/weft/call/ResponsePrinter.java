package dev.weft.call;

import dev.weft.call.Paint.Colour;
import dev.weft.http.HttpHeaders;
import dev.weft.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Shows a response to a person: in colours, JSON laid out, and nothing that is no text. */
final class ResponsePrinter {
    private static final Pattern CHARSET =
            Pattern.compile(";\\s*charset\\s*=\\s*\"?([^\\s\";]+)", Pattern.CASE_INSENSITIVE);

    private final HttpResponse response;
    private final Paint paint;
    private final StandardOutput out;
    private final StringBuilder text = new StringBuilder();
    private char last;

    ResponsePrinter(HttpResponse response, Paint paint, StandardOutput out) {
        this.response = response;
        this.paint = paint;
        this.out = out;
    }

    /** The status line, the headers, and an empty line. */
    void printHead() {
        int status = response.status();
        Colour colour = status >= 400 ? Colour.BAD : status >= 300 ? Colour.PASSING : Colour.GOOD;
        String line = status + " " + Printable.of(response.reason());
        text.append(paint.in(Colour.NAME, response.version().toString()))
                .append(' ')
                .append(paint.in(colour, line.stripTrailing()))
                .append('\n');
        for (HttpHeaders.Header header : response.headers()) {
            text.append(paint.in(Colour.NUMBER, Printable.of(header.name())))
                    .append(": ")
                    .append(Printable.of(header.value()))
                    .append('\n');
        }
        text.append('\n');
        out.write(text);
    }

    /** Suspends until the body has come. */
    void printBody() {
        byte[] part = response.read();
        if (part == null) {
            return;
        }
        String type = response.headers().first("Content-Type");
        if (isBinary(part)) {
            text.append(
                    paint.in(Colour.FAINT, "(binary data: not shown on a terminal; use --output"));
            text.append(paint.in(Colour.FAINT, " FILE, or a pipe)")).append('\n');
            out.write(text);
            return;
        }
        JsonScanner json = isJson(type) ? new JsonScanner(new JsonPrinter(text, paint)) : null;
        Decoder decoder = new Decoder(charset(type));
        for (; part != null; part = response.read()) {
            show(decoder.decode(part, false), json);
        }
        show(decoder.decode(new byte[0], true), json);
        if (json != null) {
            json.end();
            write();
        }
        if (last != '\n') {
            text.append('\n');
            out.write(text);
        }
    }

    private void write() {
        if (!text.isEmpty()) {
            last = text.charAt(text.length() - 1);
            out.write(text);
        }
    }

    private void show(CharSequence more, @Nullable JsonScanner json) {
        if (json != null) {
            json.feed(more);
        } else {
            Printable.append(text, more);
        }
        write();
    }

    /** As git and others tell. */
    private static boolean isBinary(byte[] beginning) {
        for (int i = 0; i < Math.min(beginning.length, 8000); i++) {
            if (beginning[i] == 0) {
                return true;
            }
        }
        return false;
    }

    private static boolean isJson(@Nullable String type) {
        if (type == null) {
            return false;
        }
        String name = type.replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT);
        return name.endsWith("/json")
                || name.endsWith("+json")
                || name.endsWith("json-seq")
                || name.endsWith("/x-ndjson");
    }

    private static Charset charset(@Nullable String type) {
        Matcher matcher = CHARSET.matcher(type == null || isJson(type) ? "" : type);
        try {
            return matcher.find() ? Charset.forName(matcher.group(1)) : StandardCharsets.UTF_8;
        } catch (IllegalArgumentException e) {
            return StandardCharsets.UTF_8;
        }
    }

    /** Text out of parts that may end in the middle of a character, or of a line's end. */
    private static final class Decoder {
        private final CharsetDecoder decoder;
        private ByteBuffer left = ByteBuffer.allocate(0);
        private boolean carriageReturn;

        Decoder(Charset charset) {
            decoder =
                    charset.newDecoder()
                            .onMalformedInput(CodingErrorAction.REPLACE)
                            .onUnmappableCharacter(CodingErrorAction.REPLACE);
        }

        CharSequence decode(byte[] part, boolean last) {
            ByteBuffer in = ByteBuffer.allocate(left.remaining() + part.length).put(left).put(part);
            in.flip();
            float most = (in.remaining() + 1) * decoder.maxCharsPerByte();
            CharBuffer chars = CharBuffer.allocate((int) Math.ceil(most) + 2);
            if (carriageReturn) {
                chars.put('\r');
            }
            decoder.decode(in, chars, last);
            if (last) {
                decoder.flush(chars);
            }
            left = in;
            chars.flip();
            int end = chars.limit();
            carriageReturn = !last && end > 0 && chars.get(end - 1) == '\r';
            return carriageReturn ? chars.limit(end - 1) : chars;
        }
    }
}
