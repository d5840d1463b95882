package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Code that carries out a step of a protocol in {@code docs/protocols.md} names it: {@code STEP(migrate 3)}. This test
 * checks that code and page agree.
 */
class ProtocolStepsTest {

    private static final Path PAGE = Path.of("../docs/protocols.md");
    private static final Path SOURCES = Path.of("src/main/java");
    private static final Pattern TAG = Pattern.compile("STEP\\(([a-z -]+) ([0-9, ]+)\\)");
    private static final Pattern HEADING = Pattern.compile("## ([^:]+).*");
    private static final Pattern STEP = Pattern.compile("(\\d+)\\. .*");

    /** The protocols whose steps are all in this module. Other protocols have steps of a driver or of the JVM. */
    private static final List<String> WHOLE = List.of("read", "write", "direct write", "waiting for writers",
            "first write", "own a leaf", "freeze", "fault", "fork and snapshot", "drop", "allocate when none is left",
            "change a store", "read a store",
            "lock a lineage", "migrate", "pin",
            "pin by an accessor", "fork with pins", "exclusive access", "close a device", "evict");

    @Test
    void stepsThatCodeNamesAreOnThePage() throws IOException {
        Map<String, Set<Integer>> page = stepsOfPage();
        stepsOfCode().forEach((protocol, steps) -> assertThat(page.getOrDefault(protocol, Set.of()))
                .as("steps of '%s' in docs/protocols.md", protocol).containsAll(steps));
    }

    @Test
    void stepsOfThePageAreInTheCode() throws IOException {
        Map<String, Set<Integer>> page = stepsOfPage();
        Map<String, Set<Integer>> code = stepsOfCode();
        assertThat(page.keySet()).containsAll(WHOLE);
        for (String protocol : WHOLE) {
            assertThat(code.getOrDefault(protocol, Set.of())).as("steps of '%s' in the code", protocol)
                    .containsExactlyElementsOf(page.get(protocol));
        }
    }

    /** Returns the numbers in the first list of each protocol, under the first words of its heading. */
    private static Map<String, Set<Integer>> stepsOfPage() throws IOException {
        Map<String, Set<Integer>> steps = new TreeMap<>();
        String protocol = "";
        for (String line : Files.readAllLines(PAGE)) {
            Matcher heading = HEADING.matcher(line);
            Matcher step = STEP.matcher(line);
            if (heading.matches()) {
                protocol = heading.group(1).toLowerCase(Locale.ROOT);
            } else if (step.matches()) {
                steps.computeIfAbsent(protocol, _ -> new TreeSet<>()).add(Integer.parseInt(step.group(1)));
            }
        }
        return steps;
    }

    private static Map<String, Set<Integer>> stepsOfCode() throws IOException {
        Map<String, Set<Integer>> steps = new TreeMap<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                Matcher tag = TAG.matcher(Files.readString(file));
                while (tag.find()) {
                    for (String number : tag.group(2).split(", ")) {
                        steps.computeIfAbsent(tag.group(1), _ -> new TreeSet<>()).add(Integer.parseInt(number));
                    }
                }
            }
        }
        return steps;
    }
}
