package dev.weft.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** JSON for people. */
class JsonPrinterTest {
    private static String printed(boolean colours, String... parts) {
        StringBuilder out = new StringBuilder();
        Paint paint = new Paint(colours);
        JsonScanner scanner = new JsonScanner(new JsonPrinter(out, paint));
        for (String part : parts) {
            scanner.feed(part);
        }
        scanner.end();
        return out.toString();
    }

    private static String printed(String json) {
        return printed(false, json);
    }

    @Test
    void eachMemberAndElementIsALine() {
        assertThat(printed("{\"a\":1,\"b\" : [true,null,\"x\"],\"c\":{\"d\":-1.5e+3}}"))
                .isEqualTo(
                        """
                        {
                            "a": 1,
                            "b": [
                                true,
                                null,
                                "x"
                            ],
                            "c": {
                                "d": -1.5e+3
                            }
                        }
                        """);
    }

    @Test
    void whatIsEmptyStaysOnItsLine() {
        assertThat(printed("{\"a\":{},\"b\":[ ],\"c\":[[]]}"))
                .isEqualTo(
                        """
                        {
                            "a": {},
                            "b": [],
                            "c": [
                                []
                            ]
                        }
                        """);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "\"x\"", "true", "null", "-0", "0.5", "1E5", "\"\""})
    void aSingleValueIsALine(String json) {
        assertThat(printed(json)).isEqualTo(json + "\n");
        assertThat(printed(" " + json + "\r\n\t")).isEqualTo(json + "\n");
    }

    @Test
    void stringsStayAsTheyWereWritten() {
        String string = "\"{}[],: \\\" \\\\ \\u00e9 \\n é 🌍 /\"";
        assertThat(printed(string)).isEqualTo(string + "\n");
    }

    @Test
    void severalValuesFollowOneAnother() {
        assertThat(printed("{\"a\":1}\n{\"a\":2}\n3"))
                .isEqualTo("{\n    \"a\": 1\n}\n{\n    \"a\": 2\n}\n3\n");
    }

    @Test
    void coloursTellNamesFromValues() {
        assertThat(printed(true, "{\"a\":[\"x\",1,true]}"))
                .isEqualTo(
                        "{\n    \u001b[34m\"a\"\u001b[0m: [\n        \u001b[32m\"x\"\u001b[0m,\n"
                                + "        \u001b[36m1\u001b[0m,\n        \u001b[35mtrue\u001b[0m\n    ]\n}\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<html>", "{a:1}", "{\"a\" 1}", "[1 2]", "[1,]x", "{,}", "01x", "tru,", "nulll",
                "\"\\x\"", "\"\\u12g4\"", "{\"a\":1]", "1.e5 ", "- ", "]", "}", "'x'", "+1"
            })
    void fromTheErrorOnItFollowsAsItIs(String json) {
        String shown = printed(json + " and more  text");
        assertThat(shown).endsWith(" and more  text");
        assertThat(JsonScanner.isValue(json)).isFalse();
        // Nothing is lost but white space.
        assertThat(shown.replaceAll("\\s", ""))
                .isEqualTo((json + "andmoretext").replaceAll("\\s", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "{", "[1", "\"a", "{\"a\":", "1 2", "tru", "-", "1e", "[1,"})
    void whatIsCutOffIsNoValue(String json) {
        assertThat(JsonScanner.isValue(json)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", " [1, 2] ", "\"\\u00e9\"", "-0.0e-0", "{\"a\": {\"a\": []}}"})
    void whatIsWholeIsAValue(String json) {
        assertThat(JsonScanner.isValue(json)).isTrue();
    }

    @Test
    void whereItIsCutIntoPartsDoesNotMatter() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String json = "{\"a\\u00e9\":[-12.5e3,true,null,{}],\"b\":\"x\\\"y\"} [false] 7 oops {\"";
        String whole = printed(true, json);
        for (int run = 0; run < 200; run++) {
            StringBuilder cut = new StringBuilder();
            for (char c : json.toCharArray()) {
                cut.append(c).append(random.nextInt(3) == 0 ? "\u0000" : "");
            }
            assertThat(printed(true, cut.toString().split("\u0000")))
                    .describedAs("seed %d", seed)
                    .isEqualTo(whole);
        }
    }

    @Test
    void depthIsBounded() {
        String deep = "[".repeat(1001);
        assertThat(JsonScanner.isValue("[".repeat(1000) + "]".repeat(1000))).isTrue();
        assertThat(JsonScanner.isValue("[".repeat(1001) + "]".repeat(1001))).isFalse();
        assertThat(printed(deep + "rest")).endsWith("[rest");
    }

    @Test
    void aNumberWithoutEndIsBounded() {
        assertThat(JsonScanner.isValue("1".repeat(1000))).isTrue();
        assertThat(JsonScanner.isValue("1".repeat(1001))).isFalse();
        assertThat(printed("1".repeat(5000))).isEqualTo("1".repeat(5000));
    }

    @Test
    void aTerminalIsNotSpokenTo() {
        assertThat(printed("\"\u001b[2J\"")).doesNotContain("\u001b");
        assertThat(printed("oops \u001b]0;title\u0007 \u009b2J"))
                .doesNotContain("\u001b", "\u0007", "\u009b");
        assertThat(Printable.of("a\r\nb\rc\td")).isEqualTo("a\nb\ufffdc\td");
    }
}
