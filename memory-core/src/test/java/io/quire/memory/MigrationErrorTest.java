package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.LeakCheck;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The stack ends at every depth of a migration, an eviction and a pin: nothing is left half done. */
@Tag("portable")
class MigrationErrorTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 70;
    private static final int STACK_BYTES = 256 << 10;
    private static final int DEPTHS = 400;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(2 << 20).deviceCoherentPool("tier", 1 << 20)
            .watermarks(0, 0).backgroundAgent(false));

    private int ended;
    private int left;
    private @Nullable Pin pin;

    /** Calls itself so many times, and then runs an operation. */
    private void dive(int depth, Runnable deed) {
        left = depth;
        if (depth == 0) {
            deed.run();
        } else {
            dive(depth - 1, deed);
        }
    }

    /** Runs an operation with less and less stack, until none is left for it, and checks something after each run. */
    private void onEveryStack(Runnable deed, Runnable after) throws InterruptedException {
        for (int missing = DEPTHS; missing > 0; missing--) {
            int toSpare = missing;
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread diver = new Thread(null, () -> {
                try {
                    dive(deepest() - toSpare, deed); // measured again each time, because compiled frames are smaller
                } catch (StackOverflowError expected) {
                    ended++;
                } catch (Throwable other) {
                    failure.set(other);
                }
            }, "diver", STACK_BYTES);
            diver.start();
            diver.join();
            assertThat(failure.get()).isNull();
            after.run();
        }
    }

    private int deepest() {
        try {
            dive(Integer.MAX_VALUE, () -> {});
            return Integer.MAX_VALUE;
        } catch (StackOverflowError bottom) {
            return Integer.MAX_VALUE - left;
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
        assertThat(ended).as("stacks that ended inside the operation").isPositive();
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
