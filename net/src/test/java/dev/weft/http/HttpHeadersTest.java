package dev.weft.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.util.AsciiString;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpHeadersTest {
    private static final HttpHeaders SOME =
            HttpHeaders.of("Accept", "a", "X-Two", "1", "accept", "b", "X-Three", "");

    @Test
    void theExampleWorks() {
        // @start region="headers"
        HttpHeaders headers =
                HttpHeaders.of("Accept", "text/html").add("Accept", "text/plain").set("DNT", "1");
        String first = headers.first("accept"); // text/html
        List<String> all = headers.all("ACCEPT"); // text/html and text/plain
        for (HttpHeaders.Header header : headers) {
            System.out.println(header.name() + ": " + header.value());
        }
        // @end
        assertThat(first).isEqualTo("text/html");
        assertThat(all).containsExactly("text/html", "text/plain");
        assertThat(headers.size()).isEqualTo(3);
    }

    private static List<String> lines(HttpHeaders headers) {
        List<String> lines = new ArrayList<>();
        headers.forEach(header -> lines.add(header.name() + "=" + header.value()));
        return lines;
    }

    @Test
    void findsValuesInAnyCase() {
        assertThat(SOME.first("ACCEPT")).isEqualTo("a");
        assertThat(SOME.all("aCCept")).containsExactly("a", "b");
        assertThat(SOME.first("x-three")).isEmpty();
        assertThat(SOME.contains("x-three")).isTrue();
        assertThat(SOME.first("X")).isNull();
        assertThat(SOME.all("Accep")).isEmpty();
        assertThat(SOME.contains("")).isFalse();
    }

    @Test
    void keepsTheOrderAndTheCase() {
        assertThat(lines(SOME)).containsExactly("Accept=a", "X-Two=1", "accept=b", "X-Three=");
        assertThat(SOME.size()).isEqualTo(4);
        assertThat(SOME.names()).containsExactly("Accept", "X-Three", "X-Two");
        assertThat(SOME.names().contains("X-TWO")).isTrue();
    }

    @Test
    void setReplacesAllOfANameWhereTheFirstStood() {
        HttpHeaders changed = SOME.set("ACCEPT", "c");
        assertThat(lines(changed)).containsExactly("ACCEPT=c", "X-Two=1", "X-Three=");
        assertThat(lines(changed.set("new", "n"))).endsWith("new=n").hasSize(4);
        assertThat(lines(changed.set("new", "n").set("New", "m"))).endsWith("New=m").hasSize(4);
        assertThat(lines(SOME)).hasSize(4);
    }

    @Test
    void addsAndRemovesInACopy() {
        assertThat(lines(SOME.add("X-Two", "2"))).endsWith("X-Two=2").hasSize(5);
        assertThat(lines(SOME.remove("accept"))).containsExactly("X-Two=1", "X-Three=");
        assertThat(SOME.remove("none")).isSameAs(SOME);
        assertThat(HttpHeaders.of("a", "1").remove("A")).isEqualTo(HttpHeaders.empty());
        assertThat(lines(SOME.addAll(HttpHeaders.of("accept", "c")))).endsWith("accept=c");
        assertThat(SOME.addAll(HttpHeaders.empty())).isSameAs(SOME);
        assertThat(HttpHeaders.empty().addAll(SOME)).isSameAs(SOME);
        assertThat(lines(SOME)).hasSize(4);
    }

    /** A copy that was cut short must not grow into what the other still has. */
    @Test
    void copiesOfACopyDoNotMeet() {
        HttpHeaders cut = SOME.set("accept", "x");
        HttpHeaders one = cut.add("one", "1");
        HttpHeaders two = cut.add("two", "2");
        assertThat(lines(one)).containsExactly("accept=x", "X-Two=1", "X-Three=", "one=1");
        assertThat(lines(two)).containsExactly("accept=x", "X-Two=1", "X-Three=", "two=2");
    }

    @Test
    void emptyHasNothing() {
        assertThat(HttpHeaders.empty()).isEmpty();
        assertThat(HttpHeaders.empty().isEmpty()).isTrue();
        assertThat(SOME.isEmpty()).isFalse();
        assertThat(HttpHeaders.of()).isSameAs(HttpHeaders.empty());
        assertThat(HttpHeaders.empty().names()).isEmpty();
        Iterator<HttpHeaders.Header> end = HttpHeaders.empty().iterator();
        assertThatThrownBy(end::next).isInstanceOf(NoSuchElementException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", " ", "a b", "a:", ":path", "a\r\nb", "a\nb", "a\0", "é", "a\u0100", "(a)",
                "a,b", "\"a\"", "a\t", "\ud800"
            })
    void refusesNamesThatAreNoTokens(String name) {
        assertThatThrownBy(() -> HttpHeaders.of(name, "v"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("the name of a header must");
        assertThatThrownBy(() -> SOME.add(name, "v")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SOME.set(name, "v")).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x\r\nInjected: 1",
                "secret\n",
                "\r",
                "a\0b",
                "\u007f",
                "\u0001",
                "caf\u0113",
                "\ud83d\ude00",
                "\ud800"
            })
    void refusesValuesThatWouldInjectOrBeLost(String value) {
        assertThatThrownBy(() -> SOME.add("X-Name", value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the value of header X-Name must have no")
                .hasMessageNotContaining("Injected")
                .hasMessageNotContaining("secret");
        assertThatThrownBy(() -> SOME.set("X-Name", value))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> HttpHeaders.of("X-Name", value))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void saysWhatIsRefusedAndWhere() {
        assertThatThrownBy(() -> SOME.set("A", "ab\nc"))
                .hasMessage(
                        "the value of header A must have no line feed, which would begin another"
                                + " header (U+000A at 2)");
        assertThatThrownBy(() -> SOME.set("A", "\u20ac"))
                .hasMessage(
                        "the value of header A must have no character beyond U+00FF: encode it, as"
                                + " RFC 8187 has it (U+20AC at 0)");
        assertThatThrownBy(() -> HttpHeaders.of("A", "1", "B"))
                .hasMessage("namesAndValues must be pairs: the last name has no value");
        assertThatNullPointerException()
                .isThrownBy(() -> HttpHeaders.of("A", null))
                .withMessage("the value of header A must not be null");
        assertThatNullPointerException().isThrownBy(() -> SOME.first(null));
    }

    /** HTTP/2 must not send it (RFC 9113, section 8.2.1), and HTTP/1.1 drops it (RFC 9112). */
    @Test
    void dropsWhiteSpaceAroundValues() {
        assertThat(HttpHeaders.of("a", " \t b c\t").first("a")).isEqualTo("b c");
        assertThat(HttpHeaders.of("a", " \t ").first("a")).isEmpty();
        assertThat(HttpHeaders.of("a", "\u00e9").first("a")).isEqualTo("\u00e9");
    }

    @Test
    void showsNoSecrets() {
        String text =
                HttpHeaders.of(
                                "Authorization", "Basic c2VjcmV0",
                                "proxy-authorization", "c2VjcmV0",
                                "COOKIE", "c2VjcmV0",
                                "Set-Cookie", "c2VjcmV0",
                                "X", "seen")
                        .toString();
        assertThat(text)
                .doesNotContain("c2VjcmV0")
                .isEqualTo(
                        "[Authorization: ***, proxy-authorization: ***, COOKIE: ***, Set-Cookie: ***,"
                                + " X: seen]");
    }

    @Test
    void equalsByContentAndOrder() {
        HttpHeaders other =
                HttpHeaders.of("ACCEPT", "a", "x-two", "1", "accept", "b", "x-three", "");
        assertThat(other).isEqualTo(SOME).hasSameHashCodeAs(SOME);
        assertThat(SOME).isNotEqualTo(other.set("x-two", "2"));
        assertThat(SOME).isNotEqualTo(other.remove("x-two").add("x-two", "1"));
        assertThat(SOME).isNotEqualTo(other.add("more", "1"));
        assertThat(SOME.set("accept", "b").remove("x-three"))
                .isEqualTo(HttpHeaders.of("accept", "b", "x-two", "1"));
    }

    // ---- as a decoder has read them

    @Test
    void takesWhatADecoderRead() {
        io.netty.handler.codec.http.HttpHeaders netty =
                DefaultHttpHeadersFactory.headersFactory().newHeaders();
        netty.add(AsciiString.of("Content-Type"), "text/html").add("Set-Cookie", "a=1");
        netty.add("set-cookie", AsciiString.of("b=2"));
        HttpHeaders headers = HttpHeaders.received(netty.iteratorCharSequence());
        assertThat(lines(headers))
                .containsExactly("Content-Type=text/html", "Set-Cookie=a=1", "set-cookie=b=2");
        assertThat(headers.first("content-type")).isEqualTo("text/html");
        assertThat(headers.all("SET-COOKIE")).containsExactly("a=1", "b=2");
        HttpHeaders same =
                HttpHeaders.of(
                        "content-type", "text/html", "set-cookie", "a=1", "set-cookie", "b=2");
        assertThat(headers).isEqualTo(same).hasSameHashCodeAs(same);
    }

    @Test
    void leavesPseudoHeadersOut() {
        DefaultHttp2Headers netty = new DefaultHttp2Headers();
        netty.status("200").add("server", "x");
        assertThat(lines(HttpHeaders.received(netty))).containsExactly("server=x");
        assertThat(HttpHeaders.received(new DefaultHttp2Headers().status("200")))
                .isSameAs(HttpHeaders.empty());
    }

    @Test
    void encodersGoByIndex() {
        assertThat(SOME.name(1)).isEqualTo("X-Two");
        assertThat(SOME.value(2)).isEqualTo("b");
        assertThatThrownBy(() -> SOME.name(4)).isInstanceOf(IndexOutOfBoundsException.class);
        HttpHeaders cut = SOME.remove("x-two");
        assertThatThrownBy(() -> cut.value(3)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void holdsAHundredThousand() {
        List<Map.Entry<String, String>> many = new ArrayList<>();
        String[] flat = new String[200_000];
        for (int i = 0; i < 100_000; i++) {
            many.add(Map.entry("name-" + i, "value-" + i));
            flat[2 * i] = "name-" + i;
            flat[2 * i + 1] = "value-" + i;
        }
        HttpHeaders received = HttpHeaders.received(many);
        HttpHeaders made = HttpHeaders.of(flat);
        assertThat(received.size()).isEqualTo(100_000);
        assertThat(received).isEqualTo(made).hasSameHashCodeAs(made);
        assertThat(received.first("NAME-99999")).isEqualTo("value-99999");
        assertThat(received.names()).hasSize(100_000);
        assertThat(made.addAll(received).all("name-7")).containsExactly("value-7", "value-7");
        assertThat(received.remove("name-0").name(0)).isEqualTo("name-1");
    }

    @Test
    void lookingForOneAllocatesNothing() {
        HttpHeaders headers = received(20);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int found = 0;
        long before = 0;
        for (int i = 0; i < 20_000; i++) {
            if (i == 10_000) {
                before = threads.getCurrentThreadAllocatedBytes();
            }
            found += headers.contains("Name-19") ? 1 : 0;
            found += headers.first("absent") == null ? 1 : 0;
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(found).isEqualTo(40_000);
        assertThat(allocated).isLessThan(10_000);
    }

    private static HttpHeaders received(int count) {
        List<Map.Entry<AsciiString, String>> entries = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            entries.add(Map.entry(AsciiString.of("name-" + i), "value"));
        }
        return HttpHeaders.received(entries);
    }
}
