package io.quire.memory.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** docs/kernel-suites.md and the tests agree. */
@Tag("portable")
class KernelSuitesPageTest {

    private static final Path PAGE = Path.of("../docs/kernel-suites.md");

    private static final List<Class<?>> SUITES = List.of(DeviceMirrorTest.class, CopyOnWriteTest.class,
            LongTermPinTest.class, BeyondTheKernelTest.class);

    private static final Pattern ROW = Pattern.compile("\\| ([TWG]?\\d+) \\| (.*) \\| (.*) \\|");
    private static final Pattern REFERENCE = Pattern.compile("`(\\w+Test)\\.(\\w+)`");

    private static List<MatchResult> rows() throws IOException {
        return Files.readAllLines(PAGE).stream().map(ROW::matcher).filter(Matcher::matches).map(Matcher::toMatchResult)
                .toList();
    }

    /** The display names of all tests, by class and method. */
    private static Map<String, String> tests() {
        Map<String, String> names = new TreeMap<>();
        for (Class<?> suite : SUITES) {
            for (Method method : suite.getDeclaredMethods()) {
                if (method.isAnnotationPresent(Test.class) || method.isAnnotationPresent(ParameterizedTest.class)) {
                    names.put(suite.getSimpleName() + "." + method.getName(),
                            method.getAnnotation(DisplayName.class).value());
                }
            }
        }
        return names;
    }

    private static List<String> references(String text) {
        return REFERENCE.matcher(text).results().map(found -> found.group(1) + "." + found.group(2)).toList();
    }

    @Test
    void everyRowIsThereOnce() throws IOException {
        List<String> expected = new ArrayList<>();
        IntStream.rangeClosed(1, 38).forEach(row -> expected.add("T" + row));
        IntStream.rangeClosed(1, 13).forEach(row -> expected.add(Integer.toString(row)));
        IntStream.rangeClosed(1, 21).forEach(row -> expected.add("W" + row));
        IntStream.rangeClosed(1, 10).forEach(row -> expected.add("G" + row));
        assertThat(rows()).extracting(row -> row.group(1)).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void everyRowHasATestOrAReason() throws IOException {
        for (MatchResult row : rows()) {
            assertThat(!references(row.group(3)).isEmpty() || row.group(3).startsWith("does not apply: "))
                    .as(row.group()).isTrue();
        }
    }

    @Test
    void everyTestOfARowNamesItAndTheKernelsName() throws IOException {
        Map<String, String> tests = tests();
        for (MatchResult row : rows()) {
            boolean ours = Character.isDigit(row.group(1).charAt(0));
            String kernelsName = row.group(2).replace("`", "").replaceFirst(" \\(private mapping .*", "");
            for (String reference : references(row.group(3))) {
                assertThat(tests).containsKey(reference);
                String shown = tests.get(reference);
                assertThat(numbers(shown)).as(shown).contains(row.group(1));
                assertThat(ours || shown.contains(kernelsName)).as(shown + " of " + kernelsName).isTrue();
            }
        }
    }

    /** What stands in the last parentheses. */
    private static List<String> numbers(String displayName) {
        return Arrays.asList(displayName.replaceFirst(".*\\((.*)\\)", "$1").split(", "));
    }

    @Test
    void thePageListsEveryTestAndEveryListedTestExists() throws IOException {
        Stream<String> named = references(Files.readString(PAGE)).stream().distinct();
        assertThat(named).containsExactlyInAnyOrderElementsOf(tests().keySet());
    }
}
