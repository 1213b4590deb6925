package dev.weft.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.format.TextStyle;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CookieDateTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Sun, 06 Nov 1994 08:49:37 GMT | 1994-11-06T08:49:37Z",
                "Sunday, 06-Nov-94 08:49:37 GMT | 1994-11-06T08:49:37Z",
                "Sun Nov  6 08:49:37 1994 | 1994-11-06T08:49:37Z",
                "Mon, 10-Dec-2007 17:02:24 GMT | 2007-12-10T17:02:24Z",
                "6 november 1994 8:9:7 | 1994-11-06T08:09:07Z",
                "1994 08:49:37 NOVEMBRE 06th | 1994-11-06T08:49:37Z",
                "08:49:37pm 6 Nov 94x | 1994-11-06T08:49:37Z",
                "6-Nov-69 00:00:00 | 2069-11-06T00:00:00Z",
                "6-Nov-70 00:00:00 | 1970-11-06T00:00:00Z",
                "6-Nov-99 00:00:00 | 1999-11-06T00:00:00Z",
                "6-Nov-00 00:00:00 | 2000-11-06T00:00:00Z",
                "1 Jan 1601 00:00:00 | 1601-01-01T00:00:00Z",
                "31 Dec 9999 23:59:59 | 9999-12-31T23:59:59Z",
                "29 Feb 2024 00:00:00 | 2024-02-29T00:00:00Z",
                "Thu, 01 Jan 1970 00:00:00 +0200 | 1970-01-01T00:00:00Z",
                // A second time is taken for the day, as the algorithm has it.
                "01:02:03 04:05:06 Jan 2000 | 2000-01-04T01:02:03Z",
                // The first of each kind counts.
                "1 Jan 2000 00:00:00 2 Feb 2001 11:11:11 | 2000-01-01T00:00:00Z",
                "06!Nov#1994$08:49:37 | 1994-11-06T08:49:37Z",
            })
    void takesWhatServersSend(String text, String instant) {
        assertThat(CookieDate.parse(text)).isEqualTo(Instant.parse(instant));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "06 Nov 1994",
                "Nov 1994 08:49:37",
                "06 1994 08:49:37",
                "06 Nov 08:49:37",
                "06 Nov 1600 00:00:00",
                "00 Nov 1994 00:00:00",
                "32 Oct 1994 00:00:00",
                "31 Nov 1994 00:00:00",
                "29 Feb 2023 00:00:00",
                "06 Nov 1994 24:00:00",
                "06 Nov 1994 00:60:00",
                "06 Nov 1994 00:00:60",
                "06 Nov 1994 00:00",
                "06 Nov 1994 000:00:00",
                "06 Nov 1994 00:00:000",
                "06 Nov 1994 00:00:",
                "06 Nov 1994 ::",
                "006 Nov 1994 08:49:37",
                "06 Nov 19945 08:49:37",
                "06 No 1994 08:49:37",
                "06 anf 1994 08:49:37",
                "\u0660\u0666 Nov 1994 08:49:37",
            })
    void refusesWhatIsNoDate(String text) {
        assertThat(CookieDate.parse(text)).isNull();
    }

    @Test
    void knowsAllMonths() {
        for (int month = 1; month <= 12; month++) {
            String name = java.time.Month.of(month).getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            assertThat(CookieDate.parse("01 " + name + " 2026 00:00:00"))
                    .isEqualTo(Instant.parse("2026-%02d-01T00:00:00Z".formatted(month)));
        }
    }

    @Test
    void whateverComesItIsADateOrNone() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String characters = "0123456789:: -,/;JanFebecDTZ\u00e9\t";
        int dates = 0;
        for (int i = 0; i < 50_000; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? "" : "01 Jan 00:00:00 ");
            for (int n = random.nextInt(12); n > 0; n--) {
                text.append(characters.charAt(random.nextInt(characters.length())));
            }
            Instant date = CookieDate.parse(text.toString());
            if (date != null) {
                dates++;
                assertThat(date)
                        .as("%s, seed %d", text, seed)
                        .isBetween(
                                Instant.parse("1601-01-01T00:00:00Z"),
                                Instant.parse("9999-12-31T23:59:59Z"));
            }
        }
        assertThat(dates).isGreaterThan(20);
    }
}
