package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.Protection;
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
    void mappingStartsAtALeafAndIsSurroundedByUnmappedGuardPages() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long first = space.map(1);
            long second = space.map((256 << 10) - PAGE);
            long third = space.map(256 << 10);
            long fourth = space.map(1);
            assertThat(List.of(first, second, third, fourth))
                    .allMatch(start -> start > 0 && start % (256 << 10) == 0);
            assertThat(space.describeMappings())
                    .startsWith("[0x40000, 0x41000) READ_WRITE\n[0x80000, 0xbf000) READ_WRITE\n");
            assertThat(space.mappings()).hasToString("[[0x40000, 0x41000) READ_WRITE, [0x80000, 0xbf000) READ_WRITE, "
                    + "[0xc0000, 0x100000) READ_WRITE, [0x140000, 0x141000) READ_WRITE]");
        }
    }

    @Test
    void mappingsAreListedWithTheirProtection() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            assertThat(space.mappings()).isEmpty();
            long address = space.map(8 * PAGE);
            List<Mapping> before = space.mappings();
            assertThat(before).containsExactly(new Mapping(address, 8 * PAGE, Protection.READ_WRITE));
            assertThat(before.getFirst().end()).isEqualTo(address + 8 * PAGE);

            space.protect(address + PAGE, 2 * PAGE, Protection.READ_ONLY);
            space.unmap(address + 5 * PAGE, PAGE);
            assertThat(space.mappings()).containsExactly(new Mapping(address, PAGE, Protection.READ_WRITE),
                    new Mapping(address + PAGE, 2 * PAGE, Protection.READ_ONLY),
                    new Mapping(address + 3 * PAGE, 2 * PAGE, Protection.READ_WRITE),
                    new Mapping(address + 6 * PAGE, 2 * PAGE, Protection.READ_WRITE));
            assertThat(before).hasSize(1);

            space.protect(address + PAGE, 2 * PAGE, Protection.READ_WRITE);
            assertThat(space.mappings()).containsExactly(new Mapping(address, 5 * PAGE, Protection.READ_WRITE),
                    new Mapping(address + 6 * PAGE, 2 * PAGE, Protection.READ_WRITE));
        }
    }

    @Test
    void memoryIsMappedAtTheAddressThatWasAskedFor() {
        try (AddressSpace space = leaks.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            long limit = 1L << 47;
            long[] addresses = {256 << 10, (256 << 10) + 3 * PAGE, (1 << 20) + PAGE, 1L << 40, limit - PAGE};
            for (long address : addresses) {
                space.mapAt(address, 1);
                accessor.setLong(address + PAGE - 8, address);
            }
            space.mapAt(1L << 41, 5 * PAGE, Protection.READ_ONLY);
            assertThat(accessor.getLong(1L << 41)).isZero();
            for (long address : addresses) {
                assertThat(space.getLong(address + PAGE - 8)).isEqualTo(address);
            }
            assertThat(space.mappings()).extracting(Mapping::address)
                    .containsExactly(addresses[0], addresses[1], addresses[2], 1L << 40, 1L << 41, limit - PAGE);
            try (AddressSpace fork = space.fork()) {
                fork.mapAt(1L << 30, PAGE);
                assertThat(fork.getLong(1L << 30)).isZero();
                assertThat(space.mappings()).hasSize(6);
            }
        }
    }

    @Test
    void memoryThatIsMappedAgainReadsAsZeros() {
        try (AddressSpace space = leaks.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            long address = space.map(200 * PAGE);
            accessor.fill(address, 200 * PAGE, (byte) 1);
            try (AddressSpace fork = space.fork()) {
                space.unmap(address + 60 * PAGE, 70 * PAGE);
                space.mapAt(address + 61 * PAGE, 68 * PAGE);
                for (int page = 61; page < 129; page++) {
                    assertThat(accessor.getLong(address + page * PAGE)).isZero();
                    assertThat(fork.getByte(address + page * PAGE)).isEqualTo((byte) 1);
                }
                accessor.setLong(address + 64 * PAGE, 2);
                assertThat(fork.getByte(address + 64 * PAGE)).isEqualTo((byte) 1);
            }
            assertThat(accessor.getByte(address + 59 * PAGE)).isEqualTo((byte) 1);
            assertThat(accessor.getByte(address + 130 * PAGE)).isEqualTo((byte) 1);
        }
    }

    @Test
    void statisticsCountSharedAndExclusivePages() {
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
    void toStringDescribesTheSpace() {
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
