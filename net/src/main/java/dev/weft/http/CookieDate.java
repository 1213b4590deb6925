package dev.weft.http;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Dates of cookies, by the algorithm of RFC 6265, section 5.1.1, which takes what servers really
 * send: it looks for a time, a day, a month and a year, in any order and between any punctuation,
 * and takes the first of each. Weekdays and time zones are not looked at: all is GMT.
 */
final class CookieDate {
    private static final String MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec";

    private final String text;
    private int hour = -1;
    private int minute;
    private int second;
    private int day = -1;
    private int month = -1;
    private int year = -1;

    private CookieDate(String text) {
        this.text = text;
    }

    /** Null if it is no date. */
    static @Nullable Instant parse(String text) {
        CookieDate date = new CookieDate(text);
        date.readTokens();
        return date.instant();
    }

    private void readTokens() {
        int length = text.length();
        for (int i = 0; i < length; ) {
            if (isDelimiter(text.charAt(i))) {
                i++;
                continue;
            }
            int end = i;
            while (end < length && !isDelimiter(text.charAt(end))) {
                end++;
            }
            readToken(text.substring(i, end));
            i = end;
        }
    }

    private static boolean isDelimiter(char c) {
        return c == '\t'
                || c >= 0x20 && c <= 0x2f
                || c >= 0x3b && c <= 0x40
                || c >= 0x5b && c <= 0x60
                || c >= 0x7b && c <= 0x7e;
    }

    /** The first of each kind counts; a token that is of one kind is not tried as the next. */
    private void readToken(String token) {
        if (hour < 0 && readTime(token)) {
            return;
        }
        int digits = digits(token, 0, 5);
        if (day < 0 && digits >= 1 && digits <= 2) {
            day = number(token, 0, digits);
        } else if (month < 0 && isMonth(token)) {
            month = MONTHS.indexOf(token.substring(0, 3).toLowerCase(Locale.ROOT)) / 3 + 1;
        } else if (year < 0 && digits >= 2 && digits <= 4) {
            year = number(token, 0, digits);
        }
    }

    /** Three numbers with colons between; what comes behind must not be a digit. */
    private boolean readTime(String token) {
        int[] numbers = new int[3];
        int at = 0;
        for (int i = 0; i < 3; i++) {
            int digits = digits(token, at, 3);
            if (digits < 1 || digits > 2) {
                return false;
            }
            numbers[i] = number(token, at, digits);
            at += digits;
            if (i < 2 && (at == token.length() || token.charAt(at++) != ':')) {
                return false;
            }
        }
        hour = numbers[0];
        minute = numbers[1];
        second = numbers[2];
        return true;
    }

    /** How many digits stand there, counted up to a limit. */
    private static int digits(String token, int from, int most) {
        int n = 0;
        while (n < most && from + n < token.length() && isDigit(token.charAt(from + n))) {
            n++;
        }
        return n;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static int number(String token, int from, int digits) {
        return Integer.parseInt(token, from, from + digits, 10);
    }

    private static boolean isMonth(String token) {
        if (token.length() < 3) {
            return false;
        }
        int at = MONTHS.indexOf(token.substring(0, 3).toLowerCase(Locale.ROOT));
        return at >= 0 && at % 3 == 0;
    }

    private @Nullable Instant instant() {
        if (hour < 0 || day < 0 || month < 0 || year < 0) {
            return null;
        }
        int fullYear = year < 70 ? year + 2000 : year < 100 ? year + 1900 : year;
        if (fullYear < 1601) {
            return null;
        }
        try {
            return LocalDateTime.of(fullYear, month, day, hour, minute, second)
                    .toInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return null; // there is no such day or time
        }
    }
}
