package io.quire.memory.allocator;

import static io.quire.memory.allocator.FrameAllocator.NONE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class MagazineTest {
    @Test
    void successiveFramesAscendWithoutGaps() {
        FrameAllocator allocator = new FrameAllocator(4096);
        try (Magazine magazine = allocator.newMagazine()) {
            int first = magazine.allocate();
            for (int next = first + 1; next < first + 2048; next++) {
                assertThat(magazine.allocate()).isEqualTo(next);
            }
        }
        allocator.check();
    }

    @Test
    void theFrameFreedLastIsAllocatedFirst() {
        FrameAllocator allocator = new FrameAllocator(4096);
        try (Magazine magazine = allocator.newMagazine()) {
            int one = magazine.allocate();
            int two = magazine.allocate();
            magazine.free(one);
            magazine.free(two);
            assertThat(magazine.allocate()).isEqualTo(two);
            assertThat(magazine.allocate()).isEqualTo(one);
        }
        allocator.check();
    }

    @Test
    void anUnusedMagazineHoldsNothingAndIsNotRegistered() {
        FrameAllocator allocator = new FrameAllocator(64);
        for (int count = 0; count < 1000; count++) {
            allocator.newMagazine().close();
        }
        assertThat(allocator.freeFrames()).isEqualTo(64);
        allocator.check();
    }

    @Test
    void closingGivesAllFramesBack() {
        FrameAllocator allocator = new FrameAllocator(64);
        Magazine magazine = allocator.newMagazine();
        magazine.free(magazine.allocate());
        magazine.close();
        assertThat(allocator.allocate(6)).isZero();
        allocator.check();
    }

    @Test
    void closingTwiceDoesNothing() {
        FrameAllocator allocator = new FrameAllocator(64);
        Magazine magazine = allocator.newMagazine();
        int frame = magazine.allocate();
        magazine.close();
        magazine.close();
        allocator.free(frame);
        assertThat(allocator.freeFrames()).isEqualTo(64);
        allocator.check();
    }

    @Test
    void aClosedMagazineRefusesToWork() {
        FrameAllocator allocator = new FrameAllocator(64);
        int frame = allocator.allocate();
        Magazine magazine = allocator.newMagazine();
        magazine.close();
        assertThatIllegalStateException().isThrownBy(magazine::allocate).withMessageContaining("closed");
        assertThatIllegalStateException().isThrownBy(() -> magazine.free(frame))
                .withMessageContaining("closed");
        allocator.free(frame);
        assertThat(allocator.freeFrames()).isEqualTo(64);
        allocator.check();
    }

    @Test
    void framesOutsideThePoolAreRefused() {
        FrameAllocator allocator = new FrameAllocator(1000);
        try (Magazine magazine = allocator.newMagazine()) {
            assertThatIllegalArgumentException().isThrownBy(() -> magazine.free(1000));
            assertThatIllegalArgumentException().isThrownBy(() -> magazine.free(-1));
        }
        allocator.check();
    }

    @Test
    void doubleFreeOfAFrameInThisMagazineIsRefusedWithAssertionsOn() {
        FrameAllocator allocator = new FrameAllocator(1000);
        try (Magazine magazine = allocator.newMagazine()) {
            int frame = magazine.allocate();
            magazine.free(frame);
            assertThatIllegalStateException().isThrownBy(() -> magazine.free(frame))
                    .withMessageContaining("frame is already free: frame=" + frame);
        }
        assertThat(allocator.freeFrames()).isEqualTo(1000);
        allocator.check();
    }

    @Test
    void doubleFreeThroughTwoMagazinesIsNoticedWhenTheSecondCopyLeaves() {
        FrameAllocator allocator = new FrameAllocator(1000);
        Magazine one = allocator.newMagazine();
        Magazine two = allocator.newMagazine();
        int frame = one.allocate();
        int other = one.allocate();
        one.free(frame);
        two.free(other);
        two.free(frame);
        assertThatIllegalStateException().isThrownBy(allocator::check).withMessageContaining("twice=true");
        one.close();
        assertThatIllegalStateException().isThrownBy(two::close)
                .withMessageContaining("frame is already free: frame=" + frame);
        two.close();
        assertThat(allocator.freeFrames()).isEqualTo(1000);
        allocator.check();
    }

    @Test
    void theLastFrameIsAllocatableFromAnyMagazineThoughOthersHoard() {
        for (int frames : new int[] {1, 2, 31, 64, 65, 200}) {
            FrameAllocator allocator = new FrameAllocator(frames);
            List<Magazine> hoarders = hoarders(allocator, frames);
            assertThat(allocator.freeFrames()).isEqualTo(frames);
            try (Magazine last = allocator.newMagazine()) {
                for (int left = frames; left > 0; left--) {
                    assertThat(last.allocate()).as("frames=%d, left=%d", frames, left).isNotEqualTo(NONE);
                    allocator.check();
                }
                assertThat(last.allocate()).isEqualTo(NONE);
            }
            hoarders.forEach(Magazine::close);
            allocator.check();
        }
    }

    /** Returns magazines that together have every frame of the pool. */
    private static List<Magazine> hoarders(FrameAllocator allocator, int frames) {
        List<Magazine> hoarders = new ArrayList<>();
        List<Integer> taken = new ArrayList<>();
        for (int left = frames; left > 0; left--) {
            taken.add(allocator.allocate());
        }
        for (int frame : taken) {
            Magazine hoarder = allocator.newMagazine();
            hoarder.free(frame);
            hoarders.add(hoarder);
        }
        return hoarders;
    }

    @Test
    void theLastFrameIsAllocatableFromAnyThread() throws Exception {
        FrameAllocator allocator = new FrameAllocator(1);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < 200; round++) {
                Callable<Integer> allocation = allocator::allocate;
                int frame = threads.submit(allocation).get();
                assertThat(frame).isZero();
                threads.submit(() -> allocator.free(frame)).get();
            }
        }
        assertThat(allocator.freeFrames()).isEqualTo(1);
        allocator.check();
    }

    @Test
    void ownersGoOnAfterThievesLeftHoles() {
        FrameAllocator allocator = new FrameAllocator(64);
        try (Magazine victim = allocator.newMagazine(); Magazine thief = allocator.newMagazine()) {
            victim.free(victim.allocate());
            List<Integer> stolen = new ArrayList<>();
            for (int count = 0; count < 40; count++) {
                stolen.add(thief.allocate());
            }
            assertThat(stolen).doesNotHaveDuplicates().doesNotContain(NONE);
            for (int count = 0; count < 24; count++) {
                stolen.add(victim.allocate());
            }
            assertThat(stolen).doesNotHaveDuplicates().doesNotContain(NONE);
            assertThat(victim.allocate()).isEqualTo(NONE);
            assertThat(thief.allocate()).isEqualTo(NONE);
            stolen.forEach(victim::free);
            assertThat(allocator.freeFrames()).isEqualTo(64);
            allocator.check();
        }
        allocator.check();
    }

    /** A search that has looked into a magazine before the put must notice the put. */
    @Test
    void everyPutIsCountedForSearchesInProgress() {
        MagazineSlots slots = new MagazineSlots(2, null);
        MagazineSlots[] all = {slots, new MagazineSlots(2, null)};
        assertThat(MagazineRegistry.puts(all)).isZero();
        slots.put(0, 7);
        assertThat(MagazineRegistry.puts(all)).isEqualTo(1);
        assertThat(slots.take(0)).isEqualTo(7);
        assertThat(MagazineRegistry.puts(all)).isEqualTo(1);
        slots.put(0, 7);
        assertThat(MagazineRegistry.puts(all)).isEqualTo(2);
        assertThat(MagazineRegistry.takeAny(all, 1)).isEqualTo(7);
        assertThat(slots.isEmpty()).isTrue();
    }

    @Test
    void droppedMagazinesKeepTheirFramesAllocatable() {
        FrameAllocator allocator = new FrameAllocator(4096);
        drop(allocator, 100);
        System.gc();
        drop(allocator, 100);
        assertThat(allocator.freeFrames()).isEqualTo(4096);
        allocator.check();
        for (int left = 4096; left > 0; left--) {
            assertThat(allocator.allocate()).isNotEqualTo(NONE);
        }
        assertThat(allocator.allocate()).isEqualTo(NONE);
        allocator.check();
    }

    private static void drop(FrameAllocator allocator, int count) {
        for (int left = count; left > 0; left--) {
            Magazine dropped = allocator.newMagazine();
            dropped.free(dropped.allocate());
        }
    }
}
