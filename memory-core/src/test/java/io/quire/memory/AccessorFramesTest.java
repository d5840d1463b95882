package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.harness.ModelSpace;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An accessor takes frames for its faults from a cache of its own. Other threads can still get every free frame. */
class AccessorFramesTest {

    private static final int PAGE = ModelSpace.PAGE;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(4L << 20);

    @Test
    void firstWritesOfAnAccessorTakeFramesSideBySideThoughOthersWriteToo() {
        try (AddressSpace space = leaks.manager().newAddressSpace();
                Accessor first = space.accessor();
                Accessor second = space.accessor()) {
            long one = space.map(16 * PAGE);
            long other = space.map(16 * PAGE);
            for (int page = 0; page < 16; page++) {
                first.setByte(one + page * PAGE, (byte) 1);
                second.setByte(other + page * PAGE, (byte) 2);
                space.setByte(space.map(PAGE), (byte) 3);
            }
            for (long range : new long[] {one, other}) {
                try (Pin pin = space.pin(range, 16 * PAGE, PinTerm.SHORT, PinAccess.READ)) {
                    assertThat(pin.segments()).as("runs of frames").hasSize(1);
                }
            }
        }
    }

    @Test
    void framesThatAClosedAccessorKeptLieSideBySideAgain() {
        try (MemoryManager small = MemoryManager.builder().hostPool(64 * PAGE).backgroundAgent(false).build();
                AddressSpace space = small.newAddressSpace();
                Accessor next = space.accessor()) {
            try (Accessor first = space.accessor()) {
                first.setByte(space.map(PAGE), (byte) 1); // fills its cache with half of the pool, and uses one frame
            }
            long address = space.map(32 * PAGE);
            for (int page = 0; page < 32; page++) {
                next.setByte(address + page * PAGE, (byte) 2);
            }
            try (Pin pin = space.pin(address, 32 * PAGE, PinTerm.SHORT, PinAccess.READ)) {
                assertThat(pin.segments()).as("runs of frames").hasSize(1);
            }
        }
    }

    @Test
    void theLastFrameIsFoundThoughOtherAccessorsKeepSome() throws InterruptedException {
        try (MemoryManager small = MemoryManager.builder().hostPool(200 * PAGE).backgroundAgent(false).build()) {
            try (AddressSpace space = small.newAddressSpace(); Accessor idle = space.accessor()) {
                long address = space.map(200 * PAGE);
                idle.setByte(address, (byte) 1);
                Threads.elsewhere(() -> writeAndDrop(space, address + PAGE));
                for (int page = 2; page < 200; page++) {
                    assertThat(small.statistics().freeBytes()).isEqualTo((200 - page) * PAGE);
                    try (Accessor next = space.accessor()) {
                        next.setByte(address + page * PAGE, (byte) 1);
                    }
                }
                long more = space.map(PAGE);
                assertThatExceptionOfType(OutOfFramesException.class).isThrownBy(() -> idle.setByte(more, (byte) 1));
                space.discard(address, PAGE);
                idle.setByte(more, (byte) 1);
            }
            ManagerCheck.recount(small);
        }
    }

    @SuppressWarnings("MustBeClosed") // the test needs an accessor that is never closed
    private static void writeAndDrop(AddressSpace space, long address) {
        space.accessor().setByte(address, (byte) 1);
    }

    @Test
    void noAccessorIsRefusedAFrameWhileOneIsFree() throws InterruptedException {
        int pages = 20;
        int threads = 4;
        try (MemoryManager small = MemoryManager.builder().hostPool((long) threads * pages * PAGE)
                .backgroundAgent(false).build()) {
            Threads.Task[] tasks = new Threads.Task[threads];
            Arrays.fill(tasks, (Threads.Task) running -> {
                try (AddressSpace space = small.newAddressSpace(); Accessor accessor = space.accessor()) {
                    long address = space.map((long) pages * PAGE);
                    while (running.getAsBoolean()) {
                        for (int page = 0; page < pages; page++) {
                            accessor.setByte(address + (long) page * PAGE, (byte) page);
                        }
                        space.discard(address, (long) pages * PAGE);
                    }
                }
            });
            Threads.race(Duration.ofMillis(500), tasks);
            small.reclaim(Integer.MAX_VALUE);
            assertThat(small.statistics().usedBytes()).isZero();
            ManagerCheck.recount(small);
        }
    }

    @Test
    void anAccessorMayBeClosedAfterItsManager() {
        MemoryManager manager = MemoryManager.builder().hostPool(64 * PAGE).build();
        AddressSpace space = manager.newAddressSpace();
        Accessor accessor = space.accessor();
        accessor.setByte(space.map(PAGE), (byte) 1);
        space.close();
        manager.close();
        accessor.close();
        accessor.close();
    }
}
