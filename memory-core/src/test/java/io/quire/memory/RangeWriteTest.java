package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.fault.RangeWrite;
import io.quire.memory.testkit.LeakCheck;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A range is written whole, or the write is refused: then it changes no page and keeps no frame. */
class RangeWriteTest {
    private static final long PAGE = 4096;
    private static final long POOL_PAGES = 2048;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(POOL_PAGES * PAGE)
            .deviceCoherentPool("d", 64 * PAGE).watermarks(0, 0).backgroundAgent(false));

    private long usedPages() {
        return leaks.manager().statistics().usedBytes() / PAGE;
    }

    @Test
    void aRangeThatIsLargerThanThePoolIsRefusedBeforeItTakesAFrame() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(2 * POOL_PAGES * PAGE);
            space.setLong(address, 42);

            assertThatThrownBy(() -> space.fill(address, 2 * POOL_PAGES * PAGE, (byte) 1))
                    .isInstanceOf(OutOfFramesException.class);

            assertThat(usedPages()).isEqualTo(1);
            assertThat(space.getLong(address)).isEqualTo(42);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {43, 44, 46})
    void anImmenseRangeIsRefusedLikeAnyThatIsTooLarge(int sizeLog2) {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(1L << sizeLog2);
            space.setLong(address + (1L << (sizeLog2 - 1)), 42);

            assertThatThrownBy(() -> space.fill(address, 1L << sizeLog2, (byte) 1))
                    .isInstanceOf(OutOfFramesException.class);

            assertThat(usedPages()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {12_000, 1 << 20})
    void aSourceThatCannotBeReadIsRefusedBeforeAFrameIsTaken(long sizeBytes) throws InterruptedException {
        Arena arena = Arena.ofShared();
        MemorySegment closed = arena.allocate(sizeBytes);
        arena.close();
        MemorySegment[] foreign = {MemorySegment.NULL};
        Thread owner = Thread.ofPlatform().start(() -> foreign[0] = Arena.ofConfined().allocate(sizeBytes));
        owner.join();
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(sizeBytes);

            assertThatThrownBy(() -> space.copyFrom(closed, 0, address, sizeBytes))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> space.copyFrom(foreign[0], 0, address, sizeBytes))
                    .isInstanceOf(WrongThreadException.class);

            assertThat(usedPages()).isZero();
        }
    }

    /** The shortage shows only while the frames are taken; with each size, that is in another leaf. */
    @Test
    void aRangeThatLacksAFewFramesGivesBackThoseThatItGot() {
        for (long lacking : new long[] {1, 2, 63, 64, 65, 300}) {
            try (AddressSpace space = leaks.manager().newAddressSpace();
                    AddressSpace hog = leaks.manager().newAddressSpace()) {
                long pages = 1000;
                long address = space.map(pages * PAGE);
                hogAllBut(hog, pages - lacking);
                long before = usedPages();

                assertThatThrownBy(() -> space.fill(address, pages * PAGE, (byte) 1))
                        .isInstanceOf(OutOfFramesException.class);

                assertThat(usedPages()).as("lacking " + lacking).isEqualTo(before);
                assertThat(space.getByte(address + PAGE * (pages - 1))).isZero();
                ManagerCheck.recount(leaks.manager());
            }
            reclaim();
        }
    }

    @Test
    void aShortRangeThatIsRefusedGivesBackWhatItGot() {
        try (AddressSpace space = leaks.manager().newAddressSpace();
                AddressSpace hog = leaks.manager().newAddressSpace();
                Accessor accessor = space.accessor()) {
            long address = space.map(64 * PAGE);
            hogAllBut(hog, 40);
            long before = usedPages();

            assertThatThrownBy(() -> space.fill(address + 5, 60 * PAGE, (byte) 1))
                    .isInstanceOf(OutOfFramesException.class);
            assertThatThrownBy(() -> accessor.fill(address + 5, 60 * PAGE, (byte) 1))
                    .isInstanceOf(OutOfFramesException.class);

            assertThat(usedPages()).isEqualTo(before);
            ManagerCheck.recount(leaks.manager());
        }
    }

    @Test
    void aRangeOf256KibThatBeginsInTheMiddleOfAPageIsRefusedAsAWhole() {
        try (AddressSpace space = leaks.manager().newAddressSpace();
                AddressSpace hog = leaks.manager().newAddressSpace();
                Accessor accessor = space.accessor()) {
            long address = space.map(65 * PAGE);
            hogAllBut(hog, 64);
            long before = usedPages();

            for (MemoryAccess access : List.of(space, accessor)) {
                assertThatThrownBy(() -> access.fill(address + 5, 64 * PAGE, (byte) 1))
                        .isInstanceOf(OutOfFramesException.class);
                assertThat(usedPages()).isEqualTo(before);
                assertThat(space.getByte(address + 5)).isZero();
            }
            ManagerCheck.recount(leaks.manager());
        }
    }

    @Test
    void pagesWrittenPinnedOrForkedDuringARangeWriteStay() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(100 * PAGE);
            RangeWrite write = begin(space, address, 100 * PAGE);
            for (int page = 0; page < 100; page++) {
                space.setByte(address + page * PAGE, (byte) 0);
            }
            space.setByte(address + 7 * PAGE + 4095, (byte) 7);
            Pin pin = space.pin(address + 9 * PAGE, 1, PinTerm.SHORT, PinAccess.WRITE);
            write.undo(new OutOfFramesException("for this test"));
            write.close();

            assertThat(usedPages()).isEqualTo(2);
            assertThat(space.getByte(address + 7 * PAGE + 4095)).isEqualTo((byte) 7);
            space.setByte(address + 9 * PAGE, (byte) 9);
            pin.close();
            assertThat(space.getByte(address + 9 * PAGE)).isEqualTo((byte) 9);

            RangeWrite again = begin(space, address, 100 * PAGE);
            space.setByte(address, (byte) 0);
            try (AddressSpace fork = space.fork()) {
                again.undo(new OutOfFramesException("for this test"));
                fork.setByte(address, (byte) 1);
                assertThat(space.getByte(address)).isZero();
            }
            again.close();
        }
    }

    @Test
    void pagesWithDataKeepIt() {
        try (AddressSpace space = leaks.manager().newAddressSpace();
                AddressSpace hog = leaks.manager().newAddressSpace()) {
            long address = space.map(500 * PAGE);
            for (int page = 0; page < 500; page += 3) {
                space.setLong(address + page * PAGE, page);
            }
            try (AddressSpace fork = space.fork()) {
                hogAllBut(hog, 100);
                assertThatThrownBy(() -> space.fill(address, 500 * PAGE, (byte) 1))
                        .isInstanceOf(OutOfFramesException.class);
                for (int page = 0; page < 500; page++) {
                    assertThat(space.getLong(address + page * PAGE)).isEqualTo(page % 3 == 0 ? page : 0);
                    assertThat(fork.getLong(address + page * PAGE)).isEqualTo(page % 3 == 0 ? page : 0);
                }
            }
        }
    }

    @Test
    void aRangeThatMayNotBeWrittenAtItsEndIsRefusedBeforeItTakesAFrame() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(200 * PAGE);
            space.protect(address + 150 * PAGE, PAGE, Protection.READ_ONLY);

            assertThatThrownBy(() -> space.fill(address, 200 * PAGE, (byte) 1))
                    .isInstanceOfSatisfying(ProtectionException.class,
                            refused -> assertThat(refused.address()).isEqualTo(address + 150 * PAGE));

            assertThat(usedPages()).isZero();
        }
    }

    @Test
    void pagesOfARangeThatIsBeingWrittenDoNotMove() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(100 * PAGE);
            space.fill(address, 100 * PAGE, (byte) 1);
            Attachment attachment = leaks.manager().device("d").attach(space);
            try (RangeWrite _ = begin(space, address + 10 * PAGE, 80 * PAGE)) {
                MigrationReport report = space.migrate(address, 20 * PAGE, leaks.manager().pool("d"));
                assertThat(report.count(PageOutcome.PINNED)).isEqualTo(10);
                assertThat(report.count(PageOutcome.MOVED)).isEqualTo(10);
                assertThatThrownBy(() -> attachment.makeExclusive(address + 10 * PAGE, PAGE))
                        .isInstanceOf(PagesBusyException.class);
            }
            assertThat(space.migrate(address, 20 * PAGE, leaks.manager().pool("d")).isComplete()).isTrue();
            attachment.makeExclusive(address + 10 * PAGE, PAGE);
            attachment.close();
        }
    }

    @Test
    void rangesMayBeWrittenAtTheSameTimeAndEndInAnyOrder() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(100 * PAGE);
            List<RangeWrite> writes = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                writes.add(begin(space, address + i * 20 * PAGE, 20 * PAGE));
            }
            space.fill(address, 100 * PAGE, (byte) 1);
            for (int i : new int[] {2, 0, 3, 1}) {
                writes.get(i).close();
                long moved = space.migrate(address + i * 20 * PAGE, PAGE, leaks.manager().pool("d")).moved();
                assertThat(moved).isEqualTo(1);
            }
        }
    }

    @Test
    void copiesThatStayOnTheDeviceNeedNoFrameOfTheHost() {
        try (AddressSpace space = leaks.manager().newAddressSpace();
                AddressSpace hog = leaks.manager().newAddressSpace()) {
            space.cowPlacement(CowPlacement.SAME_POOL);
            long address = space.map(70 * PAGE);
            space.fill(address, 70 * PAGE, (byte) 1);
            space.migrate(address, 30 * PAGE, leaks.manager().pool("d"));
            try (AddressSpace _ = space.fork()) {
                hogAllBut(hog, 40);
                space.fill(address, 70 * PAGE, (byte) 2);
            }
            assertThat(space.getByte(address)).isEqualTo((byte) 2);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {60, 1000})
    void aRangeOfSharedPagesThatLacksAFewFramesIsRefusedBeforeItCopiesOne(long pages) {
        for (long lacking : new long[] {1, 2, 50}) {
            try (AddressSpace space = leaks.manager().newAddressSpace();
                    AddressSpace hog = leaks.manager().newAddressSpace()) {
                long address = space.map(pages * PAGE);
                space.fill(address, pages * PAGE, (byte) 1);
                long source = space.map(pages * PAGE);
                try (AddressSpace fork = space.fork(); Accessor accessor = fork.accessor()) {
                    hogAllBut(hog, pages - lacking);
                    long copied = leaks.manager().statistics().pagesCopied();
                    long before = usedPages();

                    for (MemoryAccess access : List.of(fork, accessor, space)) {
                        assertThatThrownBy(() -> access.fill(address, pages * PAGE, (byte) 2))
                                .isInstanceOf(OutOfFramesException.class)
                                .hasMessageContaining("wanted=" + pages * PAGE + " bytes");
                        assertThatThrownBy(() -> access.copy(source, address, pages * PAGE))
                                .isInstanceOf(OutOfFramesException.class);
                    }

                    assertThat(leaks.manager().statistics().pagesCopied()).isEqualTo(copied);
                    assertThat(usedPages()).isEqualTo(before);
                }
            }
            reclaim();
        }
    }

    /** A range counts as shared until the dropped trees that list its frames are destroyed. */
    @Test
    void aRangeThatOnlyClosedForksHaveSharedIsWrittenInPlace() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long pages = 1900;
            long address = space.map(pages * PAGE);
            space.fill(address, pages * PAGE, (byte) 1);
            try (AddressSpace fork = space.fork()) {
                for (long page = 0; page < pages; page += 32) {
                    fork.setByte(address + page * PAGE, (byte) 2);
                }
            }
            space.fill(address, pages * PAGE, (byte) 3);
            assertThat(space.getByte(address + 17 * PAGE)).isEqualTo((byte) 3);
        }
    }

    private void hogAllBut(AddressSpace hog, long pages) {
        reclaim();
        long count = leaks.manager().statistics().freeBytes() / PAGE - pages;
        long address = hog.map(count * PAGE);
        for (long page = 0; page < count; page++) {
            hog.setByte(address + page * PAGE, (byte) 1);
        }
    }

    private void reclaim() {
        while (leaks.manager().reclaim(1000) > 0) {
            Thread.onSpinWait();
        }
    }

    private static RangeWrite begin(AddressSpace space, long from, long sizeBytes) {
        return space.inner().machine().faultPath().beginWrite(space.inner().state(), from, sizeBytes);
    }
}
