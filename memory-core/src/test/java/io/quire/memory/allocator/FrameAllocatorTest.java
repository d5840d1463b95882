package io.quire.memory.allocator;

import static io.quire.memory.allocator.FrameAllocator.HUGE_ORDER;
import static io.quire.memory.allocator.FrameAllocator.NONE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameAllocatorTest {
    private static final int[] ORDERS = {0, 1, 2, 3, 4, 5, 6, HUGE_ORDER};

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 63, 64, 65, 511, 512, 513, 1000, 2047, 2048, 2049, 4096, 100_000})
    void everyOrderFillsThePoolWithAlignedRunsAndDrainsIt(int frames) {
        FrameAllocator allocator = new FrameAllocator(frames);
        for (int order : ORDERS) {
            int runs = frames >> order;
            List<Integer> taken = new ArrayList<>();
            BitSet seen = new BitSet();
            for (int frame = allocator.allocate(order); frame != NONE; frame = allocator.allocate(order)) {
                assertThat(frame & (1 << order) - 1).isZero();
                assertThat(frame + (1 << order)).isLessThanOrEqualTo(frames);
                assertThat(seen.get(frame, frame + (1 << order)).isEmpty()).isTrue();
                seen.set(frame, frame + (1 << order));
                taken.add(frame);
            }
            assertThat(taken).hasSize(runs);
            assertThat(allocator.freeFrames()).isEqualTo(frames - (runs << order));
            allocator.check();
            taken.forEach(frame -> allocator.free(frame, order));
            assertThat(allocator.freeFrames()).isEqualTo(frames);
            allocator.check();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 63, 64, 65, 511, 512, 513, 1000, 4096, 100_000})
    void aMagazineFillsThePoolAndDrainsIt(int frames) {
        FrameAllocator allocator = new FrameAllocator(frames);
        try (Magazine magazine = allocator.newMagazine()) {
            BitSet seen = new BitSet();
            for (int frame = magazine.allocate(); frame != NONE; frame = magazine.allocate()) {
                assertThat(seen.get(frame)).isFalse();
                seen.set(frame);
            }
            assertThat(seen.cardinality()).isEqualTo(frames);
            assertThat(allocator.freeFrames()).isZero();
            allocator.check();
            seen.stream().forEach(magazine::free);
            assertThat(allocator.freeFrames()).isEqualTo(frames);
            allocator.check();
        }
        assertThat(allocator.freeFrames()).isEqualTo(frames);
        allocator.check();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 512, 1000, 2049, 4096})
    void batchesFillThePoolAscendingAndDrainIt(int frames) {
        FrameAllocator allocator = new FrameAllocator(frames);
        int[] many = new int[64];
        BitSet seen = new BitSet();
        for (int found = 64; found == 64;) {
            found = allocator.allocateMany(many);
            for (int i = 0; i < found; i++) {
                assertThat(seen.get(many[i])).isFalse();
                seen.set(many[i]);
                assertThat(i == 0 || many[i] > many[i - 1]).isTrue();
            }
        }
        assertThat(seen.cardinality()).isEqualTo(frames);
        assertThat(allocator.freeFrames()).isZero();
        allocator.check();
        allocator.freeMany(seen.stream().toArray());
        assertThat(allocator.freeFrames()).isEqualTo(frames);
        allocator.check();
    }

    @Test
    void batchTakesFramesOutOfMagazinesWhenNoOthersAreLeft() {
        FrameAllocator allocator = new FrameAllocator(40);
        try (Magazine magazine = allocator.newMagazine()) {
            magazine.free(magazine.allocate());
            int[] many = new int[64];
            assertThat(allocator.allocateMany(many)).isEqualTo(40);
            assertThat(Arrays.stream(many, 0, 40).sorted().toArray())
                    .containsExactly(IntStream.range(0, 40).toArray());
        }
    }

    @Test
    void framesFreedTogetherAreCheckedOneByOne() {
        FrameAllocator allocator = new FrameAllocator(100);
        int[] many = new int[10];
        allocator.allocateMany(many);
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.freeMany(new int[] {many[0], 100}));
        assertThat(allocator.freeFrames()).as("free frames after a refused free").isEqualTo(90);
        assertThatIllegalStateException().isThrownBy(() -> allocator.freeMany(new int[] {many[0], 99, many[1]}))
                .withMessageContaining("frame=99");
        assertThat(allocator.freeFrames()).as("free frames after the other frames were freed").isEqualTo(92);
        assertThatIllegalStateException().isThrownBy(() -> allocator.freeMany(new int[] {many[2], many[2]}));
        allocator.check();
    }

    @Test
    void searchInProgressNoticesFramesThatAreFreedTogether() {
        FrameAllocator allocator = new FrameAllocator(100);
        int[] many = new int[10];
        allocator.allocateMany(many);
        long before = allocator.stripes().moves();
        allocator.freeMany(many);
        assertThat(allocator.stripes().moves()).isGreaterThan(before);
    }

    @Test
    void aPoolHasAtLeastOneFrame() {
        assertThatIllegalArgumentException().isThrownBy(() -> new FrameAllocator(0))
                .withMessageContaining("frames=0");
        assertThatIllegalArgumentException().isThrownBy(() -> new FrameAllocator(-1));
        assertThat(new FrameAllocator(1).frames()).isEqualTo(1);
    }

    @Test
    void ordersSevenEightAndTenDoNotExist() {
        FrameAllocator allocator = new FrameAllocator(4096);
        for (int order : new int[] {-1, 7, 8, 10, 31, 32}) {
            assertThatIllegalArgumentException().isThrownBy(() -> allocator.allocate(order))
                    .withMessageContaining("order=" + order);
            assertThatIllegalArgumentException().isThrownBy(() -> allocator.free(0, order));
        }
        allocator.check();
    }

    @Test
    void framesOutsideThePoolAreRefused() {
        FrameAllocator allocator = new FrameAllocator(1000);
        for (int frame : new int[] {-1, 1000, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> allocator.free(frame))
                    .withMessageContaining("frame=" + frame);
            assertThatIllegalArgumentException().isThrownBy(() -> allocator.free(frame, 0));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.free(999, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.free(512, HUGE_ORDER));
        assertThatIllegalArgumentException().isThrownBy(() -> new FrameAllocator(2).free(0, HUGE_ORDER));
        allocator.check();
    }

    @Test
    void runsThatAreNotAlignedAreRefused() {
        FrameAllocator allocator = new FrameAllocator(1024);
        int frame = allocator.allocate(3);
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.free(frame + 1, 3))
                .withMessageContaining("not aligned");
        allocator.free(frame, 3);
        allocator.check();
    }

    @Test
    void doubleFreeIsRefused() {
        FrameAllocator allocator = new FrameAllocator(4096);
        for (int order : ORDERS) {
            int frame = allocator.allocate(order);
            allocator.free(frame, order);
            assertThatIllegalStateException().isThrownBy(() -> allocator.free(frame, order))
                    .withMessageContaining("frame=" + frame + ", order=" + order)
                    .withMessageContaining("tree=[owner=");
            assertThat(allocator.freeFrames()).isEqualTo(4096);
            allocator.check();
        }
    }

    @Test
    void aFrameThatWasNeverAllocatedIsNotFreed() {
        FrameAllocator allocator = new FrameAllocator(100);
        assertThatIllegalStateException().isThrownBy(() -> allocator.free(99))
                .withMessageContaining("frame is already free: frame=99");
        assertThat(allocator.freeFrames()).isEqualTo(100);
        allocator.check();
    }

    @Test
    void aRunWithOneFreeFrameIsNotFreedAtAll() {
        FrameAllocator allocator = new FrameAllocator(512);
        int run = allocator.allocate(4);
        allocator.free(run + 6, 1);
        assertThatIllegalStateException().isThrownBy(() -> allocator.free(run, 4));
        assertThat(allocator.freeFrames()).isEqualTo(512 - 14);
        allocator.check();
    }

    @Test
    void aRunMayBeFreedInAlignedParts() {
        FrameAllocator allocator = new FrameAllocator(512);
        int run = allocator.allocate(4);
        allocator.free(run, 3);
        allocator.free(run + 8, 2);
        for (int frame = run + 12; frame < run + 16; frame++) {
            allocator.free(frame);
        }
        assertThat(allocator.freeFrames()).isEqualTo(512);
        allocator.check();
    }

    @Test
    void aHugeFrameIsFreedAsAWholeOnly() {
        FrameAllocator allocator = new FrameAllocator(1024);
        int huge = allocator.allocate(HUGE_ORDER);
        assertThatIllegalStateException().isThrownBy(() -> allocator.free(huge))
                .withMessageContaining("part of a huge frame");
        assertThatIllegalStateException().isThrownBy(() -> allocator.free(huge + 64, 6))
                .withMessageContaining("part of a huge frame");
        int other = 512 - huge;
        int single = allocator.allocate(6);
        assertThat(single & -512).isEqualTo(other);
        assertThatIllegalStateException().isThrownBy(() -> allocator.free(other, HUGE_ORDER))
                .withMessageContaining("not allocated as a huge frame");
        allocator.free(huge, HUGE_ORDER);
        allocator.free(single, 6);
        allocator.check();
    }

    @Test
    void magazinesAreEmptiedForARun() {
        FrameAllocator allocator = new FrameAllocator(512);
        try (Magazine one = allocator.newMagazine(); Magazine two = allocator.newMagazine()) {
            int first = one.allocate();
            int second = two.allocate();
            one.free(first);
            two.free(second);
            assertThat(allocator.allocate(HUGE_ORDER)).isZero();
            assertThat(one.allocate()).isEqualTo(NONE);
            allocator.check();
        }
        allocator.free(0, HUGE_ORDER);
        assertThat(allocator.freeFrames()).isEqualTo(512);
        allocator.check();
    }

    @Test
    void noFreeRunMeansNoneEvenIfFramesAreFree() {
        FrameAllocator allocator = new FrameAllocator(64);
        int all = allocator.allocate(6);
        for (int frame = all; frame < 64; frame += 2) {
            allocator.free(frame);
        }
        assertThat(allocator.freeFrames()).isEqualTo(32);
        for (int order = 1; order <= 6; order++) {
            assertThat(allocator.allocate(order)).isEqualTo(NONE);
        }
        for (int left = 32; left > 0; left--) {
            assertThat(allocator.allocate()).isNotEqualTo(NONE);
        }
        assertThat(allocator.allocate()).isEqualTo(NONE);
        allocator.check();
    }

    @Test
    void hugeFramesStayAwayFromSingleFramesAsLongAsPossible() {
        FrameAllocator allocator = new FrameAllocator(16 * 2048, 4, Magazine.CAPACITY);
        allocator.allocate();
        int huge = allocator.allocate(HUGE_ORDER);
        assertThat(huge).isGreaterThanOrEqualTo(15 * 2048);
        allocator.check();
    }

    @Test
    void threadThatFindsItsStripeInUseGoesToTheTrees() {
        FrameAllocator allocator = new FrameAllocator(100, 1, Magazine.CAPACITY);
        int stripe = allocator.stripes().claim();
        int one = allocator.allocate();
        int two = allocator.allocate();
        assertThat(two).isEqualTo(one + 1);
        allocator.free(one);
        assertThatIllegalStateException().isThrownBy(() -> allocator.free(one));
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.free(100));
        assertThat(allocator.freeFrames()).isEqualTo(99);
        allocator.stripes().unclaim(stripe);
        allocator.free(two);
        allocator.check();
    }

    @Test
    void framesOfAnIdleStripeAreStolen() {
        FrameAllocator allocator = new FrameAllocator(100, 1, Magazine.CAPACITY);
        allocator.free(allocator.allocate());
        int stripe = allocator.stripes().claim();
        for (int left = 100; left > 0; left--) {
            assertThat(allocator.allocate()).isNotEqualTo(NONE);
        }
        assertThat(allocator.allocate()).isEqualTo(NONE);
        allocator.stripes().unclaim(stripe);
        assertThat(allocator.allocate()).isEqualTo(NONE);
        allocator.check();
    }

    @Test
    void aCountThatDiffersFromTheBitsIsReported() {
        FrameTrees trees = new FrameTrees(100);
        trees.check();
        assertThat(trees.take(0, 1)).isTrue();
        assertThatIllegalStateException().isThrownBy(trees::check)
                .withMessageContaining("area=0").withMessageContaining("free=99|0|0|0");
    }

    @Test
    void stripesAllocateFromDifferentTrees() {
        FrameAllocator allocator = new FrameAllocator(8 * 2048, 4, Magazine.CAPACITY);
        BitSet trees = new BitSet();
        List<Magazine> magazines = new ArrayList<>();
        for (int stripe = 0; stripe < 4; stripe++) {
            Magazine magazine = allocator.newMagazine();
            magazines.add(magazine);
            trees.set(magazine.allocate() / 2048);
        }
        assertThat(trees.cardinality()).isEqualTo(4);
        allocator.check();
        magazines.forEach(Magazine::close);
        allocator.check();
    }

    @Test
    void aLargePoolIsCountedWithoutOverflow() {
        int frames = (1 << 24) - 7;
        FrameAllocator allocator = new FrameAllocator(frames);
        int huge = allocator.allocate(HUGE_ORDER);
        assertThat(huge).isEqualTo((1 << 24) - 2048);
        allocator.free(huge, HUGE_ORDER);
        for (int left = frames; left > 0; left--) {
            assertThat(allocator.allocate() != NONE).isTrue();
        }
        assertThat(allocator.allocate()).isEqualTo(NONE);
        assertThat(allocator.freeFrames()).isZero();
        allocator.check();
        for (int frame = 0; frame < frames; frame++) {
            allocator.free(frame);
        }
        assertThat(allocator.freeFrames()).isEqualTo(frames);
        allocator.check();
    }
}
