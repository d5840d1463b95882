package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Nobody may write the new frame of a page while an accessor can still read the old frame. */
class StaleReadTest {

    private static final int PAGE = 4096;
    private static final int PAGES = 64;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(4 << 20);

    @Test
    void accessorReadsWhatItsThreadWroteWhileAnotherThreadCopiesThePage() throws InterruptedException {
        try (AddressSpace parent = leaks.manager().newAddressSpace()) {
            long address = parent.map(PAGES * PAGE);
            parent.fill(address, PAGES * PAGE, (byte) 1);
            long end = System.nanoTime() + Duration.ofSeconds(1).toNanos();
            while (System.nanoTime() < end) {
                try (AddressSpace child = parent.fork()) {
                    child.setLong(address, 1); // now the child owns the leaf, so later writes copy only pages
                    AtomicInteger page = new AtomicInteger();
                    Threads.race(Duration.ZERO, _ -> copy(child, address, page), _ -> write(child, address, page));
                }
            }
        }
    }

    private static void copy(AddressSpace space, long address, AtomicInteger page) {
        for (int next = 1; next < PAGES; next++) {
            while (page.get() < next) {
                Thread.onSpinWait();
            }
            space.setLong(address + next * PAGE, 2);
        }
    }

    private static void write(AddressSpace space, long address, AtomicInteger page) {
        int missed = 0;
        try (Accessor accessor = space.accessor()) {
            for (int next = 1; next < PAGES; next++) {
                accessor.getLong(address + next * PAGE + 8);
            }
            for (int next = 1; next < PAGES; next++) {
                page.set(next);
                long at = address + next * PAGE + 8;
                for (int value = 2; value < 8; value++) {
                    space.setLong(at, value);
                    missed += accessor.getLong(at) == value ? 0 : 1;
                }
            }
        } finally {
            page.set(PAGES);
        }
        assertThat(missed).as("writes that their own thread did not read").isZero();
    }
}
