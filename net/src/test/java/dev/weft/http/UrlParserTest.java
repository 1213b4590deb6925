package dev.weft.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UrlParserTest {
    private static HttpRequest get(String url) {
        return HttpRequest.get(url);
    }

    // ---- path and query

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '\'',
            value = {
                "http://h, /",
                "http://h/, /",
                "http://h?x, /?x",
                "http://h#f, /",
                "http://h/#f?x, /",
                "http://h/?, /?",
                "http://h?, /?",
                "http://h/a/../b/./c//d, /a/../b/./c//d",
                "http://h/a b, /a%20b",
                "http://h/a%20b, /a%20b",
                "http://h/a+b?c+d, /a+b?c+d",
                "http://h/%7e%41, /%7e%41",
                "http://h/100%, /100%25",
                "http://h/100%?50%, /100%25?50%25",
                "http://h/%4, /%254",
                "http://h/%zz?%4g, /%25zz?%254g",
                "http://h/caf\u00e9?\u20ac=\ud83d\ude00, /caf%C3%A9?%E2%82%AC=%F0%9F%98%80",
                "http://h/\ud83d?\ude00, /%EF%BF%BD?%EF%BF%BD",
                "http://h/a\\b?c\\d, /a%5Cb?c%5Cd",
                "http://h/a|b^c`d{e}?a|b^c`d{e}, /a%7Cb%5Ec%60d%7Be%7D?a%7Cb%5Ec%60d%7Be%7D",
                "http://h/a[1]?a[1]=2, /a%5B1%5D?a[1]=2",
                "http://h/<\">?<\">, /%3C%22%3E?%3C%22%3E",
                "http://h/?a?b/c:@!$&()*;=, /?a?b/c:@!$&()*;=",
                "http://h/:@!$&()*;=~-._, /:@!$&()*;=~-._",
                "http://h/@user, /@user",
                "'  http://h/x  ', /x",
                "HTTP://h/x, /x",
            })
    void targets(String url, String target) {
        assertThat(get(url).target()).isEqualTo(target);
        assertThat(get(url).url().getRawPath()).isEqualTo(target.replaceFirst("\\?.*", ""));
    }

    @Test
    void theFragmentIsKeptOffTheWire() {
        HttpRequest request = get("https://h/p?q#fr ag#ment%");
        assertThat(request.target()).isEqualTo("/p?q");
        assertThat(request.url()).hasToString("https://h/p?q#fr%20ag%23ment%25");
        assertThat(request).hasToString("GET https://h/p?q");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://h/a\r\nX-Injected: 1",
                "http://h/a\nb",
                "http://h/?a\tb",
                "http://h/a\0",
                "http://h/#a\nb",
                "http://h/\u007f"
            })
    void refusesControlCharacters(String url) {
        assertThatThrownBy(() -> get(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("url must have no control character (U+00");
    }

    // ---- schemes

    @ParameterizedTest
    @CsvSource({
        "example.org/x, 'url must begin with http:// or https://, such as https://example.org/x,"
                + " was example.org/x'",
        "//example.org, 'url must begin with http:// or https://, such as https://example.org,"
                + " was //example.org'",
        "localhost:8080/x, 'url must begin with http:// or https://, such as"
                + " https://localhost:8080/x, was localhost:8080/x'",
        "ftp://h/, 'url must begin with http:// or https://, was ftp://h/'",
        "ws://h/, 'url must begin with http:// or https://, was ws://h/'",
        "'', 'url must begin with http:// or https://, such as https://example.org/, was '",
        "/x, 'url must begin with http:// or https://, such as https:///x, was /x'",
    })
    void saysWhatSchemeIsMissing(String url, String message) {
        assertThatThrownBy(() -> get(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http:/h", "http:h", "http", "httpx://h", "mailto:a@b", "http ://h"})
    void refusesOtherSchemes(String url) {
        assertThatThrownBy(() -> get(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("url must begin with http:// or https://");
    }

    // ---- host and port

    @ParameterizedTest
    @CsvSource({
        "http://Example.ORG, example.org, 80, example.org",
        "https://example.org, example.org, 443, example.org",
        "http://h:80, h, 80, h",
        "https://h:443, h, 443, h",
        "https://h:80, h, 80, h:80",
        "http://h:, h, 80, h",
        "http://h:0080, h, 80, h",
        "http://h:65535, h, 65535, h:65535",
        "http://127.0.0.1:1/, 127.0.0.1, 1, 127.0.0.1:1",
        "http://my_host.example.org., my_host.example.org., 80, my_host.example.org.",
        "http://[::1], ::1, 80, [::1]",
        "http://[2001:DB8::1]:8080/x, 2001:db8::1, 8080, [2001:db8::1]:8080",
        "http://[::ffff:127.0.0.1]:80, ::ffff:127.0.0.1, 80, [::ffff:127.0.0.1]",
        "http://[fe80::1%25eth0]:81/, fe80::1%eth0, 81, [fe80::1]:81",
        "http://[fe80::1%Eth0]/, fe80::1%Eth0, 80, [fe80::1]",
        "http://[fe80::1%25]/, fe80::1%25, 80, [fe80::1]",
        "https://b\u00fccher.example/, xn--bcher-kva.example, 443, xn--bcher-kva.example",
        "https://\u4f8b\u3048.\u30c6\u30b9\u30c8/, xn--r8jz45g.xn--zckzah, 443,"
                + " xn--r8jz45g.xn--zckzah",
        "https://stra\u00dfe.example/, strasse.example, 443, strasse.example", // a known issue
        "https://\uff45xample\u3002org/, example.org, 443, example.org",
    })
    void origins(String url, String host, int port, String authority) {
        HttpRequest request = get(url);
        assertThat(request.host()).isEqualTo(host);
        assertThat(request.port()).isEqualTo(port);
        assertThat(request.authority()).isEqualTo(authority);
        assertThat(request.isSecure()).isEqualTo(url.startsWith("https"));
        assertThat(request.url().getRawAuthority()).isEqualTo(authority);
    }

    @ParameterizedTest
    @CsvSource({
        "http://, url must have a host",
        "http:///x, url must have a host",
        "http://:80, url must have a host",
        "http://@/, url must have a host",
        "http://h:0, url must have a port of 1 to 65535",
        "http://h:65536, url must have a port of 1 to 65535",
        "http://h:99999999999999999999, url must have a port of 1 to 65535",
        "http://h:4294967376, url must have a port of 1 to 65535", // 80 in 32 bits
        "http://h:-1, url must have a number after the colon of its host",
        "http://h:1:2, url must have a number after the colon of its host",
        "http://::1/, url must have a host",
        "http://a::1/, url must have a number after the colon of its host",
        "http://a b/, 'url must have a host of letters, digits, - and . only, had U+0020 in it'",
        "http://h%41/, 'url must have a host of letters, digits, - and . only, had U+0025 in it'",
        "http://h]/, 'url must have a host of letters, digits, - and . only, had U+005D in it'",
        "http://h<>/, 'url must have a host of letters, digits, - and . only, had U+003C in it'",
        "http://[::1, url must have a ] after its IPv6 address",
        "http://[::1/], url must have a ] after its IPv6 address",
        "http://[::1]x/, url must have nothing but a port after its IPv6 address",
        "http://[]/, url must have an IPv6 address in its brackets",
        "http://[1.2.3.4]/, url must have an IPv6 address in its brackets",
        "http://[v1.x]/, url must have an IPv6 address in its brackets",
        "http://[::1::]/, url must have an IPv6 address in its brackets",
        "http://[fe80::1%]/, url must have a zone after the % of its address",
        "'http://[fe80::1%a\r\nb]/', url must have a zone of letters",
        "http://[fe80::1%a b]/, url must have a zone of letters",
        "http://good.example\\@evil.example/, url must have no backslash before its path",
        "http:\\\\h/, url must begin with",
        "http://h\\x/, url must have no backslash before its path",
    })
    void refusesWhatIsNoOrigin(String url, String message) {
        assertThatThrownBy(() -> get(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(message);
    }

    /** U+2100 becomes a/c, U+FF20 an @, U+FF0F a slash, U+2024 a dot: the host must not move. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://evil.c\u2100.example.org/",
                "http://a\uff0fb/",
                "http://a\uff20b/",
                "http://a\uff1a80/",
                "http://a\uff3cb/",
                "http://a\u00adb\uff03/",
                "http://\u00ad/",
                "http://a\ud800/"
            })
    void refusesHostsThatChangeTheirMeaning(String url) {
        assertThatThrownBy(() -> get(url)).isInstanceOf(IllegalArgumentException.class);
    }

    /** Before it is looked at: making ASCII of it would take a second. */
    @Test
    void refusesHostsThatAreTooLong() {
        StringBuilder host = new StringBuilder();
        for (int i = 0; i < 15_000; i++) {
            host.append((char) (0x4e00 + i));
        }
        String longest = ("a".repeat(49) + ".").repeat(5) + "abc";
        assertThat(get("http://" + longest).host()).hasSize(253);
        for (String name : new String[] {host.toString(), longest + "d"}) {
            assertThatThrownBy(() -> get("http://" + name + "/"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("url must have a host of 253 characters at most");
        }
    }

    @Test
    void refusesLabelsThatAreTooLong() {
        assertThatThrownBy(() -> get("http://" + "\u00e9".repeat(64) + ".example/"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("url must have a host that is a name");
    }

    // ---- user info

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '\'',
            value = {
                "u:p, Basic dTpw",
                "u, Basic dTo=",
                "u:, Basic dTo=",
                ":p, Basic OnA=",
                "u:p:q, Basic dTpwOnE=",
                "u%40x:p%3Aq, Basic dUB4OnA6cQ==",
                "u@x:p, Basic dUB4OnA=",
                "%C3%A9:\u00e9, Basic w6k6w6k=",
                "u%:%4, Basic dSU6JTQ=",
            })
    void userInfo(String userInfo, String authorization) {
        HttpRequest request = get("http://" + userInfo + "@h/");
        assertThat(request.headers()).isEqualTo(HttpHeaders.of("authorization", authorization));
        assertThat(request.host()).isEqualTo("h");
        assertThat(request.url().getRawUserInfo()).isNull();
    }

    @Test
    void emptyUserInfoIsNone() {
        assertThat(get("http://@h/").headers()).isEmpty();
        assertThat(get("http://:@h/").headers()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://ada:secret@h:port/",
                "http://ada:sec/secret@h/",
                "http://ada:secret?@h/",
                "http://ada:secret#@h/",
                "http://ada:secret@/",
                "http://ada:secret%0A@h/",
                "http://secret%3A:x@h/",
                "http://ada:secret@a b/",
                "http://ada:secret\\@h/",
                "http://ada:secret@[::1/",
                "http://ada:secret@\uff0f/",
                "ftp://ada:secret@h/",
                "ada:secret@h/",
                "//ada:secret@h/",
                "secret@h",
            })
    void noErrorShowsUserInfo(String url) {
        assertThatThrownBy(() -> get(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("secret")
                .satisfies(e -> assertThat(String.valueOf(e.getCause())).doesNotContain("secret"));
    }

    // ---- texts of any kind

    @Test
    void errorsAreBounded() {
        assertThatThrownBy(() -> get("x".repeat(1_000_000)))
                .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(600));
    }

    @Test
    void takesAUri() {
        URI uri = URI.create("http://u:p@h:81/\u00e9?x=%20#f");
        HttpRequest request = HttpRequest.get(uri);
        assertThat(request.url()).hasToString("http://h:81/%C3%A9?x=%20#f");
        assertThat(request.headers().contains("authorization")).isTrue();
        assertThatThrownBy(() -> HttpRequest.get(URI.create("/x")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> HttpRequest.get(URI.create("mailto:x@y")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /**
     * Whatever comes in: either it is refused, or what goes out is one line of ASCII without
     * spaces, the JDK reads the same origin out of it, and parsing that again changes nothing.
     */
    @Test
    void whatItTakesIsAlwaysSendable() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String[] pieces = {
            "http://",
            "https://",
            "h",
            "example.org",
            "[::1]",
            ":80",
            ":",
            "/",
            "//",
            "?",
            "#",
            "@",
            "%",
            "%41",
            "%zz",
            "\\",
            " ",
            "\t",
            "\r\n",
            "\0",
            "\u00e9",
            "\ud83d",
            "\ude00",
            "\u2100",
            "\uff0f",
            "[",
            "]",
            "..",
            "a",
            "&",
            "=",
            "+",
            "|",
            "\"",
            "<",
            "u:p@",
            "\u3002",
            "xn--a"
        };
        int taken = 0;
        int runs = Boolean.getBoolean("weft.long") ? 500_000 : 30_000;
        for (int i = 0; i < runs; i++) {
            StringBuilder url = new StringBuilder(random.nextInt(8) == 0 ? "" : "http://");
            for (int n = random.nextInt(8); n > 0; n--) {
                url.append(pieces[random.nextInt(pieces.length)]);
            }
            HttpRequest request;
            try {
                request = get(url.toString());
            } catch (IllegalArgumentException e) {
                continue;
            }
            taken++;
            assertThat(request.target()).as("%s, seed %d", url, seed).matches("/[!-~]*");
            assertThat(request.authority())
                    .as("%s, seed %d", url, seed)
                    .matches("[a-z0-9.:\\[\\]_-]+");
            URI uri = request.url();
            assertThat(uri.getRawAuthority()).as("%s", url).isEqualTo(request.authority());
            assertThat(HttpRequest.get(uri).target()).isEqualTo(request.target());
            assertThat(HttpRequest.get(uri).url()).isEqualTo(uri);
        }
        assertThat(taken).isGreaterThan(runs / 20);
    }
}
