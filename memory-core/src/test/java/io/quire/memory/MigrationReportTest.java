package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.DeviceClosedException;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.OpenSpacesException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinLimitException;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.LeakCheck;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Reports and refusals are right for ranges of every size. */
@Tag("portable")
class MigrationReportTest {

    private static final long PAGE = 4096;
    private static final int FRAMES = 256;
    private static final long TERABYTE = 1L << 40;
    private static final long FEW_BYTES = 8L << 20;
    private static final int LONG_MESSAGE = 16_000;

    @RegisterExtension
    final LeakCheck leaks =
            new LeakCheck(builder -> builder.hostPool(8L << 20).deviceCoherentPool("tier", FRAMES * PAGE)
                    .deviceCoherentPool("other", FRAMES * PAGE).watermarks(0, 0).backgroundAgent(false));

    private MemoryPool tier() {
        return leaks.manager().pool("tier");
    }

    private static long filled(AddressSpace space, int pages) {
        long address = space.map(pages * PAGE);
        for (int i = 0; i < pages; i++) {
            space.setLong(address + i * PAGE, i + 1L);
        }
        return address;
    }

    private static void assertSaysWhatIs(MigrationReport report, AddressSpace space, long address, int pages) {
        int there = 0;
        for (int i = 0; i < pages; i++) {
            boolean isThere = space.pageState(address + i * PAGE).pool().equals("tier");
            there += isThere ? 1 : 0;
            assertThat(report.outcome(address + i * PAGE).isThere()).as("page %d: %s", i, report).isEqualTo(isThere);
        }
        assertThat(report.there()).isEqualTo(there);
        assertThat(report.isComplete()).isEqualTo(there == pages);
        assertThat(report.pages()).isEqualTo(pages);
    }

    @Test
    void aCursorKeepsThePagesOfItsRangeInPlaceAndNoOthers() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            int pages = 100;
            long address = filled(space, pages);
            assertThat(space.migrate(address, pages * PAGE, tier()).isComplete()).isTrue();
            try (RunCursor cursor = space.runs(address + PAGE, 2 * PAGE)) {
                cursor.next();
                MigrationReport report = space.migrate(address, pages * PAGE, leaks.manager().hostPool());
                assertThat(report.count(PageOutcome.PINNED)).isEqualTo(2);
                assertThat(report.moved()).isEqualTo(pages - 2);
            }
        }
    }

    @Test
    void rangeThatIsLargerThanTheDeviceEvictsNothingOfItself() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            int pages = 3 * FRAMES;
            long address = filled(space, pages);
            MigrationReport report = space.migrate(address, pages * PAGE, tier());
            assertSaysWhatIs(report, space, address, pages);
            assertThat(report.there()).isEqualTo(FRAMES);
            assertThat(report.count(PageOutcome.NO_FREE_FRAME)).isEqualTo(pages - FRAMES);
            long other = filled(space, FRAMES);
            MigrationReport next = space.migrate(other, FRAMES * PAGE, tier());
            assertThat(next.isComplete()).as("pages of other ranges make room: %s", next).isTrue();
            for (int i = 0; i < pages; i++) {
                assertThat(space.getLong(address + i * PAGE)).isEqualTo(i + 1L);
            }
        }
    }

    @Test
    void rangeThatLiesOnTheDeviceInPartKeepsThatPart() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            int pages = 2 * FRAMES;
            long address = filled(space, pages);
            space.migrate(address + FRAMES * PAGE, FRAMES * PAGE, tier());
            MigrationReport report = space.migrate(address, pages * PAGE, tier());
            assertSaysWhatIs(report, space, address, pages);
            assertThat(report.count(PageOutcome.ALREADY_THERE)).isEqualTo(FRAMES);
        }
    }

    @Test
    void spaceThatIsClosedHalfWayIsNotReportedAsEmpty() {
        for (String pool : List.of("host", "tier")) {
            AddressSpace space = leaks.manager().newAddressSpace("short-lived");
            long address = filled(space, 128);
            space.migrate(address, 128 * PAGE, leaks.manager().pool(pool.equals("host") ? "tier" : "host"));
            assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> space.migrate(address, 128 * PAGE,
                    leaks.manager().pool(pool), done -> closeHalfWay(done, space)))
                    .withMessageContaining("short-lived");
        }
        AddressSpace last = leaks.manager().newAddressSpace();
        long address = filled(last, 64);
        assertThat(last.migrate(address, 64 * PAGE, tier(), _ -> last.close()).isComplete())
                .as("the space was closed after the last page").isTrue();
    }

    private static void closeHalfWay(long done, AddressSpace space) {
        if (done == 64 * PAGE) {
            space.close();
        }
    }

    @Test
    void deviceThatIsClosedHalfWayIsNotReportedAsFull() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = filled(space, 129);
            for (String name : List.of("tier", "other")) {
                long closedAt = name.equals("tier") ? 64 * PAGE : 129 * PAGE;
                assertThatExceptionOfType(DeviceClosedException.class).isThrownBy(() -> space.migrate(address,
                        129 * PAGE, leaks.manager().pool(name), done -> {
                            if (done == closedAt) {
                                leaks.manager().device(name).close();
                            }
                        })).withMessage("device " + name + " is closed");
            }
            assertThatExceptionOfType(DeviceClosedException.class).isThrownBy(() -> leaks.manager().evict(tier(), 1));
            for (int i = 0; i < 129; i++) {
                assertThat(space.getLong(address + i * PAGE)).isEqualTo(i + 1L);
            }
        }
    }

    // ---- huge ranges

    private static long allocated() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    @Test
    void migrationOfAHugeRangeMovesThePagesInIt() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(TERABYTE);
            for (int i = 0; i < 10; i++) {
                space.setLong(address + i * (TERABYTE / 10 & -PAGE), i + 1L);
            }
            long before = allocated();
            MigrationReport home = space.migrate(address, TERABYTE, leaks.manager().hostPool());
            assertThat(home.isComplete()).isTrue();
            assertThat(home.pages()).isEqualTo((int) (TERABYTE / PAGE));
            assertThat(home.count(PageOutcome.ALREADY_THERE)).isEqualTo(10);
            assertThat(home.outcomes()).containsExactlyInAnyOrder(PageOutcome.ALREADY_THERE, PageOutcome.EMPTY);
            assertThat(home.count(PageOutcome.EMPTY)).isEqualTo(home.pages() - 10);
            assertThat(home.outcome(address + (TERABYTE / 10 & -PAGE))).isEqualTo(PageOutcome.ALREADY_THERE);
            assertThat(home.outcome(address + TERABYTE - 1)).isEqualTo(PageOutcome.EMPTY);
            MigrationReport away = space.migrate(address, TERABYTE, tier());
            assertThat(away.there()).isEqualTo(FRAMES);
            assertThat(away.moved() + away.count(PageOutcome.NO_FREE_FRAME)).isEqualTo(away.pages());
            assertThat(away.toString()).contains("NO_FREE_FRAME");
            assertThat(allocated() - before).as("bytes of the Java heap").isLessThan(FEW_BYTES);
            for (int i = 0; i < 10; i++) {
                assertThat(space.getLong(address + i * (TERABYTE / 10 & -PAGE))).isEqualTo(i + 1L);
            }
        }
    }

    @Test
    void pinThatCannotFitIsRefusedBeforeAnythingIsDone() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(TERABYTE);
            space.setLong(address + TERABYTE / 2, 7);
            long used = leaks.manager().statistics().usedBytes();
            long before = allocated();
            for (long size : new long[] {TERABYTE, 1L << 33, 9L << 20}) {
                assertThatExceptionOfType(OutOfFramesException.class)
                        .isThrownBy(() -> space.pin(address, size, PinTerm.SHORT, PinAccess.READ))
                        .withMessageContainingAll("wanted=" + size, "limit=");
                assertThatExceptionOfType(PinLimitException.class)
                        .isThrownBy(() -> space.pin(address, size, PinTerm.LONG, PinAccess.READ));
            }
            assertThat(allocated() - before).as("bytes of the Java heap").isLessThan(FEW_BYTES);
            assertThat(leaks.manager().openPins()).isEmpty();
            assertThat(leaks.manager().statistics().usedBytes()).isEqualTo(used);
            space.pin(address, 4L << 20, PinTerm.SHORT, PinAccess.READ).close();
            assertThat(leaks.manager().statistics().usedBytes()).isEqualTo(used + (4L << 20));
        }
    }

    // ---- messages

    @Test
    void messageAboutManySpacesOrPinsNamesAFew() {
        List<AddressSpace> spaces = new ArrayList<>();
        AddressSpace first = leaks.manager().newAddressSpace("the first");
        spaces.add(first);
        long address = filled(first, 1);
        for (int i = 0; i < 5_000; i++) {
            spaces.add(first.fork());
        }
        List<Pin> pins = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            pins.add(first.pin(address, 1, PinTerm.SHORT, PinAccess.READ));
        }
        assertThatExceptionOfType(PagesBusyException.class).isThrownBy(leaks.manager()::close)
                .withMessageContainingAll("count=1000", "... and 984 more").satisfies(this::isShort);
        pins.forEach(Pin::close);
        assertThatExceptionOfType(OpenSpacesException.class).isThrownBy(leaks.manager()::close)
                .withMessageContainingAll("count=5001", "the first", "... and 4985 more").satisfies(this::isShort)
                .satisfies(refused -> assertThat(refused.spaces()).hasSize(16))
                .satisfies(refused -> assertThat(refused.count()).isEqualTo(5_001));
        spaces.forEach(AddressSpace::close);
    }

    private void isShort(MemoryException refused) {
        assertThat(String.valueOf(refused.getMessage())).hasSizeLessThan(LONG_MESSAGE);
    }
}
