package io.quire.memory.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitsTest {

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', value = {"0, 0", "999, 999", "1234567, \"1,234,567\""})
    void countsHaveGroups(long number, String text) {
        assertThat(Units.count(number)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, 0 B", "1023, 1023 B", "1024, 1.0 KiB", "1048575, 1.0 MiB", "132749722, 126.6 MiB",
        "9223372036854775807, 8388608.0 TiB"})
    void bytesGetTheUnitThatFits(long sizeBytes, String text) {
        assertThat(Units.bytes(sizeBytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, 0 ns", "870, 870 ns", "12345, 12.3 us", "999960, 1.0 ms", "1240000, 1.2 ms",
        "20100000000, 20.1 s", "7200000000000, 7200.0 s"})
    void durationsGetTheUnitThatFits(long nanos, String text) {
        assertThat(Units.duration(nanos)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"1, 3, 33.3 %", "0, 5, 0.0 %", "7, 7, 100.0 %", "0, 0, -"})
    void percentIsAShareOfAWhole(long part, long whole, String text) {
        assertThat(Units.percent(part, whole)).isEqualTo(text);
    }
}
