package io.quire.memory.guard;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The only test that notes times: in this JVM no lock does. */
class HoldTimesTest {

    @Test
    void timesAreCountedInPowersOfTwo() {
        assertThat(HoldTimes.describe()).contains("times=0");
        for (int i = 0; i < 980; i++) {
            HoldTimes.note(1_000); // below 1,024 ns
        }
        for (int i = 0; i < 19; i++) {
            HoldTimes.note(1_024); // below 2,048 ns
        }
        HoldTimes.note(0);
        HoldTimes.note(5_000_000); // below 8,388,608 ns
        assertThat(HoldTimes.describe()).isEqualTo("locks of spaces were held: times=1001, half of them below 1.0 us, "
                + "99 % below 2.0 us, 99.9 % below 2.0 us, all below 8388.6 us");
    }
}
