package dev.weft.http;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Objects;

/** Values of the headers of conditional requests (RFC 9110, section 13.1). */
final class Conditions {
    /** IMF-fixdate: its section 5.6.7. */
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.US);

    private static final Instant FIRST = Instant.parse("0000-01-01T00:00:00Z");
    private static final Instant END = Instant.parse("+10000-01-01T00:00:00Z");

    private Conditions() {}

    /** With quotes; a list, a weak one and {@code *} as they are. */
    static String etag(String etag) {
        Objects.requireNonNull(etag, "etag must not be null");
        String text = etag.strip();
        if (text.equals("*") || text.startsWith("\"") || text.startsWith("W/\"")) {
            return text;
        }
        if (text.indexOf('"') >= 0) {
            throw new IllegalArgumentException(
                    "etag must begin with a quote or have none, was "
                            + HeaderSyntax.printable(text));
        }
        return '"' + text + '"';
    }

    static String date(Instant time) {
        Objects.requireNonNull(time, "time must not be null");
        if (time.isBefore(FIRST) || !time.isBefore(END)) {
            throw new IllegalArgumentException("time must be of the years 0 to 9999, was " + time);
        }
        return DATE.format(time.atOffset(ZoneOffset.UTC));
    }
}
