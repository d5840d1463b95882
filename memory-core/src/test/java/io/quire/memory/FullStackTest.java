package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.testkit.Collected;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A stack ends somewhere inside an operation: the error reaches the caller, and no lock or slot stays taken. */
@Timeout(120)
class FullStackTest {
    private static final int DIVERS = 60;
    private static final int SMALLEST_STACK = 200 << 10;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(1 << 20);

    private int overflows;

    @Test
    void aWriteByASpaceLeavesNoSlotTaken() throws InterruptedException {
        AddressSpace space = leaks.manager().newAddressSpace();
        long address = space.map(4096);
        diveAndFork(space, depth -> space.setLong(address + (depth & 63) * 8, depth));
        space.close();
    }

    @Test
    void aFirstWriteByASpaceLeavesNoSlotTaken() throws InterruptedException {
        AddressSpace space = leaks.manager().newAddressSpace();
        long address = space.map(1 << 19);
        diveAndFork(space, depth -> space.setLong(address + (depth & 63) * 4096, depth));
        space.close();
    }

    @Test
    void aRangeWriteLeavesNoSlotTaken() throws InterruptedException {
        AddressSpace space = leaks.manager().newAddressSpace();
        long address = space.map(1 << 19);
        diveAndFork(space, depth -> space.fill(address + (depth & 15) * 4096, 8192, (byte) depth));
        space.close();
    }

    @Test
    void mappingsThatComeAndGoLeaveNothingTakenAndNothingLost() throws InterruptedException {
        AddressSpace space = leaks.manager().newAddressSpace();
        space.map(4096);
        diveAndFork(space, depth -> {
            long address = space.map(8192);
            try {
                space.setLong(address, depth);
            } finally {
                space.unmap(address, 8192);
            }
        });
        space.close();
    }

    @Test
    void forksThatComeAndGoLeaveNothingTakenAndNothingLost() throws InterruptedException {
        MemoryManager memory = leaks.manager();
        AddressSpace space = memory.newAddressSpace();
        long address = space.map(4096);
        diveAndFork(space, depth -> {
            try (AddressSpace fork = space.fork()) {
                fork.setLong(address, depth);
            }
        });
        // Forks that could not be closed on the full stack are closed when nobody can reach them.
        assertThat(Collected.until(() -> memory.statistics().openSpaces() == 1)).isTrue();
        space.close();
    }

    @Test
    void aWriteByAnAccessorLeavesNoSlotTaken() throws InterruptedException {
        AddressSpace space = leaks.manager().newAddressSpace();
        long address = space.map(1 << 16);
        for (int i = 0; i < DIVERS; i++) {
            run(i, () -> {
                try (Accessor accessor = space.accessor()) {
                    dive(depth -> accessor.setLong(address + (depth & 15) * 4096, depth), 0);
                }
            });
            space.fork().close();
        }
        space.close();
    }

    /** Each dive starts at another depth, so that the stack ends at another call. */
    private void diveAndFork(AddressSpace space, IntConsumer write) throws InterruptedException {
        write.accept(0); // loads the classes
        space.fork().close();
        write.accept(0);
        for (int i = 0; i < DIVERS; i++) {
            run(i, () -> dive(write, 0));
            space.fork().close();
        }
        assertThat(overflows).isPositive();
    }

    private static void run(int number, Runnable work) throws InterruptedException {
        Threads.elsewhere(SMALLEST_STACK + number % 97 * 1024, () -> {
            try {
                work.run();
            } catch (StackOverflowError ofTheDiveItself) {
                return;
            }
        });
    }

    /** Writes on the way down: a write after the last that failed could free what that has left. */
    private void dive(IntConsumer write, int depth) {
        try {
            write.accept(depth);
        } catch (StackOverflowError full) {
            overflows++;
        }
        dive(write, depth + 1);
    }
}
