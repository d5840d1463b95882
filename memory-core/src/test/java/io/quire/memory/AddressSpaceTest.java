package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class AddressSpaceTest extends MemoryAccessContract {

    @Override
    MemoryAccess open(AddressSpace into) {
        return into;
    }

    @Override
    void end(MemoryAccess opened) {
        // nothing was opened
    }

    @Test
    void mappingStartsAtALeafAndHasAPageOfNothingOnBothSides() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long first = space.map(1);
            long second = space.map((256 << 10) - PAGE);
            long third = space.map(256 << 10);
            long fourth = space.map(1);
            assertThat(List.of(first, second, third, fourth))
                    .allMatch(start -> start > 0 && start % (256 << 10) == 0);
            assertThat(space.describeMappings()).isEqualTo("""
                    [0x40000, 0x41000) READ_WRITE
                    [0x80000, 0xbf000) READ_WRITE
                    [0xc0000, 0x100000) READ_WRITE
                    [0x140000, 0x141000) READ_WRITE
                    """);
        }
    }

    @Test
    void statisticsCountPagesByWhoHoldsThem() {
        try (AddressSpace space = leaks.manager().newAddressSpace("counted")) {
            long address = space.map(100 * PAGE);
            space.fill(address, 10 * PAGE, (byte) 1);
            try (AddressSpace fork = space.fork()) {
                fork.setByte(address, (byte) 2);
                fork.setByte(address + 50 * PAGE, (byte) 2);
                SpaceStatistics statistics = fork.statistics();
                assertThat(statistics.mappedBytes()).isEqualTo(100 * PAGE);
                assertThat(statistics.sharedPages()).isEqualTo(9);
                assertThat(statistics.exclusivePages()).isEqualTo(2);
                assertThat(statistics.bytesFreedByClose()).isEqualTo(2 * PAGE);
                assertThat(statistics.residentBytes()).isEqualTo(11 * PAGE);
                assertThat(space.statistics().exclusivePages()).isEqualTo(1);
            }
            while (leaks.manager().reclaim(100) > 0) {
                // until all is destroyed
            }
            assertThat(space.statistics().exclusivePages()).isEqualTo(10);
            assertThat(space.statistics().name()).isEqualTo("counted");
        }
    }

    @Test
    void textsSayWhatASpaceIs() {
        AddressSpace space = leaks.manager().newAddressSpace("pages");
        space.map(2 * PAGE);
        assertThat(space).hasToString("AddressSpace[space pages, mapped=8192 bytes]");
        try (AddressSpace snapshot = space.snapshot()) {
            assertThat(snapshot.toString()).contains("snapshot space-");
            assertThat(snapshot.isSnapshot()).isTrue();
        }
        assertThat(space.isSnapshot()).isFalse();
        assertThat(space.isClosed()).isFalse();
        space.close();
        assertThat(space.isClosed()).isTrue();
        assertThat(space).hasToString("AddressSpace[space pages, closed]");
    }

    @Test
    void discardedMemoryReadsAsZerosAndItsFramesComeBack() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(200 * PAGE);
            space.fill(address, 200 * PAGE, (byte) 1);
            space.discard(address + 10 * PAGE, 180 * PAGE);
            while (leaks.manager().reclaim(100) > 0) {
                // until all is destroyed
            }
            assertThat(leaks.manager().statistics().usedBytes()).isEqualTo(20 * PAGE);
            assertThat(space.getByte(address + 10 * PAGE - 1)).isEqualTo((byte) 1);
            assertThat(space.getByte(address + 10 * PAGE)).isZero();
            assertThat(space.getByte(address + 190 * PAGE - 1)).isZero();
            assertThat(space.getByte(address + 190 * PAGE)).isEqualTo((byte) 1);
            space.setByte(address + 100 * PAGE, (byte) 3);
            assertThat(space.getByte(address + 100 * PAGE)).isEqualTo((byte) 3);
        }
    }

    @Test
    void unmappedAddressesCanBeMappedAgainAndReadZeros() {
        try (AddressSpace space = leaks.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            long address = space.map(PAGE);
            accessor.setLong(address, 1);
            space.unmap(address, PAGE);
            assertThat(space.map(PAGE)).isEqualTo(address);
            assertThat(accessor.getLong(address)).isZero();
            assertThat(space.getLong(address)).isZero();
        }
    }
}
