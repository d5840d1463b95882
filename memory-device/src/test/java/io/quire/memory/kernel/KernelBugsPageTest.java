package io.quire.memory.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** docs/kernel-bugs.md and the tests agree. */
@Tag("portable")
class KernelBugsPageTest {

    private static final Path PAGE = Path.of("../docs/kernel-bugs.md");
    private static final Pattern ROW = Pattern.compile("\\| (B\\d+) \\| (.*) \\| (.*) \\|");
    private static final Pattern NAME = Pattern.compile("`(\\w+)`");

    @Test
    void everyRowNamesTheTestsWithItsNumberAndEveryTestHasARow() throws IOException {
        Map<String, TreeSet<String>> rows = new TreeMap<>();
        for (MatchResult row : rows()) {
            TreeSet<String> names = new TreeSet<>();
            NAME.matcher(row.group(3)).results().forEach(name -> names.add(name.group(1)));
            assertThat(rows.put(row.group(1), names)).as("%s is there twice", row.group(1)).isNull();
        }
        assertThat(rows).isEqualTo(tests());
    }

    private static List<MatchResult> rows() throws IOException {
        return Files.readAllLines(PAGE).stream().map(ROW::matcher).filter(Matcher::matches)
                .map(Matcher::toMatchResult).toList();
    }

    private static Map<String, TreeSet<String>> tests() {
        Map<String, TreeSet<String>> tests = new TreeMap<>();
        for (Class<?> suite : List.of(CopyOnWriteBugsTest.class, DeviceMemoryBugsTest.class, MirrorBugsTest.class)) {
            for (Method method : suite.getDeclaredMethods()) {
                DisplayName name = method.getAnnotation(DisplayName.class);
                if (name != null) {
                    String number = name.value().substring(0, name.value().indexOf(':'));
                    tests.computeIfAbsent(number, _ -> new TreeSet<>()).add(method.getName());
                }
            }
        }
        return tests;
    }
}
