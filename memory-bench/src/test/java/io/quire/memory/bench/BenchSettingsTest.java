package io.quire.memory.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchSettingsTest {

    private final Properties properties = new Properties();

    @Test
    void withoutPropertiesTheTourIsQuickAndAnswersEveryQuestion() throws BadSettingException {
        Settings settings = Settings.of(properties, false);
        assertThat(settings.full()).isFalse();
        assertThat(settings.asks("fork")).isTrue();
        assertThat(settings.folder()).isEqualTo(Path.of("target", "bench"));
    }

    @ParameterizedTest
    @CsvSource({"'', true", "true, true", "TRUE, true", "false, false"})
    void fullTourIsChosen(String text, boolean full) throws BadSettingException {
        properties.setProperty(Settings.FULL, text);
        assertThat(Settings.of(properties, false).full()).isEqualTo(full);
    }

    @Test
    void tourMayAnswerOnlySomeQuestions() throws BadSettingException {
        properties.setProperty(Settings.ONLY, "fork,pin");
        Settings settings = Settings.of(properties, false);
        assertThat(settings.asks("pin")).isTrue();
        assertThat(settings.asks("scan")).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"bench.full, maybe, bench.full is true or false: maybe",
        "bench.only, 'fork,nonsense', 'bench.only is one or more of allocate,'", "bench.only, '', bench.only is one"})
    void invalidSettingIsRefusedInOneLine(String name, String value, String message) {
        properties.setProperty(name, value);
        assertThatThrownBy(() -> Settings.of(properties, false)).isInstanceOf(BadSettingException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void settingsOfTheTourAreRefusedBesideArgumentsForJmh() {
        properties.setProperty(Settings.FULL, "true");
        assertThatThrownBy(() -> Settings.of(properties, true)).isInstanceOf(BadSettingException.class)
                .hasMessageContaining("one or the other");
    }
}
