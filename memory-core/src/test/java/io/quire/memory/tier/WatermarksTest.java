package io.quire.memory.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class WatermarksTest {

    @Test
    void evictionBeginsBelowLowAndGoesOnToHighForAllMarksAndAllFreeFrames() {
        for (int low = 0; low <= 12; low++) {
            for (int high = low; high <= 12; high++) {
                Watermarks marks = new Watermarks(low, high);
                for (int free = 0; free <= 14; free++) {
                    int missing = free < high ? high - free : 0;
                    assertThat(marks.toEvict(free, false)).isEqualTo(free < low ? missing : 0);
                    assertThat(marks.toEvict(free, true)).isEqualTo(missing);
                }
            }
        }
    }

    @Test
    void sharesAreRoundedUp() {
        assertThat(Watermarks.ofPercent(1000, 5, 10)).isEqualTo(new Watermarks(50, 100));
        assertThat(Watermarks.ofPercent(10, 5, 10)).isEqualTo(new Watermarks(1, 1));
        assertThat(Watermarks.ofPercent(0, 5, 10)).isEqualTo(new Watermarks(0, 0));
        assertThat(Watermarks.ofPercent(Integer.MAX_VALUE, 0, 100)).isEqualTo(new Watermarks(0, Integer.MAX_VALUE));
    }

    @Test
    void impossibleMarksAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Watermarks(-1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new Watermarks(2, 1)).withMessageContaining("low=2");
        assertThatIllegalArgumentException().isThrownBy(() -> Watermarks.ofPercent(-1, 5, 10));
        assertThatIllegalArgumentException().isThrownBy(() -> Watermarks.ofPercent(10, 11, 10));
        assertThatIllegalArgumentException().isThrownBy(() -> Watermarks.ofPercent(10, 5, 101));
    }
}
