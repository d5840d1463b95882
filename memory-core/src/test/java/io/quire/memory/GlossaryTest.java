package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every class that docs/glossary.md names exists. */
class GlossaryTest {

    private static final Path PAGE = Path.of("../docs/glossary.md");
    private static final Pattern CLASS = Pattern.compile("`([A-Z][a-z]\\w*)(?:\\.\\w+)?`");

    @Test
    void classesOfTheGlossaryExist() throws IOException {
        Set<String> named = new TreeSet<>();
        for (String line : Files.readAllLines(PAGE)) {
            if (line.startsWith("| ")) {
                String[] cells = line.split("\\|");
                Matcher classes = CLASS.matcher(cells[cells.length - 1]);
                while (classes.find()) {
                    named.add(classes.group(1));
                }
            }
        }
        assertThat(named).hasSizeGreaterThan(50).allMatch(classes()::contains);
    }

    private static Set<String> classes() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".java"))
                    .map(name -> name.substring(0, name.length() - ".java".length()))
                    .collect(Collectors.toUnmodifiableSet());
        }
    }
}
