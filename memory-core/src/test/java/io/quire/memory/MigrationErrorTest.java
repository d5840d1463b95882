package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.LeakCheck;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Stacks that end at every depth of a migration, an eviction and a pin: nothing is left half done. */
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

    /** Calls itself so often, and then does something. */
    private static void dive(int depth, Runnable deed) {
        if (depth == 0) {
            deed.run();
        } else {
            dive(depth - 1, deed);
        }
    }

    /** Has a deed done with less and less stack, until none is left for it; and something after each. */
    private void onEveryStack(Runnable deed, Runnable after) throws InterruptedException {
        for (int missing = DEPTHS; missing > 0; missing--) {
            int depth = deepest() - missing;
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread diver = new Thread(null, () -> {
                try {
                    dive(depth, deed);
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

    private int deepest() throws InterruptedException {
        int[] depth = new int[1];
        Thread diver = new Thread(null, () -> {
            try {
                count(depth);
            } catch (StackOverflowError bottom) {
                // that is where it is
            }
        }, "diver", STACK_BYTES);
        diver.start();
        diver.join();
        return depth[0];
    }

    private static void count(int[] depth) {
        depth[0]++;
        count(depth);
    }

    @Test
    void stackThatEndsInAMigrationLeavesEveryPageWholeAndMovable() throws InterruptedException {
        MemoryPool tier = leaks.manager().pool("tier");
        MemoryPool host = leaks.manager().hostPool();
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGES * PAGE);
            for (int i = 0; i < PAGES; i++) {
                space.setLong(address + i * PAGE, i + 1L);
            }
            try (AddressSpace fork = space.fork()) {
                onEveryStack(() -> {
                    space.migrate(address, PAGES * PAGE, tier);
                    leaks.manager().evict(tier, PAGES);
                    fork.pin(address, PAGES * PAGE, PinTerm.SHORT, PinAccess.READ).close();
                }, () -> {
                    assertThat(leaks.manager().openPins()).isEmpty();
                    assertThat(space.migrate(address, PAGES * PAGE, tier).isComplete()).isTrue();
                    assertThat(leaks.manager().evict(tier, 2 * PAGES).outcomes()).hasSizeLessThan(2);
                    assertThat(tier.freeBytes()).isEqualTo(tier.sizeBytes());
                    for (int i = 0; i < PAGES; i++) {
                        assertThat(fork.getLong(address + i * PAGE)).isEqualTo(i + 1L);
                        space.setLong(address + i * PAGE, i + 1L);
                    }
                });
            }
            assertThat(space.migrate(address, PAGES * PAGE, host).isComplete()).isTrue();
        }
        assertThat(ended).as("stacks that ended inside").isPositive();
    }
}
