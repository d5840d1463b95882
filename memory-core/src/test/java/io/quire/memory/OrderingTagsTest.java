package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every ordering that matters has a tag at both ends and a row in docs/ordering.md. The tags are comments, so the test
 * reads the sources.
 */
class OrderingTagsTest {

    private static final Path SOURCES = Path.of("src/main/java");
    private static final Path TABLE = Path.of("../docs/ordering.md");
    private static final Pattern ORDER = Pattern.compile("ORDER\\(([a-z-]+)\\) (acquire|release|fence)");
    private static final Pattern SYNCHRONIZED = Pattern.compile("\\bsynchronized\\s*[({]");

    @Test
    void everyOrderingTagHasTwoEnds() throws IOException {
        Map<String, List<String>> ends = orderingTags();
        assertThat(ends).isNotEmpty().allSatisfy((tag, places) -> {
            assertThat(places).as(tag).hasSizeGreaterThanOrEqualTo(2);
            // Either a release and an acquire, or two fences.
            assertThat(new TreeSet<>(places)).as(tag)
                    .matches(kinds -> kinds.size() >= 2 || kinds.contains("fence"), "has two ends");
        });
    }

    @Test
    void everyOrderingTagHasARowInTheTable() throws IOException {
        List<String> rows = Files.readAllLines(TABLE);
        assertThat(orderingTags().keySet())
                .allSatisfy(tag -> assertThat(rows).anyMatch(row -> row.startsWith("| `" + tag + "` |")));
    }

    @Test
    void everyRowOfTheTableHasATagInTheSources() throws IOException {
        Matcher row = Pattern.compile("(?m)^\\| `([a-z-]+)` \\|").matcher(Files.readString(TABLE));
        assertThat(row.results().map(match -> match.group(1)).toList()).isNotEmpty()
                .isSubsetOf(orderingTags().keySet());
    }

    @Test
    void noMethodIsSynchronized() throws IOException {
        for (Path source : sources()) {
            assertThat(SYNCHRONIZED.matcher(Files.readString(source)).find()).as(source.toString()).isFalse();
        }
    }

    /** Returns the words that follow each tag in the sources. */
    private static Map<String, List<String>> orderingTags() throws IOException {
        Map<String, List<String>> ends = new TreeMap<>();
        for (Path source : sources()) {
            Matcher order = ORDER.matcher(Files.readString(source));
            while (order.find()) {
                ends.merge(order.group(1), List.of(order.group(2)),
                        (known, more) -> Stream.concat(known.stream(), more.stream()).toList());
            }
        }
        return ends;
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }
}
