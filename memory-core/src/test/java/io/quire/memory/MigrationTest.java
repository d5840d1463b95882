package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPinException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.LeakCheck;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pages move between the host and a coherent tier without a driver. */
@Tag("portable")
class MigrationTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 100;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(4 << 20).deviceCoherentPool("tier", 2 << 20)
            .backgroundAgent(false).leakTracking(true));

    private static void fill(AddressSpace space, long address) {
        for (int i = 0; i < PAGES; i++) {
            space.setLong(address + i * PAGE, i + 1L);
        }
    }

    private static void expect(AddressSpace space, long address) {
        for (int i = 0; i < PAGES; i++) {
            assertThat(space.getLong(address + i * PAGE)).isEqualTo(i + 1L);
        }
    }

    @Test
    void pagesGoToTheTierAndBackWithTheirContent() {
        MemoryPool tier = leaks.manager().pool("tier");
        try (AddressSpace space = leaks.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            long address = space.map(PAGES * PAGE);
            fill(space, address);
            assertThat(accessor.getLong(address)).isEqualTo(1);
            MigrationReport report = space.migrate(address, PAGES * PAGE, tier);
            assertThat(report.count(PageOutcome.MOVED)).isEqualTo(PAGES);
            assertThat(tier.sizeBytes() - tier.freeBytes()).isEqualTo(PAGES * PAGE);
            assertThat(space.pageState(address).place()).isEqualTo(PageState.Place.DEVICE_COHERENT);
            expect(space, address);
            accessor.setLong(address, 7);
            assertThat(space.getLong(address)).isEqualTo(7);
            accessor.setLong(address, 1);
            assertThat(space.pageState(address).place()).isEqualTo(PageState.Place.DEVICE_COHERENT);
            assertThat(space.migrate(address, PAGES * PAGE, tier).count(PageOutcome.ALREADY_THERE)).isEqualTo(PAGES);
            assertThat(space.migrate(address, PAGES * PAGE, leaks.manager().hostPool()).moved()).isEqualTo(PAGES);
            assertThat(tier.freeBytes()).isEqualTo(tier.sizeBytes());
            expect(space, address);
        }
    }

    @Test
    void sharedPagesMoveTogetherUntilAWriteCopiesThem() {
        MemoryPool tier = leaks.manager().pool("tier");
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGES * PAGE);
            fill(space, address);
            try (AddressSpace fork = space.fork()) {
                assertThat(fork.migrate(address, PAGES * PAGE, tier).moved()).isEqualTo(PAGES);
                assertThat(space.pageState(address).place()).isEqualTo(PageState.Place.DEVICE_COHERENT);
                space.setLong(address, 9);
                assertThat(space.pageState(address).place()).isEqualTo(PageState.Place.HOST);
                assertThat(fork.pageState(address).place()).isEqualTo(PageState.Place.DEVICE_COHERENT);
                expect(fork, address);
                space.cowPlacement(CowPlacement.SAME_POOL);
                space.setLong(address + PAGE, 9);
                assertThat(space.pageState(address + PAGE).place()).isEqualTo(PageState.Place.DEVICE_COHERENT);
                fork.setLong(address, 10);
                assertThat(fork.pageState(address).place()).as("the last owner stays")
                        .isEqualTo(PageState.Place.DEVICE_COHERENT);
                EvictionReport report = leaks.manager().evict(tier, 200);
                assertThat(report.moved()).isEqualTo(PAGES + 1);
                assertThat(tier.freeBytes()).isEqualTo(tier.sizeBytes());
                assertThat(fork.getLong(address)).isEqualTo(10);
                assertThat(fork.getLong(address + PAGE)).isEqualTo(2);
                assertThat(space.getLong(address + PAGE)).isEqualTo(9);
            }
        }
    }

    @Test
    void emptyPagesArriveAsZeros() {
        MemoryPool tier = leaks.manager().pool("tier");
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGES * PAGE);
            assertThat(space.migrate(address, PAGES * PAGE, tier).count(PageOutcome.FILLED)).isEqualTo(PAGES);
            assertThat(space.getLong(address)).isZero();
            assertThat(space.pageState(address).writable()).isTrue();
            assertThat(space.pageState(address)).hasToString("PageState[0x" + Long.toHexString(address)
                    + ", DEVICE_COHERENT tier, writable]");
        }
    }

    @Test
    void pinnedPageStaysAndLongTermPinIsRefused() {
        MemoryPool tier = leaks.manager().pool("tier");
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGES * PAGE);
            fill(space, address);
            space.migrate(address, PAGES * PAGE, tier);
            try (Pin pin = space.pin(address, 100, PinTerm.SHORT, PinAccess.WRITE)) {
                assertThat(pin.state(address).place()).isEqualTo(PageState.Place.DEVICE_COHERENT);
                MigrationReport report = space.migrate(address, PAGES * PAGE, leaks.manager().hostPool());
                assertThat(report.outcome(address)).isEqualTo(PageOutcome.PINNED);
                assertThat(report.moved()).isEqualTo(PAGES - 1);
                try (AddressSpace fork = space.fork()) {
                    assertThat(fork.pageState(address).place()).isEqualTo(PageState.Place.HOST);
                    space.setLong(address, 11);
                    assertThat(space.pageState(address).pinned()).isTrue();
                    assertThat(fork.getLong(address)).isEqualTo(1);
                }
                space.unmap(address, PAGE);
                assertThat(tier.freeBytes()).isEqualTo(tier.sizeBytes() - PAGE);
            }
            assertThat(tier.freeBytes()).isEqualTo(tier.sizeBytes());
            space.migrate(address + PAGE, PAGE, tier);
            assertThatExceptionOfType(LongTermPinException.class)
                    .isThrownBy(() -> space.pin(address + PAGE, PAGE, PinTerm.LONG, PinAccess.READ))
                    .withMessageContaining("pool=tier");
        }
    }
}
