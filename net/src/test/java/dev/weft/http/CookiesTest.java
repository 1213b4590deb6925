package dev.weft.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 6265, and what became of it in browsers. */
class CookiesTest {
    private static final String ORIGIN = "https://www.example.com/a/b";

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final Cookies cookies = Cookies.inMemory(() -> now);

    @Test
    void theExampleWorks() {
        // @start region="cookies"
        Cookies cookies = Cookies.inMemory();
        cookies.set("https://example.org/", "theme", "dark");
        for (Cookie cookie : cookies.matching(URI.create("https://example.org/any/page"))) {
            System.out.println(cookie.name() + " = " + cookie.value());
        }
        // @end
        assertThat(cookies.headerFor(URI.create("https://example.org/any/page")))
                .isEqualTo("theme=dark");
    }

    private void receive(String url, String... setCookies) {
        HttpHeaders headers = HttpHeaders.empty();
        for (String value : setCookies) {
            headers = headers.add("Set-Cookie", value);
        }
        cookies.received(HttpRequest.get(url), headers);
    }

    private String sent(String url) {
        String header = cookies.headerFor(HttpRequest.get(url));
        assertThat(cookies.headerFor(URI.create(url))).isEqualTo(header);
        return header == null ? "" : header;
    }

    private String sentAfter(String... setCookies) {
        receive(ORIGIN, setCookies);
        return sent(ORIGIN);
    }

    // ---- the header's syntax: section 5.2

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '\'',
            delimiter = '|',
            nullValues = "none",
            value = {
                "a=b | a=b",
                "a=b; | a=b",
                "  a  =  b  ;x=y | a=b",
                "a= | a=",
                "a=b=c | a=b=c",
                "a=\"b c\" | a=\"b c\"",
                "a=b,c=d | a=b,c=d",
                "a=b;;;; Path=/ | a=b",
                "a=b; unknown; Unknown=x; SameSite=Strict; Partitioned | a=b",
                "a=b; SECURE; HTTPONLY; secure=false | a=b",
                "A B=c d | A B=c d",
                "a=\u00e9 | a=\u00e9",
                "a=\tb\t | a=b",
                "a=x\ty | a=x\ty",
                "a | ''",
                "=b | ''",
                "  =b | ''",
                "; a=b | ''",
                "'' | ''",
                "; | ''",
                "= | ''",
            })
    void takesACookieApart(String setCookie, String sent) {
        assertThat(sentAfter(setCookie)).isEqualTo(sent);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a=b\r\nX: y", "a=\0", "a=b; path=/\n", "\u007f=x", "a=\u0100"})
    void dropsWhatCouldNotBeSentBack(String setCookie) {
        // A decoder would not let most of these through.
        List<java.util.Map.Entry<String, String>> raw =
                List.of(java.util.Map.entry("set-cookie", setCookie));
        cookies.received(HttpRequest.get(ORIGIN), HttpHeaders.received(raw));
        assertThat(cookies.all()).isEmpty();
    }

    @Test
    void takesEachSetCookieByItself() {
        assertThat(sentAfter("a=1", "nonsense", "b=2", "a=3")).isEqualTo("a=3; b=2");
    }

    @Test
    void boundsTheSizeOfACookie() {
        assertThat(sentAfter("a=" + "x".repeat(4095))).hasSize(4097);
        cookies.clear();
        assertThat(sentAfter("a=" + "x".repeat(4096))).isEmpty();
        // An attribute that is too long is as none.
        assertThat(sentAfter("a=b; Path=/" + "x".repeat(1024))).isEqualTo("a=b");
        assertThat(cookies.all().getFirst().path()).isEqualTo("/a");
    }

    // ---- expiry

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a=b | forever",
                "a=b; Max-Age=60 | PT60S",
                "a=b; max-age=1 | PT1S",
                "a=b; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT | PT60S",
                "a=b; Expires=Thu, 01 Jan 2026 01:00:00 GMT; Max-Age=60 | PT60S",
                "a=b; Expires=Thu, 01 Jan 2026 01:00:00 GMT | PT1H",
                "a=b; Max-Age=1; Max-Age=5 | PT5S",
                "a=b; Max-Age=5x; Expires=Thu, 01 Jan 2026 01:00:00 GMT | PT1H",
                "a=b; Max-Age=+5 | forever",
                "a=b; Max-Age= | forever",
                "a=b; Max-Age=- | forever",
                "a=b; Max-Age=1.5 | forever",
                "a=b; Max-Age=99999999999999999999999 | P365000D",
                "a=b; Expires=nonsense | forever",
                "a=b; Expires=Thu, 01 Jan 2026 01:00:00 GMT; Expires=nonsense | PT1H",
            })
    void lives(String setCookie, String time) {
        receive(ORIGIN, setCookie);
        Instant expires = cookies.all().getFirst().expires();
        if (time.equals("forever")) {
            assertThat(expires).isNull();
            return;
        }
        assertThat(expires).isEqualTo(now.plus(Duration.parse(time)));
        now = expires.minusNanos(1);
        assertThat(sent(ORIGIN)).isEqualTo("a=b");
        now = expires;
        assertThat(cookies.all()).isEmpty();
        assertThat(cookies.matching(URI.create(ORIGIN))).isEmpty();
        assertThat(sent(ORIGIN)).isEmpty();
        assertThat(cookies).hasToString("Cookies[0 in memory]");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a=; Max-Age=0",
                "a=x; Max-Age=-1",
                "a=x; Max-Age=-0",
                "a=x; Max-Age=00",
                "a=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                "a=x; Expires=Thu, 01 Jan 2026 00:00:00 GMT"
            })
    void anExpiredOneDeletes(String setCookie) {
        assertThat(sentAfter("a=b", "c=d")).isEqualTo("a=b; c=d");
        assertThat(sentAfter(setCookie)).isEqualTo("c=d");
        // Neither another domain's nor another path's.
        receive(ORIGIN, "a=1; Domain=example.com", "a=2; Path=/");
        receive(ORIGIN, setCookie);
        assertThat(sent(ORIGIN)).isEqualTo("c=d; a=1; a=2");
    }

    @Test
    void anExpiredOneAloneLeavesNothing() {
        assertThat(sentAfter("a=x; Max-Age=0")).isEmpty();
        assertThat(sentAfter("a=x", "a=x; Max-Age=0")).isEmpty();
        assertThat(cookies).hasToString("Cookies[0 in memory]");
    }

    // ---- domain

    @ParameterizedTest
    @CsvSource({
        // host, Domain, asked, sent
        "www.example.com, '', www.example.com, true",
        "www.example.com, '', example.com, false",
        "www.example.com, '', x.www.example.com, false",
        "www.example.com, example.com, www.example.com, true",
        "www.example.com, example.com, example.com, true",
        "www.example.com, example.com, other.example.com, true",
        "www.example.com, example.com, notexample.com, false",
        "www.example.com, .example.com, other.example.com, true",
        "www.example.com, EXAMPLE.Com, other.example.com, true",
        "WWW.Example.com, example.com, OTHER.example.COM, true",
        "www.example.com, www.example.com, x.www.example.com, true",
        "www.example.com, ..example.com, www.example.com, false",
        "www.example.com, x.www.example.com, www.example.com, false",
        "www.example.com, other.example.com, www.example.com, false",
        "www.example.com, ample.com, www.example.com, false",
        "www.example.com, com, www.example.com, false",
        "www.example.com, .com, www.example.com, false",
        "www.example.com, com., www.example.com, false",
        "www.example.com., com., www.example.com., false",
        "www.example.com., example.com., www.example.com., true",
        "www.example.com., example.com, www.example.com., false",
        "www.example.com, ., www.example.com, true",
        "localhost, localhost, localhost, true",
        "localhost, localhost, x.localhost, false",
        "localhost, '', localhost, true",
        "com, com, com, true",
        "com, com, www.com, false",
        "127.0.0.1, 127.0.0.1, 127.0.0.1, true",
        "127.0.0.1, 0.0.1, 127.0.0.1, false",
        "127.0.0.1, 0.1, 127.0.0.1, false",
        "127.0.0.1, '', 127.0.0.1, true",
        "[::1], '', [::1], true",
        "[::1], [::1], [::1], false",
        "[::1], ::1, [::1], true",
        "[::ffff:1.2.3.4], 3.4, [::ffff:1.2.3.4], false",
    })
    void domains(String host, String domain, String asked, boolean isSent) {
        receive("http://" + host + "/", "a=b" + (domain.isEmpty() ? "" : "; Domain=" + domain));
        assertThat(sent("http://" + asked + "/")).isEqualTo(isSent ? "a=b" : "");
    }

    @ParameterizedTest
    @CsvSource({
        "www.example.com, ample.com",
        "notexample.com, example.com",
        "example.com, www.example.com",
        "www.example.com, com",
        "www.example.com., com.",
        "127.0.0.1, 0.0.1",
        "127.0.0.1, 1",
        "[::1], 1",
        "localhost, local",
        "example.com, example.org",
        "example.com, example.com.uk",
        "www.example.com, .www.example.com.",
        "www.example.com, ..example.com"
    })
    void aDomainThatIsNotTheServersIsRefused(String host, String domain) {
        receive("http://" + host + "/", "a=b; Domain=" + domain);
        assertThat(cookies.all()).isEmpty();
    }

    @Test
    void aCookieOfAnIpv4SuffixIsNeverSentToAnAddress() {
        // 0.0.1 is a name here, whose cookies must not go to 127.0.0.1.
        receive("http://x.0.0.1/", "a=b; Domain=0.0.1");
        assertThat(sent("http://127.0.0.1/")).isEmpty();
    }

    @Test
    void anEmptyDomainIsNone() {
        receive(ORIGIN, "a=b; Domain=example.com; Domain=", "c=d; Domain=");
        assertThat(cookies.all())
                .extracting(Cookie::name, Cookie::hostOnly, Cookie::domain)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("a", false, "example.com"),
                        org.assertj.core.groups.Tuple.tuple("c", true, "www.example.com"));
    }

    @Test
    void internationalHostsMeetInAscii() {
        receive("http://b\u00fccher.example/", "a=b");
        assertThat(cookies.all().getFirst().domain()).isEqualTo("xn--bcher-kva.example");
        assertThat(sent("http://xn--bcher-kva.example/")).isEqualTo("a=b");
    }

    @Test
    void hostOnlyAndDomainOfOneNameAndPlaceReplaceEachOther() {
        receive("http://example.com/", "a=host", "a=domain; Domain=example.com");
        assertThat(sent("http://example.com/")).isEqualTo("a=domain");
        assertThat(sent("http://www.example.com/")).isEqualTo("a=domain");
        receive("http://example.com/", "a=host");
        assertThat(sent("http://example.com/")).isEqualTo("a=host");
        assertThat(sent("http://www.example.com/")).isEmpty();
    }

    @Test
    void portsDoNotMatter() {
        receive("http://example.com:8080/", "a=b");
        assertThat(sent("http://example.com:9090/")).isEqualTo("a=b");
    }

    // ---- path

    @ParameterizedTest
    @CsvSource({
        // asked, Path, the path it gets
        "/, '', /",
        "'', '', /",
        "/a, '', /",
        "/a/, '', /a",
        "/a/b, '', /a",
        "/a/b/, '', /a/b",
        "/a/b?x=/y/z, '', /a",
        "?x=/y/z, '', /",
        "/a/b, x, /a",
        "/a/b, /, /",
        "/a/b, /x/y, /x/y",
        "/a/b, /a b, /a b",
        "/a/b, \"/x\", /a",
    })
    void paths(String asked, String attribute, String path) {
        receive(
                "http://example.com" + asked,
                "a=b" + (attribute.isEmpty() ? "" : "; Path=" + attribute));
        assertThat(cookies.all()).singleElement().extracting(Cookie::path).isEqualTo(path);
    }

    @ParameterizedTest
    @CsvSource({
        "/, /, true",
        "/, /x/y, true",
        "/foo, /foo, true",
        "/foo, /foo/, true",
        "/foo, /foo/x, true",
        "/foo, /foo?x, true",
        "/foo, /foobar, false",
        "/foo, /, false",
        "/foo, /Foo, false",
        "/foo/, /foo, false",
        "/foo/, /foo/x, true",
        "/foo, /foo%2Fx, false",
        "/foo/x, /foo, false"
    })
    void pathsMatch(String path, String asked, boolean isSent) {
        receive("http://example.com/", "a=b; Path=" + path);
        assertThat(sent("http://example.com" + asked)).isEqualTo(isSent ? "a=b" : "");
    }

    @Test
    void theLastPathCountsAndANonsensicalOneIsNone() {
        receive(ORIGIN, "a=b; Path=/x; Path=y", "c=d; Path=/x; Path=/z");
        assertThat(cookies.all()).extracting(Cookie::path).containsExactly("/a", "/z");
    }

    // ---- secure

    @Test
    void secureOnesGoOverHttpsOnly() {
        receive("https://example.com/", "a=b; Secure; HttpOnly", "c=d");
        assertThat(sent("https://example.com/")).isEqualTo("a=b; c=d");
        assertThat(sent("http://example.com/")).isEqualTo("c=d");
        assertThat(cookies.all()).extracting(Cookie::httpOnly).containsExactly(true, false);
    }

    @Test
    void httpCannotSetSecureOnes() {
        receive("http://example.com/", "a=b; Secure");
        assertThat(cookies.all()).isEmpty();
    }

    @Test
    void httpCannotReplaceOrHideSecureOnes() {
        receive("https://www.example.com/", "a=safe; Secure; Domain=example.com; Path=/login");
        receive("http://www.example.com/", "a=1; Domain=example.com; Path=/login");
        receive("http://www.example.com/", "a=2; Path=/login/en");
        receive("http://example.com/", "a=3; Path=/login; Max-Age=0; Domain=example.com");
        receive("http://x.example.com/", "a=4; Path=/login");
        assertThat(sent("https://www.example.com/login/en")).isEqualTo("a=safe");
        // What could not be taken for it is let through.
        receive("http://www.example.com/", "a=5; Path=/", "A=6", "a=7; Path=/log");
        assertThat(sent("https://www.example.com/login/en")).isEqualTo("a=safe; a=5; A=6");
        // Https may do what it likes.
        receive("https://example.com/", "a=8; Domain=example.com; Path=/login");
        assertThat(sent("http://www.example.com/login/en")).isEqualTo("a=8; a=5; A=6");
    }

    /** Also one that is for a host beneath, which would get both. */
    @Test
    void httpCannotHideASecureOneFromAbove() {
        receive("https://www.example.com/", "a=safe; Secure");
        receive("http://example.com/", "a=1; Domain=example.com");
        assertThat(sent("https://www.example.com/")).isEqualTo("a=safe");
        receive("http://example.com/", "a=2");
        assertThat(sent("http://example.com/")).isEmpty(); // too careful, as browsers are
        receive("http://example.org/", "a=3");
        assertThat(sent("http://example.org/")).isEqualTo("a=3");
    }

    @Test
    void anExpiredSecureOneIsInNobodysWay() {
        receive("https://127.0.0.1/", "a=safe; Secure; Max-Age=5");
        receive("http://127.0.0.1/", "a=1");
        assertThat(sent("https://127.0.0.1/")).isEqualTo("a=safe");
        now = now.plusSeconds(5);
        receive("http://127.0.0.1/", "a=1");
        assertThat(sent("https://127.0.0.1/")).isEqualTo("a=1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "https://e.com/ | __Secure-a=b; Secure | true",
                "https://e.com/ | __Secure-a=b | false",
                "https://e.com/ | __SECURE-a=b | false",
                "http://e.com/ | __Secure-a=b; Secure | false",
                "https://x.e.com/ | __Secure-a=b; Secure; Domain=e.com | true",
                "https://e.com/ | __Host-a=b; Secure; Path=/ | true",
                "https://e.com/ | __Host-a=b; Secure | false",
                "https://e.com/ | __Host-a=b; Path=/ | false",
                "https://e.com/ | __Host-a=b; Secure; Path=/x | false",
                "https://e.com/ | __Host-a=b; Secure; Path=/; Domain=e.com | false",
                "https://localhost/ | __Host-a=b; Secure; Path=/; Domain=localhost | false",
                "http://e.com/ | __Host-a=b; Secure; Path=/ | false",
                "https://e.com/ | __host-a=b | false",
                "https://e.com/ | __Hosta=b | true",
            })
    void prefixesKeepTheirPromise(String url, String setCookie, boolean accepted) {
        receive(url, setCookie);
        assertThat(cookies.all()).hasSize(accepted ? 1 : 0);
    }

    // ---- the order of the header: section 5.4

    @Test
    void longerPathsFirstThenTheOlder() {
        receive(
                "http://example.com/a/b/c",
                "1=; Path=/",
                "2=; Path=/a/b",
                "3=; Path=/a",
                "4=; Path=/a/b");
        assertThat(sent("http://example.com/a/b/c")).isEqualTo("2=; 4=; 3=; 1=");
        // Replacing keeps the age.
        receive("http://example.com/", "2=x; Path=/a/b");
        assertThat(sent("http://example.com/a/b/c")).isEqualTo("2=x; 4=; 3=; 1=");
        assertThat(cookies.matching(URI.create("http://example.com/a/b/c")))
                .extracting(Cookie::name)
                .containsExactly("2", "4", "3", "1");
        assertThat(cookies.all()).extracting(Cookie::name).containsExactly("1", "2", "3", "4");
    }

    // ---- limits

    private static String[] many(int from, int to, String attributes) {
        return IntStream.range(from, to)
                .mapToObj(i -> "c" + i + "=" + i + attributes)
                .toArray(String[]::new);
    }

    @Test
    void aDomainHasFiftyAndTheLeastUsedGo() {
        receive(ORIGIN, many(0, 50, ""));
        assertThat(cookies.all()).hasSize(50);
        receive("https://www.example.com/x/y", "other=1");
        assertThat(cookies.all()).extracting(Cookie::name).hasSize(50).doesNotContain("c0");
        // Sent, and so used.
        sent(ORIGIN);
        receive("https://www.example.com/x/y", "another=1");
        assertThat(cookies.all()).extracting(Cookie::name).hasSize(50).doesNotContain("other");
        // Another domain's are its own.
        receive(ORIGIN, "up=1; Domain=example.com");
        assertThat(cookies.all()).hasSize(51);
    }

    @Test
    void theExpiredGoFirst() {
        receive(ORIGIN, many(0, 25, ""));
        receive(ORIGIN, many(25, 50, "; Max-Age=10"));
        now = now.plusSeconds(10);
        receive(ORIGIN, "one=more");
        assertThat(cookies.all()).extracting(Cookie::name).hasSize(26).contains("c0", "one");
    }

    @Test
    void thereAreThreeThousandAtMostWhateverServersSend() {
        for (int i = 0; i < 500; i++) {
            receive("http://h" + i + ".example.com/", many(0, 100, ""));
        }
        assertThat(cookies.all()).hasSize(3000);
        assertThat(cookies).hasToString("Cookies[3000 in memory]");
        assertThat(sent("http://h499.example.com/")).isNotEmpty();
        assertThat(sent("http://h0.example.com/")).isEmpty();
        cookies.clear();
        assertThat(cookies.all()).isEmpty();
        assertThat(sent("http://h499.example.com/")).isEmpty();
        receive(ORIGIN, "a=b");
        assertThat(cookies).hasToString("Cookies[1 in memory]");
    }

    /** Labels make room: a host with many sets 50 for each of its parents, all of them too many. */
    @Test
    void aServerPushesOutTheLeastUsedAlone() {
        for (int i = 0; i < 60; i++) {
            receive("http://h" + i + ".example.com/", many(0, 50, ""));
        }
        assertThat(cookies.all()).hasSize(3000);
        sent("http://h0.example.com/");
        receive("http://evil.example/", many(0, 50, ""));
        assertThat(cookies.all()).hasSize(3000);
        assertThat(sent("http://h0.example.com/").split("; ")).hasSize(50);
        assertThat(sent("http://h1.example.com/")).isEmpty();
        assertThat(sent("http://h2.example.com/").split("; ")).hasSize(50);
    }

    @Test
    void theHeaderIsBounded() {
        String big = "x".repeat(4000);
        receive("http://a.b.example.com/p/", "1=" + big, "2=" + big, "3=" + big, "4=small; Path=/");
        String header = sent("http://a.b.example.com/p/");
        assertThat(header.length()).isBetween(8000, 8190);
        assertThat(header).startsWith("1=x").contains("; 2=x").doesNotContain("3=");
    }

    // ---- set by the user

    @Test
    void usersSetCookies() {
        cookies.set("https://example.com/deep/path", "a", "b c=\"d\", e");
        cookies.set(URI.create("http://example.com"), "i", "");
        assertThat(sent("https://example.com/")).isEqualTo("a=b c=\"d\", e; i=");
        assertThat(sent("http://example.com/")).isEqualTo("i=");
        assertThat(sent("https://www.example.com/")).isEmpty();
        cookies.set("https://example.com/", "a", "new");
        assertThat(sent("https://example.com/x")).isEqualTo("a=new; i=");
        receive("https://example.com/", "a=; Path=/; Max-Age=0");
        assertThat(sent("https://example.com/x")).isEqualTo("i=");
    }

    @Test
    void refusesWhatIsNoCookie() {
        Stream.of("", "a b", "a=", "a;", "\u00e9", "a\r\n")
                .forEach(name ->
                        assertThatThrownBy(() -> cookies.set(ORIGIN, name, "v"))
                                .isInstanceOf(IllegalArgumentException.class)
                                .hasMessageStartingWith("the name of a cookie must be a token"));
        Stream.of("secret;", "secret\r\nX: y", "secret\u00e9", " secret", "secret ", "\0")
                .forEach(value ->
                        assertThatThrownBy(() -> cookies.set(ORIGIN, "a", value))
                                .isInstanceOf(IllegalArgumentException.class)
                                .hasMessageStartingWith("the value of cookie a must")
                                .hasMessageNotContaining("secret"));
        assertThatThrownBy(() -> cookies.set(ORIGIN, "a", "x".repeat(4096)))
                .hasMessage("cookie a must have 4096 bytes at most, had 4097");
        assertThatThrownBy(() -> cookies.set("http://e.com", "__Host-a", "b"))
                .hasMessageContaining("must be set for an https URL");
        assertThatThrownBy(() -> cookies.set("e.com", "a", "b"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(cookies.all()).isEmpty();
    }

    @Test
    void showsNoValues() {
        receive(
                ORIGIN,
                "a=secret; Secure; HttpOnly; Max-Age=60",
                "b=secret; Domain=example.com; Path=/");
        assertThat(cookies.all().toString())
                .isEqualTo(
                        "[Cookie[a for www.example.com/a, secure, httpOnly, until"
                                + " 2026-01-01T00:01:00Z], Cookie[b for *.example.com/]]");
        assertThat(cookies).hasToString("Cookies[2 in memory]");
    }

    // ---- from several threads

    @Test
    void canBeSharedByThreads() {
        IntStream.range(0, 8)
                .parallel()
                .forEach(t -> {
                    for (int i = 0; i < 2000; i++) {
                        receive("http://h" + t + ".example.com/", "c" + i % 60 + "=" + i);
                        cookies.headerFor(URI.create("http://h" + (t + 1) % 8 + ".example.com/"));
                    }
                });
        assertThat(cookies.all().stream().collect(Collectors.groupingBy(Cookie::domain)).values())
                .hasSize(8)
                .allSatisfy(domain -> assertThat(domain).hasSize(50));
        assertThat(cookies).hasToString("Cookies[400 in memory]");
    }
}
