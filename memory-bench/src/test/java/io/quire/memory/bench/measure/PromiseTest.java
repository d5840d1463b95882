package io.quire.memory.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The tour answers every promise. {@link Report} checks at run time that each has one row. */
class PromiseTest {

    private static final Path SOURCES = Path.of("src", "main", "java");

    @ParameterizedTest
    @EnumSource
    void exactlyOneClassAnswersEachPromise(Promise promise) throws IOException {
        Pattern name = Pattern.compile("\\bPromise\\." + promise.name() + "\\b");
        List<Path> answerers;
        try (Stream<Path> files = Files.walk(SOURCES)) {
            answerers = files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> name.matcher(text(file)).find()).toList();
        }
        assertThat(answerers).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource
    void aPromiseFitsIntoTheTable(Promise promise) {
        assertThat(promise.label()).hasSizeLessThan(72);
        assertThat(promise.bound().label()).hasSizeLessThan(17);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }
}
