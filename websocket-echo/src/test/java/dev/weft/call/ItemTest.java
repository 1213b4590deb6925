package dev.weft.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.call.Item.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Words behind the URL. */
class ItemTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Accept:text/html     | HEADER     | Accept | text/html",
                "X:a=b:c              | HEADER     | X      | a=b:c",
                "Empty:               | HEADER     | Empty  | ''",
                "name=value           | FIELD      | name   | value",
                "name=                | FIELD      | name   | ''",
                "a=b==c               | FIELD      | a      | b==c",
                "a==b=c               | QUERY      | a      | b=c",
                "n:=1                 | JSON       | n      | 1",
                "n:=@f.json           | JSON_FILE  | n      | f.json",
                "n=@f.txt             | FIELD_FILE | n      | f.txt",
                "file@/tmp/a=b        | FILE       | file   | /tmp/a=b",
                "@body.json           | FILE       | ''     | body.json",
                "a\\:b=c              | FIELD      | a:b    | c",
                "a\\=b\\@c:d          | HEADER     | a=b@c  | d",
                "a\\\\:d              | HEADER     | a\\    | d",
                "a\\b:d               | HEADER     | a\\b   | d",
            })
    void theFirstSignTellsWhatItIs(String word, Kind kind, String name, String value) {
        assertThat(Item.parse(word)).isEqualTo(new Item(kind, name, value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "word", "a\\:b", ":value", "=value", ":=1", "==x"})
    void whatIsNoItemIsNamed(String word) {
        assertThatThrownBy(() -> Item.parse(word))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not an item: " + word);
    }

    @Test
    void everyKindIsAFieldOrNot() {
        assertThat(Kind.values())
                .filteredOn(Kind::isField)
                .containsExactly(Kind.JSON, Kind.JSON_FILE, Kind.FIELD, Kind.FIELD_FILE);
    }
}
