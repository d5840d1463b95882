package io.quire.memory.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DemoSettingsTest {

    private final Properties properties = new Properties();

    @Test
    void withoutPropertiesTheJdkIsLoadedForTwentySeconds() throws BadInputException {
        assertThat(Settings.of(properties)).isEqualTo(new Settings(new JdkClasses(), 20, 0));
    }

    @Test
    void propertiesAreTaken() throws BadInputException {
        properties.setProperty(Settings.INPUT, "some/folder");
        properties.setProperty(Settings.SECONDS, "5");
        properties.setProperty(Settings.LIMIT, "1000000");

        assertThat(Settings.of(properties))
                .isEqualTo(new Settings(new UserFiles(Path.of("some/folder")), 5, 1_000_000));
    }

    @ParameterizedTest
    @CsvSource({"512k, 524288", "64m, 67108864", "4G, 4294967296"})
    void limitMayHaveAUnit(String limit, long sizeBytes) throws BadInputException {
        properties.setProperty(Settings.LIMIT, limit);

        assertThat(Settings.of(properties).limitBytes()).isEqualTo(sizeBytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "ten", "1.5", "100000", "99999999999"})
    void invalidSecondsAreRefused(String seconds) {
        properties.setProperty(Settings.SECONDS, seconds);

        assertThatThrownBy(() -> Settings.of(properties)).isInstanceOf(BadInputException.class)
                .hasMessageContaining("demo.seconds").hasMessageEndingWith(seconds);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "much", "4t", "999999999999999g", "99999999999999999999"})
    void invalidLimitIsRefused(String limit) {
        properties.setProperty(Settings.LIMIT, limit);

        assertThatThrownBy(() -> Settings.of(properties)).isInstanceOf(BadInputException.class)
                .hasMessageContaining("demo.limit").hasMessageEndingWith(limit);
    }

    @Test
    void invalidPathIsRefused() {
        properties.setProperty(Settings.INPUT, "a\0b");

        assertThatThrownBy(() -> Settings.of(properties)).isInstanceOf(BadInputException.class)
                .hasMessageContaining("demo.input");
    }
}
