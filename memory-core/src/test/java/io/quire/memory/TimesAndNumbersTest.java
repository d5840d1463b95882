package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A time that does not fit into a long of nanoseconds counts as for ever. Negative times and numbers are refused. */
class TimesAndNumbersTest {

    private static final long PAGE = 4096;
    private static final Duration FOR_EVER = Duration.ofSeconds(Long.MAX_VALUE);

    private static MemoryManager open() {
        return MemoryManager.builder().hostPool(1 << 20).deviceCoherentPool("near", 1 << 20).backgroundAgent(false)
                .driverDeadline(FOR_EVER).pinOverstay(FOR_EVER).snapshotOverstay(FOR_EVER).giveBackAfter(FOR_EVER)
                .build();
    }

    @Test
    void timesOfAnyLengthAreTaken() {
        MemoryManager manager = open();
        AddressSpace space = manager.newAddressSpace();
        long address = space.map(2 * PAGE);
        space.setLong(address, 1);
        Device device = manager.device("near");
        assertThat(space.migrate(address, PAGE, device.pool()).isComplete()).isTrue();
        AddressSpace snapshot = space.snapshot();
        Pin pin = space.pin(address, 8, PinTerm.SHORT, PinAccess.READ);
        space.setLong(address + PAGE, 1);
        space.discard(address + PAGE, PAGE);

        manager.maintain();
        manager.maintain();

        pin.close();
        device.close(FOR_EVER);
        assertThat(snapshot.getLong(address)).isEqualTo(1);
        manager.closeAll(FOR_EVER);
        assertThat(space.isClosed()).isTrue();
    }

    @Test
    void negativeTimesAreRefusedAndNothingIsClosed() {
        try (MemoryManager manager = open()) {
            for (Duration negative : new Duration[] {Duration.ofNanos(-1), Duration.ofSeconds(Long.MIN_VALUE)}) {
                assertThatIllegalArgumentException().isThrownBy(() -> manager.device("near").close(negative))
                        .withMessageContaining("timeout=" + negative);
                assertThatIllegalArgumentException().isThrownBy(() -> manager.closeAll(negative))
                        .withMessageContaining("timeout=" + negative);
            }
            assertThat(manager.device("near").isClosed()).isFalse();
        }
    }

    @Test
    void nothingIsReclaimedByANumberThatIsNotPositive() {
        try (MemoryManager manager = open()) {
            for (int number : new int[] {0, -1, Integer.MIN_VALUE}) {
                assertThatIllegalArgumentException().isThrownBy(() -> manager.reclaim(number))
                        .withMessageContaining("nodes=" + number);
            }
        }
    }
}
