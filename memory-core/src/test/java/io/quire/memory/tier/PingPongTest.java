package io.quire.memory.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PingPongTest {

    private static final long WINDOW_NS = 1_000;

    private long nowNs = Long.MAX_VALUE - 5 * WINDOW_NS; // overflows during a test, as System.nanoTime may
    private final PingPong pingPong = new PingPong(Duration.ofNanos(WINDOW_NS), 100, () -> nowNs);

    @Test
    void pagesThatStayMayComeAtTheFullRate() {
        for (int window = 0; window < 20; window++) {
            assertThat(promote(0, 150)).isEqualTo(100);
            nowNs += WINDOW_NS;
        }
    }

    @Test
    void aQuarterMayBounceAndNotMore() {
        assertThat(promote(0, 40)).isEqualTo(40);
        demote(0, 10);
        assertThat(pingPong.isPaused()).isFalse();
        demote(10, 11);
        assertThat(pingPong.isPaused()).isTrue();
        assertThat(promote(50, 60)).isZero();
    }

    @Test
    void pageThatLeavesAfterTheWindowHasNotBounced() {
        promote(0, 40);
        nowNs += WINDOW_NS + 1;
        demote(0, 40);
        assertThat(pingPong.isPaused()).isFalse();
    }

    @Test
    void pageThatWasNeverPromotedDoesNotBounce() {
        promote(0, 40);
        demote(1000, 1040);
        assertThat(pingPong.isPaused()).isFalse();
    }

    @Test
    void fewPromotionsProveNothing() {
        promote(0, PingPong.SAMPLE_MIN - 1);
        demote(0, PingPong.SAMPLE_MIN - 1);
        assertThat(pingPong.isPaused()).isFalse();
    }

    @Test
    void pausesDoubleWhilePagesBounceAndAreShortAgainOnceTheyStay() {
        for (long windows : new long[] {1, 2, 4, 8, 16, 32, 64, 64, 64}) {
            assertThat(pauseAfterBouncing()).isEqualTo(windows);
        }
        nowNs += WINDOW_NS;
        promote(0, 100);
        nowNs += WINDOW_NS;
        promote(100, 200); // the window before has ended, and all its pages have stayed
        nowNs += 2 * WINDOW_NS;
        assertThat(pauseAfterBouncing()).isEqualTo(1);
    }

    @Test
    void whenNothingFitsPromotionsAreRare() {
        int promoted = 0;
        int windows = 10_000;
        for (int window = 0; window < windows; window++) {
            for (int page = 0; page < 200; page++) {
                if (pingPong.tryPromote(page)) {
                    promoted++;
                    pingPong.demoted(page);
                }
            }
            nowNs += WINDOW_NS;
        }
        assertThat(promoted).isLessThan(windows * PingPong.SAMPLE_MIN / 32);
    }

    @Test
    void argumentsAreChecked() {
        assertThatIllegalArgumentException().isThrownBy(() -> new PingPong(Duration.ZERO, 1, () -> 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new PingPong(Duration.ofSeconds(1), 0, () -> 0));
    }

    /** Returns the length of the pause in windows. */
    private long pauseAfterBouncing() {
        promote(0, PingPong.SAMPLE_MIN);
        demote(0, PingPong.SAMPLE_MIN);
        assertThat(pingPong.isPaused()).isTrue();
        long startNs = nowNs;
        while (pingPong.isPaused()) {
            nowNs += WINDOW_NS;
        }
        return (nowNs - startNs) / WINDOW_NS;
    }

    private int promote(int from, int to) {
        int promoted = 0;
        for (int page = from; page < to; page++) {
            promoted += pingPong.tryPromote(page) ? 1 : 0;
        }
        return promoted;
    }

    private void demote(int from, int to) {
        for (int page = from; page < to; page++) {
            pingPong.demoted(page);
        }
    }
}
