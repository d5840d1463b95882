package io.quire.memory.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiguresTest {

    @ParameterizedTest
    @CsvSource({"0, 0.00", "0.0001823, 0.00018", "0.0523, 0.052", "0.5, 0.50", "9.876, 9.88", "12.34, 12.3",
        "123.4, 123", "96582, '96,582'"})
    void numberHasAboutThreeSignificantDigits(double number, String text) {
        assertThat(Figures.number(number)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"1.5, 1.50 ns", "1500, 1.50 µs", "2500000, 2.50 ms", "3000000000, 3.00 s"})
    void aTimeHasAUnit(double nanos, String text) {
        assertThat(Figures.nanos(nanos)).isEqualTo(text);
    }
}
