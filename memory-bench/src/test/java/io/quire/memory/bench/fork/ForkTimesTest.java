package io.quire.memory.bench.fork;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Matcher;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class ForkTimesTest {

    @Test
    void percentilesAreThoseOfAllForks() {
        Histogram nanos = new Histogram(3);
        for (int i = 1; i <= 100; i++) {
            nanos.recordValue(i);
        }
        assertThat(ForkTimes.of(nanos, 7)).isEqualTo(new ForkTimes(50, 99, 7));
    }

    @Test
    void aPrintedLineIsFoundAmongOthers() {
        ForkTimes times = new ForkTimes(4_321, 123_456_789, 500_000);
        Matcher found = ForkTimes.LINE.matcher("a warning\n" + times.line() + "\n");
        assertThat(found.find()).isTrue();
        assertThat(ForkTimes.of(found.toMatchResult())).isEqualTo(times);
    }
}
