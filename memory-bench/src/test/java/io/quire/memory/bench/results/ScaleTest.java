package io.quire.memory.bench.results;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.quire.memory.bench.measure.Axis;
import io.quire.memory.bench.measure.Axis.Unit;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScaleTest {

    private static final double MIB = 1 << 20;

    @Test
    void bytesHaveTicksAtWholeUnits() {
        Scale scale = logarithmic(Unit.BYTES, 5, MIB, 65536 * MIB);
        assertThat(labels(scale)).containsExactly("1 MiB", "32 MiB", "1 GiB", "32 GiB");
        assertThat(labels(logarithmic(Unit.BYTES, 8, 4096, 16384))).containsExactly("4 KiB", "8 KiB", "16 KiB");
    }

    @Test
    void timesHaveTicksAtDecades() {
        assertThat(labels(logarithmic(Unit.NANOS, 8, 172, 17e6)))
                .containsExactly("100 ns", "1 µs", "10 µs", "100 µs", "1 ms", "10 ms");
        assertThat(labels(logarithmic(Unit.NANOS, 8, 11, 80))).containsExactly("10 ns", "20 ns", "50 ns", "100 ns");
    }

    @Test
    void linearAxesBeginAtZero() {
        assertThat(labels(linear(Unit.NANOS, 6, 30, 107))).containsExactly("0", "50 ns", "100 ns", "150 ns");
        assertThat(labels(linear(Unit.PERCENT, 6, 3, 99))).containsExactly("0", "20 %", "40 %", "60 %", "80 %",
                "100 %");
        assertThat(labels(linear(Unit.BYTES, 5, 3 * MIB))).containsExactly("0", "1 MiB", "2 MiB", "3 MiB");
        assertThat(labels(linear(Unit.PER_SECOND, 4, 1.4e6))).containsExactly("0", "500 k/s", "1 M/s", "1.5 M/s");
    }

    @Test
    void everyValueLiesOnTheAxis() {
        for (double greatest = 1e-3; greatest < 1e12; greatest *= 1.7) {
            for (Unit unit : Unit.values()) {
                for (Scale scale : List.of(linear(unit, 5, greatest), logarithmic(unit, 5, greatest / 300, greatest),
                        logarithmic(unit, 5, greatest))) {
                    assertThat(scale.place(greatest)).as("%s", scale).isBetween(100.0, 200.0 + 1e-9);
                    assertThat(scale.place(greatest / 300)).as("%s", scale)
                            .isGreaterThanOrEqualTo(scale.axis().scale() == Axis.Scale.LINEAR ? 100 : -1000);
                    assertThat(scale.ticks()).as("%s", scale).isNotEmpty().hasSizeLessThanOrEqualTo(9)
                            .allSatisfy(tick -> assertThat(scale.place(tick)).isBetween(100 - 1e-9, 200 + 1e-9));
                }
            }
        }
    }

    @Test
    void tenTimesAsMuchIsOneStep() {
        Scale scale = logarithmic(Unit.COUNT, 8, 1, 1000);
        assertThat(scale.place(1)).isCloseTo(100, within(1e-9));
        assertThat(scale.place(10)).isCloseTo(100 + 100 / 3.0, within(1e-9));
        assertThat(scale.place(1000)).isCloseTo(200, within(1e-9));
    }

    @Test
    void theAxisMayRunUpwards() {
        Scale scale = Scale.of(Axis.linear("y", Unit.COUNT), DoubleStream.of(10), 300, 0, 5);
        assertThat(scale.place(0)).isEqualTo(300);
        assertThat(scale.place(scale.high())).isEqualTo(0);
    }

    @Test
    void logarithmicAxisLeavesOutZero() {
        assertThat(Scale.isShown(Axis.logarithmic("y", Unit.COUNT), 0)).isFalse();
        assertThat(Scale.isShown(Axis.linear("y", Unit.COUNT), 0)).isTrue();
        assertThat(Scale.isShown(Axis.linear("y", Unit.COUNT), Double.NaN)).isFalse();
        assertThat(logarithmic(Unit.COUNT, 5, 0, 10, 100).low()).isEqualTo(10);
    }

    @Test
    void anAxisWithoutValuesHasTicks() {
        assertThat(linear(Unit.COUNT, 5).ticks()).hasSizeGreaterThan(1);
        assertThat(logarithmic(Unit.NANOS, 5).ticks()).hasSizeGreaterThan(1);
        assertThat(linear(Unit.COUNT, 5, 0).ticks()).hasSizeGreaterThan(1);
    }

    @ParameterizedTest
    @CsvSource({"BYTES, 4096, 4 KiB", "BYTES, 1073741824, 1 GiB", "BYTES, 1536, 1.5 KiB", "NANOS, 10, 10 ns",
        "NANOS, 1000, 1 µs", "NANOS, 1000000, 1 ms", "NANOS, 0.5, 0.5 ns", "COUNT, 10000, '10,000'",
        "COUNT, 2000000, 2 M", "PERCENT, 12.5, 12.5 %", "PER_SECOND, 250000, 250 k/s"})
    void numbersHaveUnits(Unit unit, double value, String label) {
        assertThat(linear(unit, 5, value).label(value)).isEqualTo(label);
    }

    private static List<String> labels(Scale scale) {
        return scale.ticks().stream().map(scale::label).toList();
    }

    private static Scale linear(Unit unit, int ticksMax, double... values) {
        return Scale.of(Axis.linear("axis", unit), DoubleStream.of(values), 100, 200, ticksMax);
    }

    private static Scale logarithmic(Unit unit, int ticksMax, double... values) {
        return Scale.of(Axis.logarithmic("axis", unit), DoubleStream.of(values), 100, 200, ticksMax);
    }
}
