package io.quire.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Each block of Java in the README and in docs/ is a region of an example, apart from white space. A region is what
 * stands between the markers of {@code @snippet}; regions with the same name in one file are joined.
 */
@Tag("portable")
class SnippetsTest {

    private static final Path ROOT = Path.of("..");
    private static final Path SOURCES = Path.of("src/main/java/io/quire/examples");

    private static final Pattern REGION = Pattern.compile("// @start region=\"([\\w-]+)\"\\n(.*?)// @end\\n",
            Pattern.DOTALL);
    private static final Pattern BLOCK = Pattern.compile("^```java\\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern FILE =
            Pattern.compile("memory-examples/src/main/java/io/quire/examples/(\\w+)\\.java");

    @Test
    void everyBlockOfJavaIsARegionOfAnExample() throws IOException {
        List<String> shown = shown();
        assertThat(shown).hasSizeGreaterThan(5);
        assertThat(regions().values()).containsAll(shown);
    }

    @Test
    void everyRegionIsShown() throws IOException {
        Map<String, String> left = regions();
        left.values().removeAll(shown());
        assertThat(left).isEmpty();
    }

    @Test
    void readmeNamesEveryExampleAndNoOther() throws IOException {
        List<String> named = FILE.matcher(Files.readString(ROOT.resolve("README.md"))).results()
                .map(found -> found.group(1)).distinct().toList();
        assertThat(named).containsExactlyInAnyOrderElementsOf(examples().stream()
                .map(file -> file.getFileName().toString().replace(".java", "")).toList());
    }

    private static Map<String, String> regions() throws IOException {
        Map<String, String> regions = new LinkedHashMap<>();
        for (Path file : examples()) {
            for (MatchResult region : matches(REGION, file)) {
                regions.merge(region.group(1), region.group(2), String::concat);
            }
        }
        regions.replaceAll((_, text) -> withoutSpace(text));
        return regions;
    }

    private static List<String> shown() throws IOException {
        List<String> shown = new ArrayList<>();
        for (Path page : pages()) {
            matches(BLOCK, page).forEach(block -> shown.add(withoutSpace(block.group(1))));
        }
        return shown;
    }

    private static List<MatchResult> matches(Pattern pattern, Path file) throws IOException {
        return pattern.matcher(Files.readString(file)).results().toList();
    }

    private static String withoutSpace(String text) {
        return text.strip().replaceAll("\\s+", " ");
    }

    private static List<Path> examples() throws IOException {
        try (Stream<Path> files = Files.list(SOURCES)) {
            return files.filter(file -> !file.endsWith("package-info.java")).sorted().toList();
        }
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> files = Files.list(ROOT.resolve("docs"))) {
            return Stream.concat(Stream.of(ROOT.resolve("README.md")),
                    files.filter(file -> file.toString().endsWith(".md")).sorted()).toList();
        }
    }
}
