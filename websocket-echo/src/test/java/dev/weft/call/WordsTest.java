package dev.weft.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Method, URL and items. */
class WordsTest {
    private static Words parse(String words) {
        return Words.parse(List.of(words.split(" ")));
    }

    @ParameterizedTest
    @CsvSource({
        "example.org,             http://example.org",
        "example.org:81/a?b=c,    http://example.org:81/a?b=c",
        "localhost,               http://localhost",
        ":8080/path,              http://localhost:8080/path",
        ":8080,                   http://localhost:8080",
        ":/path,                  http://localhost/path",
        ":,                       http://localhost",
        "//example.org/x,         http://example.org/x",
        "https://example.org/x,   https://example.org/x",
        "HTTP://EXAMPLE.ORG,      HTTP://EXAMPLE.ORG",
        "ftp://example.org,       ftp://example.org",
        "example.org/?to=http://a/, http://example.org/?to=http://a/",
        "user:pw@example.org,     http://user:pw@example.org",
        "[::1]:80/x,              http://[::1]:80/x",
    })
    void schemeAndHostMayBeLeftOut(String word, String url) {
        assertThat(parse(word)).isEqualTo(new Words(null, url, List.of()));
    }

    @ParameterizedTest
    @CsvSource({
        "GET :8080,        GET",
        "get :8080,        GET",
        "Delete :8080 a=b, DELETE",
        "PURGE :8080,      PURGE",
        "M-SEARCH :8080,   M-SEARCH",
        "localhost a=b,",
        "GET,",
    })
    void aKnownWordOrOneInCapitalsIsTheMethodIfAnotherFollows(String words, String method) {
        assertThat(parse(words).method()).isEqualTo(method);
    }

    @Test
    void whatFollowsTheUrlAreItems() {
        Words words = parse("PUT :8080/x A:b c=d");
        assertThat(words.items())
                .containsExactly(
                        new Item(Item.Kind.HEADER, "A", "b"), new Item(Item.Kind.FIELD, "c", "d"));
    }
}
