package io.quire.memory.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("portable")
class FrameCacheTest {

    @Test
    void aFrameThatIsReleasedIsTheNextOneOfItsOwner() {
        try (FramePools pools = FramePools.ofHost(100);
                FrameCache frames = pools.newFrameCache();
                FrameCache others = pools.newFrameCache()) {
            long first = frames.allocate();
            assertThat(pools.references(first)).isEqualTo(1);
            long theirs = others.allocate();
            frames.release(first);
            others.release(theirs);
            assertThat(frames.allocate()).isEqualTo(first);
            assertThat(others.allocate()).isEqualTo(theirs);
            frames.release(first);
            others.release(theirs);
        }
    }

    @Test
    void framesInACacheAreFreeToAllThreads() {
        try (FramePools pools = FramePools.ofHost(100); FrameCache idle = pools.newFrameCache()) {
            List<Long> taken = takeAll(idle);
            assertThat(taken).hasSize(100);
            taken.forEach(idle::release);
            assertThat(pools.host().free()).isEqualTo(100);
            try (FrameCache others = pools.newFrameCache()) {
                assertThat(takeAll(others)).hasSize(100);
                assertThat(idle.allocate()).isEqualTo(FramePool.NONE);
                taken.forEach(others::release);
            }
            assertThat(takeAll(pools)).hasSize(100);
            assertThat(pools.host().free()).isZero();
            taken.forEach(pools::release);
            pools.host().check(frame -> pools.host().offset(frame) == pools.zeroFrame() ? 1 : 0);
        }
    }

    @Test
    void framesOfADroppedCacheAreFreeToAllThreads() {
        try (FramePools pools = FramePools.ofHost(100)) {
            for (int i = 0; i < 100; i++) {
                FrameCache dropped = pools.newFrameCache();
                dropped.release(dropped.allocate());
            }
            assertThat(takeAll(pools)).hasSize(100);
        }
    }

    @Test
    void aFrameThatIsHeldIsNotFreeBeforeItsHoldIsReleased() {
        try (FramePools pools = FramePools.ofHost(1); FrameCache frames = pools.newFrameCache()) {
            long frame = frames.allocate();
            pools.hold(frame);
            frames.release(frame);
            assertThat(frames.allocate()).isEqualTo(FramePool.NONE);
            pools.releaseHold(frame);
            assertThat(frames.allocate()).isEqualTo(frame);
            frames.release(frame);
        }
    }

    @Test
    void aFrameOfADeviceGoesBackToItsPool() {
        FramePools.Builder builder = new FramePools.Builder(1);
        FramePool device = builder.addPrivate("device", 1, FrameListener.NONE);
        try (FramePools pools = builder.build(); FrameCache frames = pools.newFrameCache()) {
            long host = frames.allocate();
            long there = device.allocate();
            frames.release(there);
            assertThat(frames.allocate()).isEqualTo(FramePool.NONE);
            assertThat(device.allocate()).isEqualTo(there);
            frames.release(host);
        }
    }

    @Test
    void closingReturnsTheKeptFramesAndEndsTheUse() {
        try (FramePools pools = FramePools.ofHost(100)) {
            FrameCache frames = pools.newFrameCache();
            frames.release(frames.allocate());
            frames.close();
            frames.close();
            assertThat(pools.host().free()).isEqualTo(100);
            assertThatIllegalStateException().isThrownBy(frames::allocate);
            assertThat(takeAll(pools)).hasSize(100);
        }
    }

    private static List<Long> takeAll(FrameSource frames) {
        List<Long> taken = new ArrayList<>();
        for (long offset = frames.allocate(); offset != FramePool.NONE; offset = frames.allocate()) {
            taken.add(offset);
        }
        return taken;
    }
}
