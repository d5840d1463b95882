package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.StackEnd;
import io.quire.memory.testkit.Threads;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The stack ends at every depth of a migration, an eviction and a pin: nothing is left half done. */
@Tag("portable")
class MigrationErrorTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 70;
    private static final int STACK_BYTES = 512 << 10;

    /** Enough for the whole operation even if the calls of the dive are compiled. */
    private static final int CALLS = 2000;
    private static final int STEP = 4;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(2 << 20).deviceCoherentPool("tier", 1 << 20)
            .watermarks(0, 0).backgroundAgent(false));

    private int runs;
    private int ended;
    private @Nullable Pin pin;

    /** Runs an operation with less and less stack, until none is left for it, and checks something after each run. */
    private void onEveryStack(Runnable deed, Runnable after) throws InterruptedException {
        for (int calls = CALLS; calls > 0; calls -= STEP) {
            int left = calls;
            Threads.elsewhere(STACK_BYTES, () -> ended += StackEnd.above(left, deed) ? 1 : 0);
            runs++;
            after.run();
        }
    }

    @Test
    void stackThatEndsInAMigrationLeavesEveryPageWholeAndMovable() throws InterruptedException {
        MemoryManager memory = leaks.manager();
        MemoryPool tier = memory.pool("tier");
        try (AddressSpace space = memory.newAddressSpace()) {
            long address = space.map(PAGES * PAGE);
            for (int i = 0; i < PAGES; i++) {
                space.setLong(address + i * PAGE, i + 1L);
            }
            try (AddressSpace fork = space.fork()) {
                onEveryStack(() -> {
                    space.migrate(address, PAGES * PAGE, tier);
                    memory.evict(tier, PAGES);
                    pin = fork.pin(address, PAGES * PAGE, PinTerm.SHORT, PinAccess.READ);
                    pin.close();
                    pin = null;
                }, () -> {
                    closePin(memory);
                    assertThat(memory.openPins()).isEmpty();
                    assertThat(space.migrate(address, PAGES * PAGE, tier).isComplete()).isTrue();
                    EvictionReport report = memory.evict(tier, 2 * PAGES);
                    assertThat(report.moved()).isEqualTo(report.pages());
                    assertThat(tier.freeBytes()).isEqualTo(tier.sizeBytes());
                    for (int i = 0; i < PAGES; i++) {
                        assertThat(fork.getLong(address + i * PAGE)).isEqualTo(i + 1L);
                        assertThat(space.getLong(address + i * PAGE)).isEqualTo(i + 1L);
                        space.setLong(address + i * PAGE, i + 1L);
                    }
                });
            }
        }
        assertThat(ended).as("stacks that ended inside the operation").isBetween(1, runs - 1);
    }

    /** Closes the pin, unless a close that failed has closed it all the same. */
    private void closePin(MemoryManager memory) {
        Pin open = pin;
        if (open != null && !memory.openPins().isEmpty()) {
            open.close();
        }
        pin = null;
    }
}
