package io.quire.memory.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.ManagerCheck;
import io.quire.memory.MigrationReport;
import io.quire.memory.Pin;
import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PageState.Place;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.softdevice.DeviceEvent;
import io.quire.memory.softdevice.FaultInjection;
import io.quire.memory.softdevice.OperationResult;
import io.quire.memory.softdevice.TableEntry;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The kernel's hmm-tests: mirrors, snapshots, migration and exclusive access of a device. */
@Tag("portable")
@ParameterizedClass
@MethodSource("io.quire.memory.kernel.DeviceKind#available")
class DeviceMirrorTest extends Rig {

    /** Eight leaves of the table, and more pages than a fault handles at once. */
    private static final int PAGES = 512;

    private static final int TIMES = 10;

    @Parameter
    DeviceKind kind;

    @Override
    DeviceKind kind() {
        return kind;
    }

    @Override
    long deviceBytes() {
        return 8L << 20;
    }

    private void expectWritableOnDevice(AddressSpace space, long address, int pages) {
        expectPlaces(space, address, pages, kind.place());
        assertThat(IntStream.range(0, pages).allMatch(page -> space.pageState(address + page * PAGE).writable()))
                .as("all pages are writable").isTrue();
    }

    // ---- a device reads and writes

    @Test
    @DisplayName("hmm: open_close (T1)")
    void deviceIsAttachedAndDetachedAndLeavesNothing() {
        try (AddressSpace space = memory.newAddressSpace()) {
            long address = mapFilled(space, counting(4, 0));
            Attachment attached = d0.attach(space);
            expectRead(card0, attached, address, counting(4, 0), 1);
            attached.close();
            assertThat(card0.table(attached.mirror())).isEmpty();
            assertThat(card0.events()).extracting(DeviceEvent::type)
                    .containsOnlyOnce(DeviceEvent.Type.ATTACHED, DeviceEvent.Type.DETACHED)
                    .endsWith(DeviceEvent.Type.DETACHED);
            expect(space, address, counting(4, 0));
        }
    }

    @Test
    @DisplayName("hmm: anon_read (T2)")
    void deviceReadsWhatWasWrittenAndZerosWhereNothingWas() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = space.map(bytes(PAGES));
            MemorySegment content = counting(PAGES, 0);
            content.asSlice(0, 2 * PAGE).fill((byte) 0);
            put(space, address + 2 * PAGE, content.asSlice(2 * PAGE));
            space.protect(address, bytes(PAGES), Protection.READ_ONLY);
            assertThat(space.getInt(address + PAGE)).isZero();
            expectRead(card0, attached, address, content, 1);
            assertThat(places(space, address, 3)).as("places after reads, which allocate nothing")
                    .containsExactly(Place.EMPTY, Place.EMPTY, Place.HOST);
        }
    }

    @Test
    @DisplayName("hmm: anon_read_prot (T3)")
    void refusedReadLeavesTheBufferAsItWas() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = mapFilled(space, counting(PAGES, 0));
            MemorySegment buffer = negative(PAGES);
            space.protect(address, bytes(PAGES), Protection.NONE);
            assertThatExceptionOfType(ProtectionException.class)
                    .isThrownBy(() -> card0.read(attached.mirror(), address, buffer));
            expectSame(buffer, negative(PAGES));
            space.protect(address, bytes(PAGES), Protection.READ_ONLY);
            expect(space, address, counting(PAGES, 0));
        }
    }

    @Test
    @DisplayName("hmm: anon_write, anon_write_huge (T4, T8)")
    void deviceWritesUntouchedPages() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = space.map(bytes(PAGES));
            OperationResult result = card0.write(attached.mirror(), address, counting(PAGES, 0));
            assertThat(result.pages()).isEqualTo(PAGES);
            assertThat(result.faultRounds()).isEqualTo(1);
            expect(space, address, counting(PAGES, 0));
        }
    }

    @Test
    @DisplayName("hmm: anon_write_prot (T5)")
    void deviceMayWriteOnlyAfterTheProtectionAllowsIt() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = space.map(bytes(PAGES), Protection.READ_ONLY);
            expectRead(card0, attached, address, constant(1, 0), 1);
            assertThatExceptionOfType(ProtectionException.class)
                    .isThrownBy(() -> card0.write(attached.mirror(), address, counting(PAGES, 0)));
            expect(space, address, constant(PAGES, 0));
            space.protect(address, bytes(PAGES), Protection.READ_WRITE);
            assertThat(card0.write(attached.mirror(), address, counting(PAGES, 0)).faultRounds()).isEqualTo(1);
            expect(space, address, counting(PAGES, 0));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("hmm: anon_write_child (T6)")
    void deviceOfTheChildWritesWhatTheParentDoesNotSee(boolean migrates) {
        int pages = 64;
        try (AddressSpace parent = memory.newAddressSpace(); Attachment attached = d0.attach(parent)) {
            long address = mapFilled(parent, counting(pages, 0));
            expectRead(card0, attached, address, counting(pages, 0), 1);
            if (migrates) {
                assertThat(parent.migrate(address, bytes(pages), d0.pool()).moved()).isEqualTo(pages);
            }
            try (AddressSpace child = parent.fork(); Attachment own = d0.attach(child)) {
                expect(child, address, counting(pages, 0));
                OperationResult result = card0.write(own.mirror(), address, negative(pages));
                assertThat(result.pages()).isEqualTo(pages);
                assertThat(result.faultRounds()).isEqualTo(1);
                expect(child, address, negative(pages));
                expect(parent, address, counting(pages, 0));
                // The device of the parent could write a migrated page, so the fork invalidated its translations.
                expectRead(card0, attached, address, counting(pages, 0), migrates ? 1 : 0);
            }
        }
    }

    @Test
    @DisplayName("hmm: anon_read_multiple (T19)")
    void addressThatIsMappedAgainShowsNothingOfWhatWasThere() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long first = 0;
            for (int time = 0; time < TIMES; time++) {
                long address = mapFilled(space, counting(PAGES, time));
                first = time == 0 ? address : first;
                assertThat(address).as("address of the new mapping").isEqualTo(first);
                expectRead(card0, attached, address, counting(PAGES, time), 1);
                space.unmap(address, bytes(PAGES));
            }
        }
    }

    @Test
    @DisplayName("hmm: anon_teardown (T20)")
    void readThatRacesWithUnmapReadsAllOrIsRefused() throws Exception {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            for (int time = 0; time < TIMES; time++) {
                long address = mapFilled(space, counting(PAGES, time));
                CyclicBarrier start = new CyclicBarrier(2);
                Thread unmapper = Thread.ofPlatform().start(() -> {
                    await(start);
                    space.unmap(address + bytes(PAGES) / 2, bytes(PAGES) / 2);
                });
                MemorySegment buffer = negative(PAGES);
                await(start);
                try {
                    OperationResult result = card0.read(attached.mirror(), address, buffer);
                    assertThat(result.pages()).isEqualTo(PAGES);
                    expectSame(buffer, counting(PAGES, time));
                } catch (AddressNotMappedException gone) {
                    expectSame(buffer, negative(PAGES));
                }
                unmapper.join();
                space.unmap(address, bytes(PAGES) / 2);
            }
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception broken) {
            throw new IllegalStateException(broken);
        }
    }

    // ---- snapshots

    @Test
    @DisplayName("hmm: snapshot (T22)")
    void snapshotTellsWhatEachPageIsAndChangesNothing() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = space.map(bytes(7), Protection.NONE);
            space.unmap(address + PAGE, PAGE);
            space.protect(address + 2 * PAGE, PAGE, Protection.READ_ONLY);
            assertThat(space.getInt(address + 2 * PAGE)).isZero();
            space.protect(address + 3 * PAGE, bytes(4), Protection.READ_WRITE);
            space.setInt(address + 3 * PAGE, 1);
            space.protect(address + 3 * PAGE, PAGE, Protection.READ_ONLY);
            space.setInt(address + 4 * PAGE, 1);
            assertThat(space.migrate(address + 5 * PAGE, PAGE, d0.pool()).count(PageOutcome.FILLED)).isEqualTo(1);
            assertThat(space.migrate(address + 6 * PAGE, PAGE, d1.pool()).count(PageOutcome.FILLED)).isEqualTo(1);
            List<String> expected = List.of("INACCESSIBLE", "INACCESSIBLE", "EMPTY", "HOST of host",
                    "HOST of host, WRITE", kind.place() + " of d0, WRITE",
                    kind.isPrivate() ? "EMPTY" : kind.place() + " of d1, WRITE");
            assertThat(snapshot(attached.mirror(), address, 7)).isEqualTo(expected);
            assertThat(snapshot(attached.mirror(), address, 7)).as("a second snapshot").isEqualTo(expected);
            assertThat(space.pageState(address + 6 * PAGE).place()).isEqualTo(kind.place());
        }
    }

    // ---- migration

    @Test
    @DisplayName("hmm: migrate (T12)")
    void pagesThatMovedAreInTheDevicesTable() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = mapFilled(space, counting(PAGES, 0));
            assertThat(space.migrate(address, bytes(PAGES), d0.pool()).count(PageOutcome.MOVED)).isEqualTo(PAGES);
            expectMapped(card0, attached, address, counting(PAGES, 0));
            expectWritableOnDevice(space, address, PAGES);
            assertThat(card0.write(attached.mirror(), address, negative(PAGES)).faultRounds()).isZero();
            expectWritableOnDevice(space, address, PAGES);
            expect(space, address, negative(PAGES));
        }
    }

    @Test
    @DisplayName("hmm: migrate_file_private (T13)")
    void privateCopiesOfSharedPagesMoveWithTheSharedOnes() {
        int pages = 64;
        try (AddressSpace origin = memory.newAddressSpace()) {
            long address = mapFilled(origin, counting(pages, 0));
            try (AddressSpace copy = origin.fork(); Attachment attached = d0.attach(copy)) {
                put(copy, address, counting(pages / 2, 7));
                MemorySegment content = counting(pages, 0);
                content.copyFrom(counting(pages / 2, 7));
                assertThat(copy.migrate(address, bytes(pages), d0.pool()).moved()).isEqualTo(pages);
                expectMapped(card0, attached, address, content);
                assertThat(places(origin, address, pages / 2)).containsOnly(Place.HOST);
                assertThat(places(origin, address + bytes(pages / 2), pages / 2)).containsOnly(kind.place());
                expect(copy, address, content);
                expect(origin, address, counting(pages, 0));
            }
        }
    }

    @Test
    @DisplayName("hmm: migrate_fault (T14)")
    void rangeOfWhichAPartCameHomeMovesAgain() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = mapFilled(space, counting(PAGES, 0));
            assertThat(space.migrate(address, bytes(PAGES), d0.pool()).moved()).isEqualTo(PAGES);
            expect(space, address, counting(PAGES / 2, 0));
            MigrationReport again = space.migrate(address, bytes(PAGES), d0.pool());
            assertThat(again.moved()).as("pages moved by the second migration")
                    .isEqualTo(kind.isPrivate() ? PAGES / 2 : 0);
            assertThat(again.there()).as("pages on the device").isEqualTo(PAGES);
            expectMapped(card0, attached, address, counting(PAGES, 0));
        }
    }

    @Test
    @DisplayName("hmm: migrate_release (T15)")
    void contentOutlivesTheDevice() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment _ = d0.attach(space)) {
            long address = mapFilled(space, counting(PAGES, 0));
            assertThat(space.migrate(address, bytes(PAGES), d0.pool()).moved()).isEqualTo(PAGES);
            assertThat(memory.evict(d0.pool(), PAGES).moved()).isEqualTo(PAGES);
            ManagerCheck.awaitTold(memory);
            assertThat(card0.counters().frees()).isEqualTo(PAGES);
            assertThat(space.migrate(address, bytes(PAGES), d0.pool()).moved()).isEqualTo(PAGES);
            d0.close();
            assertThat(card0.counters().frees()).isEqualTo(2L * PAGES);
            expectPlaces(space, address, PAGES, Place.HOST);
            expect(space, address, counting(PAGES / 2, 0));
        }
    }

    @Test
    @DisplayName("hmm: migrate_mixed (T17)")
    void everyPageOfAMixedRangeMovesOrSaysWhyNot() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment first = d0.attach(space);
                Attachment second = d1.attach(space)) {
            long address = space.map(bytes(6), Protection.NONE);
            MigrationReport unreadable = space.migrate(address, bytes(6), d1.pool());
            assertThat(unreadable.there()).as("(a)").isZero();
            assertThat(unreadable.isComplete()).isFalse();
            assertThat(used(d1.pool())).isZero();
            space.unmap(address + PAGE, PAGE);
            assertThatExceptionOfType(AddressNotMappedException.class).as("(b) a hole")
                    .isThrownBy(() -> space.migrate(address, bytes(3), d1.pool()));
            space.protect(address + 2 * PAGE, bytes(4), Protection.READ_WRITE);
            for (int page = 3; page < 6; page++) {
                space.setInt(address + page * PAGE, page);
            }
            space.protect(address + 2 * PAGE, bytes(2), Protection.READ_ONLY);
            assertThat(space.getInt(address + 2 * PAGE)).isZero();
            MigrationReport mixed = space.migrate(address + 2 * PAGE, bytes(4), d1.pool());
            assertThat(mixed.there()).as("(c)").isEqualTo(4);
            assertThat(mixed.outcome(address + 2 * PAGE)).isEqualTo(PageOutcome.FILLED);
            String there = kind.place() + " of d1";
            assertThat(snapshot(second.mirror(), address + 2 * PAGE, 4))
                    .containsExactly(there, there, there + ", WRITE", there + ", WRITE");
            MigrationReport across = space.migrate(address + 5 * PAGE, PAGE, d0.pool());
            assertThat(across.outcome(address + 5 * PAGE)).as("(d)").isEqualTo(PageOutcome.OTHER_DEVICE);
            assertThat(space.pageState(address + 5 * PAGE).pool()).isEqualTo("d1");
            assertThat(card0.table(first.mirror())).isEmpty();
            for (int page = 3; page < 6; page++) {
                assertThat(space.getInt(address + page * PAGE)).isEqualTo(page);
            }
            assertThat(space.getInt(address + 2 * PAGE)).isZero();
        }
    }

    @Test
    @DisplayName("hmm: migrate_mixed, as the device has it in its table (T17)")
    void deviceFindsThePagesOfAMixedBatchWhereTheyBelong() {
        int pages = 12;
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = space.map(bytes(pages));
            MemorySegment content = counting(pages, 0);
            for (int page = 0; page < pages; page++) {
                if (page % 4 == 1) {
                    content.asSlice(page * PAGE, PAGE).fill((byte) 0); // never written
                } else {
                    put(space, address + page * PAGE, content.asSlice(page * PAGE, PAGE));
                }
            }
            space.protect(address + 2 * PAGE, PAGE, Protection.READ_ONLY);
            try (Pin _ = space.pin(address + 6 * PAGE, PAGE, PinTerm.SHORT, PinAccess.READ)) {
                MigrationReport report = space.migrate(address, bytes(pages), d0.pool());
                assertThat(report.count(PageOutcome.FILLED)).isEqualTo(3);
                assertThat(report.count(PageOutcome.PINNED)).isEqualTo(1);
                assertThat(report.moved()).isEqualTo(pages - 1);
                for (TableEntry entry : card0.table(attached.mirror())) {
                    expectMapped(card0, attached, entry.address(), content.asSlice(entry.address() - address, PAGE));
                }
                expectRead(card0, attached, address, content, 1);
            }
            expect(space, address, content);
        }
    }

    @Test
    @DisplayName("hmm: migrate_multiple (T18)")
    void tenBuffersGoAndComeBackAndLeaveNothing() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment _ = d0.attach(space)) {
            for (int time = 0; time < TIMES; time++) {
                long address = mapFilled(space, counting(PAGES, time));
                assertThat(space.migrate(address, bytes(PAGES), d0.pool()).moved()).isEqualTo(PAGES);
                expect(space, address, counting(PAGES, time));
                expectPlaces(space, address, PAGES, kind.isPrivate() ? Place.HOST : kind.place());
                assertThat(space.migrate(address, bytes(PAGES), memory.hostPool()).moved())
                        .isEqualTo(kind.isPrivate() ? 0 : PAGES);
                expect(space, address, counting(PAGES, time));
                assertThat(used(d0.pool())).isZero();
                space.unmap(address, bytes(PAGES));
                reclaim();
                assertThat(used(memory.hostPool())).isZero();
            }
        }
    }

    @Test
    @DisplayName("hmm: double_map (T24)")
    void pageThatTwoDevicesMapMovesToOneOfThem() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment first = d0.attach(space);
                Attachment second = d1.attach(space)) {
            long address = mapFilled(space, counting(6, 0));
            space.protect(address, bytes(6), Protection.READ_ONLY);
            expectRead(card0, first, address, counting(6, 0), 1);
            expectRead(card1, second, address, counting(6, 0), 1);
            assertThat(space.migrate(address, bytes(6), d1.pool()).moved()).isEqualTo(6);
            assertThat(card0.table(first.mirror())).as("table of the other device, which has to ask again").isEmpty();
            expectMapped(card1, second, address, counting(6, 0));
            expectRead(card0, first, address, counting(6, 0), 1);
            expectPlaces(space, address, 6, kind.isPrivate() ? Place.HOST : kind.place());
            assertThat(card1.table(second.mirror())).hasSize(kind.isPrivate() ? 0 : 6);
            assertThat(used(d1.pool())).isEqualTo(kind.isPrivate() ? 0 : 6);
        }
    }

    @Test
    @DisplayName("hmm: migrate_anon_huge_empty (T30)")
    void emptyPagesThatMayOnlyBeReadArriveAsZeros() {
        int pages = 512;
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = space.map(bytes(pages), Protection.READ_ONLY);
            assertThat(space.migrate(address, bytes(pages), d0.pool()).count(PageOutcome.FILLED)).isEqualTo(pages);
            expectPlaces(space, address, pages, kind.place());
            assertThat(space.pageState(address).writable()).isFalse();
            MemorySegment buffer = constant(pages, 0xff);
            card0.read(attached.mirror(), address, buffer);
            expectSame(buffer, constant(pages, 0));
        }
    }

    @Test
    @DisplayName("hmm: migrate_anon_huge_zero (T31)")
    void pagesThatReadAsZerosGoToTheDeviceAndBack() {
        int pages = 512;
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = space.map(bytes(pages), Protection.READ_ONLY);
            expect(space, address, constant(pages, 0));
            expectRead(card0, attached, address, constant(pages, 0), 1);
            assertThat(space.migrate(address, bytes(pages), d0.pool()).there()).isEqualTo(pages);
            expectRead(card0, attached, address, constant(pages, 0), 1);
            expect(space, address, constant(pages, 0));
            expectPlaces(space, address, pages, kind.isPrivate() ? Place.HOST : kind.place());
        }
    }

    @Test
    @DisplayName("hmm: migrate_anon_huge_free (T32)")
    void discardGivesTheFramesOfTheDeviceBack() {
        int pages = 512;
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = mapFilled(space, counting(pages, 0));
            space.migrate(address, bytes(pages), d0.pool());
            space.discard(address, bytes(pages));
            reclaim();
            assertThat(card0.counters().liveFrames()).isZero();
            assertThat(card0.table(attached.mirror())).isEmpty();
            expect(space, address, constant(pages, 0));
            space.unmap(address, bytes(pages));
            ManagerCheck.awaitTold(memory);
            assertThat(card0.counters().frees()).isEqualTo(pages);
        }
    }

    @Test
    @DisplayName("hmm: migrate_anon_huge_fault (T33)")
    void pagesOnAPrivateDeviceAreNotPresentForTheProcessor() {
        int pages = 512;
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = mapFilled(space, counting(pages, 0));
            assertThat(space.migrate(address, bytes(pages), d0.pool()).moved()).isEqualTo(pages);
            expectMapped(card0, attached, address, counting(pages, 0));
            assertThat(snapshot(attached.mirror(), address, pages)).hasSize(pages)
                    .containsOnly(kind.place() + " of d0, WRITE");
            assertThat(used(memory.hostPool())).as("frames of the host").isZero();
            long home = memory.statistics().tier().pagesBroughtHome();
            expect(space, address, counting(pages, 0));
            assertThat(memory.statistics().tier().pagesBroughtHome() - home).isEqualTo(kind.isPrivate() ? pages : 0);
            assertThat(used(memory.hostPool())).isEqualTo(kind.isPrivate() ? pages : 0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 128, 256})
    @DisplayName("hmm: migrate_partial_unmap_fault (T34)")
    void unmappingAHalfOnTheDeviceLeavesTheRest(int firstPage) {
        int pages = 512;
        try (AddressSpace space = memory.newAddressSpace(); Attachment _ = d0.attach(space)) {
            long address = mapFilled(space, counting(pages, 0));
            space.migrate(address, bytes(pages), d0.pool());
            space.unmap(address + firstPage * PAGE, bytes(pages / 2));
            reclaim();
            assertThat(card0.counters().frees()).isEqualTo(pages / 2);
            MemorySegment content = counting(pages, 0);
            expect(space, address, content.asSlice(0, firstPage * PAGE));
            long rest = bytes(firstPage + pages / 2);
            expect(space, address + rest, content.asSlice(rest));
        }
    }

    @Test
    @DisplayName("hmm: migrate_anon_huge_err (T36)")
    void frameThatTheDeviceRefusesLeavesItsPageWhereItIs() {
        int pages = 512;
        try (AddressSpace space = memory.newAddressSpace(); Attachment _ = d0.attach(space)) {
            long address = mapFilled(space, counting(pages, 0));
            card0.faults().failAllocation(3);
            MigrationReport report = space.migrate(address, bytes(pages), d0.pool());
            assertThat(report.count(PageOutcome.NO_FREE_FRAME)).isEqualTo(1);
            assertThat(report.moved()).isEqualTo(pages - 1);
            assertThat(space.getInt(address + 2048 * 4)).isEqualTo(2048);
            expect(space, address, counting(pages, 0));
            assertThat(space.migrate(address, bytes(pages), d0.pool()).there()).isEqualTo(pages);
            if (kind.isPrivate()) {
                card0.faults().failCopy(1, FaultInjection.FIRST_CODE);
                assertThatExceptionOfType(DriverFailedException.class)
                        .isThrownBy(() -> space.migrate(address, bytes(pages), memory.hostPool()));
                expectPlaces(space, address, pages, kind.place());
            }
            assertThat(space.migrate(address, bytes(pages), memory.hostPool()).moved()).isEqualTo(pages);
            expect(space, address, counting(pages, 0));
        }
    }

    @Test
    @DisplayName("hmm: migrate_anon_huge_zero_err (T37)")
    void frameThatTheDeviceRefusesLeavesAnEmptyPageEmpty() {
        int pages = 512;
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = space.map(bytes(pages), Protection.READ_ONLY);
            for (int time = 0; time < 2; time++) {
                card0.faults().failAllocation(1);
                MigrationReport report = space.migrate(address, bytes(pages), d0.pool());
                assertThat(report.count(PageOutcome.NO_FREE_FRAME)).isEqualTo(1);
                assertThat(report.there()).isEqualTo(pages - 1);
                MemorySegment buffer = constant(pages, 0xff);
                card0.read(attached.mirror(), address, buffer);
                expectSame(buffer, constant(pages, 0));
                space.migrate(address, bytes(pages), memory.hostPool());
                space.unmap(address, bytes(pages));
                assertThat(space.map(bytes(pages), Protection.READ_ONLY)).isEqualTo(address);
                expect(space, address, constant(pages, 0));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {128, 256, 512, 1024, 2048})
    @DisplayName("hmm: benchmark_thp_migration (T38)")
    void buffersOfEverySizeGoToTheDeviceAndBackAgainAndAgain(int pages) {
        try (AddressSpace space = memory.newAddressSpace(); Attachment _ = d0.attach(space)) {
            long address = mapFilled(space, counting(pages, 0));
            for (int time = 0; time < 3; time++) {
                assertThat(space.migrate(address, bytes(pages), d0.pool()).isComplete()).isTrue();
                assertThat(space.migrate(address, bytes(pages), memory.hostPool()).isComplete()).isTrue();
            }
            expect(space, address, counting(pages, 0));
        }
    }

    // ---- exclusive access

    @Test
    @DisplayName("hmm: exclusive (T25)")
    void processorEndsExclusiveAccessPageByPage() {
        int pages = 64;
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space);
                Accessor processor = space.accessor()) {
            long address = mapFilled(space, counting(pages, 0));
            long copies = memory.statistics().pagesCopied();
            attached.makeExclusive(address, bytes(pages));
            assertThat(attached.exclusivePages()).isEqualTo(pages);
            expectPlaces(space, address, pages, Place.EXCLUSIVE);
            expectMapped(card0, attached, address, counting(pages, 0));
            for (int i = 0; i < pages * INTS_PER_PAGE; i++) {
                assertThat(attached.exclusivePages()).isEqualTo(pages - (i + INTS_PER_PAGE - 1) / INTS_PER_PAGE);
                assertThat(processor.getAndAddInt(address + i * 4L, 1)).isEqualTo(i);
            }
            assertThat(attached.exclusivePages()).isZero();
            expect(space, address, counting(pages, 1));
            assertThat(memory.statistics().pagesCopied()).as("pages copied").isEqualTo(copies);
            assertThat(used(memory.hostPool())).isEqualTo(pages);
            assertThat(card0.counters().invalidations(InvalidationKind.CLEAR)).isEqualTo(pages);
            assertThat(card0.counters().invalidations(InvalidationKind.EXCLUSIVE))
                    .as("invalidations because of the device's own access").isZero();
        }
    }

    @Test
    @DisplayName("hmm: exclusive_mprotect (T26)")
    void protectionHoldsForExclusivePages() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = mapFilled(space, counting(PAGES, 0));
            attached.makeExclusive(address, bytes(PAGES));
            expectMapped(card0, attached, address, counting(PAGES, 0));
            space.protect(address, bytes(PAGES), Protection.READ_ONLY);
            assertThat(card0.table(attached.mirror())).isEmpty();
            assertThatExceptionOfType(ProtectionException.class)
                    .isThrownBy(() -> card0.write(attached.mirror(), address, negative(PAGES)));
            assertThatExceptionOfType(ProtectionException.class)
                    .isThrownBy(() -> card0.atomicAdd(attached.mirror(), address, 1));
            expect(space, address, counting(PAGES, 0));
            assertThat(space.pageState(address).writable()).isFalse();
        }
    }

    @Test
    @DisplayName("hmm: exclusive_cow (T27)")
    void forkEndsExclusiveAccessAndCopiesAsUsual() {
        int pages = 64;
        try (AddressSpace parent = memory.newAddressSpace(); Attachment attached = d0.attach(parent)) {
            long address = mapFilled(parent, counting(pages, 0));
            attached.makeExclusive(address, bytes(pages));
            try (AddressSpace child = parent.fork()) {
                assertThat(attached.exclusivePages()).isZero();
                assertThat(card0.table(attached.mirror())).isEmpty();
                for (AddressSpace side : List.of(child, parent)) {
                    for (int i = 0; i < pages * INTS_PER_PAGE; i++) {
                        assertThat(side.getAndAddInt(address + i * 4L, 1)).isEqualTo(i);
                    }
                }
                expect(child, address, counting(pages, 1));
                expect(parent, address, counting(pages, 1));
            }
        }
    }

    // ---- pins and copy-on-write of device pages

    @Test
    @DisplayName("hmm: hmm_gup_test (T28)")
    void shortPinLeavesCoherentPagesOnTheDeviceAndLongPinDoesNot() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space);
                Accessor fast = space.accessor()) {
            long address = mapFilled(space, counting(4, 0));
            assertThat(space.migrate(address, bytes(4), d0.pool()).moved()).isEqualTo(4);
            expectMapped(card0, attached, address, counting(4, 0));
            Pin slowShort = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE);
            slowShort.close();
            Pin fastShort = fast.pin(address + PAGE, PAGE, PinTerm.SHORT, PinAccess.WRITE);
            fastShort.close();
            Pin fastLong = fast.pin(address + 2 * PAGE, PAGE, PinTerm.LONG, PinAccess.WRITE);
            assertThat(fastLong.state(address + 2 * PAGE).place()).isEqualTo(Place.HOST);
            fastLong.close();
            Pin slowLong = space.pin(address + 3 * PAGE, PAGE, PinTerm.LONG, PinAccess.WRITE);
            assertThat(slowLong.state(address + 3 * PAGE).place()).isEqualTo(Place.HOST);
            slowLong.close();
            String stays = kind.isPrivate() ? "HOST of host, WRITE" : "DEVICE_COHERENT of d0, WRITE";
            assertThat(snapshot(attached.mirror(), address, 4))
                    .containsExactly(stays, stays, "HOST of host, WRITE", "HOST of host, WRITE");
            expect(space, address, counting(4, 0));
        }
    }

    @Test
    @DisplayName("hmm: hmm_cow_in_device (T29)")
    void parentThatWritesSharedDevicePagesGetsHostPages() {
        try (AddressSpace parent = memory.newAddressSpace(); Attachment attached = d0.attach(parent)) {
            long address = mapFilled(parent, counting(4, 0));
            assertThat(parent.migrate(address, bytes(4), d0.pool()).moved()).isEqualTo(4);
            AddressSpace child = parent.fork();
            put(parent, address, counting(4, 5));
            assertThat(snapshot(attached.mirror(), address, 4)).containsOnly("HOST of host, WRITE");
            expectPlaces(child, address, 4, kind.isPrivate() ? Place.HOST : kind.place());
            child.close();
            reclaim();
            assertThat(card0.counters().liveFrames()).isZero();
            assertThat(snapshot(attached.mirror(), address, 4)).containsOnly("HOST of host, WRITE");
            expect(parent, address, counting(4, 5));
        }
    }
}
