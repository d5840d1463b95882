package io.quire.memory.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("portable")
class FramePoolTest {

    /** Rounds of a race. */
    private static final int ROUNDS = 10_000;
    private static final Duration LIMIT = Duration.ofSeconds(60);

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
    void impossibleCountsAreReportedDecoded() {
        try (FramePools pools = FramePools.ofHost(2)) {
            FramePool pool = pools.host();
            long offset = pool.allocate();
            pool.release(offset);
            assertThatIllegalStateException().isThrownBy(() -> pool.release(offset))
                    .withMessageContaining("FREE incarnation=1");
            assertThatIllegalStateException().isThrownBy(() -> pool.acquire(offset));
            long leaked = pool.allocate();
            assertThatIllegalStateException()
                    .isThrownBy(() -> pool.check(frame -> frame == pool.frame(pools.zeroFrame()) ? 1 : 0))
                    .withMessageContaining("frame=" + pool.frame(leaked));
            assertThatIllegalStateException().isThrownBy(() -> pool.check(frame -> 2));
            pool.release(leaked);
        }
    }

    @Test
    void impossibleSizesAreRefused() {
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
    void heldFrameIsFreeAfterTheLastReleaseAndTheLastReleaseOfAHold() {
        try (FramePools pools = FramePools.ofHost(1)) {
            FramePool pool = pools.host();
            long offset = pool.allocate();
            assertThat(pool.hold(offset)).isTrue();
            assertThat(pool.hold(offset)).isTrue();
            assertThat(pool.references(offset)).as("references, without the hold").isEqualTo(1);
            pool.release(offset);
            assertThat(pool.allocate()).isEqualTo(FramePool.NONE);
            pool.releaseHold(offset);
            assertThat(pool.allocate()).isEqualTo(FramePool.NONE);
            pool.releaseHold(offset);
            assertThat(pool.allocate()).isEqualTo(offset);
            assertThatIllegalStateException().isThrownBy(() -> pool.releaseHold(offset));
        }
    }

    @Test
    void framesTakenTogetherLieSideBySideAndMissingOnesAreNone() {
        try (FramePools pools = FramePools.ofHost(100)) {
            FramePool pool = pools.host();
            long[] many = new long[64];
            pool.allocate(many, -1L);
            for (int i = 1; i < many.length; i++) {
                assertThat(many[i]).isEqualTo(many[i - 1] + FramePool.FRAME_BYTES);
                expectCounts(pool, many[i], 1, 0);
            }
            long[] more = new long[64];
            pool.allocate(more, -1L);
            assertThat(more).doesNotContain(many).endsWith(FramePool.NONE);
            assertThat(Arrays.stream(more).filter(offset -> offset != FramePool.NONE)).hasSize(36);
            assertThat(pool.free()).isZero();
        }
    }

    private static void expectCounts(FramePool pool, long frame, int references, int holds) {
        assertThat(pool.references(frame)).isEqualTo(references);
        assertThat(pool.holds(frame)).isEqualTo(holds);
    }

    @Test
    void framesReleasedTogetherAreFreeUnlessStillReferencedOrHeld() {
        try (FramePools pools = FramePools.ofHost(4)) {
            FramePool pool = pools.host();
            long[] frames = new long[4];
            pool.allocate(frames, 0b1111);
            for (long frame : frames) {
                assertThat(pool.hold(frame)).isTrue();
            }
            pool.acquire(frames[0]); // released below, too
            pool.acquire(frames[1]); // stays with another owner
            pool.hold(frames[2]); // stays with another owner
            expectCounts(pool, frames[0], 2, 1);
            expectCounts(pool, frames[2], 1, 2);
            pool.releaseHeld(frames, 0b0001, 2);
            pool.releaseHeld(frames, 0b1110, 1);
            assertThat(pool.free()).isEqualTo(2);
            expectCounts(pool, frames[1], 1, 0);
            expectCounts(pool, frames[2], 0, 1);
            assertThat(pool.isUsed(pool.frame(frames[0]))).isFalse();
            pool.release(frames[1]);
            pool.releaseHold(frames[2]);
            assertThat(pool.free()).isEqualTo(4);
            assertThatIllegalStateException().isThrownBy(() -> pool.releaseHeld(frames, 0b0001, 1))
                    .withMessageContaining("FREE");
        }
    }

    @Test
    void aListenerThatRefusesOneFrameIsAskedForTheNext() {
        List<Integer> freed = new ArrayList<>();
        Set<Integer> refused = Set.of(1, 3);
        FrameListener listener = new FrameListener() {
            @Override
            public boolean allocated(int frame) {
                return true;
            }

            @Override
            public int allocated(int[] frames) {
                int granted = 0;
                while (granted < frames.length && !refused.contains(frames[granted])) {
                    granted++;
                }
                return granted;
            }

            @Override
            public void freed(int frame) {
                freed.add(frame);
            }

            @Override
            public void freed(int[] frames) {
                Arrays.stream(frames).forEach(freed::add);
            }
        };
        FramePool pool = FramePool.ofPrivate("picky", 1, 6, listener);
        long[] frames = new long[8];
        pool.allocate(frames, 0b1111_0110); // elements 0 and 3 are not asked for, and 2 of the others are refused
        assertThat(frames).containsExactly(0, pool.offset(0), FramePool.NONE, 0, pool.offset(2), FramePool.NONE,
                pool.offset(4), pool.offset(5));
        assertThat(pool.free()).isEqualTo(2);
        assertThat(pool.hasFree(2)).isTrue();
        assertThat(pool.hasFree(3)).isFalse();
        pool.hold(frames[1]);
        pool.hold(frames[7]);
        pool.releaseHeld(frames, 0b1000_0010, 1);
        assertThat(freed).containsExactlyInAnyOrder(0, 5);
        assertThat(pool.free()).isEqualTo(4);
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

    /** The word of a frame may be changed without an exchange only where no other thread can change it. */
    @Test
    void noReferenceAndNoHoldIsLostWhenTwoThreadsReleaseAtOnce() throws InterruptedException {
        int pages = 64;
        long[] offsets = new long[pages];
        AtomicInteger arrivals = new AtomicInteger();
        try (FramePools pools = FramePools.ofHost(pages)) {
            Threads.race(LIMIT, running -> {
                for (int round = 0; round < ROUNDS && running.getAsBoolean(); round++) {
                    pools.host().allocate(offsets, -1L);
                    for (int i = 0; i < pages; i += 2) {
                        pools.acquire(offsets[i]);
                        pools.hold(offsets[i + 1]);
                    }
                    meet(arrivals, 4 * round + 2, running);
                    for (int i = 0; i < pages; i++) {
                        pools.release(offsets[i]);
                    }
                    meet(arrivals, 4 * round + 4, running);
                    assertThat(pools.host().free()).as("round %d", round).isEqualTo(pages);
                }
            }, running -> {
                for (int round = 0; round < ROUNDS && running.getAsBoolean(); round++) {
                    meet(arrivals, 4 * round + 2, running);
                    for (int i = 0; i < pages; i += 2) {
                        pools.release(offsets[i]);
                        pools.releaseHold(offsets[i + 1]);
                    }
                    meet(arrivals, 4 * round + 4, running);
                }
            });
        }
    }

    /** Waits for the other thread without sleeping, so that both begin within nanoseconds. */
    private static void meet(AtomicInteger arrivals, int count, BooleanSupplier running) {
        arrivals.incrementAndGet();
        while (arrivals.get() < count && running.getAsBoolean()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void largeCopyWritesTheSameBytesAsSmallCopies() {
        int pages = 20; // enough in one copy to call the C library; a single page is not
        try (FramePools pools = FramePools.ofHost(200)) {
            FrameMemory memory = pools.memory();
            long[] frames = new long[3 * pages];
            pools.host().allocate(frames, (1L << 3 * pages) - 1);
            assertThat(frames[3 * pages - 1] - frames[0]).as("side by side")
                    .isEqualTo((3 * pages - 1) * (long) FramePool.FRAME_BYTES);
            long sizeBytes = (long) pages * FramePool.FRAME_BYTES;
            for (long at = 0; at < sizeBytes; at += Long.BYTES) {
                memory.setLong(frames[0] + at, at);
            }
            memory.fill(frames[pages], 2 * sizeBytes, (byte) -1);
            memory.copy(frames[0], frames[pages], sizeBytes);
            for (int page = 0; page < pages; page++) {
                memory.copy(frames[page], frames[2 * pages + page], FramePool.FRAME_BYTES);
            }
            assertThat(memory.mismatch(frames[0], memory, frames[pages], sizeBytes)).isEqualTo(-1);
            assertThat(memory.mismatch(frames[0], memory, frames[2 * pages], sizeBytes)).isEqualTo(-1);
        }
    }
}
