package dev.weft.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/asyncio-ledger.md} names, for each of asyncio's tests, one here or a reason. */
class AsyncioLedgerIT {
    private static final Path ROOT = Path.of(System.getProperty("weft.root"));
    private static final Pattern ROW = Pattern.compile("\\| (\\w+) \\| (\\w+) \\| (.+) \\|");
    private static final Pattern NAMED = Pattern.compile("\\b([A-Z]\\w*(?:Test|IT))#(\\w+)");

    /** By file, class and method: what is here for it. */
    private static Map<String, String> rows() throws IOException {
        Map<String, String> rows = new HashMap<>();
        String file = "";
        for (String line : Files.readAllLines(ROOT.resolve("docs/asyncio-ledger.md"))) {
            Matcher row = ROW.matcher(line);
            if (line.startsWith("## ")) {
                file = line.substring(3);
            } else if (row.matches() && !row.group(1).equals("class")) {
                rows.put(file + " " + row.group(1) + " " + row.group(2), row.group(3));
            }
        }
        return rows;
    }

    @Test
    void everyTestOfTheListHasARowWithATestOrAReason() throws IOException {
        Map<String, String> rows = rows();
        List<String> list =
                Files.readAllLines(ROOT.resolve("docs/asyncio-3.13-tests.txt")).stream()
                        .filter(line -> !line.isBlank() && !line.startsWith("#"))
                        .toList();
        assertThat(rows.keySet()).containsExactlyInAnyOrderElementsOf(list);
        assertThat(rows.values())
                .allMatch(here -> here.startsWith("none: ") || NAMED.matcher(here).find());
    }

    @Test
    void eachNamedTestExists() throws IOException {
        Map<String, String> sources = new HashMap<>();
        for (String module : List.of("runtime", "net", "websocket-echo", "it-tests")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/test/java"))) {
                for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                    String name = file.getFileName().toString().replace(".java", "");
                    sources.put(name, Files.readString(file));
                }
            }
        }
        for (Map.Entry<String, String> row : rows().entrySet()) {
            NAMED.matcher(row.getValue())
                    .results()
                    .forEach(named ->
                            assertThat(sources.getOrDefault(named.group(1), ""))
                                    .as("%s of %s", named.group(), row.getKey())
                                    .containsPattern("void " + named.group(2) + "\\("));
        }
    }
}
