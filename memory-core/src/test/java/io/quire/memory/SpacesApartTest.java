package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Threads that work on spaces of their own do not disturb each other. */
@Tag("portable")
class SpacesApartTest {

    private static final long PAGE = 4096;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(4 << 20);

    @Test
    void faultsForksAndClosesOfDifferentSpacesDoNotDisturbEachOther() throws InterruptedException {
        Threads.race(Duration.ofMillis(500), this::work, this::work, this::work);
    }

    private void work(BooleanSupplier running) {
        for (long value = 1; running.getAsBoolean(); value++) {
            try (AddressSpace space = leaks.manager().newAddressSpace()) {
                long address = space.map(4 * PAGE);
                space.setLong(address, value);
                try (AddressSpace fork = space.fork()) {
                    fork.setLong(address, -value);
                    fork.discard(address + PAGE, PAGE);
                    assertThat(space.getLong(address)).isEqualTo(value);
                    assertThat(fork.getLong(address)).isEqualTo(-value);
                }
            }
        }
    }
}
