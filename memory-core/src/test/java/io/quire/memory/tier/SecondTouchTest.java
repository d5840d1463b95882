package io.quire.memory.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SecondTouchTest {

    private static final long WINDOW_NS = 1_000;

    private long nowNs = -500; // passes 0 during a test
    private final SecondTouch pages = new SecondTouch(1024, Duration.ofNanos(WINDOW_NS), () -> nowNs);

    @Test
    void theSecondTouchWithinTheWindowCounts() {
        pages.demoted(7);
        assertThat(pages.touched(7)).isFalse();
        nowNs += WINDOW_NS;
        assertThat(pages.touched(7)).isTrue();
    }

    @Test
    void aTouchTooLateIsAFirstOne() {
        pages.demoted(7);
        assertThat(pages.touched(7)).isFalse();
        nowNs += WINDOW_NS + 1;
        assertThat(pages.touched(7)).isFalse();
        nowNs += 1;
        assertThat(pages.touched(7)).isTrue();
    }

    @Test
    void promotedPageIsForgotten() {
        pages.demoted(7);
        pages.touched(7);
        assertThat(pages.touched(7)).isTrue();
        assertThat(pages.touched(7)).isFalse();
        assertThat(pages.touched(7)).isFalse();
    }

    @Test
    void pagesThatWereNeverOnTheDeviceAreNotPromoted() {
        assertThat(pages.touched(8)).isFalse();
        assertThat(pages.touched(8)).isFalse();
    }

    @Test
    void anotherDemotionBeginsAnew() {
        pages.demoted(7);
        assertThat(pages.touched(7)).isFalse();
        pages.demoted(7);
        assertThat(pages.touched(7)).isFalse();
        assertThat(pages.touched(7)).isTrue();
    }

    @Test
    void theTableForgetsTheOldestAndNeverGrows() {
        LongStream.range(0, 100_000).forEach(page -> {
            nowNs++;
            pages.demoted(page);
        });
        long old = LongStream.range(0, 95_000).filter(this::isPromotedByTwoTouches).count();
        long recent = LongStream.range(99_744, 100_000).filter(this::isPromotedByTwoTouches).count();
        assertThat(old).isLessThan(100);
        assertThat(recent).isGreaterThan(245);
    }

    @Test
    void argumentsAreChecked() {
        assertThatIllegalArgumentException().isThrownBy(() -> new SecondTouch(0, Duration.ofSeconds(1), () -> 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new SecondTouch(1, Duration.ZERO, () -> 0));
    }

    private boolean isPromotedByTwoTouches(long page) {
        return pages.touched(page) | pages.touched(page);
    }
}
