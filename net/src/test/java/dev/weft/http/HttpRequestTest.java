package dev.weft.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
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

class HttpRequestTest {
    private static final String URL = "https://example.org/a?b=c";
    private static final HttpRequest GET = HttpRequest.get(URL);

    @Test
    void theExampleWorks() {
        // @start region="request"
        HttpRequest search =
                HttpRequest.get("https://example.org/search")
                        .query("q", "caf\u00e9 & bar")
                        .query("page", "2")
                        .header("Accept", "application/json")
                        .bearer("a-token")
                        .timeout(Duration.ofSeconds(5));
        // @end
        assertThat(search.target()).isEqualTo("/search?q=caf%C3%A9%20%26%20bar&page=2");
        assertThat(search.headers())
                .isEqualTo(
                        HttpHeaders.of(
                                "Accept", "application/json", "Authorization", "Bearer a-token"));
        assertThat(search.timeout()).isEqualTo(Duration.ofSeconds(5));
    }

    // ---- methods

    @Test
    void eachMethodHasAFactory() {
        URI uri = URI.create(URL);
        HttpBody body = HttpBody.text("x");
        List<HttpRequest> requests =
                List.of(
                        HttpRequest.get(URL), HttpRequest.get(uri),
                        HttpRequest.head(URL), HttpRequest.head(uri),
                        HttpRequest.delete(URL), HttpRequest.delete(uri),
                        HttpRequest.options(URL), HttpRequest.options(uri),
                        HttpRequest.post(URL, body), HttpRequest.post(uri, body),
                        HttpRequest.put(URL, body), HttpRequest.put(uri, body),
                        HttpRequest.patch(URL, body), HttpRequest.patch(uri, body),
                        HttpRequest.of("TRACE", URL), HttpRequest.of("TRACE", uri));
        assertThat(requests.stream().map(HttpRequest::method).distinct())
                .containsExactly(
                        "GET", "HEAD", "DELETE", "OPTIONS", "POST", "PUT", "PATCH", "TRACE");
        assertThat(requests).allMatch(request -> request.url().equals(uri));
        assertThat(requests).allMatch(request -> request.target().equals("/a?b=c"));
        assertThat(requests.stream().filter(request -> request.body() == body)).hasSize(6);
        assertThat(requests.stream().filter(request -> request.body() == HttpBody.none()))
                .hasSize(10);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET ", "GET\r\nX: 1", "G/T", "\u00e9", "GET / HTTP/1.1"})
    void refusesWhatIsNoMethod(String method) {
        assertThatThrownBy(() -> HttpRequest.of(method, URL))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("method must be a token such as GET, was");
    }

    @Test
    void refusesConnect() {
        assertThatThrownBy(() -> HttpRequest.of("CONNECT", URL))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a tunnel is opened by");
        assertThat(HttpRequest.of("connect", URL).method()).isEqualTo("connect");
    }

    @ParameterizedTest
    @CsvSource({
        "GET,true",
        "HEAD,true",
        "OPTIONS,true",
        "TRACE,true",
        "PUT,true",
        "DELETE,true",
        "POST,false",
        "PATCH,false",
        "get,false",
        "LOCK,false"
    })
    void idempotentByItsMethod(String method, boolean idempotent) {
        HttpRequest request = HttpRequest.of(method, URL);
        assertThat(request.isIdempotent()).isEqualTo(idempotent);
        assertThat(request.idempotent(!idempotent).isIdempotent()).isEqualTo(!idempotent);
        assertThat(request.idempotent(!idempotent).timeout(Duration.ofDays(1)).isIdempotent())
                .isEqualTo(!idempotent);
    }

    // ---- copies

    @Test
    void settersChangeACopy() {
        HttpBody body = HttpBody.text("x");
        HttpRequest changed =
                GET.header("A", "1")
                        .addHeader("a", "2")
                        .header("B", "3")
                        .removeHeader("b")
                        .query("d", "e")
                        .body(body)
                        .expectContinue(true)
                        .timeout(Duration.ofMillis(1));
        assertThat(changed.headers()).isEqualTo(HttpHeaders.of("A", "1", "a", "2"));
        assertThat(changed.target()).isEqualTo("/a?b=c&d=e");
        assertThat(changed.body()).isSameAs(body);
        assertThat(changed.expectContinue()).isTrue();
        assertThat(changed.timeout()).isEqualTo(Duration.ofMillis(1));
        assertThat(changed.headers(HttpHeaders.of("C", "4")).headers())
                .isEqualTo(HttpHeaders.of("C", "4"));
        assertThat(GET.headers()).isSameAs(HttpHeaders.empty());
        assertThat(GET.target()).isEqualTo("/a?b=c");
        assertThat(GET.body()).isSameAs(HttpBody.none());
        assertThat(GET.expectContinue()).isFalse();
        assertThat(GET.timeout()).isNull();
        assertThat(GET.removeHeader("none")).isSameAs(GET);
    }

    @Test
    void refusesTimeoutsThatAreNotPositive() {
        assertThatThrownBy(() -> GET.timeout(Duration.ZERO))
                .hasMessage("timeout must be positive, was PT0S");
        assertThatThrownBy(() -> GET.timeout(Duration.ofNanos(-1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesNulls() {
        assertThatNullPointerException().isThrownBy(() -> HttpRequest.get((String) null));
        assertThatNullPointerException().isThrownBy(() -> HttpRequest.get((URI) null));
        assertThatNullPointerException().isThrownBy(() -> HttpRequest.post(URL, null));
        assertThatNullPointerException().isThrownBy(() -> GET.body(null));
        assertThatNullPointerException().isThrownBy(() -> GET.headers(null));
        assertThatNullPointerException().isThrownBy(() -> GET.header("a", null));
        assertThatNullPointerException().isThrownBy(() -> GET.query("a", null));
        assertThatNullPointerException().isThrownBy(() -> GET.basicAuth("a", null));
        assertThatNullPointerException().isThrownBy(() -> GET.bearer(null));
        assertThatNullPointerException().isThrownBy(() -> GET.ifMatch(null));
        assertThatNullPointerException().isThrownBy(() -> GET.ifModifiedSince(null));
    }

    // ---- query

    @Test
    void encodesEveryCharacterThatIsNotUnreserved() {
        String ascii =
                IntStream.range(0, 128).mapToObj(Character::toString).collect(Collectors.joining());
        String target = HttpRequest.get("http://h").query(ascii, ascii).target();
        String expected =
                IntStream.range(0, 128)
                        .mapToObj(c ->
                                Character.isLetterOrDigit(c) || "-._~".indexOf(c) >= 0
                                        ? Character.toString(c)
                                        : "%%%02X".formatted(c))
                        .collect(Collectors.joining());
        assertThat(target).isEqualTo("/?" + expected + "=" + expected);
        // The JDK agrees that it is a query, and what it says.
        URI uri = HttpRequest.get("http://h").query("q", ascii).url();
        assertThat(uri.getQuery()).isEqualTo("q=" + ascii);
    }

    @Test
    void appendsParametersToAnyQuery() {
        assertThat(HttpRequest.get("http://h").query("a", "").target()).isEqualTo("/?a=");
        assertThat(HttpRequest.get("http://h/?").query("a", "1").target()).isEqualTo("/?a=1");
        assertThat(HttpRequest.get("http://h/?x&").query("a", "1").target()).isEqualTo("/?x&a=1");
        assertThat(HttpRequest.get("http://h/?x").query("", "1").target()).isEqualTo("/?x&=1");
        assertThat(HttpRequest.get("http://h/#f?x").query("a", "1").query("a", "1").url())
                .hasToString("http://h/?a=1&a=1#f?x");
        assertThat(HttpRequest.get("http://h/%2F%zz").query("%", "%41").target())
                .isEqualTo("/%2F%25zz?%25=%2541");
    }

    @Test
    void encodesBeyondAsciiAsUtf8AndReplacesSurrogateHalves() {
        assertThat(HttpRequest.get("http://h").query("q", "\u00e9\u20ac\ud83d\ude00").target())
                .isEqualTo("/?q=%C3%A9%E2%82%AC%F0%9F%98%80");
        assertThat(HttpRequest.get("http://h").query("q", "\ud83dx\ude00").target())
                .isEqualTo("/?q=%EF%BF%BDx%EF%BF%BD");
        assertThat(HttpRequest.get("http://h").query("q", "x\ud83d").target())
                .isEqualTo("/?q=x%EF%BF%BD");
    }

    // ---- headers with a meaning

    @Test
    void authenticates() {
        assertThat(GET.basicAuth("Aladdin", "open sesame").headers().first("authorization"))
                .isEqualTo("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assertThat(GET.basicAuth("test", "123\u00a3").headers().first("authorization"))
                .isEqualTo("Basic dGVzdDoxMjPCow=="); // RFC 7617, section 2.1
        assertThat(GET.basicAuth("", "").headers().first("authorization")).isEqualTo("Basic Og==");
        assertThat(GET.bearer("1|abc.-_~+/==").headers().first("authorization"))
                .isEqualTo("Bearer 1|abc.-_~+/==");
        assertThat(GET.basicAuth("a", "b").bearer("c").headers().all("authorization"))
                .containsExactly("Bearer c");
    }

    @Test
    void refusesCredentialsThatWouldBreak() {
        assertThatThrownBy(() -> GET.basicAuth("secret:x", "p"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("user must have no colon")
                .hasMessageNotContaining("secret");
        assertThatThrownBy(() -> GET.basicAuth("u", "secret\n"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("secret");
        Stream.of("", "secret token", "secret\r\nX: y", "secret\u00e9", "secret\t")
                .forEach(token ->
                        assertThatThrownBy(() -> GET.bearer(token))
                                .isInstanceOf(IllegalArgumentException.class)
                                .hasMessageNotContaining("secret"));
    }

    @Test
    void asksForRanges() {
        assertThat(GET.range(0, 0).headers().first("range")).isEqualTo("bytes=0-0");
        assertThat(GET.range(5, Long.MAX_VALUE).headers().first("range"))
                .isEqualTo("bytes=5-9223372036854775807");
        assertThat(GET.range(1, 2).rangeFrom(7).headers().all("range")).containsExactly("bytes=7-");
        assertThatThrownBy(() -> GET.range(-1, 2)).hasMessage("from must be >= 0, was -1");
        assertThatThrownBy(() -> GET.range(3, 2)).hasMessage("to must be >= from, was 2 < 3");
        assertThatThrownBy(() -> GET.rangeFrom(-1)).hasMessage("from must be >= 0, was -1");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '\'',
            value = {
                "'\"abc\"', '\"abc\"'",
                "abc, '\"abc\"'",
                "*, *",
                "'W/\"abc\"', 'W/\"abc\"'",
                "'\"a\", W/\"b\"', '\"a\", W/\"b\"'",
                "'', '\"\"'",
                "'  abc ', '\"abc\"'"
            })
    void quotesEtags(String etag, String sent) {
        assertThat(GET.ifNoneMatch(etag).headers().first("if-none-match")).isEqualTo(sent);
        assertThat(GET.ifMatch(etag).headers().first("if-match")).isEqualTo(sent);
    }

    @Test
    void refusesEtagsWithAQuoteSomewhere() {
        assertThatThrownBy(() -> GET.ifMatch("a\"b")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> GET.ifNoneMatch("a\r\nb"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void datesAreFixed() {
        Instant example = Instant.parse("1994-11-06T08:49:37.999Z"); // RFC 9110, section 5.6.7
        assertThat(GET.ifModifiedSince(example).headers().first("if-modified-since"))
                .isEqualTo("Sun, 06 Nov 1994 08:49:37 GMT");
        assertThat(GET.ifUnmodifiedSince(Instant.EPOCH).headers().first("if-unmodified-since"))
                .isEqualTo("Thu, 01 Jan 1970 00:00:00 GMT");
        assertThat(
                        IntStream.rangeClosed(1, 12)
                                .mapToObj(m -> Instant.parse("2026-%02d-01T00:00:00Z".formatted(m)))
                                .map(t -> GET.ifModifiedSince(t).headers())
                                .map(h -> h.first("if-modified-since").substring(8, 11)))
                .containsExactly(
                        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
                        "Dec");
        Instant last = Instant.parse("9999-12-31T23:59:59.999999999Z");
        assertThat(GET.ifModifiedSince(last).headers().first("if-modified-since"))
                .isEqualTo("Fri, 31 Dec 9999 23:59:59 GMT");
        assertThatThrownBy(() -> GET.ifModifiedSince(last.plusNanos(1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> GET.ifModifiedSince(Instant.MIN))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> GET.ifModifiedSince(Instant.MAX))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("time must be of the years 0 to 9999, was");
    }

    // ---- user info

    @Test
    void userInfoBecomesBasicAuthentication() {
        HttpRequest request = HttpRequest.get("http://ada:s%3Acr%C3%A9t%40@host:81/p?q#f");
        assertThat(request.headers())
                .isEqualTo(HttpRequest.get(URL).basicAuth("ada", "s:cr\u00e9t@").headers());
        assertThat(request).hasToString("GET http://host:81/p?q");
        assertThat(request.url()).hasToString("http://host:81/p?q#f");
        assertThat(request.authority()).isEqualTo("host:81");
        assertThat(request.header("A", "1").headers().contains("authorization")).isTrue();
        assertThat(request.headers(HttpHeaders.of("A", "1")).headers().contains("authorization"))
                .isTrue();
        assertThat(request.bearer("t").headers().all("authorization")).containsExactly("Bearer t");
        assertThat(
                        request.headers(HttpHeaders.of("authorization", "own"))
                                .headers()
                                .all("authorization"))
                .containsExactly("own");
    }

    // ---- cost

    @Test
    void sendingItAgainParsesNothing() {
        HttpRequest request = HttpRequest.get(URL);
        assertThat(request.target()).isSameAs(request.target());
        assertThat(request.authority()).isSameAs(request.authority());
        assertThat(request.host()).isSameAs(request.authority());
        assertThat(request.url()).isSameAs(request.url());
        HttpRequest copy = request.header("a", "b").timeout(Duration.ofDays(1));
        assertThat(copy.target()).isSameAs(request.target());
        assertThat(copy.url()).isSameAs(request.url());
    }

    /**
     * A request, its URL, and the texts that are sent; a few times that would show a regression.
     */
    @Test
    void parsingAllocatesLittle() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        String url = "http://127.0.0.1:8080/some/path?with=query";
        int length = 0;
        long before = 0;
        for (int i = 0; i < 20_000; i++) {
            if (i == 10_000) {
                before = threads.getCurrentThreadAllocatedBytes();
            }
            HttpRequest request = HttpRequest.get(url);
            length += request.target().length() + request.authority().length();
        }
        long each = (threads.getCurrentThreadAllocatedBytes() - before) / 10_000;
        assertThat(length).isEqualTo(20_000 * 35);
        assertThat(each).isLessThan(600);
        System.out.println("HttpRequest.get allocates " + each + " bytes");
    }
}
