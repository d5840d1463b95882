package io.quire.memory.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("portable")
class FramePoolTest {

    @Test
    void everyFrameIsHandedOutOnceAndNoneIsTheZeroFrame() {
        try (FramePool pool = new FramePool(100)) {
            Set<Long> offsets = new HashSet<>();
            for (int i = 0; i < 100; i++) {
                assertThat(pool.free()).isEqualTo(100 - i);
                long offset = pool.allocate();
                assertThat(offset % FramePool.FRAME_BYTES).isZero();
                assertThat(pool.references(offset)).isEqualTo(1);
                assertThat(offsets.add(offset)).isTrue();
            }
            assertThat(pool.allocate()).isEqualTo(FramePool.NONE);
            assertThat(offsets).doesNotContain(pool.zeroFrame());
            pool.check(frame -> 1);
            offsets.forEach(pool::release);
            assertThat(pool.free()).isEqualTo(pool.capacity()).isEqualTo(100);
            pool.check(frame -> 0);
        }
    }

    @Test
    void frameIsFreeAfterTheLastRelease() {
        try (FramePool pool = new FramePool(1)) {
            long offset = pool.allocate();
            pool.acquire(offset);
            pool.acquire(offset);
            pool.release(offset);
            pool.release(offset);
            assertThat(pool.allocate()).isEqualTo(FramePool.NONE);
            pool.release(offset);
            assertThat(pool.allocate()).isEqualTo(offset);
        }
    }

    @Test
    void countsThatCannotBeAreReportedDecoded() {
        try (FramePool pool = new FramePool(2)) {
            long offset = pool.allocate();
            pool.release(offset);
            assertThatIllegalStateException().isThrownBy(() -> pool.release(offset))
                    .withMessageContaining("FREE incarnation=1");
            assertThatIllegalStateException().isThrownBy(() -> pool.acquire(offset));
            long leaked = pool.allocate();
            assertThatIllegalStateException().isThrownBy(() -> pool.check(frame -> 0))
                    .withMessageContaining("frame=" + pool.frame(leaked));
            assertThatIllegalStateException().isThrownBy(() -> pool.check(frame -> 2));
            pool.release(leaked);
        }
    }

    @Test
    void sizesThatCannotBeAreRefused() {
        for (int frames : new int[] {0, -1, FramePool.FRAMES_MAX + 1, Integer.MAX_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> new FramePool(frames))
                    .withMessageContaining("frames=" + frames);
        }
    }

    @Test
    void memoryStartsAsZeros() {
        try (FramePool pool = new FramePool(10)) {
            for (int i = 0; i < FramePool.FRAME_BYTES; i += Long.BYTES) {
                assertThat(pool.memory().getLong(pool.zeroFrame() + i)).isZero();
            }
        }
    }
}
