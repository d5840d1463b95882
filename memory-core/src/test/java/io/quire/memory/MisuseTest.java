package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.quire.memory.contract.AddressInUseException;
import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.OutOfAddressesException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.testkit.LeakCheck;
import java.util.List;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Invalid changes of mappings are refused with a clear message, and change nothing. */
@Tag("portable")
class MisuseTest {

    private static final int PAGE = 4096;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(4L << 20);

    private AddressSpace space;
    private long address;

    @BeforeEach
    void map() {
        space = leaks.manager().newAddressSpace("misused");
        address = space.map(4 * PAGE);
        space.fill(address, 4 * PAGE, (byte) 1);
    }

    @AfterEach
    void nothingHasChanged() {
        if (!space.isClosed()) {
            for (int i = 0; i < 4 * PAGE; i++) {
                assertThat(space.getByte(address + i)).isEqualTo((byte) 1);
            }
            assertThat(space.statistics().mappedBytes()).isEqualTo(4 * PAGE);
            assertThat(space.statistics().exclusivePages()).isEqualTo(4);
            space.close();
        }
    }

    @Test
    void invalidSizesOfMappingsAreRefused() {
        for (long size : new long[] {0, -1, Long.MIN_VALUE, (1L << 47) + 1, Long.MAX_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> space.map(size))
                    .withMessageContaining("sizeBytes=" + size);
        }
    }

    @Test
    void invalidSizesOfRangesAreRefused() {
        for (long size : new long[] {0, -1, Long.MIN_VALUE, (1L << 47) + 1, Long.MAX_VALUE}) {
            for (LongConsumer change : changesOfSize(address)) {
                assertThatIllegalArgumentException().isThrownBy(() -> change.accept(size))
                        .withMessageContaining("sizeBytes=" + size);
            }
        }
    }

    @Test
    void addressesWithinAPageAreRefused() {
        for (long offset : new long[] {1, 8, PAGE - 1, -1}) {
            for (LongConsumer change : changesOfSize(address + offset)) {
                assertThatIllegalArgumentException().isThrownBy(() -> change.accept(PAGE))
                        .withMessageContaining("multiple of 4096")
                        .withMessageContaining("address=0x" + Long.toHexString(address + offset));
            }
        }
    }

    @Test
    void addressesThatAreNotMappedAreRefused() {
        long end = address + 4 * PAGE;
        for (long start : new long[] {0, PAGE, address - PAGE, end, 1L << 40, 1L << 47,
            Long.MAX_VALUE & -PAGE, -PAGE, Long.MIN_VALUE}) {
            for (LongConsumer change : changesOfSize(start)) {
                assertThatExceptionOfType(AddressNotMappedException.class)
                        .isThrownBy(() -> change.accept(PAGE))
                        .withMessageContainingAll("space=misused", "address=0x" + Long.toHexString(start),
                                "nearest mapping=[0x40000, 0x44000) READ_WRITE");
            }
        }
    }

    @Test
    void rangesThatLeaveTheMappingAreRefusedAsAWhole() {
        for (long size : new long[] {4 * PAGE + 1, 5 * PAGE, 1L << 30, 1L << 47}) {
            for (LongConsumer change : changesOfSize(address)) {
                assertThatExceptionOfType(AddressNotMappedException.class)
                        .isThrownBy(() -> change.accept(size))
                        .satisfies(refused -> assertThat(refused.address()).isEqualTo(address + 4 * PAGE));
            }
        }
    }

    @Test
    void messageOfASpaceWithoutMappingsSaysSo() {
        try (AddressSpace empty = leaks.manager().newAddressSpace()) {
            assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> empty.getLong(8))
                    .withMessageContaining("nearest mapping=none");
            assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> empty.unmap(0, PAGE));
        }
    }

    @Test
    void unmappingTwiceIsRefused() {
        long second = space.map(2 * PAGE);
        space.unmap(second, 2 * PAGE);
        assertThatExceptionOfType(AddressNotMappedException.class)
                .isThrownBy(() -> space.unmap(second, 2 * PAGE));
        long third = space.map(3 * PAGE);
        space.unmap(third + PAGE, PAGE);
        for (LongConsumer change : changesOfSize(third)) {
            assertThatExceptionOfType(AddressNotMappedException.class)
                    .isThrownBy(() -> change.accept(3 * PAGE))
                    .satisfies(refused -> assertThat(refused.address()).isEqualTo(third + PAGE));
        }
        space.unmap(third, PAGE);
        space.unmap(third + 2 * PAGE, PAGE);
    }

    @Test
    void discardOfProtectedMemoryIsRefusedAsAWhole() {
        for (Protection protection : List.of(Protection.READ_ONLY, Protection.NONE)) {
            space.protect(address + PAGE, PAGE, protection);
            assertThatExceptionOfType(ProtectionException.class)
                    .isThrownBy(() -> space.discard(address, 4 * PAGE))
                    .withMessageContainingAll("discarded", "space=misused", "protection=" + protection)
                    .satisfies(refused -> assertThat(refused.address()).isEqualTo(address + PAGE));
        }
        space.protect(address, 4 * PAGE, Protection.READ_WRITE);
    }

    @Test
    void hidingARangeThatIsPartlyHiddenHidesAllOfIt() {
        for (Protection before : Protection.values()) {
            space.protect(address, 4 * PAGE, Protection.READ_WRITE);
            space.protect(address + PAGE, PAGE, before);
            space.protect(address, 4 * PAGE, Protection.NONE);
            for (int page = 0; page < 4; page++) {
                long at = address + page * PAGE;
                assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> space.getByte(at));
            }
        }
        space.protect(address, 4 * PAGE, Protection.READ_WRITE);
    }

    @Test
    void forkThatIsHiddenStaysHiddenUntilItIsMadeVisible() {
        space.protect(address, PAGE, Protection.NONE);
        try (AddressSpace fork = space.fork()) {
            assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> fork.getByte(address));
            fork.setByte(address + PAGE, (byte) 2); // copies the leaf
            assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> fork.getByte(address));
            fork.protect(address, PAGE, Protection.READ_WRITE);
            fork.setByte(address + 1, (byte) 3);
            assertThat(fork.getByte(address)).isEqualTo((byte) 1);
        }
        space.protect(address, PAGE, Protection.READ_WRITE);
        while (leaks.manager().reclaim(100) > 0) {
            // until all is destroyed
        }
    }

    @Test
    void mappingThatFitsNowhereIsRefused() {
        assertThatExceptionOfType(OutOfAddressesException.class).isThrownBy(() -> space.map(1L << 47))
                .withMessageContainingAll("space=misused", "sizeBytes=" + (1L << 47), "unmap");
        long half = space.map(1L << 46);
        long quarter = space.map(1L << 45);
        assertThatExceptionOfType(OutOfAddressesException.class).isThrownBy(() -> space.map(1L << 46));
        space.setLong(quarter + (1L << 45) - 8, 7);
        assertThat(space.getLong(quarter + (1L << 45) - 8)).isEqualTo(7);
        space.unmap(half, 1L << 46);
        long again = space.map(1L << 45);
        assertThat(again).as("the address, in the first gap").isLessThan(quarter);
        space.unmap(again, 1L << 45);
        space.unmap(quarter, 1L << 45);
    }

    @Test
    void addressesInOrNextToAMappingAreNotMappedAgain() {
        long at = 1L << 30;
        space.mapAt(at, 4 * PAGE);
        long[][] taken =
                {{at, PAGE}, {at, 4 * PAGE}, {at + PAGE, PAGE}, {at + 3 * PAGE, 1L << 40}, {at + 4 * PAGE, PAGE},
                    {at - PAGE, PAGE}, {at - 2 * PAGE, PAGE + 1}, {at - 8 * PAGE, 64 * PAGE}};
        for (long[] range : taken) {
            assertThatExceptionOfType(AddressInUseException.class)
                    .isThrownBy(() -> space.mapAt(range[0], range[1]))
                    .withMessageContainingAll("space=misused", "address=0x" + Long.toHexString(range[0]),
                            "sizeBytes=" + (range[1] + PAGE - 1 & -PAGE), "mapping=[0x40000000, 0x40004000) READ_WRITE")
                    .satisfies(refused -> assertThat(refused.address()).isEqualTo(at));
        }
        space.mapAt(at - 2 * PAGE, PAGE);
        space.mapAt(at + 5 * PAGE, PAGE);
        assertThat(space.mappings()).hasSize(4);
        space.unmap(at - 2 * PAGE, PAGE);
        space.unmap(at, 4 * PAGE);
        space.unmap(at + 5 * PAGE, PAGE);
    }

    @Test
    void mappingsAtInvalidAddressesAreRefused() {
        long limit = 1L << 47;
        for (long start : new long[] {address + 1, (1L << 30) + 8, -1, (1L << 30) + PAGE - 1}) {
            assertThatIllegalArgumentException().isThrownBy(() -> space.mapAt(start, PAGE))
                    .withMessageContaining("multiple of 4096");
        }
        for (long[] range : new long[][] {{0, PAGE}, {(256 << 10) - PAGE, PAGE}, {-PAGE, PAGE}, {limit, PAGE},
            {limit - PAGE, PAGE + 1}, {1L << 30, limit}, {Long.MIN_VALUE, PAGE}, {Long.MAX_VALUE & -PAGE, PAGE}}) {
            assertThatIllegalArgumentException().isThrownBy(() -> space.mapAt(range[0], range[1]))
                    .withMessageContaining("between 0x40000 and 0x800000000000");
        }
        for (long size : new long[] {0, -1, Long.MIN_VALUE, limit + 1, Long.MAX_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> space.mapAt(1L << 30, size))
                    .withMessageContaining("sizeBytes=" + size);
        }
        try (AddressSpace snapshot = space.snapshot("frozen")) {
            assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> snapshot.mapAt(1L << 30, PAGE))
                    .withMessageContaining("space=frozen");
        }
    }

    @Test
    void everythingIsRefusedAfterClose() {
        space.close();
        space.close();
        assertThat(space.isClosed()).isTrue();
        List<Runnable> uses =
                List.of(space::fork, space::snapshot, space::accessor, () -> space.map(1),
                        () -> space.mapAt(1L << 30, 1), space::mappings,
                        () -> space.unmap(address, PAGE), () -> space.discard(address, PAGE),
                        () -> space.protect(address, PAGE, Protection.NONE), () -> space.runs(address, 1),
                        () -> space.runs(address, 0), () -> space.writableRuns(address, 1),
                        () -> space.getLong(address), () -> space.setLong(address, 1),
                        () -> space.fill(address, PAGE, (byte) 1), () -> space.copyTo(address, new byte[1], 0, 1));
        for (Runnable use : uses) {
            assertThatExceptionOfType(ClosedException.class).isThrownBy(use::run)
                    .withMessage("space misused is closed");
        }
        assertThat(leaks.manager().statistics().openSpaces()).isZero();
    }

    /** Returns the three changes of a range as functions of its size. */
    private List<LongConsumer> changesOfSize(long start) {
        return List.of(size -> space.unmap(start, size), size -> space.discard(start, size),
                size -> space.protect(start, size, Protection.READ_ONLY));
    }
}
