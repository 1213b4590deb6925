package dev.weft.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.http.HttpBody;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bodies made of items: what they hold is shown by the integration tests. */
class BodiesTest {
    @TempDir private Path folder;

    private static HttpBody body(boolean form, String... items) {
        List<String> words = new ArrayList<>(List.of(":8080"));
        words.addAll(List.of(items));
        return Bodies.of(Words.parse(words), form);
    }

    private static void isRefused(boolean form, String part, String... items) {
        assertThatThrownBy(() -> body(form, items))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(part);
    }

    @Test
    void withoutDataThereIsNone() {
        assertThat(body(false, "A:b", "q==1")).isNull();
        assertThat(body(false, "@-")).isNull();
    }

    @Test
    void fieldsAreJsonOrAForm() {
        assertThat(body(false, "a=b").contentType()).isEqualTo("application/json");
        assertThat(body(false, "a=b", "n:=[1]").length())
                .isEqualTo("{\"a\": \"b\", \"n\": [1]}".length());
        assertThat(body(true, "a=b c").contentType())
                .isEqualTo("application/x-www-form-urlencoded");
        assertThat(body(true, "a=b c").length()).isEqualTo("a=b+c".length());
    }

    @Test
    void aFileInAFormMakesItMultipart() throws IOException {
        Path file = Files.writeString(folder.resolve("f.txt"), "text");
        assertThat(body(true, "a=b", "f@" + file).contentType())
                .startsWith("multipart/form-data; boundary=");
        isRefused(false, "needs --form", "f@" + file);
    }

    @Test
    void jsonHasToBeJson() throws IOException {
        isRefused(false, "not JSON: {a}", "n:={a}");
        isRefused(false, "not JSON", "n:=");
        isRefused(true, "goes not with --form", "n:=1");
        Path file = Files.writeString(folder.resolve("f.json"), "oops");
        isRefused(false, "not JSON: what " + file, "n:=@" + file);
    }

    @Test
    void theWholeBodyGoesWithNothingElse() throws IOException {
        Path file = Files.writeString(folder.resolve("f.json"), "[]");
        assertThat(body(false, "@" + file).contentType()).isEqualTo("application/json");
        isRefused(false, "is the whole body", "@" + file, "a=b");
        isRefused(false, "no such file", "@" + folder.resolve("missing"));
        isRefused(false, "no such file", "@" + folder);
        isRefused(false, "no such file", "n=@" + folder.resolve("missing"));
    }

    @Test
    void textBecomesAJsonString() {
        assertThat(Bodies.quoted("a\"\\\n\r\t\u0001é/"))
                .isEqualTo("\"a\\\"\\\\\\n\\r\\t\\u0001é/\"");
        assertThat(Bodies.quoted("\ud83c\udf0d")).isEqualTo("\"\\ud83c\\udf0d\"");
        assertThat(JsonScanner.isValue(Bodies.quoted("a\"\\\u0000\ud800"))).isTrue();
    }
}
