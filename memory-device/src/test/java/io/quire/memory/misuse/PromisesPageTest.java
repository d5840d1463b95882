package io.quire.memory.misuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every test that docs/promises.md names exists, and is the only one of that name. */
@Tag("portable")
class PromisesPageTest {

    private static final Path ROOT = Path.of("..");
    private static final Pattern ROW = Pattern.compile("\\| (.+) \\| (.+) \\| (.*)\\|");
    private static final Pattern NAME = Pattern.compile("`([\\w.]+)`");

    @Test
    void everyPromiseHasATestAndEveryTestExists() throws IOException {
        Map<String, String> sources = sources();
        List<String> missing = new ArrayList<>();
        List<MatchResult> rows = rows();

        for (MatchResult row : rows) {
            List<String> names = NAME.matcher(row.group(2)).results().map(name -> name.group(1)).toList();
            assertThat(names).as("tests of: %s", row.group(1)).isNotEmpty();
            names.stream().filter(name -> !exists(name, sources)).forEach(missing::add);
        }

        assertThat(rows).hasSizeGreaterThan(30);
        assertThat(missing).isEmpty();
    }

    /** The page names a test without its package and its module, as {@code -Dtest} does. */
    @Test
    void everyTestHasANameOfItsOwn() throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(ROOT, "memory-*")) {
            for (Path folder : folders) {
                try (Stream<Path> files = Files.walk(folder.resolve("src"))) {
                    files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith("Test.java"))
                            .forEach(names::add);
                }
            }
        }

        assertThat(names).hasSizeGreaterThan(100).doesNotHaveDuplicates();
    }

    private static List<MatchResult> rows() throws IOException {
        return Files.readAllLines(ROOT.resolve("docs/promises.md")).stream().map(ROW::matcher)
                .filter(Matcher::matches).map(Matcher::toMatchResult)
                .filter(row -> !row.group(1).equals("promise")).toList();
    }

    /** Returns the sources by the name of their class. Classes of one name in two modules share an entry. */
    private static Map<String, String> sources() throws IOException {
        Map<String, String> sources = new HashMap<>();
        for (String module : List.of("memory-core", "memory-device", "memory-stress", "memory-soak", "memory-bench")) {
            for (String part : List.of("src/test/java", "src/main/java")) {
                Path folder = ROOT.resolve(module).resolve(part);
                if (Files.isDirectory(folder)) {
                    add(folder, sources);
                }
            }
        }
        return sources;
    }

    private static void add(Path folder, Map<String, String> sources) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            files.filter(file -> file.toString().endsWith(".java")).forEach(file -> sources.merge(
                    file.getFileName().toString().replace(".java", ""), read(file), String::concat));
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static boolean exists(String name, Map<String, String> sources) {
        if (name.endsWith(".py")) {
            return Files.exists(ROOT.resolve("docs/models").resolve(name));
        }
        int dot = name.indexOf('.');
        String source = sources.getOrDefault(dot < 0 ? name : name.substring(0, dot), "");
        return !source.isEmpty() && (dot < 0 || source.contains("void " + name.substring(dot + 1) + "("));
    }
}
