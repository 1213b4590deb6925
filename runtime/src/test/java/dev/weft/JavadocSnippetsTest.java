package dev.weft;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The compiler does not look whether what Javadoc's snippets name is there. */
class JavadocSnippetsTest {
    private static final Pattern SNIPPET =
            Pattern.compile("\\{@snippet file=\"([^\"]+)\" region=\"([^\"]+)\"}");

    @Test
    void everySnippetThatJavadocShowsIsARegionOfATest() throws IOException {
        List<String> found = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
            for (Path source : sources.filter(p -> p.toString().endsWith(".java")).toList()) {
                Matcher matcher = SNIPPET.matcher(Files.readString(source));
                while (matcher.find()) {
                    found.add(matcher.group());
                    if (!isRegion(matcher.group(1), matcher.group(2))) {
                        missing.add(source.getFileName() + ": " + matcher.group());
                    }
                }
            }
        }
        assertThat(found).hasSizeGreaterThan(40);
        assertThat(missing).isEmpty();
    }

    private static boolean isRegion(String file, String region) throws IOException {
        Path test = Path.of("src/test/java/dev/weft", file);
        return Files.exists(test)
                && Files.readString(test).contains("@start region=\"" + region + "\"");
    }
}
