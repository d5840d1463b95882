package io.quire.memory.allocator;

import static io.quire.memory.allocator.FrameAllocator.HUGE_ORDER;
import static io.quire.memory.allocator.FrameAllocator.NONE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The allocator finds memory that can go back to the operating system. */
class GiveBackTest {

    private static final int AREA = 1 << HUGE_ORDER;

    @Test
    void onlyWhollyFreeAreasThatWereUsedAreGivenBack() {
        FrameAllocator allocator = new FrameAllocator(8 * AREA);
        List<Integer> given = new ArrayList<>();
        FrameAllocator.Returner returner = frame -> {
            assertThat(allocator.freeFrames()).as("free frames while an area is given back")
                    .isLessThanOrEqualTo(7 * AREA);
            return given.add(frame);
        };
        assertThat(allocator.giveBackFree(returner)).isZero();
        int[] frames = new int[8 * AREA];
        assertThat(allocator.allocateMany(frames)).isEqualTo(frames.length);
        assertThat(allocator.giveBackFree(returner)).isZero();
        for (int frame : frames) {
            if (frame != 3 * AREA + 77) {
                allocator.free(frame); // some frames stay in magazines, which a trim empties
            }
        }
        assertThat(allocator.giveBackFree(returner)).isEqualTo(7);
        assertThat(given).doesNotContain(3 * AREA).hasSize(7);
        assertThat(allocator.giveBackFree(returner)).isZero();
        allocator.free(3 * AREA + 77);
        assertThat(allocator.giveBackFree(returner)).isEqualTo(1);
        allocator.check();
    }

    @Test
    void areaThatTheSystemDoesNotTakeStaysFreeAndIsOfferedAgain() {
        FrameAllocator allocator = new FrameAllocator(2 * AREA);
        allocator.free(allocator.allocate(HUGE_ORDER), HUGE_ORDER);
        assertThat(allocator.giveBackFree(frame -> false)).isZero();
        assertThatThrownBy(() -> allocator.giveBackFree(frame -> {
            throw new OutOfMemoryError("of the test");
        })).isInstanceOf(OutOfMemoryError.class);
        assertThat(allocator.freeFrames()).isEqualTo(2 * AREA);
        assertThat(allocator.giveBackFree(frame -> true)).isEqualTo(1);
        allocator.check();
    }

    /** An area and one more frame are free all the time, so an allocation must never fail. */
    @Test
    void noAllocationFailsWhileAnAreaIsGivenBack() throws InterruptedException {
        FrameAllocator allocator = new FrameAllocator(AREA);
        Threads.race(Duration.ofMillis(500), running -> {
            while (running.getAsBoolean()) {
                allocator.giveBackFree(frame -> {
                    Thread.yield();
                    return true;
                });
            }
        }, running -> {
            while (running.getAsBoolean()) {
                int frame = allocator.allocate();
                if (frame == NONE) {
                    throw new AssertionError("all frames are free, and none was found");
                }
                allocator.free(frame);
            }
        });
        allocator.check();
    }
}
