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
        try (FramePools pools = FramePools.ofHost(100)) {
            FramePool pool = pools.host();
            Set<Long> offsets = new HashSet<>();
            for (int i = 0; i < 100; i++) {
                assertThat(pool.free()).isEqualTo(100 - i);
                long offset = pool.allocate();
                assertThat(offset % FramePool.FRAME_BYTES).isZero();
                assertThat(pool.references(offset)).isEqualTo(1);
                assertThat(offsets.add(offset)).isTrue();
            }
            assertThat(pool.allocate()).isEqualTo(FramePool.NONE);
            assertThat(offsets).doesNotContain(pools.zeroFrame());
            pool.check(frame -> 1);
            offsets.forEach(pool::release);
            assertThat(pool.free()).isEqualTo(pools.capacity()).isEqualTo(100);
            pool.check(frame -> pool.offset(frame) == pools.zeroFrame() ? 1 : 0);
        }
    }

    @Test
    void frameIsFreeAfterTheLastRelease() {
        try (FramePools pools = FramePools.ofHost(1)) {
            FramePool pool = pools.host();
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
        try (FramePools pools = FramePools.ofHost(2)) {
            FramePool pool = pools.host();
            long offset = pool.allocate();
            pool.release(offset);
            assertThatIllegalStateException().isThrownBy(() -> pool.release(offset))
                    .withMessageContaining("FREE incarnation=1");
            assertThatIllegalStateException().isThrownBy(() -> pool.acquire(offset));
            long leaked = pool.allocate();
            assertThatIllegalStateException().isThrownBy(() ->
                    pool.check(frame -> frame == pool.frame(pools.zeroFrame()) ? 1 : 0))
                    .withMessageContaining("frame=" + pool.frame(leaked));
            assertThatIllegalStateException().isThrownBy(() -> pool.check(frame -> 2));
            pool.release(leaked);
        }
    }

    @Test
    void sizesThatCannotBeAreRefused() {
        for (int frames : new int[] {0, -1, FramePool.FRAMES_MAX, Integer.MAX_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> FramePools.ofHost(frames))
                    .withMessageContaining("frames=" + frames);
        }
    }

    @Test
    void memoryStartsAsZeros() {
        try (FramePools pools = FramePools.ofHost(10)) {
            for (int i = 0; i < FramePool.FRAME_BYTES; i += Long.BYTES) {
                assertThat(pools.memory().getLong(pools.zeroFrame() + i)).isZero();
            }
        }
    }

    @Test
    void heldFrameIsFreeAfterTheLastReleaseAndTheLastUnhold() {
        try (FramePools pools = FramePools.ofHost(1)) {
            FramePool pool = pools.host();
            long offset = pool.allocate();
            assertThat(pool.hold(offset)).isTrue();
            assertThat(pool.hold(offset)).isTrue();
            assertThat(pool.references(offset)).as("a hold is no sharer").isEqualTo(1);
            pool.release(offset);
            assertThat(pool.allocate()).isEqualTo(FramePool.NONE);
            pool.unhold(offset);
            assertThat(pool.allocate()).isEqualTo(FramePool.NONE);
            pool.unhold(offset);
            assertThat(pool.allocate()).isEqualTo(offset);
            assertThatIllegalStateException().isThrownBy(() -> pool.unhold(offset));
        }
    }

    @Test
    void holdsDoNotOverflow() {
        try (FramePools pools = FramePools.ofHost(1)) {
            FramePool pool = pools.host();
            long offset = pool.allocate();
            for (int i = 0; i < FrameWord.HOLDS_MAX; i++) {
                assertThat(pool.hold(offset)).isTrue();
            }
            assertThat(pool.hold(offset)).isFalse();
            assertThat(pool.holds(offset)).isEqualTo(FrameWord.HOLDS_MAX);
            assertThat(pool.references(offset)).isEqualTo(1);
        }
    }
}
