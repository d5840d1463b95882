package io.quire.memory.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.EvictionReport;
import io.quire.memory.ManagerCheck;
import io.quire.memory.MemoryManager;
import io.quire.memory.MigrationReport;
import io.quire.memory.Pin;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.DeviceClosedException;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PageState.Place;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.device.PrivateDriver;
import io.quire.memory.softdevice.DeviceEvent;
import io.quire.memory.softdevice.FaultInjection;
import io.quire.memory.softdevice.JavaDevice;
import io.quire.memory.softdevice.SoftwareDevice;
import io.quire.memory.testkit.LeakCheck;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the kernel's tests do not cover: device writes to shared pages, long pins, exclusive access, counts of frames.
 */
@ParameterizedClass
@MethodSource("io.quire.memory.kernel.DeviceKind#available")
class BeyondTheKernelTest extends Rig {

    private static final int PAGES = 4;
    private static final MemorySegment OLD = counting(PAGES, 0);
    private static final MemorySegment NEW = constant(PAGES, 0xff);

    @Parameter
    DeviceKind kind;

    @Override
    DeviceKind kind() {
        return kind;
    }

    private long mapOnDevice(AddressSpace space) {
        long address = mapFilled(space, OLD);
        assertThat(space.migrate(address, bytes(PAGES), d0.pool()).moved()).isEqualTo(PAGES);
        return address;
    }

    private long copies() {
        return memory.statistics().pagesCopied();
    }

    // ---- 1: a device writes shared pages that the processor has not touched

    @ParameterizedTest
    @EnumSource
    @DisplayName("beyond: device write to a shared page of its own memory (1)")
    void deviceThatWritesASharedPageGetsTheCopy(CowPlacement placement) {
        try (AddressSpace parent = memory.newAddressSpace(); Attachment attached = d0.attach(parent)) {
            parent.cowPlacement(placement);
            long address = mapOnDevice(parent);
            try (AddressSpace child = parent.fork()) {
                card0.write(attached.mirror(), address, NEW);
                expectPlaces(parent, address, PAGES, placement == CowPlacement.HOST ? Place.HOST : kind.place());
                expectPlaces(child, address, PAGES, kind.place());
                assertThat(used(d0.pool())).isEqualTo(placement == CowPlacement.HOST ? PAGES : 2 * PAGES);
                expectRead(card0, attached, address, NEW, 0);
                expect(child, address, OLD);
                expect(parent, address, NEW);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("beyond: device write to a shared page, by the child's device (1)")
    void deviceOfTheChildThatWritesASharedPageGetsTheCopy(CowPlacement placement) {
        try (AddressSpace parent = memory.newAddressSpace(); Attachment attached = d0.attach(parent)) {
            parent.cowPlacement(placement);
            long address = mapOnDevice(parent);
            try (AddressSpace child = parent.fork(); Attachment own = d0.attach(child)) {
                card0.write(own.mirror(), address, NEW);
                expectPlaces(child, address, PAGES, placement == CowPlacement.HOST ? Place.HOST : kind.place());
                expectPlaces(parent, address, PAGES, kind.place());
                MemorySegment seen = constant(PAGES, 7);
                card0.read(attached.mirror(), address, seen);
                expectSame(seen, OLD);
                expectPlaces(parent, address, PAGES, kind.place());
                expect(child, address, NEW);
                expect(parent, address, OLD);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("beyond: device write to a shared private page whose copy fails (1)")
    void copyThatFailsForADevicesWriteChangesNothing(CowPlacement placement) {
        try (AddressSpace parent = memory.newAddressSpace(); Attachment attached = d0.attach(parent)) {
            parent.cowPlacement(placement);
            long address = mapOnDevice(parent);
            try (AddressSpace child = parent.fork()) {
                if (kind.isPrivate()) {
                    card0.faults().failCopy(1, FaultInjection.FIRST_CODE);
                    assertThatExceptionOfType(DriverFailedException.class)
                            .isThrownBy(() -> card0.write(attached.mirror(), address, NEW));
                    expectPlaces(parent, address, PAGES, Place.DEVICE_PRIVATE);
                    assertThat(used(d0.pool())).isEqualTo(PAGES);
                    assertThat(used(memory.hostPool())).isZero();
                }
                card0.write(attached.mirror(), address, NEW);
                expect(parent, address, NEW);
                expect(child, address, OLD);
            }
        }
    }

    // ---- 2: the first writer, and the last sharer

    @Test
    @DisplayName("beyond: child writes first (2)")
    void childThatWritesFirstLeavesTheDeviceToTheParent() {
        try (AddressSpace parent = memory.newAddressSpace(); Attachment attached = d0.attach(parent)) {
            long address = mapOnDevice(parent);
            try (AddressSpace child = parent.fork()) {
                put(child, address, NEW);
                expectPlaces(child, address, PAGES, Place.HOST);
                // Private pages came home for both spaces, because the processor had to reach them.
                expectPlaces(parent, address, PAGES, kind.isPrivate() ? Place.HOST : kind.place());
                MemorySegment seen = constant(PAGES, 7);
                card0.read(attached.mirror(), address, seen);
                expectSame(seen, OLD);
            }
        }
    }

    @Test
    @DisplayName("beyond: last sharer writes (2)")
    void lastSharerWritesInPlaceOnTheDevice() {
        try (AddressSpace parent = memory.newAddressSpace(); Attachment attached = d0.attach(parent)) {
            long address = mapOnDevice(parent);
            parent.fork().close();
            reclaim();
            long copies = copies();
            card0.write(attached.mirror(), address, NEW);
            expectPlaces(parent, address, PAGES, kind.place());
            if (!kind.isPrivate()) {
                put(parent, address, OLD);
                put(parent, address, NEW);
                expectPlaces(parent, address, PAGES, kind.place());
            }
            assertThat(copies()).isEqualTo(copies);
            assertThat(used(d0.pool())).isEqualTo(PAGES);
            expect(parent, address, NEW);
        }
    }

    // ---- 3: short pins that last

    @Test
    @DisplayName("beyond: short pin across fork, evict, migrate and unmap (3)")
    void shortPinHoldsThePageDuringForkEvictMigrateAndUnmap() {
        try (AddressSpace space = memory.newAddressSpace()) {
            long address = mapOnDevice(space);
            Place pinnedAt = kind.isPrivate() ? Place.HOST : kind.place();
            long onDevice = kind.isPrivate() ? 0 : PAGES;
            try (Pin pin = space.pin(address, bytes(PAGES), PinTerm.SHORT, PinAccess.WRITE)) {
                try (AddressSpace child = space.fork()) {
                    expectPlaces(child, address, PAGES, Place.HOST);
                    putPinned(pin, NEW);
                    expect(child, address, OLD);
                    expect(space, address, NEW);
                }
                EvictionReport eviction = memory.evict(d0.pool(), PAGES);
                assertThat(eviction.moved()).isZero();
                assertThat(eviction.count(PageOutcome.PINNED))
                        .isGreaterThanOrEqualTo((int) onDevice);
                MigrationReport away = space.migrate(address, bytes(PAGES),
                        kind.isPrivate() ? d0.pool() : memory.hostPool());
                assertThat(away.count(PageOutcome.PINNED)).isEqualTo(PAGES);
                expectPlaces(space, address, PAGES, pinnedAt);
                space.protect(address, bytes(PAGES), Protection.NONE);
                space.protect(address, bytes(PAGES), Protection.READ_WRITE);
                put(space, address, counting(PAGES, 3));
                expectPinned(pin, counting(PAGES, 3));
                space.unmap(address, bytes(PAGES));
                reclaim();
                assertThat(used(d0.pool())).isEqualTo(onDevice);
                expectPinned(pin, counting(PAGES, 3));
            }
            assertThat(used(d0.pool())).isZero();
            assertThat(used(memory.hostPool())).isZero();
        }
    }

    @Test
    @DisplayName("beyond: short pin across the end of its space and of its device (3)")
    void shortPinOutlivesItsSpaceAndKeepsItsDeviceOpen() {
        AddressSpace space = memory.newAddressSpace();
        long address = mapOnDevice(space);
        try (Pin pin = space.pin(address, bytes(PAGES), PinTerm.SHORT, PinAccess.READ)) {
            space.close();
            reclaim();
            expectPinned(pin, OLD);
            if (kind.isPrivate()) {
                d0.close();
            } else {
                assertThatExceptionOfType(PagesBusyException.class).isThrownBy(() -> d0.close(Duration.ofMillis(1)))
                        .withMessageContaining("pin of space");
                assertThat(d0.isClosed()).isFalse();
            }
            expectPinned(pin, OLD);
        }
        assertThat(d0.isClosed() || used(d0.pool()) == 0).isTrue();
    }

    // ---- 4: a long pin where a short one is

    @ParameterizedTest
    @EnumSource
    @DisplayName("beyond: long pin of a page that is pinned for short (4)")
    void longPinFailsAtOnceAndNamesTheHolder(Entry entry) {
        try (AddressSpace space = memory.newAddressSpace(); var accessor = space.accessor()) {
            long address = mapOnDevice(space);
            Pin holder = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ);
            if (!kind.isPrivate()) {
                assertThatExceptionOfType(PagesBusyException.class)
                        .isThrownBy(() -> {
                            if (entry == Entry.SPACE) {
                                space.pin(address, PAGE, PinTerm.LONG, PinAccess.READ);
                            } else {
                                accessor.pin(address, PAGE, PinTerm.LONG, PinAccess.READ);
                            }
                        })
                        .withMessageContaining("SHORT, READ").withMessageContaining("taken by thread");
                expectPinned(holder, OLD.asSlice(0, PAGE));
                assertThat(memory.openPins()).hasSize(1);
            }
            holder.close();
            try (Pin pin = space.pin(address, PAGE, PinTerm.LONG, PinAccess.READ)) {
                assertThat(pin.state(address).place()).isEqualTo(Place.HOST);
                expectPinned(pin, OLD.asSlice(0, PAGE));
            }
        }
    }

    // ---- 5: exclusive access and the rest

    @Test
    @DisplayName("beyond: exclusive access to pages of a device (5)")
    void exclusivePagesStayInTheirFramesIfTheProcessorCanReachThem() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = mapOnDevice(space);
            long frames = kind.isPrivate() ? 0 : PAGES;
            attached.makeExclusive(address, bytes(PAGES));
            expectPlaces(space, address, PAGES, Place.EXCLUSIVE);
            assertThat(used(d0.pool())).isEqualTo(frames);
            assertThat(snapshot(attached.mirror(), address, 1)).containsExactly("EMPTY");
            assertThat(card0.atomicAdd(attached.mirror(), address, 5).value()).isEqualTo(1L << 32);
            assertThat(attached.exclusivePages()).isEqualTo(PAGES);
            assertThat(space.getLong(address)).isEqualTo((1L << 32) + 5);
            assertThat(attached.exclusivePages()).isEqualTo(PAGES - 1);
            assertThat(space.pageState(address).place()).isEqualTo(kind.isPrivate() ? Place.HOST : kind.place());
            assertThat(used(d0.pool())).isEqualTo(frames);
        }
    }

    @Test
    @DisplayName("beyond: exclusive access to pinned pages (5)")
    void pinnedPageCannotBecomeExclusiveAndPinEndsExclusiveAccess() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = mapFilled(space, OLD);
            try (Pin _ = space.pin(address + 2 * PAGE, PAGE, PinTerm.SHORT, PinAccess.READ)) {
                assertThatExceptionOfType(PagesBusyException.class)
                        .isThrownBy(() -> attached.makeExclusive(address, bytes(PAGES)));
                assertThat(attached.exclusivePages()).as("exclusive pages before the pinned one").isEqualTo(2);
            }
            attached.makeExclusive(address, bytes(PAGES));
            try (Pin pin = space.pin(address, bytes(PAGES), PinTerm.LONG, PinAccess.WRITE)) {
                assertThat(attached.exclusivePages()).isZero();
                assertThat(card0.table(attached.mirror())).isEmpty();
                expectPinned(pin, OLD);
            }
        }
    }

    @Test
    @DisplayName("beyond: exclusive access of a second device (5)")
    void secondDeviceTakesExclusiveAccessFromTheFirst() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment first = d0.attach(space);
                Attachment second = d1.attach(space)) {
            long address = mapFilled(space, OLD);
            first.makeExclusive(address, bytes(PAGES));
            second.makeExclusive(address, PAGE);
            assertThat(first.exclusivePages()).isEqualTo(PAGES - 1);
            assertThat(second.exclusivePages()).isEqualTo(1);
            assertThat(card0.table(first.mirror())).hasSize(PAGES - 1);
            expectRead(card1, second, address + PAGE, OLD.asSlice(PAGE, PAGE), 1);
            assertThat(first.exclusivePages()).as("exclusive pages after another device has read two")
                    .isEqualTo(PAGES - 2);
            for (int time = 0; time < 10; time++) {
                assertThat(card0.atomicAdd(first.mirror(), address, 1).value()).isEqualTo((1L << 32) + 2 * time);
                assertThat(card1.atomicAdd(second.mirror(), address, 1).value()).isEqualTo((1L << 32) + 2 * time + 1);
            }
            assertThat(first.exclusivePages()).isEqualTo(PAGES - 2);
            assertThat(second.exclusivePages()).isEqualTo(1);
        }
    }

    @Test
    @DisplayName("beyond: exclusive access of a device to what it writes plainly (5)")
    void plainWriteOfTheDeviceEndsItsOwnExclusiveAccess() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = mapFilled(space, OLD);
            attached.makeExclusive(address, bytes(PAGES));
            expectRead(card0, attached, address, OLD, 0);
            card0.write(attached.mirror(), address, NEW);
            assertThat(attached.exclusivePages()).isZero();
            expect(space, address, NEW);
        }
    }

    @Test
    @DisplayName("beyond: exclusive access and migration, eviction, discard, unmap (5)")
    void exclusivePagesAreSkippedByMigrationAndGivenUpByEviction() {
        try (AddressSpace space = memory.newAddressSpace()) {
            Attachment attached = d0.attach(space);
            long address = mapFilled(space, OLD);
            attached.makeExclusive(address, bytes(PAGES));
            assertThat(space.migrate(address, bytes(PAGES), d0.pool()).count(PageOutcome.EXCLUSIVE)).isEqualTo(PAGES);
            assertThat(attached.exclusivePages()).isEqualTo(PAGES);
            if (!kind.isPrivate()) {
                expect(space, address, OLD);
                assertThat(space.migrate(address, bytes(PAGES), d0.pool()).moved()).isEqualTo(PAGES);
                attached.makeExclusive(address, bytes(PAGES));
                assertThat(space.migrate(address, bytes(PAGES), memory.hostPool()).count(PageOutcome.EXCLUSIVE))
                        .isEqualTo(PAGES);
                assertThat(memory.evict(d0.pool(), PAGES).moved()).isEqualTo(PAGES);
                expectPlaces(space, address, PAGES, Place.HOST);
                assertThat(attached.exclusivePages()).isZero();
                attached.makeExclusive(address, bytes(PAGES));
            }
            space.discard(address, PAGE);
            space.unmap(address + PAGE, PAGE);
            assertThat(attached.exclusivePages()).isEqualTo(PAGES - 2);
            assertThat(space.getLong(address)).isZero();
            attached.close();
            assertThat(space.pageState(address + 2 * PAGE).place()).isEqualTo(Place.HOST);
            expect(space, address + 2 * PAGE, OLD.asSlice(2 * PAGE));
        }
    }

    // ---- 6: every frame is freed once, when its last user is gone

    @Test
    @DisplayName("beyond: free callback, its count and its moment (6)")
    void frameIsFreedOnceWhenItsLastUserIsGone() {
        AddressSpace parent = memory.newAddressSpace();
        long address = mapOnDevice(parent);
        AddressSpace child = parent.fork();
        expectFreed(0);
        child.unmap(address, PAGE);
        reclaim();
        expectFreed(0);
        parent.unmap(address, PAGE);
        reclaim();
        expectFreed(1);
        parent.discard(address + PAGE, PAGE);
        child.discard(address + PAGE, PAGE);
        reclaim();
        expectFreed(2);
        child.migrate(address + 2 * PAGE, PAGE, memory.hostPool());
        expectFreed(3);
        parent.close();
        reclaim();
        expectFreed(3);
        child.close();
        reclaim();
        expectFreed(PAGES);
        expectEveryFrameToComeAndGoInTurn(card0);
    }

    private void expectFreed(long frames) {
        ManagerCheck.awaitTold(memory);
        assertThat(card0.counters().frees()).as("frames freed").isEqualTo(frames);
        assertThat(card0.events().stream().filter(event -> event.type() == DeviceEvent.Type.FREED).count())
                .isEqualTo(frames);
    }

    private static void expectEveryFrameToComeAndGoInTurn(SoftwareDevice card) {
        Map<Integer, DeviceEvent.Type> last = new TreeMap<>();
        for (DeviceEvent event : card.events()) {
            if (event.type() == DeviceEvent.Type.ALLOCATED || event.type() == DeviceEvent.Type.FREED) {
                DeviceEvent.Type before = last.put(event.frame(), event.type());
                assertThat(before).as(event.toString()).isNotEqualTo(event.type());
            }
        }
        assertThat(last.values()).containsOnly(DeviceEvent.Type.FREED);
    }

    // ---- 7: a device that is too small

    @Test
    @DisplayName("beyond: capacity exhaustion, partial batch (7)")
    void batchThatIsLargerThanTheDeviceMovesInPart() {
        int frames = 16;
        int pages = 40;
        try (SoftwareDevice small = kind.open("small", bytes(frames));
                MemoryManager own = MemoryManager.builder().hostPool(4 << 20).backgroundAgent(false)
                        .watermarks(0, 0).device("small", small.driver()).build()) {
            try (AddressSpace space = own.newAddressSpace(); Attachment attached = own.device("small").attach(space)) {
                long address = mapFilled(space, counting(pages, 0));
                MigrationReport report = space.migrate(address, bytes(pages), own.pool("small"));
                assertThat(report.moved()).isEqualTo(frames);
                assertThat(report.count(PageOutcome.NO_FREE_FRAME)).isEqualTo(pages - frames);
                assertThat(report.isComplete()).isFalse();
                MemorySegment seen = constant(pages, 7);
                small.read(attached.mirror(), address, seen);
                expectSame(seen, counting(pages, 0));
                long other = mapFilled(space, counting(frames, 5));
                assertThat(space.migrate(other, bytes(frames), own.pool("small")).moved())
                        .as("pages moved, as the others make room")
                        .isEqualTo(frames);
                expect(space, address, counting(pages, 0));
                expect(space, other, counting(frames, 5));
            }
            assertThat(small.counters().violations()).isZero();
        }
    }

    @Test
    @DisplayName("beyond: capacity exhaustion by pins, copies go to the host (7)")
    void deviceFullOfPinnedPagesAcceptsNoMore() {
        int frames = 16;
        try (SoftwareDevice small = kind.open("small", bytes(frames));
                MemoryManager own = MemoryManager.builder().hostPool(4 << 20).backgroundAgent(false)
                        .watermarks(0, 0).cowPlacement(CowPlacement.SAME_POOL).device("small", small.driver()).build();
                AddressSpace space = own.newAddressSpace()) {
            long address = mapFilled(space, counting(frames, 0));
            assertThat(space.migrate(address, bytes(frames), own.pool("small")).moved()).isEqualTo(frames);
            try (Pin _ = space.pin(address, bytes(frames), PinTerm.SHORT, PinAccess.READ)) {
                long other = mapFilled(space, counting(frames, 5));
                // A pin brings the pages of a private device home, so there is room for others.
                assertThat(space.migrate(other, bytes(frames), own.pool("small")).count(PageOutcome.NO_FREE_FRAME))
                        .isEqualTo(kind.isPrivate() ? 0 : frames);
                expect(space, other, counting(frames, 5));
            }
            try (AddressSpace child = space.fork()) {
                put(child, address, constant(1, 1));
                assertThat(child.pageState(address).place()).isEqualTo(Place.HOST);
                expect(space, address, counting(frames, 0));
            }
        }
    }

    // ---- 9: a host that is full

    /** Takes every free frame of the host; returns the address of the last page. */
    private long fillHost(AddressSpace space) {
        long address = space.map(memory.hostPool().sizeBytes() + PAGE);
        long page = address;
        try {
            while (true) {
                space.setLong(page, 1);
                page += PAGE;
            }
        } catch (OutOfFramesException full) {
            return page - PAGE;
        }
    }

    @Test
    @DisplayName("beyond: page that cannot come home, copy that finds no frame (9)")
    void pagesStayWhereTheyAreWhileTheHostIsFull() {
        try (AddressSpace parent = memory.newAddressSpace(); Attachment attached = d0.attach(parent);
                AddressSpace other = memory.newAddressSpace()) {
            long address = mapOnDevice(parent);
            try (AddressSpace child = parent.fork()) {
                long last = fillHost(other);
                if (kind.isPrivate()) {
                    assertThatExceptionOfType(OutOfFramesException.class).isThrownBy(() -> parent.getLong(address));
                }
                assertThatExceptionOfType(OutOfFramesException.class).isThrownBy(() -> child.setLong(address, 1));
                assertThatExceptionOfType(OutOfFramesException.class)
                        .isThrownBy(() -> card0.write(attached.mirror(), address, NEW));
                assertThatExceptionOfType(OutOfFramesException.class)
                        .isThrownBy(() -> child.pin(address, PAGE, PinTerm.LONG, PinAccess.READ));
                assertThat(memory.evict(d0.pool(), PAGES).moved()).isZero();
                assertThat(parent.migrate(address, bytes(PAGES), memory.hostPool()).count(PageOutcome.NO_FREE_FRAME))
                        .isEqualTo(PAGES);
                expectPlaces(parent, address, PAGES, kind.place());
                expectPlaces(child, address, PAGES, kind.place());
                MemorySegment seen = constant(PAGES, 7);
                card0.read(attached.mirror(), address, seen);
                expectSame(seen, OLD);
                other.discard(last - bytes(2 * PAGES), bytes(2 * PAGES));
                put(child, address, NEW);
                expect(parent, address, OLD);
                expect(child, address, NEW);
            }
        }
    }

    @Test
    @DisplayName("beyond: fork that finds no frame for the copies of pinned pages (9)")
    void forkOfPinnedPagesFailsAsAWholeAndLeavesThePinInStep() {
        try (AddressSpace space = memory.newAddressSpace(); AddressSpace other = memory.newAddressSpace()) {
            long address = mapFilled(space, OLD);
            try (Pin pin = space.pin(address, bytes(PAGES), PinTerm.LONG, PinAccess.WRITE)) {
                long last = fillHost(other);
                other.discard(last, PAGE);
                reclaim();
                assertThatExceptionOfType(OutOfFramesException.class).isThrownBy(space::fork);
                put(space, address, NEW);
                expectPinned(pin, NEW);
                other.discard(last - bytes(PAGES), bytes(PAGES));
                try (AddressSpace child = space.fork()) {
                    putPinned(pin, OLD);
                    expect(child, address, NEW);
                    expect(space, address, OLD);
                }
            }
        }
    }

    // ---- 10: the memory of another device

    @Test
    @DisplayName("beyond: device access to pages of another device (10)")
    void deviceReachesCoherentPagesOfAnotherAndHasPrivateOnesBroughtHome() {
        try (AddressSpace parent = memory.newAddressSpace(); Attachment first = d0.attach(parent);
                Attachment second = d1.attach(parent)) {
            long address = mapOnDevice(parent);
            Place place = kind.isPrivate() ? Place.HOST : kind.place();
            expectRead(card1, second, address, OLD, 1);
            expectPlaces(parent, address, PAGES, place);
            card1.write(second.mirror(), address, NEW);
            expectPlaces(parent, address, PAGES, place);
            MemorySegment seen = constant(PAGES, 7);
            card0.read(first.mirror(), address, seen);
            expectSame(seen, NEW);
            try (AddressSpace child = parent.fork()) {
                card1.write(second.mirror(), address, OLD);
                expect(child, address, NEW);
                card0.read(first.mirror(), address, seen);
                expectSame(seen, OLD);
            }
        }
    }

    // ---- 11: pages that may not be read

    @Test
    @DisplayName("beyond: pages on a device under every protection (11)")
    void protectionHoldsOnTheDeviceAndContentComesBackWithIt() {
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            long address = mapOnDevice(space);
            space.protect(address, bytes(PAGES), Protection.READ_ONLY);
            assertThatExceptionOfType(ProtectionException.class)
                    .isThrownBy(() -> card0.write(attached.mirror(), address, NEW));
            expectRead(card0, attached, address, OLD, 1);
            space.protect(address, bytes(PAGES), Protection.NONE);
            assertThat(card0.table(attached.mirror())).isEmpty();
            assertThatExceptionOfType(ProtectionException.class)
                    .isThrownBy(() -> card0.read(attached.mirror(), address, constant(PAGES, 7)));
            assertThat(space.migrate(address, bytes(PAGES), memory.hostPool()).moved()).isEqualTo(PAGES);
            assertThat(space.migrate(address, bytes(PAGES), d0.pool()).moved()).isEqualTo(PAGES);
            assertThat(card0.table(attached.mirror())).as("table entries of pages that may not be read").isEmpty();
            assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> space.getLong(address));
            space.protect(address, bytes(PAGES), Protection.READ_WRITE);
            expectRead(card0, attached, address, OLD, 1);
            card0.write(attached.mirror(), address, NEW);
            expectPlaces(space, address, PAGES, kind.place());
            expect(space, address, NEW);
        }
    }

    // ---- 12: the close of a device that many spaces use

    @Test
    @DisplayName("beyond: close of a device with shared, hidden, exclusive and other spaces' pages (12)")
    void closingADeviceBringsThePagesOfAllSpacesHome() {
        try (AddressSpace parent = memory.newAddressSpace();
                AddressSpace stranger = memory.newAddressSpace(); Attachment _ = d1.attach(stranger)) {
            Attachment attached = d0.attach(parent);
            long address = mapOnDevice(parent);
            long strange = mapOnDevice(stranger);
            try (AddressSpace child = parent.fork(); AddressSpace past = child.snapshot()) {
                child.protect(address, PAGE, Protection.NONE);
                long own = mapOnDevice(parent);
                attached.makeExclusive(own, PAGE);
                attached.close();
                d0.close();
                expectPlaces(parent, address, PAGES, Place.HOST);
                expectPlaces(past, address, PAGES, Place.HOST);
                assertThat(used(memory.hostPool())).as("bytes on the host, as shared pages stay shared")
                        .isEqualTo(3 * PAGES);
                expect(parent, address, OLD);
                expect(parent, own, OLD);
                expect(past, address, OLD);
                expect(child, address + PAGE, OLD.asSlice(PAGE));
                expect(stranger, strange, OLD);
                put(parent, address, NEW);
                child.protect(address, PAGE, Protection.READ_WRITE);
                expect(child, address, OLD);
                assertThatExceptionOfType(DeviceClosedException.class)
                        .isThrownBy(() -> parent.migrate(address, PAGE, d0.pool()));
                assertThat(stranger.migrate(strange, bytes(PAGES), d1.pool()).moved()).isEqualTo(PAGES);
            }
        }
    }

    // ---- 13: changes between the copy and the end of a migration

    /** Changes of the second of four pages that are being migrated to a device. */
    enum Meanwhile {
        DEVICE_READS(PageOutcome.MOVED),
        DEVICE_WRITES(PageOutcome.RACED),
        PROCESSOR_WRITES(PageOutcome.RACED),
        PIN(PageOutcome.PINNED),
        FORK(PageOutcome.MOVED),
        PROTECT(PageOutcome.MOVED),
        DISCARD(PageOutcome.RACED),
        UNMAP(PageOutcome.RACED);

        private final PageOutcome outcome;

        Meanwhile(PageOutcome outcome) {
            this.outcome = outcome;
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("beyond: somebody comes between the copy and the end of a migration (13)")
    void migrationLosesNothingThatHappensMeanwhile(Meanwhile meanwhile) {
        try (SoftwareDevice target = JavaDevice.privateMemory("target", 1 << 20);
                SoftwareDevice reader = kind.open("reader", 1 << 20)) {
            BetweenDriver driver = new BetweenDriver((PrivateDriver) target.driver());
            MemoryManager own = MemoryManager.builder().hostPool(4 << 20).backgroundAgent(false).watermarks(0, 0)
                    .device("target", driver).device("reader", reader.driver()).build();
            try (AddressSpace space = own.newAddressSpace();
                    Attachment there = own.device("target").attach(space);
                    Attachment here = own.device("reader").attach(space)) {
                long address = mapFilled(space, OLD);
                long page = address + PAGE;
                MemorySegment content = counting(PAGES, 0);
                List<AutoCloseable> open = new ArrayList<>();
                driver.between(() -> {
                    switch (meanwhile) {
                        case DEVICE_READS -> reader.read(here.mirror(), page, constant(1, 0));
                        case DEVICE_WRITES -> reader.write(here.mirror(), page, NEW.asSlice(0, PAGE));
                        case PROCESSOR_WRITES -> put(space, page, NEW.asSlice(0, PAGE));
                        case PIN -> open.add(space.pin(page, PAGE, PinTerm.SHORT, PinAccess.READ));
                        case FORK -> open.add(space.fork());
                        case PROTECT -> space.protect(page, PAGE, Protection.READ_ONLY);
                        case DISCARD -> space.discard(page, PAGE);
                        case UNMAP -> space.unmap(page, PAGE);
                    }
                });
                MigrationReport report = space.migrate(address, bytes(PAGES), own.pool("target"));
                assertThat(report.outcome(page)).isEqualTo(meanwhile.outcome);
                assertThat(report.moved()).isEqualTo(meanwhile.outcome.isThere() ? PAGES : PAGES - 1);
                switch (meanwhile) {
                    case DEVICE_WRITES, PROCESSOR_WRITES -> content.asSlice(PAGE, PAGE).fill((byte) 0xff);
                    case DISCARD -> content.asSlice(PAGE, PAGE).fill((byte) 0);
                    case PIN -> {
                        put(space, page, NEW.asSlice(0, PAGE));
                        content.asSlice(PAGE, PAGE).fill((byte) 0xff);
                        expectPinned((Pin) open.getFirst(), NEW.asSlice(0, PAGE));
                    }
                    case UNMAP -> expectRead(target, there, address + 2 * PAGE, OLD.asSlice(2 * PAGE), 0);
                    default -> {}
                }
                if (meanwhile == Meanwhile.PROTECT) {
                    assertThat(space.pageState(page).writable()).isFalse();
                    space.protect(page, PAGE, Protection.READ_WRITE);
                }
                if (meanwhile == Meanwhile.DEVICE_READS || meanwhile == Meanwhile.FORK) {
                    target.write(there.mirror(), page, NEW.asSlice(0, PAGE));
                    content.asSlice(PAGE, PAGE).fill((byte) 0xff);
                }
                if (meanwhile != Meanwhile.UNMAP) {
                    MemorySegment seen = constant(PAGES, 7);
                    reader.read(here.mirror(), address, seen);
                    expectSame(seen, content);
                    target.read(there.mirror(), address, seen);
                    expectSame(seen, content);
                    expect(space, address, content);
                }
                for (AutoCloseable one : open) {
                    if (one instanceof AddressSpace child) {
                        expect(child, address, OLD);
                        child.close();
                    } else if (one instanceof Pin pin) {
                        pin.close();
                    }
                }
            }
            LeakCheck.checkAndClose(own);
            for (SoftwareDevice device : List.of(target, reader)) {
                assertThat(device.counters().violations()).isZero();
                assertThat(device.counters().liveFrames()).isZero();
            }
        }
    }

    // ---- 8: what a device is told

    @Test
    @DisplayName("beyond: order and balance of invalidations (8)")
    void deviceIsToldOfEachChangeOnceAndInOrder() {
        long address;
        try (AddressSpace space = memory.newAddressSpace(); Attachment attached = d0.attach(space)) {
            address = space.map(bytes(PAGES));
            put(space, address, OLD);
            expectTold(List.of());
            card0.write(attached.mirror(), address, OLD);
            put(space, address, OLD);
            expectTold(List.of());
            space.protect(address, bytes(2), Protection.READ_ONLY);
            expectTold(List.of(told(InvalidationKind.PROTECTION_VMA, address, 2)));
            space.protect(address, bytes(2), Protection.READ_WRITE);
            expectTold(List.of(told(InvalidationKind.PROTECTION_VMA, address, 2)));
            card0.write(attached.mirror(), address, OLD);
            try (AddressSpace _ = space.fork()) {
                expectTold(List.of("PROTECTION_PAGE all"));
                space.setByte(address + PAGE, (byte) 1);
                expectTold(List.of(told(InvalidationKind.CLEAR, address + PAGE, 1)));
                space.setByte(address + PAGE, (byte) 1);
                expectTold(List.of());
            }
            reclaim();
            space.setByte(address, (byte) 1);
            expectTold(List.of()); // the last sharer writes in place
            expectRead(card0, attached, address + PAGE, content(space, address + PAGE, 3), 1);
            assertThat(space.migrate(address, bytes(PAGES), d0.pool()).moved()).isEqualTo(PAGES);
            expectTold(List.of(told(InvalidationKind.MIGRATE, address, PAGES)));
            space.discard(address, PAGE);
            expectTold(List.of(told(InvalidationKind.CLEAR, address, 1)));
            space.unmap(address, bytes(2));
            expectTold(List.of(told(InvalidationKind.UNMAP, address, 2)));
        }
        expectTold(List.of("RELEASE all"));
        expectSequencesToGrowByOne();
    }

    private int eventsSeen;

    private static String told(InvalidationKind kind, long start, int pages) {
        return kind + " 0x" + Long.toHexString(start) + " " + pages;
    }

    private static MemorySegment content(AddressSpace space, long address, int pages) {
        byte[] bytes = new byte[(int) bytes(pages)];
        space.copyTo(address, bytes, 0, bytes.length);
        return MemorySegment.ofArray(bytes);
    }

    /** Checks what the device was told since the last call; each start must be followed at once by its end. */
    private void expectTold(List<String> expected) {
        List<DeviceEvent> events = card0.events();
        List<String> told = new ArrayList<>();
        long open = -1;
        for (DeviceEvent event : events.subList(eventsSeen, events.size())) {
            if (event.type() == DeviceEvent.Type.INVALIDATE_START) {
                assertThat(open).as("open invalidation before " + event).isEqualTo(-1);
                open = event.sequence();
                told.add(event.end() == Long.MAX_VALUE ? event.kind() + " all"
                        : event.kind() + " 0x" + Long.toHexString(event.start()) + " "
                                + (event.end() - event.start()) / PAGE);
            } else if (event.type() == DeviceEvent.Type.INVALIDATE_END) {
                assertThat(event.sequence()).isEqualTo(open);
                open = -1;
            }
        }
        eventsSeen = events.size();
        assertThat(open).as("open invalidation at the end").isEqualTo(-1);
        assertThat(told).isEqualTo(expected);
    }

    private void expectSequencesToGrowByOne() {
        long last = 0;
        for (DeviceEvent event : card0.events()) {
            if (event.type() == DeviceEvent.Type.INVALIDATE_START) {
                assertThat(event.sequence()).isEqualTo(last + 1);
                last = event.sequence();
            }
        }
    }
}
