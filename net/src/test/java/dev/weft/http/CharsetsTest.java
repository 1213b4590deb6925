package dev.weft.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CharsetsTest {
    private static final String TEXT = "h\u00e9llo \u20ac";

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '|',
            value = {
                "text/html, UTF-8",
                "text/html; charset=iso-8859-1, ISO-8859-1",
                "text/html;CHARSET=Windows-1252, windows-1252",
                "text/html; charset=\"iso-8859-15\", ISO-8859-15",
                "text/html; charset=\"iso\\-8859-2\", ISO-8859-2",
                "text/html ; a=\"; charset=utf-16; \\\" \"; charset=koi8-r ; b=c, KOI8-R",
                "text/html; xcharset=koi8-r, UTF-8",
                "text/html; charset, UTF-8",
                "text/html; charset=, UTF-8",
                "text/html; charset=\"\", UTF-8",
                "text/html; charset=\", UTF-8",
                "text/html; charset=\"koi8-r, KOI8-R",
                "text/html; charset=nonsense, UTF-8",
                "text/html; charset=\u00e9?!, UTF-8",
                "text/html; charset=koi8-r; charset=utf-16, KOI8-R",
                "; charset=koi8-r, KOI8-R",
                "||, UTF-8",
                ";;;, UTF-8",
                "application/json; charset=iso-8859-1, UTF-8",
                "APPLICATION/JSON;charset=iso-8859-1, UTF-8",
                "application/problem+json ; charset=koi8-r, UTF-8",
                "application/jsonp; charset=koi8-r, KOI8-R",
            })
    void theParameterSays(String contentType, String charset) {
        assertThat(Charsets.of(contentType)).isEqualTo(Charset.forName(charset));
    }

    @Test
    void withoutAMediaTypeItIsUtf8() {
        assertThat(Charsets.of(null)).isEqualTo(StandardCharsets.UTF_8);
        assertThat(Charsets.decode(TEXT.getBytes(StandardCharsets.UTF_8), null)).isEqualTo(TEXT);
        assertThat(Charsets.of("text/plain; charset=" + "x".repeat(100_000)))
                .isEqualTo(StandardCharsets.UTF_8);
    }

    @Test
    void decodesByTheParameter() {
        for (String name : new String[] {"iso-8859-15", "utf-16le", "gb18030", "utf-8"}) {
            byte[] bytes = TEXT.getBytes(Charset.forName(name));
            assertThat(Charsets.decode(bytes, "text/plain; charset=" + name)).isEqualTo(TEXT);
        }
    }

    /** As in browsers, where a mark is stronger than the header. */
    @Test
    void aByteOrderMarkIsStrongerAndLeftOut() {
        byte[] utf8 = ("\ufeff" + TEXT).getBytes(StandardCharsets.UTF_8);
        byte[] big = ("\ufeff" + TEXT).getBytes(StandardCharsets.UTF_16BE);
        byte[] little = ("\ufeff" + TEXT).getBytes(StandardCharsets.UTF_16LE);
        for (String type : new String[] {null, "text/plain", "text/plain; charset=iso-8859-1"}) {
            assertThat(Charsets.decode(utf8, type)).isEqualTo(TEXT);
            assertThat(Charsets.decode(big, type)).isEqualTo(TEXT);
            assertThat(Charsets.decode(little, type)).isEqualTo(TEXT);
        }
        assertThat(Charsets.decode(utf8, "text/plain; charset=utf-16")).isEqualTo(TEXT);
        assertThat(Charsets.decode(big, "text/plain; charset=utf-16")).isEqualTo(TEXT);
        assertThat(Charsets.decode(utf8, "application/json")).isEqualTo(TEXT);
        assertThat(Charsets.decode(bytes(0xfe, 0xff, '1'), "application/json"))
                .isEqualTo("\ufffd\ufffd1");
    }

    @Test
    void shortTextsHaveNoMark() {
        assertThat(Charsets.decode(bytes(), null)).isEmpty();
        assertThat(Charsets.decode(bytes(0xef), null)).isEqualTo("\ufffd");
        assertThat(Charsets.decode(bytes(0xef, 0xbb), null)).isEqualTo("\ufffd");
        assertThat(Charsets.decode(bytes(0xef, 0xbb, 0xbf), null)).isEmpty();
        assertThat(Charsets.decode(bytes(0xff, 0xfe), null)).isEmpty();
        assertThat(Charsets.decode(bytes(0xff), "a/b; charset=iso-8859-1")).isEqualTo("\u00ff");
    }

    @Test
    void replacesWhatIsNotOfTheCharset() {
        assertThat(Charsets.decode(bytes('a', 0xe9, 'b'), "text/plain; charset=unknown"))
                .isEqualTo("a\ufffdb");
    }
}
